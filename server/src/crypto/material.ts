import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { ClavigerError } from '#model'
import { agree } from './agreement.ts'
import type { Algorithm, AlgorithmFamily, KeyPairKind } from './algorithms.ts'
import { algorithms } from './algorithms.ts'
import { assertOperational } from './condition.ts'
import { constantTimeEqual } from './digest.ts'
import { decapsulate, encapsulate } from './kem.ts'
import { pairOf, readPrivateKey, readPublicKey, unacceptable } from './key-encoding.ts'
import { type OpenMaterial, publicKeyOf } from './open-material.ts'
import { inPool, inWorker } from './pool.ts'
import { randomSecret, secretBuffer, secretKey } from './random.ts'
import { sign, verify } from './signing.ts'
import { generatePair, generatorInput } from './tasks.ts'

/**
 * Key material: made, taken in, opened. At rest it is raw bytes for symmetric keys and PKCS#8 DER for private keys, with ML-KEM and
 * ML-DSA as their seed alone. Whoever gets bytes from here overwrites them.
 */

/**
 * Makes the material of a new key from OpenSSL's DRBG (SP 800-133 revision 2). A pair is tested before it is given out.
 *
 * @returns fresh bytes, the caller's to overwrite.
 * @throws ClavigerError overloaded, or internal when a new pair is not consistent.
 */
export async function generateMaterial(algorithm: Algorithm): Promise<Buffer> {
  assertOperational()
  if (algorithm.keyBytes !== undefined) return randomSecret(algorithm.keyBytes)
  const privateKey = await generatePrivateKey(algorithm, pairOf(algorithm))
  const material = { algorithm, privateKey, publicKey: createPublicKey(privateKey) }
  if (!(await isConsistent(material))) {
    throw new ClavigerError(
      'internal',
      'A new key pair failed its pairwise consistency test and was discarded',
    )
  }
  return privateKey.export({ type: 'pkcs8', format: 'der' })
}

async function generatePrivateKey(algorithm: Algorithm, pair: KeyPairKind): Promise<KeyObject> {
  switch (algorithm.where.generate) {
    case 'loop':
      return generatePair(pair)
    case 'worker':
      return await inWorker('generate', { pair }, true)
    case 'pool': {
      const { type, options } = generatorInput(pair)
      return await inPool<KeyObject>((done) => {
        generateKeyPair(
          type as 'ec',
          options as { namedCurve: string },
          (error, _publicKey, privateKey) => done(error, privateKey),
        )
      })
    }
  }
}

const TEST_MESSAGE = Buffer.from('pairwise consistency test')

/** The pairwise consistency test (FIPS 140-3 implementation guidance 10.3.A): what one half does, the other must undo. */
async function isConsistent(material: OpenMaterial): Promise<boolean> {
  const { algorithm } = material
  if (algorithm.schemes.length > 0) {
    const data = { message: TEST_MESSAGE }
    const signature = await sign(material, undefined, data)
    return await verify(material, undefined, data, signature)
  }
  if (algorithm.family === 'ml-kem') {
    const { sharedSecret, encapsulation } = encapsulate(material)
    return constantTimeEqual(sharedSecret, decapsulate(material, encapsulation))
  }
  const privateKey = generatePair(pairOf(algorithm))
  const other = { algorithm, privateKey, publicKey: createPublicKey(privateKey) }
  return constantTimeEqual(
    await agree(material, other.publicKey),
    await agree(other, publicKeyOf(material)),
  )
}

/**
 * Opens material for use. The bytes stay the caller's to overwrite; nothing of them is kept but what OpenSSL holds.
 *
 * @throws ClavigerError invalid_key_material for another length, type, curve, modulus or exponent than the row's.
 */
export function openMaterial(algorithm: Algorithm, bytes: Uint8Array): OpenMaterial {
  assertOperational()
  const { keyBytes, keyBytesMax = keyBytes } = algorithm
  if (keyBytes !== undefined && keyBytesMax !== undefined) {
    if (bytes.length < keyBytes || bytes.length > keyBytesMax) {
      const lengths = keyBytesMax === keyBytes ? keyBytes : `${keyBytes} to ${keyBytesMax}`
      throw unacceptable(`a key for ${algorithm.name} is ${lengths} bytes`)
    }
    return { algorithm, secret: secretKey(bytes) }
  }
  const privateKey = readPrivateKey(pairOf(algorithm), bytes)
  return { algorithm, privateKey, publicKey: createPublicKey(privateKey) }
}

/**
 * Takes in material that others made: everything {@link openMaterial} asks, and beyond it that a private key is one (primes are prime,
 * the public half is its own) and does what it should.
 *
 * @returns the one spelling that is kept at rest, the caller's to overwrite.
 * @throws ClavigerError invalid_key_material, overloaded.
 */
export async function importMaterial(algorithm: Algorithm, bytes: Uint8Array): Promise<Buffer> {
  const material = openMaterial(algorithm, bytes)
  const { privateKey } = material
  if (privateKey === undefined) {
    const copy = secretBuffer(bytes.length)
    copy.set(bytes)
    return copy
  }
  // OpenSSL's check says what is wrong of RSA and EC keys; the other kinds are a seed, from which everything follows.
  const checked = algorithm.family !== 'rsa' && algorithm.family !== 'ec'
  if (!checked && !(await inWorker('checkPrivateKey', { privateKey }, false))) {
    throw unacceptable('its numbers do not fit together')
  }
  if (!(await isConsistent(material))) throw unacceptable('its public half is not its own')
  return privateKey.export({ type: 'pkcs8', format: 'der' })
}

/**
 * Reads the SubjectPublicKeyInfo of another party: for one algorithm, or of any key of a family.
 *
 * @throws ClavigerError invalid_key_material for anything else, also for explicit EC parameters.
 */
export function openPublicKey(bytes: Uint8Array, expected: Algorithm | AlgorithmFamily): KeyObject {
  assertOperational()
  const rows =
    typeof expected === 'string' ? algorithms.filter((row) => row.family === expected) : [expected]
  return readPublicKey(rows.map(pairOf), bytes)
}

/** SubjectPublicKeyInfo in DER. @throws ClavigerError wrong_usage for symmetric keys. */
export function publicKeyDer(material: OpenMaterial): Buffer {
  assertOperational()
  return publicKeyOf(material).export({ type: 'spki', format: 'der' })
}

/** SubjectPublicKeyInfo in PEM (RFC 7468 section 13). @throws ClavigerError wrong_usage for symmetric keys. */
export function publicKeyPem(material: OpenMaterial): string {
  assertOperational()
  return publicKeyOf(material).export({ type: 'spki', format: 'pem' })
}
