import type { RingKey } from '#keyring'
import { ClavigerError, KeyError, mayStillProcess } from '#model'
import type { Admitted } from './admitted.ts'
import type { Admission } from './asked-for.ts'
import { assertUsable } from './usable.ts'

/** What is allowed with a compromised key while its case is open (docs/decisions/0007-compromise.md). */

/** What is asked of a key, and by whom. */
interface Asking {
  readonly principal: string
  readonly action: string
  readonly now: number
}

/**
 * With a compromised key only those decrypt whom its case names, and nobody takes its material out.
 *
 * @throws KeyError wrong_state
 */
export function assertNamed(ringKey: RingKey, version: number, asking: Asking): void {
  const why = hindranceByCase(ringKey, version, asking)
  if (why !== undefined) throw refused(ringKey, version, why)
}

/** What a case that is open has against it; undefined where nothing. */
export function hindranceByCase(
  ringKey: RingKey,
  version: number,
  { principal, action, now }: Asking,
): string | undefined {
  const containment = containmentOf(ringKey, version)
  if (containment === undefined) return undefined
  if (action === 'key.export') return 'it is not exported any more'
  return mayStillProcess(containment, principal, now)
    ? undefined
    : 'its case does not name the caller'
}

/**
 * What waited while something changed must have been done with the key that stands there now: a name that was pointed at the replacement
 * of a compromised key says nothing of what was encrypted under the old one a moment ago, and neither does its new version. A version
 * that was only replaced meanwhile has done it; one that nothing is done with any more has not.
 *
 * @throws ClavigerError overloaded, for the caller to do it again; KeyError wrong_state
 */
export function assertStillSame(
  { admitted, purpose }: Admission,
  now: Admitted,
  time: number,
): void {
  if (admitted.ringKey.key.id !== now.ringKey.key.id)
    throw new ClavigerError('overloaded', 'The name points at another key now; do it again')
  if (purpose === 'apply' && containmentOf(now.ringKey, admitted.version) !== undefined)
    throw refused(now.ringKey, admitted.version, 'nothing new comes under it')
  if (admitted.version !== now.version) assertUsable(now.ringKey, admitted.version, 'process', time)
}

/** When a compromised key, or version, does nothing any more, in milliseconds since 1970. */
export function containedUntil(ringKey: RingKey, version: number): number {
  const ofKey = ringKey.key.containment?.until ?? Number.POSITIVE_INFINITY
  const ofVersion = ringKey.version(version).containment?.until ?? Number.POSITIVE_INFINITY
  return ofKey < ofVersion ? ofKey : ofVersion
}

function containmentOf(ringKey: RingKey, version: number) {
  return ringKey.key.containment ?? ringKey.version(version).containment
}

function refused({ key }: RingKey, version: number, why: string): KeyError {
  const message = `Refused: the key is compromised, and ${why}`
  return new KeyError('wrong_state', message, { key, version, hindrance: 'revoked' })
}
