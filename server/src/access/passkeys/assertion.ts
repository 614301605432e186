import { sha256 } from '#crypto'
import type { PasskeyFactor } from '#model'
import { assertClientData, passkeyRefused, readAssertion } from './response.ts'
import { library, WAIT_MS, type Site } from './site.ts'

/** Proving who one is with a passkey (WebAuthn level 3 section 7.2). */

type KnownPasskey = Pick<PasskeyFactor, 'credential' | 'publicKey' | 'counter' | 'transports'>

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
    timeout: WAIT_MS,
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
 * same fields of the factor. `challenge` is base64url.
 *
 * @throws LoginRefused whatever is wrong with the answer
 */
export async function verifyAssertion(about: {
  readonly response: unknown
  readonly challenge: string
  readonly site: Site
  readonly factor: KnownPasskey | undefined
}): Promise<Pick<PasskeyFactor, 'counter' | 'backedUp'>> {
  const { challenge, site, factor } = about
  const { id, rawId, type, response } = readAssertion(about.response)
  if (factor?.credential !== id) throw passkeyRefused('unknown-credential')
  const { clientDataJSON, authenticatorData, signature } = response
  assertClientData(clientDataJSON, { type: 'webauthn.get', challenge, origin: site.origin })
  assertAuthenticatorData(Buffer.from(authenticatorData, 'base64url'), site, factor.counter)
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
      counter: factor.counter,
    },
  }).catch(() => {
    // The library's words may hold what the client sent.
    throw passkeyRefused('wrong-signature')
  })
  if (!verified.verified) throw passkeyRefused('wrong-signature')
  const { newCounter, credentialBackedUp } = verified.authenticationInfo
  return { counter: newCounter, backedUp: credentialBackedUp }
}

/**
 * Whether an answer proves that the owner of the factor agreed to what has this digest: the digest was the challenge. What comes back
 * replaces the same fields of the factor.
 *
 * @throws LoginRefused whatever is wrong with the answer
 */
export function assertionProves(about: {
  readonly response: unknown
  readonly digest: Uint8Array
  readonly factor: KnownPasskey
  readonly origin: string
  readonly rpId: string
}): Promise<Pick<PasskeyFactor, 'counter' | 'backedUp'>> {
  const { response, digest, factor, origin, rpId } = about
  const challenge = Buffer.from(digest).toString('base64url')
  return verifyAssertion({ response, challenge, factor, site: { origin, rpId } })
}

/** Of authenticator data (section 6.1): the hash of the RP id, the flags, the counter. */
const FLAGS_AT = 32
const COUNTER_AT = 33
const FIXED_BYTES = 37
/** UP and UV. */
const VERIFIED = 0b101

/** In front of the library, so that a refusal has its reason. */
function assertAuthenticatorData(data: Buffer, site: Site, counter: number): void {
  if (data.byteLength < FIXED_BYTES) throw passkeyRefused('malformed')
  if (!sha256(Buffer.from(site.rpId)).equals(data.subarray(0, FLAGS_AT)))
    throw passkeyRefused('wrong-rp-id')
  if ((data.readUInt8(FLAGS_AT) & VERIFIED) !== VERIFIED)
    throw passkeyRefused('no-user-verification')
  const said = data.readUInt32BE(COUNTER_AT)
  // Section 6.1.1: one that does not grow is of a copy; authenticators without a counter always say 0.
  if ((said !== 0 || counter !== 0) && said <= counter) throw passkeyRefused('counter')
}
