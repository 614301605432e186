/**
 * Values and pure rules: keys, versions, states, principals, the one error class, the clock. No I/O, no cryptography, nothing of Node but
 * the memory of a slab.
 */
export {
  algorithmOf,
  keySpecOf,
  keyUsageOf,
  macAlgorithmOf,
  nativeUsageOf,
  paddingOf,
  rsaEncryptionOf,
  schemeOf,
  signingAlgorithmOf,
  usagesOf,
  wrappingAlgorithmOf,
  wrappingOf,
  type NativeScheme,
} from './aws-names.ts'
export { canonicalJson } from './canonical.ts'
export { systemClock, type Clock } from './clock.ts'
export { acknowledging, type Acknowledgement, type Dependent } from './dependent.ts'
export { nextTelling, tellingDue, type EndDate, type Telling } from './end-dates.ts'
export {
  ApprovalRequired,
  ClavigerError,
  KeyError,
  LoginRefused,
  PolicyViolated,
  RotationWaits,
  QuotaReached,
  StepUpRequired,
  toClavigerError,
} from './errors.ts'
export {
  deliveryId,
  FAILING_MAX_MS,
  messageId,
  pauseAfter,
  toldOf,
  type Delivery,
  type NoticeScope,
  type NoticeSignature,
  type Subscription,
} from './notice.ts'
export {
  type Authentication,
  type Password,
  type PasswordHashParameters,
  type TotpFactor,
  type PasskeyFactor,
  type RecoveryFactor,
  type Factor,
  type Lockout,
  type LoginSession,
  type Enrolment,
  type LoginProvider,
  type LoginLink,
} from './person.ts'
export {
  type CertificateMapping,
  type PeerCertificate,
  type SecretId,
  type AccessSettings,
  defaultSettings,
} from './machine.ts'
export {
  type Conditions,
  type CustomRole,
  type Group,
  type Membership,
  type Separation,
  type StepUpRule,
  type ApprovalPolicy,
  type BreakGlass,
  type Decision,
  type ApprovalNeed,
  type Approval,
} from './rules.ts'
export {
  keysOfCase,
  lookedAt,
  mayStillProcess,
  replacementIn,
  type CompromiseCase,
  type Containment,
  type PrincipalUse,
} from './compromise.ts'
export { leavesNothingUnder, type RewrapRun } from './rewrap.ts'
export { grantOperations, isGrantable, type GrantedKey } from './grant-operations.ts'
export { makeGrantToken, readGrantToken, type GrantToken } from './grant-token.ts'
export {
  cryptoperiods,
  keyTypeOf,
  type Cryptoperiod,
  type SourcedCryptoperiod,
} from './cryptoperiods.ts'
export { covering, isWithin, loosenedBy, strictest, type LifecyclePolicy } from './lifecycle.ts'
export { rulesOfPreset } from './lifecycle-presets.ts'
export {
  brokenRules,
  datesCutTo,
  datesWithin,
  limitsWithin,
  rotationWithin,
  rulesFor,
  violationsOf,
  worsened,
  type GovernedKey,
  type Violation,
} from './lifecycle-violations.ts'
export {
  dueOfApproval,
  dueOfCase,
  dueOfDelivery,
  dueOfKey,
  dueOfOccurrence,
  dueOfVersion,
  type DueJob,
  type DueWork,
} from './due.ts'
export { DAY_MS } from './durations.ts'
export { counterNames, envelopeKeyId, hasReplicas, isBeyond, isReplica } from './key.ts'
export type { Counters, Key, KeyVersion, Limits, MultiRegion, Revocation } from './key.ts'
export type { Lease } from './lease.ts'
export {
  alarms,
  asksForEvents,
  isReached,
  isServed,
  isToHear,
  raisedFor,
  severityRank,
  type Alarm,
  type Occurrence,
  type Raised,
  type Reach,
  type Revealing,
} from './occurrence.ts'
export {
  accountOf,
  isInScope,
  selects,
  type AccessKey,
  type Binding,
  type IdentityProvider,
  type KeyGrant,
  type Principal,
  type Scope,
  type Tenant,
  type Token,
  type Trust,
} from './principal.ts'
export {
  afterRotation,
  assertCalendar,
  nextRotation,
  rotationCause,
  sameCryptoperiod,
  shownSince,
  waitsFor,
  type Rotation,
} from './rotation.ts'
export { SLAB_BYTES, Slab } from './slab.ts'
export {
  allowed,
  isWithoutMaterial,
  keyRefusal,
  keyStateAt,
  mayBecome,
  refusal,
  revokedState,
  stateAt,
  type Hindrance,
  type Purpose,
  type Refusal,
} from './state.ts'
