import type { FactorName } from '@claviger/contract'
import { StepUpRequired } from '#model'
import type { Work } from '../work.ts'

/** What a person did just now counts as a fresh proof for so long. */
const FRESH_SECONDS = 300
const fresh: ReadonlySet<FactorName> = new Set(['passkey', 'totp', 'recovery-code', 'provider-mfa'])

/** @throws StepUpRequired where the person has not proved lately who it is */
export function assertFresh(work: Work): void {
  const since = work.now - FRESH_SECONDS * 1_000
  const { authentications = [] } = work.caller
  if (authentications.some(({ factor, at }) => fresh.has(factor) && at >= since)) return
  throw new StepUpRequired('This needs a passkey or a code that is no older than 5 minutes', {
    factors: ['passkey', 'totp'],
    maxAgeSeconds: FRESH_SECONDS,
    bound: false,
  })
}
