import type { RingKey } from '#keyring'
import { counterNames, KeyError, type Key, type Limits } from '#model'

/**
 * Limits of keys: beyond them nothing is protected. The store's commit keeps to them, to the last use and over every node; here is what is
 * known beforehand, so that what would be refused anyway costs no cryptography.
 */

/** What whoever would go beyond is told. */
export function limitReached(key: Key, version: number): KeyError {
  const said = counterNames.flatMap((name) => {
    const most = key.limits?.[name]
    return most === undefined ? [] : [`${most} ${name}`]
  })
  return new KeyError(
    'limit_reached',
    `Version ${version} of the key protects no more: it is limited to ${said.join(', ')}; rotate the key, or raise its limit (key.update)`,
    { key, version },
  )
}

/** What the ring has counted may be from before, and counters only grow. @throws KeyError limit_reached */
export function assertWithin({ key, counters }: RingKey, version: number): void {
  const { limits } = key
  if (limits === undefined) return
  const counted = counters.get(version)
  if (counted === undefined) return
  if (counterNames.some((name) => counted[name] >= (limits[name] ?? Infinity)))
    throw limitReached(key, version)
}

/** Limits once some were given; one of 0 goes. */
export function limitsAfter(
  before: Limits | undefined,
  given: {
    readonly usesMax?: number | undefined
    readonly bytesMax?: number | undefined
    readonly wrapsMax?: number | undefined
  },
): Pick<Key, 'limits'> {
  const all = {
    uses: given.usesMax ?? before?.uses,
    bytes: given.bytesMax ?? before?.bytes,
    wraps: given.wrapsMax ?? before?.wraps,
  }
  const standing = Object.entries(all).filter(([, most = 0]) => most > 0)
  return standing.length === 0 ? {} : { limits: Object.fromEntries(standing) }
}
