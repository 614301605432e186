import { z } from 'zod'

/** What records say of approvals, so that whoever reads the ledger can check them without the server. */

/**
 * What is approved, as canonical JSON (RFC 8785); its SHA-256 is what passkeys sign. It stands in the record of `approval.request` as
 * `statement`. Times are milliseconds since 1970. `rows` are the keys, the role and the policies that it is about, as
 * `kind/id`, at their revisions.
 */
export const approvalStatement = z.strictObject({
  request: z.string(),
  tenant: z.string(),
  requester: z.string(),
  operation: z.string(),
  /** SHA-256 of the canonical JSON of the operation's input and a salt (base64url), so that the ledger tells nobody the input. */
  input: z.string(),
  key: z.string().optional(),
  rows: z.record(z.string(), z.int()),
  /** What each policy asks for. */
  needs: z
    .array(
      z.strictObject({
        policy: z.string(),
        approvals: z.int().min(1),
        principals: z.array(z.string()),
        groups: z.array(z.string()),
        /** Whether only signatures count. */
        signed: z.boolean(),
      }),
    )
    .min(1),
  createdAt: z.int(),
  expiresAt: z.int(),
  /** The server does it by itself with the last approval that it takes. Where this is absent, who asked does it. */
  automatic: z.literal(true).optional(),
})
export type ApprovalStatement = z.infer<typeof approvalStatement>

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/)

/**
 * The signature of an approval, in the detail of its record (WebAuthn level 3 section 6.3.3): by the passkey over `authenticatorData` and
 * the SHA-256 of `clientData`, whose challenge is the statement's digest. All but the id are base64url.
 */
export const approvalSignature = z.object({
  /** The factor's id, which its registration has too. */
  passkey: z.string(),
  /** The WebAuthn credential id. */
  credential: base64url,
  /** SubjectPublicKeyInfo in DER (RFC 5280), whose SHA-256 the registration has. */
  publicKey: base64url,
  authenticatorData: base64url,
  clientData: base64url,
  signature: base64url,
})
export type ApprovalSignature = z.infer<typeof approvalSignature>

/** Whose a passkey is from now on, in the detail of `enrolment.complete` and `factor.add`. */
export const passkeyRegistration = z.object({
  passkey: z.string(),
  credential: base64url,
  /** SHA-256 of the SubjectPublicKeyInfo in DER, base64url. */
  publicKey: base64url,
})
export type PasskeyRegistration = z.infer<typeof passkeyRegistration>
