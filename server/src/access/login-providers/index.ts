/**
 * Logging in with OpenID Connect: what is asked of a provider, and what its answer proves. It finds out who somebody is at the
 * provider; who that is here, and what follows from it, is for the operations. It must never take a claim as proof that was not in a
 * signed ID token of this login.
 */
export { candidateNames, type ProviderIdentity } from './claims.ts'
export { SECOND_FACTOR_ATTEMPTS, type AwaitedFactor, type Flow } from './flows.ts'
export type { Asking } from './client.ts'
export { LoginProviders, type StoredProvider } from './login-providers.ts'
export { ProviderError, type ProviderFault } from './provider-error.ts'
