import { diffieHellman, type KeyObject } from 'node:crypto'
import { ClavigerError } from '#model'
import { assertOperational } from './condition.ts'
import { unacceptable } from './key-encoding.ts'
import { type OpenMaterial, privateKeyOf } from './open-material.ts'
import { inPool } from './pool.ts'

/** Key agreement: ECDH on P-256, P-384 and P-521 (SP 800-56A revision 3 section 5.7.1.2) and X25519 (RFC 7748 section 6.1). */

/**
 * The raw shared secret with another party's public key, which {@link openPublicKey} has read for this algorithm: the x coordinate, or
 * X25519's 32 bytes. The caller overwrites it.
 *
 * @throws ClavigerError wrong_usage when the algorithm does not agree, invalid_key_material for a public key of another curve or one
 *   that leads to zero, overloaded when too many wait.
 */
export function agree(material: OpenMaterial, theirPublicKey: KeyObject): Buffer | Promise<Buffer> {
  assertOperational()
  const { algorithm } = material
  if (!algorithm.usages.includes('agree')) {
    throw new ClavigerError('wrong_usage', `${algorithm.name} is not made for key agreement`)
  }
  const curve = theirPublicKey.asymmetricKeyDetails?.namedCurve
  if (
    theirPublicKey.asymmetricKeyType !== algorithm.pair?.type ||
    curve !== algorithm.pair?.curve
  ) {
    throw unacceptable(`the public key must be of ${algorithm.name}`)
  }
  const options = { privateKey: privateKeyOf(material), publicKey: theirPublicKey }
  if (algorithm.where.private === 'pool') {
    return inPool<Buffer>((done) => diffieHellman(options, done)).catch(refuse)
  }
  try {
    const shared = diffieHellman(options)
    return algorithm.family === 'montgomery' ? notZero(shared) : shared
  } catch (thrown) {
    return refuse(thrown)
  }
}

/** OpenSSL's derivation fails for points of small order; its words say nothing to a caller. */
function refuse(thrown: unknown): never {
  if (thrown instanceof ClavigerError) throw thrown
  throw unacceptable('the public key leads to no shared secret')
}

/**
 * RFC 7748 section 6.1: on X25519 a public key of small order gives zero, whatever the private key. The NIST curves have no such points,
 * and there x = 0 is a coordinate like any other. Without an early exit.
 */
function notZero(shared: Buffer): Buffer {
  let seen = 0
  for (const byte of shared) seen |= byte
  if (seen === 0) throw unacceptable('the public key leads to no shared secret')
  return shared
}
