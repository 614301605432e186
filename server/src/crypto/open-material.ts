import type { KeyObject } from 'node:crypto'
import { ClavigerError } from '#model'
import type { Algorithm } from './algorithms.ts'

/** A key ready for use: its row, and KeyObjects that OpenSSL holds. There are no bytes here. */
export interface OpenMaterial {
  readonly algorithm: Algorithm
  readonly secret?: KeyObject
  readonly privateKey?: KeyObject
  readonly publicKey?: KeyObject
}

function missing(material: OpenMaterial, what: string): ClavigerError {
  return new ClavigerError('wrong_usage', `${material.algorithm.name} has no ${what} key here`)
}

/** @throws ClavigerError wrong_usage */
export function secretOf(material: OpenMaterial): KeyObject {
  if (material.secret === undefined) throw missing(material, 'secret')
  return material.secret
}

/** @throws ClavigerError wrong_usage */
export function privateKeyOf(material: OpenMaterial): KeyObject {
  if (material.privateKey === undefined) throw missing(material, 'private')
  return material.privateKey
}

/** @throws ClavigerError wrong_usage */
export function publicKeyOf(material: OpenMaterial): KeyObject {
  if (material.publicKey === undefined) throw missing(material, 'public')
  return material.publicKey
}

/** Bytes on their own, for another thread: a view would take along whatever else its memory holds. */
export function copied(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}
