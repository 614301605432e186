import { sha256 } from '#crypto'
import type { Key } from '#model'

/**
 * Names the material of a version: 64 hexadecimal digits, the same for related keys of every region. It says nothing of the material:
 * it is made of the key's id and the version's number.
 */
export function materialId(key: Pick<Key, 'id' | 'multiRegion'>, version: number): string {
  const id = key.multiRegion?.id ?? key.id
  return sha256(Buffer.from(`claviger/material/1/${id}/${version}`)).toString('hex')
}
