import { sha256 } from '#crypto'
import type { PasskeyFactor } from '#model'
import { userHandleOf } from './handle.ts'
import { spkiOfCose } from './public-key.ts'
import { assertClientData, passkeyRefused, readRegistration, type Refuse } from './response.ts'
import { library, libraryHelpers, PASSKEY_WAIT_MS, type Site } from './site.ts'

/** Setting up a passkey (WebAuthn level 3 section 7.1). */

/** COSE algorithms: Ed25519, ECDSA with P-256, RSA PKCS #1 v1.5 with SHA-256 (Windows Hello). */
const ALGORITHMS = [-8, -7, -257]

/** What a passkey's factor holds beside what its owner calls it. */
export type NewPasskey = Pick<
  PasskeyFactor,
  'credential' | 'publicKey' | 'spki' | 'counter' | 'transports' | 'backedUp'
>

/** What `navigator.credentials.create` is called with. `challenge` is base64url; `known` are the person's passkeys so far. */
export async function registrationOptions(about: {
  readonly site: Site
  readonly challenge: string
  readonly person: { readonly id: string; readonly name: string }
  readonly known: readonly Pick<PasskeyFactor, 'credential' | 'transports'>[]
}): Promise<Record<string, unknown>> {
  const { site, challenge, person, known } = about
  const { generateRegistrationOptions } = await library()
  const options = await generateRegistrationOptions({
    rpName: 'Claviger',
    rpID: site.rpId,
    userName: person.name,
    userDisplayName: person.name,
    userID: new Uint8Array(Buffer.from(userHandleOf(person.id), 'base64url')),
    challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
    timeout: PASSKEY_WAIT_MS,
    attestationType: 'none',
    excludeCredentials: known.map((one) => ({
      id: one.credential,
      transports: [...one.transports],
    })),
    // Whoever logs in says no name, so the authenticator has to know whose it is.
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: ALGORITHMS,
  })
  return { ...options }
}

/**
 * The passkey that the answer sets up. `challenge` is the one that the options had, `person` the id of whose it is to be.
 *
 * @throws LoginRefused whatever is wrong with the answer
 */
export async function verifyRegistration(about: {
  readonly response: unknown
  readonly challenge: string
  readonly site: Site
  readonly person: string
}): Promise<NewPasskey> {
  const { challenge, site, person } = about
  const refused: Refuse = (because) => passkeyRefused(because, person)
  const response = readRegistration(about.response, refused)
  assertClientData(
    response.response.clientDataJSON,
    { type: 'webauthn.create', challenge, origin: site.origin },
    refused,
  )
  await assertAuthenticator(response.response.attestationObject, site, refused)
  const { id, rawId, type } = response
  const { clientDataJSON, attestationObject } = response.response
  const { verifyRegistrationResponse } = await library()
  const verified = await verifyRegistrationResponse({
    response: {
      id,
      rawId,
      type,
      response: { clientDataJSON, attestationObject },
      clientExtensionResults: {},
    },
    expectedChallenge: challenge,
    expectedOrigin: site.origin,
    expectedRPID: site.rpId,
    requireUserVerification: true,
    supportedAlgorithmIDs: ALGORITHMS,
  }).catch(() => {
    // The library's words may hold what the client sent.
    throw refused('malformed')
  })
  if (!verified.verified) throw refused('wrong-signature')
  const { credential, credentialBackedUp } = verified.registrationInfo
  if (credential.id !== id) throw refused('malformed')
  const spki = await spkiOfCose(credential.publicKey)
  if (spki === undefined) throw refused('unsupported')
  return {
    credential: credential.id,
    publicKey: Buffer.from(credential.publicKey).toString('base64url'),
    spki,
    counter: credential.counter,
    transports: response.response.transports ?? [],
    backedUp: credentialBackedUp,
  }
}

/**
 * No statement about the authenticator is asked for, and none with certificates is looked at: their revocation lists would be fetched
 * from wherever the certificate says.
 */
async function assertAuthenticator(encoded: string, site: Site, refused: Refuse): Promise<void> {
  const { decodeAttestationObject, parseAuthenticatorData } = await libraryHelpers()
  const read = () => {
    const decoded = decodeAttestationObject(new Uint8Array(Buffer.from(encoded, 'base64url')))
    const format = decoded.get('fmt')
    const statement = decoded.get('attStmt')
    const bare = format === 'none' || (format === 'packed' && statement.get('x5c') === undefined)
    return { bare, ...parseAuthenticatorData(decoded.get('authData')) }
  }
  const { bare, rpIdHash, flags } = orMalformed(read, refused)
  if (!bare) throw refused('unsupported')
  if (!sha256(Buffer.from(site.rpId)).equals(Buffer.from(rpIdHash))) throw refused('wrong-rp-id')
  if (!flags.up || !flags.uv) throw refused('no-user-verification')
}

function orMalformed<Value>(read: () => Value, refused: Refuse): Value {
  try {
    return read()
  } catch {
    throw refused('malformed')
  }
}
