import type { Ring, RingKey } from '#keyring'

/**
 * Finding the key that a reference means: an id, or a name. Doors that know regions see a key only in its own, and of related
 * multi-Region keys the one of the region asked from.
 */

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Who looks, and from where. */
export interface Viewpoint {
  readonly tenant: string
  /** Absent for doors that know no regions: they see every key by its own id. */
  readonly region?: string | undefined
}

/** Not in memory: the store must be asked. */
export const unheld = Symbol('unheld')

/** A name that only counts in one region. */
export function regionalAlias(alias: string, region: string): string {
  return `${alias}@${region}`
}

/** The names to try for a reference that is no id, best first. */
function names(reference: string, region: string | undefined): readonly string[] {
  return region === undefined ? [reference] : [regionalAlias(reference, region), reference]
}

/** The key a reference means where memory can tell; `undefined` where there is none to be seen. */
export function findHeld(
  ring: Ring,
  reference: string,
  from: Viewpoint,
): RingKey | undefined | typeof unheld {
  if (UUID.test(reference)) return heldKey(ring, reference, from)
  for (const name of names(reference, from.region)) {
    const target = ring.heldAlias(from.tenant, name)
    if (target === null) return unheld
    if (target !== undefined && isSeen(target, from)) return heldKey(ring, target.key, from)
  }
  return undefined
}

/** The key a reference means, from memory or the store; undefined where there is none to be seen. */
export async function find(
  ring: Ring,
  reference: string,
  from: Viewpoint,
): Promise<RingKey | undefined> {
  if (UUID.test(reference)) return loadKey(ring, reference, from)
  for (const name of names(reference, from.region)) {
    const target = await ring.loadAlias(from.tenant, name)
    if (target !== undefined && isSeen(target, from)) return loadKey(ring, target.key, from)
  }
  return undefined
}

function heldKey(ring: Ring, id: string, from: Viewpoint): RingKey | undefined | typeof unheld {
  const key = ring.held(id)
  if (key === undefined) return unheld
  const seen = seenFrom(key, from)
  if (seen === id) return key
  if (seen === undefined) return undefined
  return ring.held(seen) ?? unheld
}

async function loadKey(ring: Ring, id: string, from: Viewpoint): Promise<RingKey | undefined> {
  const key = await ring.load(id)
  const seen = key && seenFrom(key, from)
  if (seen === undefined) return undefined
  return seen === id ? key : ring.load(seen)
}

/** The id of the key that is seen under this one's id: itself, a related one, or none. Another tenant's is as good as none. */
function seenFrom({ key }: RingKey, from: Viewpoint): string | undefined {
  if (key.tenant !== from.tenant) return undefined
  if (from.region === undefined || key.region === undefined || key.region === from.region)
    return key.id
  return key.multiRegion?.members.find((member) => member.region === from.region)?.key
}

function isSeen(target: { readonly region?: string }, from: Viewpoint): boolean {
  return from.region === undefined || target.region === undefined || target.region === from.region
}
