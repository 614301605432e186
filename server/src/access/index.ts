/**
 * Who is asking and what they may do: credentials, principals, roles, bindings, key policies, grants, decisions. It judges and never
 * does; doors only extract what it judges.
 */
export { accessKeyBinding, newAccessKeyId, newAccessKeySecret } from './access-key.ts'
export {
  Access,
  grantRowId,
  systemCredential,
  type Credential,
  type SystemCredential,
} from './access.ts'
export { isArnName, principalArn } from './arn.ts'
export type { Asked } from './asked.ts'
export { createTokenText } from './bearer-token.ts'
export { tenantTarget, type Grant, type Target } from './decision.ts'
export { grantSlot, isNoWider, newGrantId, newGrantNonce } from './grants.ts'
export {
  assertKeySet,
  findNamed,
  IdentityError,
  type IdentityCredential,
} from './identity/index.ts'
export { listRows, openSession, readRow } from './opening.ts'
export {
  defaultPolicy,
  KeyPolicy,
  parsePrincipalArn,
  POLICY_BYTES_MAX,
  PolicyError,
  type ConditionValues,
} from './policy/index.ts'
export { AnonymousIdentity, Session, type Caller, type Explanation, type Identity } from './session.ts'
export { SignatureError } from './sigv4/index.ts'
export { sealTemporary } from './temporary.ts'
