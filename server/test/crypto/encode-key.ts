import { findAlgorithm, openPublicKey, type Algorithm, type OpenMaterial } from '#crypto'

/** Keys as DER, written by hand: what tests send in place of OpenSSL's own encodings. */

/** One element of DER, of any length below 65,536. */
export function element(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  const { length } = body
  const lengthBytes =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...lengthBytes), body])
}

export function identifierOf(name: string): Buffer {
  return Buffer.from(findAlgorithm(name).pair?.identifier ?? '', 'hex')
}

/** SubjectPublicKeyInfo around a raw public key. */
export function spki(name: string, raw: Uint8Array): Buffer {
  return element(0x30, identifierOf(name), element(0x03, Buffer.of(0), raw))
}

/** PKCS#8 around the inner form of a private key. */
export function pkcs8(name: string, inner: Uint8Array): Buffer {
  return element(0x30, Buffer.of(0x02, 1, 0), identifierOf(name), element(0x04, inner))
}

/** ECPrivateKey (RFC 5915) of a scalar, which is brought to the width of the curve, with further members if given. */
export function ecPrivateKey(name: string, scalar: Uint8Array, ...members: Uint8Array[]): Buffer {
  const width = findAlgorithm(name).pair?.coordinateBytes ?? 0
  const digits = Buffer.alloc(width)
  const significant = Buffer.from(scalar).subarray(Math.max(0, scalar.length - width))
  significant.copy(digits, width - significant.length)
  return pkcs8(name, element(0x30, Buffer.of(0x02, 1, 1), element(0x04, digits), ...members))
}

/** A seed of ML-KEM or ML-DSA (RFC 9935, RFC 9881). */
export function seedKey(name: string, seed: Uint8Array): Buffer {
  return pkcs8(name, element(0x80, seed))
}

/** An expanded private key of ML-KEM or ML-DSA without its seed. */
export function expandedKey(name: string, expanded: Uint8Array): Buffer {
  return pkcs8(name, element(0x04, expanded))
}

/** Seed and expanded key together, as OpenSSL's command writes them. */
export function bothKey(name: string, seed: Uint8Array, expanded: Uint8Array): Buffer {
  return pkcs8(name, element(0x30, element(0x04, seed), element(0x04, expanded)))
}

/** What a verifier holds: a public key, read as any other party's. */
export function publicMaterial(algorithm: Algorithm, der: Uint8Array): OpenMaterial {
  return { algorithm, publicKey: openPublicKey(der, algorithm) }
}
