import { sha256Hex } from '#crypto'
import { envelopeKeyId, type Key } from '#model'

/** Names remembered, since every answer that has one has the same. */
const NAMES_MAX = 10_000
const names = new Map<string, string>()

/**
 * Names the material of a version: 64 hexadecimal digits, the same for related keys of every region. It says nothing of the material:
 * it is made of the key's id and the version's number.
 */
export function materialId(key: Pick<Key, 'id' | 'multiRegion'>, version: number): string {
  const material = `claviger/material/1/${envelopeKeyId(key)}/${version}`
  const known = names.get(material)
  if (known !== undefined) return known
  const name = sha256Hex(material)
  if (names.size >= NAMES_MAX) names.clear()
  names.set(material, name)
  return name
}
