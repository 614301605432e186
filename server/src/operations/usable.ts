import type { RingKey } from '#keyring'
import { KeyError, refusal, type Purpose } from '#model'
import { assertWithin } from './limits.ts'

/** A version may serve a purpose now: by its state, its dates and its limits. @throws KeyError wrong_state, limit_reached */
export function assertUsable(
  ringKey: RingKey,
  version: number,
  purpose: Purpose,
  now: number,
): void {
  const { key } = ringKey
  const refused = refusal(key, ringKey.version(version), purpose, now)
  if (refused !== undefined) {
    const { hindrance } = refused
    throw new KeyError('wrong_state', `Refused: ${refused.reason}`, { key, version, hindrance })
  }
  if (purpose === 'apply') assertWithin(ringKey, version)
}
