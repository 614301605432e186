import { z } from 'zod'

/**
 * A ledger record: one leaf of the tree, as JSON in this field order. Its index is its place in the tree, so it does not stand in the
 * record. It names things by id only. The address a request came from is a salted commitment whose opening stands in an erasable
 * table beside the ledger; the record holds no secret, no payload and nothing personal.
 */
export const outcomes = ['ok', 'denied', 'refused', 'failed'] as const

/**
 * ok: done. denied: the credential or the access rules said no. refused: the key's state, usage or policy said no. failed: it was
 * allowed and did not succeed (a ciphertext that does not decrypt).
 */
export type Outcome = (typeof outcomes)[number]

/** A row that a change wrote or removed, and the SHA-256 of its canonical form; `digest` is absent where the row was removed. */
const changed = z.strictObject({ kind: z.string(), id: z.string(), digest: z.string().optional() })

export const recordSchema = z.strictObject({
  v: z.literal(1),
  time: z.iso.datetime(),
  event: z.string(),
  outcome: z.enum(outcomes),
  /** The error code, where the outcome is not ok. */
  reason: z.string().optional(),
  tenant: z.string().optional(),
  /** A principal's id, or `system` for jobs, or `anonymous` where no credential could be believed. */
  principal: z.string(),
  /** The credential's id and how it was proved: token, access-key, temporary with `session:` and its name, identity-token. */
  credential: z.string().optional(),
  factors: z.array(z.string()).optional(),
  /** The binding that allowed it. */
  binding: z.string().optional(),
  door: z.string(),
  /** Salted commitment to the address the request came from. */
  source: z.string().optional(),
  request: z.string(),
  key: z.string().optional(),
  version: z.int().optional(),
  /** Which side of a re-encryption this is; or the rest of the change that the entry before began, which had too many rows for one. */
  part: z.enum(['source', 'destination', 'rest']).optional(),
  /** Items done, where it is not one. */
  count: z.int().optional(),
  /** Message bytes of a use. */
  bytes: z.int().optional(),
  /** What is changed, where it is not a key: a token, principal, binding, alias, tenant or the system. */
  subject: z.string().optional(),
  /** What a change says of itself: a reason, a date, a number of days. */
  detail: z
    .record(z.string().regex(/^[a-z][A-Za-z]*$/), z.union([z.string(), z.number()]))
    .optional(),
  /** The revision that a change made. */
  revision: z.int().optional(),
  changed: z.array(changed).optional(),
})

export type LedgerRecord = z.infer<typeof recordSchema>

/** An entry is at most this long, so that it fits an entry bundle (C2SP tlog-tiles: 16-bit lengths). */
export const ENTRY_BYTES_MAX = 65_535

/**
 * Events of the records that have no operation of their own: the end of a destruction's window, after which the material of a key or a
 * version is gone, a rotation that was due, what happened and is told to the keys that ask to be rotated for it, a rotation that waits
 * until the next public key was shown for long enough, the end of imported material, an end date of a version that has come or is near, a
 * look at the case of a compromise in which others have to do something first, the lease of a job to a node, the token and the access key
 * that a development server makes for its owner, the keys and principals of its seed file, the use of an approval by an operation that
 * changes nothing, an approved operation that the server could not do, and what becomes of the notices that webhooks are told.
 */
export const internalEvents = [
  'key.erase',
  'key.eraseVersion',
  'key.rotateDue',
  'rotation.raise',
  'rotation.wait',
  'key.expireMaterial',
  'key.tellEndDate',
  'compromise.look',
  'job.lease',
  'token.createForOwner',
  'accessKey.createForOwner',
  'seed.key',
  'seed.principal',
  'approval.execute',
  'approval.fail',
  'notice.enqueue',
  'notice.settle',
  'subscription.disable',
] as const
export type InternalEvent = (typeof internalEvents)[number]
