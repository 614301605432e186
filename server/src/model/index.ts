/**
 * Values and pure rules: keys, versions, states, principals, the one error class, the clock. No I/O, no cryptography, nothing of Node.
 */
export { canonicalJson } from './canonical.ts'
export { systemClock, type Clock } from './clock.ts'
export { ClavigerError, toClavigerError } from './errors.ts'
export type { Counters, Key, KeyVersion, Revocation } from './key.ts'
export {
  selects,
  type Binding,
  type Principal,
  type Scope,
  type Tenant,
  type Token,
} from './principal.ts'
export {
  allowed,
  assertTransition,
  keyStateAt,
  mayBecome,
  refusal,
  revokedState,
  stateAt,
  type Purpose,
} from './state.ts'
