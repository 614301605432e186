import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { ClavigerError } from '#model'
import type { Algorithm, KeyPairKind } from './algorithms.ts'
import {
  readElement,
  readSequence,
  TAG_BIT_STRING,
  TAG_INTEGER,
  TAG_OCTET_STRING,
  TAG_SEQUENCE,
} from './der.ts'

/**
 * Keys as bytes: PKCS#8 (RFC 5958) for private keys, SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) for public ones, both in DER and
 * from outside. The algorithm identifier must be the row's to the bit: OpenSSL alone would take explicit EC parameters, also with a
 * wrong cofactor, for the named curve they resemble.
 */

/** No key of the table is longer: RSA-4096 in PKCS#8 takes about 2,400 bytes. */
export const KEY_BYTES_MAX = 16_384
/** FIPS 186-5 section 5.1: 2^16 < e < 2^256, odd. */
const RSA_EXPONENT_MIN = 2n ** 16n
const RSA_EXPONENT_MAX = 2n ** 256n

/** The context tag [0] of a seed, primitive. */
const TAG_SEED = 0x80
/** The context tag [0] of the parameters of an ECPrivateKey, constructed. */
const TAG_PARAMETERS = 0xa0
const TAG_OBJECT_IDENTIFIER = 0x06

export function unacceptable(why: string): ClavigerError {
  return new ClavigerError('invalid_key_material', `The key material is not acceptable: ${why}`)
}

/**
 * Reads a PKCS#8 private key of a row.
 *
 * @throws ClavigerError invalid_key_material
 */
export function readPrivateKey(pair: KeyPairKind, bytes: Uint8Array): KeyObject {
  const key = parsed(`PKCS#8 DER of a private ${pair.type} key`, () => {
    checkPrivateKeyInfo(pair, bytes)
    return createPrivateKey({ key: view(bytes), format: 'der', type: 'pkcs8' })
  })
  checkKind(pair, key)
  return key
}

/**
 * Reads the SubjectPublicKeyInfo of a key of one of the kinds given.
 *
 * @throws ClavigerError invalid_key_material
 */
export function readPublicKey(pairs: readonly KeyPairKind[], bytes: Uint8Array): KeyObject {
  const types = [...new Set(pairs.map((each) => each.curve ?? each.type))].join(' or ')
  const [pair, key] = parsed(
    `SubjectPublicKeyInfo DER of a ${types} key on a named curve or of a named kind`,
    () => {
      const found = checkPublicKeyInfo(pairs, bytes)
      return [found, createPublicKey({ key: view(bytes), format: 'der', type: 'spki' })] as const
    },
  )
  if (pair.modulusBits === undefined) checkKind(pair, key)
  else checkAnyModulus(pairs, key)
  return key
}

/** A view of the same memory, as Node's key functions want it. */
function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Runs a parser; whatever it throws becomes one error without OpenSSL's words, which differ by input. */
function parsed<Result>(expected: string, parse: () => Result): Result {
  try {
    return parse()
  } catch (thrown) {
    if (thrown instanceof ClavigerError) throw thrown
    throw unacceptable(`it must be ${expected}`)
  }
}

function sameBytes(bytes: Uint8Array, hex: string): boolean {
  return Buffer.compare(bytes, Buffer.from(hex, 'hex')) === 0
}

/** PrivateKeyInfo ::= SEQUENCE { version, algorithm, privateKey OCTET STRING, attributes [0], publicKey [1] }. */
function checkPrivateKeyInfo(pair: KeyPairKind, bytes: Uint8Array): void {
  if (bytes.length > KEY_BYTES_MAX) throw new RangeError('too long')
  const [version, identifier, privateKey] = readSequence(bytes)
  if (version?.tag !== TAG_INTEGER || identifier === undefined) throw new RangeError('not PKCS#8')
  if (privateKey?.tag !== TAG_OCTET_STRING) throw new RangeError('not PKCS#8')
  if (!sameBytes(identifier.encoded, pair.identifier)) throw new RangeError('another algorithm')
  if (pair.curve !== undefined) checkEcPrivateKey(pair, privateKey.content)
  if (pair.seedBytes !== undefined) checkSeed(pair.seedBytes, privateKey.content)
}

/**
 * ECPrivateKey (RFC 5915 section 3) may repeat the parameters in [0], and OpenSSL believes them: they must be the curve's name.
 */
function checkEcPrivateKey(pair: KeyPairKind, bytes: Uint8Array): void {
  for (const member of readSequence(bytes)) {
    if (member.tag !== TAG_PARAMETERS) continue
    if (!pair.identifier.endsWith(Buffer.from(member.content).toString('hex')))
      throw new RangeError('other parameters')
    readElement(member.content, TAG_OBJECT_IDENTIFIER)
  }
}

/**
 * RFC 9881 section 6 and RFC 9935 section 6: the seed in [0], or the seed and the expanded key, which OpenSSL compares. An expanded key
 * alone is refused: keys are kept as their seed, and the way back does not exist.
 */
function checkSeed(seedBytes: number, bytes: Uint8Array): void {
  const [tag] = bytes
  if (tag === TAG_OCTET_STRING)
    throw unacceptable('give ML-KEM and ML-DSA private keys with their seed')
  const seed = tag === TAG_SEQUENCE ? readSequence(bytes)[0] : readElement(bytes, TAG_SEED)
  if (seed?.content.length !== seedBytes) throw new RangeError('seed length')
}

/** SubjectPublicKeyInfo ::= SEQUENCE { algorithm, subjectPublicKey BIT STRING }. */
function checkPublicKeyInfo(pairs: readonly KeyPairKind[], bytes: Uint8Array): KeyPairKind {
  if (bytes.length > KEY_BYTES_MAX) throw new RangeError('too long')
  const [identifier, publicKey, ...rest] = readSequence(bytes)
  if (identifier === undefined || publicKey?.tag !== TAG_BIT_STRING || rest.length > 0)
    throw new RangeError('not SPKI')
  if (publicKey.content[0] !== 0) throw new RangeError('unused bits')
  const pair = pairs.find((each) => sameBytes(identifier.encoded, each.identifier))
  if (pair === undefined) throw new RangeError('another algorithm')
  if (pair.coordinateBytes !== undefined)
    checkPoint(pair.coordinateBytes, publicKey.content.subarray(1))
  return pair
}

/**
 * SEC 1 section 2.3.4: 04 x y, or 02 or 03 and x. OpenSSL takes 00 too, the point at infinity, which is nobody's key; that the others are
 * on the curve it checks.
 */
function checkPoint(coordinateBytes: number, point: Uint8Array): void {
  const [form] = point
  const coordinates = form === 0x04 ? 2 : form === 0x02 || form === 0x03 ? 1 : 0
  if (coordinates === 0 || point.length !== 1 + coordinates * coordinateBytes) {
    throw new RangeError('not a point')
  }
}

/** What OpenSSL made of the bytes must be what the row says. */
function checkKind(pair: KeyPairKind, key: KeyObject): void {
  const details = key.asymmetricKeyDetails
  if (key.asymmetricKeyType !== pair.type) throw unacceptable('it is a key of another algorithm')
  if (details?.namedCurve !== pair.curve) throw unacceptable('it is on another curve')
  if (details?.modulusLength !== pair.modulusBits)
    throw unacceptable(`an RSA modulus of ${pair.modulusBits} bits is wanted`)
  checkExponent(key)
}

/** RSA keys of several sizes share an identifier, so the modulus tells them apart. */
function checkAnyModulus(pairs: readonly KeyPairKind[], key: KeyObject): void {
  if (key.asymmetricKeyType !== 'rsa') throw unacceptable('it is a key of another algorithm')
  const sizes = pairs.map((each) => each.modulusBits)
  if (!sizes.includes(key.asymmetricKeyDetails?.modulusLength)) {
    throw unacceptable(`an RSA modulus of ${sizes.join(', ')} bits is wanted`)
  }
  checkExponent(key)
}

function checkExponent(key: KeyObject): void {
  const exponent = key.asymmetricKeyDetails?.publicExponent
  if (exponent === undefined) return
  if (exponent <= RSA_EXPONENT_MIN || exponent >= RSA_EXPONENT_MAX || exponent % 2n === 0n) {
    throw unacceptable(
      'the RSA public exponent must be odd and between 2^16 and 2^256 (FIPS 186-5 section 5.1)',
    )
  }
}

/** The pair of a row. @throws ClavigerError wrong_usage for symmetric algorithms. */
export function pairOf(algorithm: Algorithm): KeyPairKind {
  if (algorithm.pair === undefined)
    throw new ClavigerError('wrong_usage', `${algorithm.name} has no key pair`)
  return algorithm.pair
}
