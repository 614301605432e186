import { type KeyObject, sign as nodeSign, verify as nodeVerify } from 'node:crypto'
import type { SignatureScheme } from '@claviger/contract'
import { ClavigerError } from '#model'
import type { Algorithm, Place } from './algorithms.ts'
import { assertOperational } from './condition.ts'
import { MU_BYTES } from './evp.ts'
import { copied, type OpenMaterial, privateKeyOf, publicKeyOf } from './open-material.ts'
import { inPool, inWorker } from './pool.ts'
import { digestBytes, findScheme, type Scheme } from './schemes.ts'
import {
  hashed,
  keyInput,
  type SignatureFormat,
  type SignedData,
  signHere,
  verifyHere,
} from './signature.ts'

/**
 * Signing and verifying (FIPS 186-5, 204, 205; RFC 8017, 8032), each where the row of the algorithm says. libuv's pool takes whole
 * messages only, so digests and the like of slow keys go to the worker.
 */

/**
 * Signs a message, a digest, or the mu of ML-DSA.
 *
 * @param asked the scheme, or the first of the algorithm.
 * @returns the signature: at once for fast algorithms, else a promise of it.
 * @throws ClavigerError wrong_usage for a scheme the algorithm does not have or a digest or mu it does not take, invalid_request for one
 *   of another length, overloaded when too many signatures are waiting.
 */
export function sign(
  material: OpenMaterial,
  asked: SignatureScheme | undefined,
  data: SignedData,
  format: SignatureFormat = 'der',
): Uint8Array | Promise<Uint8Array> {
  assertOperational()
  const { algorithm } = material
  const scheme = findScheme(algorithm, asked)
  const privateKey = privateKeyOf(material)
  checkData(scheme, data)
  const coordinateBytes = algorithm.pair?.coordinateBytes
  switch (placeOf(algorithm.where.private, data)) {
    case 'loop':
      return signHere(privateKey, scheme, data, format, coordinateBytes)
    case 'pool':
      return signInPool(privateKey, scheme, messageOf(data), format)
    case 'worker': {
      const input = { privateKey, scheme, data: copiedData(data), format, coordinateBytes }
      return inWorker('sign', input, isHeavy(algorithm))
    }
  }
}

/**
 * Says whether a signature of a message, a digest or a mu is valid. Signature and data come from outside; what cannot be parsed is not
 * valid.
 *
 * @throws ClavigerError wrong_usage, invalid_request and overloaded as {@link sign} does.
 */
export function verify(
  material: OpenMaterial,
  asked: SignatureScheme | undefined,
  data: SignedData,
  signature: Uint8Array,
  format: SignatureFormat = 'der',
): boolean | Promise<boolean> {
  assertOperational()
  const { algorithm } = material
  const scheme = findScheme(algorithm, asked)
  const publicKey = publicKeyOf(material)
  checkData(scheme, data)
  const coordinateBytes = algorithm.pair?.coordinateBytes
  switch (placeOf(algorithm.where.public, data)) {
    case 'loop':
      return verifyHere(publicKey, scheme, data, signature, format, coordinateBytes)
    case 'pool':
      return verifyInPool(publicKey, scheme, messageOf(data), signature, format)
    case 'worker': {
      const copies = { data: copiedData(data), signature: copied(signature) }
      return inWorker('verify', { publicKey, scheme, format, coordinateBytes, ...copies }, false)
    }
  }
}

/** Only SLH-DSA signs for a good part of a second. */
function isHeavy(algorithm: Algorithm): boolean {
  return algorithm.where.private === 'worker'
}

function placeOf(place: Place, data: SignedData): Place {
  return place === 'pool' && !('message' in data) ? 'worker' : place
}

function messageOf(data: SignedData): Uint8Array {
  if ('message' in data) return data.message
  throw new TypeError('only messages reach the pool')
}

function copiedData(data: SignedData): SignedData {
  if ('message' in data) return { message: copied(data.message) }
  return 'digest' in data ? { digest: copied(data.digest) } : { mu: copied(data.mu) }
}

/** Digests and the like are given by outsiders: they must be what the scheme takes. */
function checkData(scheme: Scheme, data: SignedData): void {
  if ('message' in data) return
  if ('mu' in data) {
    checkMu(scheme, data.mu)
    return
  }
  const wanted = digestBytes[hashed(scheme).hash]
  if (data.digest.length !== wanted) {
    const message = `${scheme.name} signs digests of ${wanted} bytes; this one has ${data.digest.length}`
    throw new ClavigerError('invalid_request', message, { field: 'digest' })
  }
}

function checkMu(scheme: Scheme, mu: Uint8Array): void {
  if (scheme.name !== 'ml-dsa') {
    throw new ClavigerError(
      'wrong_usage',
      `${scheme.name} has no mu, only ML-DSA has: send the message or its digest`,
    )
  }
  if (mu.length !== MU_BYTES) {
    const message = `A mu is ${MU_BYTES} bytes; this one has ${mu.length}`
    throw new ClavigerError('invalid_request', message, { field: 'mu' })
  }
}

function signInPool(
  privateKey: KeyObject,
  scheme: Scheme,
  message: Uint8Array,
  format: SignatureFormat,
): Promise<Uint8Array> {
  const key = keyInput(privateKey, scheme, format)
  return inPool((done) => nodeSign(scheme.hash ?? null, message, key, done))
}

async function verifyInPool(
  publicKey: KeyObject,
  scheme: Scheme,
  message: Uint8Array,
  signature: Uint8Array,
  format: SignatureFormat,
): Promise<boolean> {
  const key = keyInput(publicKey, scheme, format)
  try {
    return await inPool((done) => nodeVerify(scheme.hash ?? null, message, key, signature, done))
  } catch (thrown) {
    // Being overloaded says nothing of the signature; whatever OpenSSL throws says that it is not one.
    if (thrown instanceof ClavigerError) throw thrown
    return false
  }
}
