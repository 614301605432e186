import type { FactorName } from '@claviger/contract'

/** Proofs that are two factors in one: a passkey verifies its user (SP 800-63B-4 section 3.1.7), and such a provider says it did. */
const whole: ReadonlySet<FactorName> = new Set(['passkey', 'provider-mfa'])
const first: ReadonlySet<FactorName> = new Set(['password', 'provider'])
const second: ReadonlySet<FactorName> = new Set(['totp', 'recovery-code', 'passkey'])

/** Whether what was proved makes a login. No setting changes it. */
export function isEnough(proved: readonly FactorName[]): boolean {
  return (
    proved.some((one) => whole.has(one)) ||
    (proved.some((one) => first.has(one)) && proved.some((one) => second.has(one)))
  )
}
