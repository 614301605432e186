import { decapsulate as nodeDecapsulate, encapsulate as nodeEncapsulate } from 'node:crypto'
import { ClavigerError } from '#model'
import { assertOperational } from './condition.ts'
import { type OpenMaterial, privateKeyOf, publicKeyOf } from './open-material.ts'

/** Key encapsulation: ML-KEM (FIPS 203). */

export interface Encapsulated {
  /** 32 bytes; the caller overwrites them. */
  readonly sharedSecret: Buffer
  readonly encapsulation: Buffer
}

function encapsulationBytes(material: OpenMaterial): number {
  const { pair, name } = material.algorithm
  if (pair?.encapsulationBytes === undefined) {
    throw new ClavigerError('wrong_usage', `${name} is not made for key encapsulation`)
  }
  return pair.encapsulationBytes
}

/** Makes a shared secret and its encapsulation (FIPS 203 section 7.2). @throws ClavigerError wrong_usage */
export function encapsulate(material: OpenMaterial): Encapsulated {
  assertOperational()
  encapsulationBytes(material)
  const { sharedKey, ciphertext } = nodeEncapsulate(publicKeyOf(material))
  return { sharedSecret: sharedKey, encapsulation: ciphertext }
}

/**
 * Recovers a shared secret (FIPS 203 section 7.3). An encapsulation that was made for another key, or changed, gives another secret and
 * no error: that is ML-KEM's implicit rejection. The caller overwrites the secret.
 *
 * @throws ClavigerError wrong_usage, and invalid_ciphertext for another length.
 */
export function decapsulate(material: OpenMaterial, encapsulation: Uint8Array): Buffer {
  assertOperational()
  const length = encapsulationBytes(material)
  if (encapsulation.length !== length) {
    throw new ClavigerError(
      'invalid_ciphertext',
      `An encapsulation for ${material.algorithm.name} is ${length} bytes`,
    )
  }
  return nodeDecapsulate(privateKeyOf(material), encapsulation)
}
