/**
 * Who is asking and what they may do: credentials, principals, roles, bindings, key policies, grants, decisions. It judges and never
 * does; doors only extract what it judges.
 */
export { accessKeyBinding, newAccessKeyId, newAccessKeySecret } from './access-key.ts'
export { Access } from './access.ts'
export {
  approvedCredential,
  systemCredential,
  type Credential,
  type OwnCredential,
} from './credential.ts'
export { isArnName, principalArn } from './arn.ts'
export type { Asked } from './asked.ts'
export { isTimeZone } from './conditions.ts'
export { actionsOf, isBuiltIn, tenantTarget, type Grant, type Target } from './decision.ts'
export { digestOf, digestOfBytes } from './digest.ts'
export { certificateFacet, fingerprintOfCertificate } from './certificate.ts'
export { createTokenText, parseToken, proves } from './bearer-token.ts'
export { isSession, sealSession } from './bearer-session.ts'
export { Begun, secretName } from './begun.ts'
export { isEnough } from './enough.ts'
export { grantSlot, isNoWider, newGrantId, newGrantNonce } from './grants.ts'
export {
  assertKeySet,
  findNamed,
  IdentityError,
  type IdentityCredential,
} from './identity/index.ts'
export {
  customRoleId,
  listRows,
  openRights,
  openRoles,
  openSession,
  readRow,
  RULES_MAX,
  type Rights,
} from './opening.ts'
export {
  candidateNames,
  LoginProviders,
  ProviderError,
  SECOND_FACTOR_ATTEMPTS,
  type AwaitedFactor,
  type Flow,
  type ProviderFault,
  type Asking,
  type ProviderIdentity,
  type StoredProvider,
} from './login-providers/index.ts'
export { csrfOf } from './logins.ts'
export {
  defaultPolicy,
  isWithin,
  parseRange,
  KeyPolicy,
  parsePrincipalArn,
  POLICY_BYTES_MAX,
  PolicyError,
  starPattern,
  type ConditionValues,
} from './policy/index.ts'
export { CompiledRules, isFresh, type StandingPolicy } from './rules.ts'
export {
  assertAcceptable,
  HASHES_KEPT,
  hashPassword,
  isPassword,
  noPassword,
  passwordBinding,
} from './passwords/index.ts'
export {
  assertionOptions,
  credentialOf,
  passkeyFactorId,
  passkeyRefused,
  PASSKEY_WAIT_MS,
  readAssertion,
  registrationOptions,
  siteOf,
  userHandleOf,
  verifyAssertion,
  verifyRegistration,
  type NewPasskey,
} from './passkeys/index.ts'
export { Proofs } from './proofs.ts'
export { findRecoveryCode, newRecoveryCodes } from './recovery.ts'
export {
  AnonymousIdentity,
  Session,
  type Caller,
  type Explanation,
  type Identity,
} from './session.ts'
export { grantRowId, isLasting } from './rests.ts'
export { SignatureError } from './sigv4/index.ts'
export { sourceOf } from './source.ts'
export { sealTemporary } from './temporary.ts'
export { newTotpSecret, totpAt, totpBinding, totpSetup, totpStep } from './totp/index.ts'
