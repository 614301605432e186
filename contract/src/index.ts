/**
 * What is said on the wire, and nothing else: one row per operation, the errors, the roles, and the public formats. REST routes,
 * OpenAPI, SDK methods, CLI commands, RBAC actions and ledger events are derived from here. It imports nothing of the project.
 */
export { automaticOperations, type AutomaticName } from './automatic.ts'
export { defaultApprovals, type DefaultApproval } from './default-approvals.ts'
export {
  BATCH_ITEMS_MAX,
  byteCounts,
  CIPHERTEXT_OVERHEAD_MAX,
  CONTEXT_KEY_LENGTH_MAX,
  CONTEXT_PAIRS_MAX,
  CONTEXT_VALUE_LENGTH_MAX,
  GRANT_TEXT_LENGTH_MAX,
  isAlias,
  isLabel,
  LABELS_MAX,
  MESSAGE_BYTES_MAX,
} from './codecs.ts'
export {
  encodeContext,
  ENVELOPE_MESSAGE_BYTES_MAX,
  ENVELOPE_OVERHEAD_BYTES,
  envelopeSuites,
  readEnvelopeVersion,
  uuidFromBytes,
  writeEnvelopeHeader,
  type EnvelopeParts,
  type EnvelopeSuite,
  type EnvelopeSuiteName,
  type EnvelopeVersion,
} from './envelope.ts'
export {
  errorCodes,
  type ApprovalDemand,
  type ErrorCode,
  type Problem,
  type StepUpDemand,
} from './errors.ts'
export { factorNames, type FactorName } from './factors.ts'
export {
  keyTypes,
  lifecyclePresets,
  lifecycleRuleNames,
  type KeyType,
  type LifecyclePreset,
  type LifecycleRule,
} from './lifecycle-names.ts'
export type { LifecycleRules } from './lifecycle.ts'
export { type LedgerRecord, type Outcome } from './ledger/record.ts'
export { noticeTypeOf } from './notice.ts'
export { noticeTypeNames, noticeTypes, type NoticeType } from './notice-types.ts'
export {
  BATCH_BODY_BYTES_MAX,
  BODY_BYTES_MAX,
  type Effect,
  type Method,
  type Operation,
} from './operation.ts'
export type { ImportWrapping } from './operations/material.ts'
export { rsaPaddings, type RsaPadding } from './operations/encryption.ts'
export { signatureSchemes, type SignatureScheme } from './operations/signatures.ts'
export {
  keyOrigins,
  keyStates,
  keyUsages,
  revocationReasons,
  type KeyOrigin,
  type KeyState,
  type KeyUsage,
  type RevocationReason,
} from './operations/shared.ts'
export { caseSteps, type CaseStep, type CaseWait } from './operations/compromise.ts'
export { rewrapOutcomes } from './operations/rewrap.ts'
export { openApi } from './openapi.ts'
export {
  operations,
  type InputOf,
  type OperationName,
  type OutputOf,
  type WireInputOf,
  type WireOutputOf,
} from './operations/index.ts'
export { rotationTriggers, type RotationTriggers } from './rotation.ts'
export {
  alarmSeverities,
  rotationEvents,
  type AlarmSeverity,
  type RotatedBy,
  type RotationCause,
  type RotationEvent,
} from './rotation-names.ts'
export { inputWithoutSecrets, withoutSecrets } from './without-secrets.ts'
export { duties, dutyNames, roleNames, roles, type DutyName, type RoleName } from './roles.ts'
