import { z } from 'zod'
import { LoginRefused } from '#model'

/** What a browser answers (WebAuthn level 3 section 5.1), attacker-chosen, bounded before anything decodes it. */

/** Why a passkey's answer is not believed: words of a fixed set, for the ledger. */
type PasskeyReason =
  | 'malformed'
  | 'wrong-origin'
  | 'wrong-challenge'
  | 'wrong-rp-id'
  | 'wrong-signature'
  | 'no-user-verification'
  | 'counter'
  | 'unknown-credential'
  | 'wrong-user'
  | 'disabled'
  | 'unsupported'

/** What everybody is told, whatever the reason. It echoes nothing of the answer. `person` is the id of whom it would have proved. */
export function passkeyRefused(because: PasskeyReason, person?: string): LoginRefused {
  return new LoginRefused(
    'The passkey did not prove who you are; begin again and use a passkey that is set up here',
    { ...(person === undefined ? {} : { person }), because },
  )
}

/** The refusal of an answer that would have proved somebody. */
export type Refuse = (because: PasskeyReason) => LoginRefused

const base64url = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[A-Za-z0-9_-]+$/)

/** Credential ids are of at most 1,023 bytes (WebAuthn level 3 section 4). */
const credentialId = base64url(1_364)
const clientDataJSON = base64url(2_048)
const outer = { id: credentialId, rawId: credentialId, type: z.literal('public-key') }

const TRANSPORTS_MAX = 8

const registration = z.object({
  ...outer,
  response: z.object({
    clientDataJSON,
    attestationObject: base64url(8_192),
    transports: z
      .array(z.string().regex(/^[a-z-]{1,32}$/))
      .max(TRANSPORTS_MAX)
      .optional(),
  }),
})
type RegistrationResponse = z.output<typeof registration>

const assertion = z.object({
  ...outer,
  response: z.object({
    clientDataJSON,
    authenticatorData: base64url(2_048),
    signature: base64url(2_048),
    userHandle: base64url(128).nullish(),
  }),
})
type AssertionResponse = z.output<typeof assertion>

/** @throws LoginRefused malformed */
export function readRegistration(response: unknown, refused: Refuse): RegistrationResponse {
  const read = registration.safeParse(response)
  if (!read.success || read.data.id !== read.data.rawId) throw refused('malformed')
  return read.data
}

/** @throws LoginRefused malformed */
export function readAssertion(response: unknown): AssertionResponse {
  const read = assertion.safeParse(response)
  if (!read.success || read.data.id !== read.data.rawId) throw passkeyRefused('malformed')
  return read.data
}

const clientData = z.object({
  type: z.string(),
  challenge: z.string(),
  origin: z.string(),
  crossOrigin: z.boolean().optional(),
  topOrigin: z.unknown().optional(),
})

/**
 * Sections 7.1 and 7.2, steps 7 to 12: what the browser says it was asked for. In front of the library, so that a refusal has its reason;
 * an answer that was made in a frame of another site is none of ours.
 *
 * @throws LoginRefused
 */
export function assertClientData(
  encoded: string,
  expected: { readonly type: string; readonly challenge: string; readonly origin: string },
  refused: Refuse,
): void {
  const said = clientData.safeParse(parsed(encoded, refused))
  if (!said.success || said.data.type !== expected.type) throw refused('malformed')
  if (said.data.challenge !== expected.challenge) throw refused('wrong-challenge')
  const { origin, crossOrigin, topOrigin } = said.data
  if (origin !== expected.origin || crossOrigin === true || topOrigin !== undefined)
    throw refused('wrong-origin')
}

function parsed(encoded: string, refused: Refuse): unknown {
  try {
    return JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8')) as unknown
  } catch {
    throw refused('malformed')
  }
}
