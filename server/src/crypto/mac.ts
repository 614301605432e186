import { createHmac, timingSafeEqual } from 'node:crypto'
import { ClavigerError } from '#model'
import { assertOperational } from './condition.ts'
import { type OpenMaterial, secretOf } from './open-material.ts'

/** Message authentication codes: HMAC (FIPS 198-1, RFC 2104) at full length. */

/** The code of a message: as long as the hash of the algorithm. @throws ClavigerError wrong_usage */
export function mac(material: OpenMaterial, message: Uint8Array): Buffer {
  assertOperational()
  const { hash, name } = material.algorithm
  if (hash === undefined)
    throw new ClavigerError('wrong_usage', `${name} does not make authentication codes`)
  return createHmac(hash, secretOf(material)).update(message).digest()
}

/** Whether a code, which comes from outside, is the message's; a truncated one is not. Constant time. */
export function verifyMac(material: OpenMaterial, message: Uint8Array, code: Uint8Array): boolean {
  const expected = mac(material, message)
  return code.length === expected.length && timingSafeEqual(code, expected)
}
