import { hash, type KeyObject } from 'node:crypto'
import type { SignatureScheme } from '@claviger/contract'
import { agree } from './agreement.ts'
import { sha256 } from './digest.ts'
import { findAlgorithm } from './find-algorithm.ts'
import { decapsulate, encapsulate } from './kem.ts'
import { pairOf } from './key-encoding.ts'
import { openMaterial, openPublicKey } from './material.ts'
import { oaepEncrypt } from './oaep.ts'
import { type OpenMaterial, privateKeyOf, publicKeyOf } from './open-material.ts'
import { findScheme } from './schemes.ts'
import { base64, changed, counting, hex, YES, yes, type SelfTest } from './self-test-helpers.ts'
import {
  ecdsaVectors,
  mlDsaVector,
  mlKemVector,
  rsaVector,
  slhDsaVector,
} from './self-test-vectors.ts'
import { type SignedData, signHere, verifyHere } from './signature.ts'
import { type OaepHash, tasks } from './tasks.ts'

/**
 * Self-tests of key pairs. They run on the thread that asks, also what is later done in the pool or the worker: those run the same
 * functions.
 */

const MESSAGE = Buffer.from('claviger')
const SAMPLE = Buffer.from('sample')

function signed(material: OpenMaterial, data: SignedData, asked?: SignatureScheme): Buffer {
  const { algorithm } = material
  const scheme = findScheme(algorithm, asked)
  return signHere(privateKeyOf(material), scheme, data, 'der', pairOf(algorithm).coordinateBytes)
}

function valid(
  material: OpenMaterial,
  data: SignedData,
  signature: Uint8Array,
  asked?: SignatureScheme,
): boolean {
  const { algorithm } = material
  const scheme = findScheme(algorithm, asked)
  const { coordinateBytes } = pairOf(algorithm)
  return verifyHere(publicKeyOf(material), scheme, data, signature, 'der', coordinateBytes)
}

/** Whether a signature is valid for its data, and not once it was changed. */
function validAsItIs(
  material: OpenMaterial,
  data: SignedData,
  signature: Uint8Array,
  asked?: SignatureScheme,
): Buffer {
  return yes(
    valid(material, data, signature, asked) && !valid(material, data, changed(signature), asked),
  )
}

/** SubjectPublicKeyInfo around a raw public key of less than 120 bytes. */
function publicKey(name: string, raw: Uint8Array): KeyObject {
  const algorithm = findAlgorithm(name)
  const identifier = hex(pairOf(algorithm).identifier)
  const bits = Buffer.concat([Buffer.of(0x03, raw.length + 1, 0), raw])
  const header = Buffer.of(0x30, identifier.length + bits.length)
  return openPublicKey(Buffer.concat([header, identifier, bits]), algorithm)
}

function publicOnly(name: string, raw: Uint8Array): OpenMaterial {
  return { algorithm: findAlgorithm(name), publicKey: publicKey(name, raw) }
}

/** PKCS#8 around a short private key: `prefix` is what stands before the seed or scalar in the inner form of its family. */
function fromSeed(name: string, prefix: string, seed: Uint8Array): OpenMaterial {
  const algorithm = findAlgorithm(name)
  const inner = Buffer.concat([hex(prefix), seed])
  const key = Buffer.concat([Buffer.of(0x04, inner.length), inner])
  const body = Buffer.concat([hex('020100'), hex(pairOf(algorithm).identifier), key])
  return openMaterial(algorithm, Buffer.concat([Buffer.of(0x30, body.length), body]))
}

/** What a loop algorithm gives at once. */
function atOnce(shared: Buffer | Promise<Buffer>): Buffer {
  if (shared instanceof Promise) throw new TypeError('a self-test waits for nothing')
  return shared
}

function ecdsaTest(name: keyof typeof ecdsaVectors): SelfTest {
  const { point, signature } = ecdsaVectors[name]
  return {
    name: `ECDSA ${name} verifies`,
    expected: YES,
    compute: () => validAsItIs(publicOnly(name, hex(point)), { message: SAMPLE }, hex(signature)),
  }
}

/** RFC 5903 section 8.1: the initiator's private key and the responder's public one. */
const ECP_INITIATOR = 'c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433'
const ECP_RESPONDER =
  '04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab'
/** An ECPrivateKey without its public half, up to the scalar. */
const P256_PREFIX = '302502010104 20'
const OCTETS_32 = '0420'

const p256 = () => fromSeed('P-256', P256_PREFIX, hex(ECP_INITIATOR))

const nistCurveTests: readonly SelfTest[] = [
  ecdsaTest('P-256'),
  ecdsaTest('P-384'),
  ecdsaTest('P-521'),
  ecdsaTest('secp256k1'),
  {
    name: 'ECDSA P-256 signs messages and digests',
    expected: YES,
    compute() {
      const own = p256()
      const [message, digest] = [{ message: SAMPLE }, { digest: sha256(SAMPLE) }]
      const signatures = [signed(own, message), signed(own, digest)]
      return yes(signatures.every((each) => valid(own, message, each) && valid(own, digest, each)))
    },
  },
  {
    name: 'ECDSA P-256 verifies a digest',
    expected: YES,
    compute() {
      const { point, signature } = ecdsaVectors['P-256']
      return validAsItIs(
        publicOnly('P-256', hex(point)),
        { digest: sha256(SAMPLE) },
        hex(signature),
      )
    },
  },
  {
    name: 'ECDH P-256',
    expected: 'd6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de',
    compute: () => atOnce(agree(p256(), publicKey('P-256', hex(ECP_RESPONDER)))),
  },
  {
    name: 'private key check',
    expected: YES,
    compute: () => yes(tasks.checkPrivateKey({ privateKey: privateKeyOf(p256()) })),
  },
]

/** RFC 8032 section 7.1 test 2. */
const ED25519_SIGNATURE = `
  92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
  085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00`
const ED25519_MESSAGE = { message: Buffer.of(0x72) }

/** RFC 8032 section 7.3. */
const ED25519PH_SIGNATURE = `
  98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41
  31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406`
const ED25519PH_MESSAGE = Buffer.from('abc')
const ed25519phKey = () => {
  const seed = '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42'
  return fromSeed('Ed25519', OCTETS_32, hex(seed))
}

const edwardsTests: readonly SelfTest[] = [
  {
    name: 'Ed25519ph signs messages',
    expected: ED25519PH_SIGNATURE,
    compute: () => signed(ed25519phKey(), { message: ED25519PH_MESSAGE }, 'ed25519ph'),
  },
  {
    name: 'Ed25519ph signs digests',
    expected: ED25519PH_SIGNATURE,
    compute() {
      const digest = hash('sha512', ED25519PH_MESSAGE, 'buffer')
      return signed(ed25519phKey(), { digest }, 'ed25519ph')
    },
  },
  {
    name: 'Ed25519ph verifies',
    expected: YES,
    compute() {
      const data = { digest: hash('sha512', ED25519PH_MESSAGE, 'buffer') }
      return validAsItIs(ed25519phKey(), data, hex(ED25519PH_SIGNATURE), 'ed25519ph')
    },
  },
  {
    name: 'Ed25519 signs',
    expected: ED25519_SIGNATURE,
    compute() {
      const seed = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'
      return signed(fromSeed('Ed25519', OCTETS_32, hex(seed)), ED25519_MESSAGE)
    },
  },
  {
    name: 'Ed25519 verifies',
    expected: YES,
    compute() {
      const point = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'
      return validAsItIs(publicOnly('Ed25519', hex(point)), ED25519_MESSAGE, hex(ED25519_SIGNATURE))
    },
  },
  {
    // RFC 7748 section 6.1.
    name: 'X25519',
    expected: '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
    compute() {
      const alice = '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'
      const bob = 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f'
      return atOnce(agree(fromSeed('X25519', OCTETS_32, hex(alice)), publicKey('X25519', hex(bob))))
    },
  },
]

const rsaKey = () => openMaterial(findAlgorithm('RSA-2048'), base64(rsaVector.privateKey))
const PKCS1 = 'rsa-pkcs1-sha-256'
const PSS = 'rsa-pss-sha-256'

const rsaTests: readonly SelfTest[] = [
  {
    name: 'RSA PKCS#1 v1.5 signs messages',
    expected: base64(rsaVector.pkcs1).toString('hex'),
    compute: () => signed(rsaKey(), { message: MESSAGE }, PKCS1),
  },
  {
    name: 'RSA PKCS#1 v1.5 signs digests',
    expected: base64(rsaVector.pkcs1).toString('hex'),
    compute: () => signed(rsaKey(), { digest: sha256(MESSAGE) }, PKCS1),
  },
  {
    name: 'RSA PKCS#1 v1.5 verifies',
    expected: YES,
    compute: () => validAsItIs(rsaKey(), { message: MESSAGE }, base64(rsaVector.pkcs1), PKCS1),
  },
  {
    name: 'RSA-PSS verifies messages',
    expected: YES,
    compute: () => validAsItIs(rsaKey(), { message: MESSAGE }, base64(rsaVector.pss), PSS),
  },
  {
    name: 'RSA-PSS verifies digests',
    expected: YES,
    compute: () => validAsItIs(rsaKey(), { digest: sha256(MESSAGE) }, base64(rsaVector.pss), PSS),
  },
  {
    name: 'RSA-PSS signs digests',
    expected: YES,
    compute() {
      const own = rsaKey()
      return yes(
        valid(own, { message: MESSAGE }, signed(own, { digest: sha256(MESSAGE) }, PSS), PSS),
      )
    },
  },
  {
    name: 'RSA-OAEP decrypts',
    expected: MESSAGE.toString('hex'),
    compute: () => opened(rsaKey(), base64(rsaVector.oaep)),
  },
  {
    name: 'RSA-OAEP encrypts',
    expected: MESSAGE.toString('hex'),
    compute: () => opened(rsaKey(), oaepEncrypt(publicKeyOf(rsaKey()), MESSAGE)),
  },
  {
    name: 'RSA-OAEP with SHA-1 decrypts',
    expected: MESSAGE.toString('hex'),
    compute: () => opened(rsaKey(), base64(rsaVector.oaepSha1), 'sha1'),
  },
  {
    name: 'RSA-OAEP with SHA-1 encrypts',
    expected: MESSAGE.toString('hex'),
    compute() {
      const block = oaepEncrypt(publicKeyOf(rsaKey()), MESSAGE, 'rsa-oaep-sha-1')
      return opened(rsaKey(), block, 'sha1')
    },
  },
]

function opened(
  material: OpenMaterial,
  block: Uint8Array,
  oaepHash: OaepHash = 'sha256',
): Uint8Array {
  const privateKey = privateKeyOf(material)
  return tasks.oaepDecrypt({ privateKey, block, hash: oaepHash }) ?? Buffer.alloc(0)
}

const mlKemKey = () => fromSeed('ML-KEM-768', '8040', counting(64))
const mlDsaKey = () => fromSeed('ML-DSA-44', '8020', counting(32))

const latticeTests: readonly SelfTest[] = [
  {
    name: 'ML-KEM-768 makes its key from a seed',
    expected: mlKemVector.publicKeyHash,
    compute: () => sha256(rawPublicKey(mlKemKey())),
  },
  {
    name: 'ML-KEM-768 rejects implicitly',
    expected: mlKemVector.rejected,
    compute: () => decapsulate(mlKemKey(), Buffer.alloc(1_088)),
  },
  {
    name: 'ML-KEM-768 decapsulates what it encapsulates',
    expected: YES,
    compute() {
      const own = mlKemKey()
      const { sharedSecret, encapsulation } = encapsulate(own)
      return yes(
        decapsulate(own, encapsulation).equals(sharedSecret) &&
          !decapsulate(own, changed(encapsulation)).equals(sharedSecret),
      )
    },
  },
  {
    name: 'ML-DSA-44 makes its key from a seed',
    expected: mlDsaVector.publicKeyHash,
    compute: () => sha256(rawPublicKey(mlDsaKey())),
  },
  {
    name: 'ML-DSA-44 verifies',
    expected: YES,
    compute: () => validAsItIs(mlDsaKey(), { message: MESSAGE }, base64(mlDsaVector.signature)),
  },
  {
    name: 'ML-DSA-44 verifies a mu',
    expected: YES,
    compute: () =>
      validAsItIs(mlDsaKey(), { mu: hex(mlDsaVector.mu) }, base64(mlDsaVector.signature)),
  },
  {
    name: 'ML-DSA-44 signs a mu',
    expected: YES,
    compute() {
      const own = mlDsaKey()
      return validAsItIs(own, { message: MESSAGE }, signed(own, { mu: hex(mlDsaVector.mu) }))
    },
  },
  {
    name: 'ML-DSA-44 signs',
    expected: YES,
    compute() {
      const own = mlDsaKey()
      return validAsItIs(own, { message: MESSAGE }, signed(own, { message: MESSAGE }))
    },
  },
]

function rawPublicKey(material: OpenMaterial): Buffer {
  return publicKeyOf(material).export({ format: 'raw-public' })
}

const hashTests: readonly SelfTest[] = [
  {
    name: 'SLH-DSA-SHA2-128s verifies',
    expected: YES,
    compute() {
      const key = publicOnly('SLH-DSA-SHA2-128s', hex(slhDsaVector.publicKey))
      return validAsItIs(key, { message: MESSAGE }, base64(slhDsaVector.signature))
    },
  },
]

export const asymmetricTests: readonly SelfTest[] = [
  ...nistCurveTests,
  ...edwardsTests,
  ...rsaTests,
  ...latticeTests,
  ...hashTests,
]
