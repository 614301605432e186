/**
 * The gate, and one verb for each operation. Whoever wants something done, a door or a job, calls `perform`; there is no other way in.
 */
export {
  defaultPolicy as defaultKeyPolicy,
  IdentityError,
  PolicyError,
  principalArn,
  SignatureError,
  type Caller,
  type Credential,
} from '#access'
export { materialId } from '#keyring'
export { Ceremonies, type CeremonyOrigin } from './ceremonies.ts'
export { doApproved } from './do-approved.ts'
export { dueFor, type DueItem } from './due.ts'
export { Gate, type Call, type GateOptions } from './gate.ts'
export { LifecyclePolicies } from './lifecycle/policies.ts'
export { kmsOperation } from './kms-operations.ts'
export { Sources } from './sources.ts'
export type { SystemControl } from './system-control.ts'
export type { GatedName } from './verb.ts'
export type { SeedKey } from './verbs/seed-key.ts'
export type { SeedPrincipal } from './verbs/seed-principal.ts'
export { keyArn, kmsKeyId } from './target.ts'
export type { Facts, Origin, Parts } from './parts.ts'
export { BegunLogins } from './logins/begun-logins.ts'
export {
  activeSubscriptions,
  dueDeliveries,
  messageOf,
  noticesBetween,
  recordAt,
  waitingDelivery,
} from './notices.ts'
