import { sha256 } from '#crypto'
import type { PasskeyFactor } from '#model'
import { userHandleOf } from './handle.ts'
import { assertClientData, passkeyRefused, readAssertion, type Refuse } from './response.ts'
import { library, PASSKEY_WAIT_MS, type Site } from './site.ts'

/** Proving who one is with a passkey (WebAuthn level 3 section 7.2). */

type KnownPasskey = Pick<PasskeyFactor, 'credential' | 'publicKey' | 'counter' | 'principal'>

/** What `navigator.credentials.get` is called with. Without `known` the browser offers every passkey that it has for the site. */
export async function assertionOptions(about: {
  readonly site: Site
  readonly challenge: string
  readonly known?: readonly Pick<PasskeyFactor, 'credential' | 'transports'>[]
}): Promise<Record<string, unknown>> {
  const { site, challenge, known = [] } = about
  const { generateAuthenticationOptions } = await library()
  const options = await generateAuthenticationOptions({
    rpID: site.rpId,
    challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
    timeout: PASSKEY_WAIT_MS,
    userVerification: 'required',
    allowCredentials: known.map((one) => ({
      id: one.credential,
      transports: [...one.transports],
    })),
  })
  return { ...options }
}

/**
 * Which credential an answer says that it is of (base64url): what the factor is looked up by, and proves nothing yet.
 *
 * @throws LoginRefused malformed
 */
export function credentialOf(response: unknown): string {
  return readAssertion(response).id
}

/**
 * Verifies an answer with the passkey that it is to be of; an undefined factor is refused as any other. What comes back replaces the
 * same fields of the factor. `challenge` is base64url. Where nobody had said before who it is (`discovered`), the authenticator must.
 *
 * @throws LoginRefused whatever is wrong with the answer
 */
export async function verifyAssertion(about: {
  readonly response: unknown
  readonly challenge: string
  readonly site: Site
  readonly factor: KnownPasskey | undefined
  readonly discovered?: boolean
}): Promise<Pick<PasskeyFactor, 'counter' | 'backedUp'>> {
  const { challenge, site, factor, discovered = false } = about
  const { id, rawId, type, response } = readAssertion(about.response)
  const refused: Refuse = (because) => passkeyRefused(because, factor?.principal)
  if (factor?.credential !== id) throw refused('unknown-credential')
  const { clientDataJSON, authenticatorData, signature, userHandle } = response
  // Section 7.2 step 6.
  const mayMiss = !discovered && (userHandle ?? undefined) === undefined
  if (!mayMiss && userHandle !== userHandleOf(factor.principal)) throw refused('wrong-user')
  assertClientData(
    clientDataJSON,
    { type: 'webauthn.get', challenge, origin: site.origin },
    refused,
  )
  assertAuthenticatorData(Buffer.from(authenticatorData, 'base64url'), site, refused)
  const { verifyAuthenticationResponse } = await library()
  const verified = await verifyAuthenticationResponse({
    response: {
      id,
      rawId,
      type,
      response: { clientDataJSON, authenticatorData, signature },
      clientExtensionResults: {},
    },
    expectedChallenge: challenge,
    expectedOrigin: site.origin,
    expectedRPID: site.rpId,
    requireUserVerification: true,
    credential: {
      id: factor.credential,
      publicKey: new Uint8Array(Buffer.from(factor.publicKey, 'base64url')),
      // Looked at below, once the signature holds.
      counter: 0,
    },
  }).catch(() => {
    // The library's words may hold what the client sent.
    throw refused('wrong-signature')
  })
  if (!verified.verified) throw refused('wrong-signature')
  const { newCounter, credentialBackedUp } = verified.authenticationInfo
  // Section 6.1.1: one that does not grow is of a copy; authenticators without a counter always say 0.
  if ((newCounter !== 0 || factor.counter !== 0) && newCounter <= factor.counter)
    throw refused('counter')
  return { counter: newCounter, backedUp: credentialBackedUp }
}

/** Of authenticator data (section 6.1): the hash of the RP id, the flags, a counter of 4 bytes. */
const FLAGS_AT = 32
const FIXED_BYTES = 37
/** UP and UV. */
const VERIFIED = 0b101

/** In front of the library, so that a refusal has its reason. */
function assertAuthenticatorData(data: Buffer, site: Site, refused: Refuse): void {
  if (data.byteLength < FIXED_BYTES) throw refused('malformed')
  if (!sha256(Buffer.from(site.rpId)).equals(data.subarray(0, FLAGS_AT)))
    throw refused('wrong-rp-id')
  if ((data.readUInt8(FLAGS_AT) & VERIFIED) !== VERIFIED) throw refused('no-user-verification')
}
