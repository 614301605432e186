import type { AliasTarget, Ring, RingKey } from '#keyring'
import { ClavigerError } from '#model'

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

/** What is said where there is no key to be seen, to whoever may know that. */
export function noSuchKey(): ClavigerError {
  return new ClavigerError('not_found', 'There is no key of that id or alias')
}

/** A name that only counts in one region. */
export function regionalAlias(alias: string, region: string): string {
  return `${alias}@${region}`
}

/** Whether what was made in a region, or in none that is known, is seen from another. */
export function isSeen(made: string | undefined, region: string | undefined): boolean {
  return region === undefined || made === undefined || made === region
}

interface Name {
  readonly name: string
  /** Whether it only counts where it was made. */
  readonly isRegional: boolean
}

/** The names to try for a reference that is no id, best first. */
function names(reference: string, region: string | undefined): readonly Name[] {
  const plain = { name: reference, isRegional: false }
  if (region === undefined) return [plain]
  return [{ name: regionalAlias(reference, region), isRegional: true }, plain]
}

/** The key a name leads to from here. A name that only looks like one of the region was not made there, and takes no other's place. */
function keyOf(
  { isRegional }: Name,
  target: AliasTarget | undefined,
  { region }: Viewpoint,
): string | undefined {
  if (target === undefined) return undefined
  const counts = isRegional ? target.region === region : isSeen(target.region, region)
  return counts ? target.key : undefined
}

/** The key a reference means where memory can tell; `undefined` where there is none to be seen. */
export function findHeld(
  ring: Ring,
  reference: string,
  from: Viewpoint,
): RingKey | undefined | typeof unheld {
  // Only ids are held: what is found needs no second look at its form.
  const held = ring.held(reference)
  if (held !== undefined) return seenOf(ring, held, from)
  if (UUID.test(reference)) return unheld
  for (const name of names(reference, from.region)) {
    const target = ring.heldAlias(from.tenant, name.name)
    if (target === null) return unheld
    const key = keyOf(name, target, from)
    if (key === undefined) continue
    const named = ring.held(key)
    return named === undefined ? unheld : seenOf(ring, named, from)
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
    const key = keyOf(name, await ring.loadAlias(from.tenant, name.name), from)
    if (key !== undefined) return loadKey(ring, key, from)
  }
  return undefined
}

function seenOf(ring: Ring, held: RingKey, from: Viewpoint): RingKey | undefined | typeof unheld {
  const seen = seenFrom(held, from)
  if (seen === held.key.id) return held
  if (seen === undefined) return undefined
  return ring.held(seen) ?? unheld
}

async function loadKey(ring: Ring, id: string, from: Viewpoint): Promise<RingKey | undefined> {
  const key = await ring.load(id)
  const seen = key && seenFrom(key, from)
  if (seen === undefined) return undefined
  return seen === id ? key : ring.load(seen)
}

/**
 * The id of the key that is seen under this one's id: itself, a related one, or none. Another tenant's is as good as none. From a
 * region, a destroyed key that ciphertexts name leads to those that are left.
 */
function seenFrom({ key }: RingKey, from: Viewpoint): string | undefined {
  if (key.tenant !== from.tenant) return undefined
  if (from.region === undefined || key.region === undefined) return key.id
  const here = key.multiRegion?.members.find((member) => member.region === from.region)
  return here?.key ?? (key.region === from.region ? key.id : undefined)
}
