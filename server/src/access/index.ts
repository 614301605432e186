/**
 * Who is asking and what they may do: credentials, principals, roles, bindings, decisions. It judges and never does; doors only extract
 * what it judges.
 */
export { Access, systemCredential, type Credential, type SystemCredential } from './access.ts'
export { createTokenText } from './bearer-token.ts'
export { tenantTarget, type Grant, type Target } from './decision.ts'
export { Session, type Caller, type Identity } from './session.ts'
