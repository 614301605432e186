/**
 * The key policy language of AWS, as pure functions: what a policy document says about a request (IAM User Guide, JSON policy elements;
 * AWS KMS Developer Guide, key policies). It owns the reading of documents and the truth of their conditions. It must never look
 * anything up, know a row, or decide alone: bindings and grants have their say outside.
 */
export { isWithin, parseRange } from './addresses.ts'
export { matchesContext, type ContextConstraint } from './constraints.ts'
export { defaultPolicy } from './default.ts'
export { PolicyError } from './error.ts'
export { POLICY_BYTES_MAX } from './json.ts'
export { KeyPolicy, type PolicyAnswer } from './policy.ts'
export { parsePrincipalArn } from './principals.ts'
export type { ConditionValues, Requester } from './request.ts'
