/**
 * Identity tokens (OpenID Connect): reading the keys of an issuer, verifying what it signed, and finding whom its holder may act as. It
 * fetches nothing from anywhere, believes no token about which key or algorithm verifies it, and says nothing of why it refuses one.
 */
export { Accounts } from './accounts.ts'
export type { IdentityCredential } from './credential.ts'
export { IdentityError } from './error.ts'
export { assertKeySet, isIdentityToken, openBearerIdentity, openIdentity } from './lazy.ts'
export { findNamed } from './named.ts'
