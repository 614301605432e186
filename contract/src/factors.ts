/**
 * What a person can prove who they are with. A passkey is used with user verification, so it is two factors in one (SP 800-63B-4
 * section 3.1.7); `provider` is a login at an OpenID Connect provider, and `provider-mfa` one that says it took two factors.
 */
export const factorNames = [
  'password',
  'totp',
  'passkey',
  'recovery-code',
  'provider',
  'provider-mfa',
] as const
export type FactorName = (typeof factorNames)[number]
