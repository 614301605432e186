import assert from 'node:assert/strict'
import {
  constants,
  createHash,
  createPublicKey,
  diffieHellman,
  encapsulate,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
  verify as verifyOffline,
  type KeyObject,
} from 'node:crypto'
import type { KMS, SigningAlgorithmSpec } from '@aws-sdk/client-kms'
import { ed25519ph } from '@noble/curves/ed25519.js'
import { assertRefused, present } from '../house.ts'
import type { SpecRow } from './key-specs.ts'

/** What a key of each kind must be able to do, compared with what somebody can do who has only its public half. */

export interface Tryout {
  readonly row: SpecRow
  readonly id: string
  readonly arn: string
  /** SPKI, DER. */
  readonly publicKey: Uint8Array | undefined
}

const message = Buffer.from('the payroll of November')

export async function tryout(kms: KMS, made: Tryout): Promise<void> {
  switch (made.row.usage) {
    case 'ENCRYPT_DECRYPT':
      return made.publicKey === undefined
        ? trySymmetric(kms, made)
        : tryOaep(kms, made, publicOf(made))
    case 'SIGN_VERIFY':
      return trySigning(kms, made, publicOf(made))
    case 'GENERATE_VERIFY_MAC':
      return tryMac(kms, made)
    case 'KEY_AGREEMENT':
      return tryAgreement(kms, made, publicOf(made))
    case 'ENCAPSULATE_DECAPSULATE':
      return tryEncapsulation(kms, made, publicOf(made))
  }
}

function publicOf({ publicKey }: Tryout): KeyObject {
  return createPublicKey({ key: Buffer.from(present(publicKey)), format: 'der', type: 'spki' })
}

async function trySymmetric(kms: KMS, { id, arn, row }: Tryout): Promise<void> {
  const { CiphertextBlob, KeyId, EncryptionAlgorithm } = await kms.encrypt({
    KeyId: id,
    Plaintext: message,
  })
  assert.deepEqual([KeyId, EncryptionAlgorithm], [arn, 'SYMMETRIC_DEFAULT'])
  const opened = await kms.decrypt({ CiphertextBlob })
  assert.deepEqual(Buffer.from(present(opened.Plaintext)), message)
  assert.equal(opened.KeyId, arn)
  assert.match(present(opened.KeyMaterialId), /^[0-9a-f]{64}$/)
  await assertRefused(
    kms.encrypt({ KeyId: id, Plaintext: message, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }),
    'InvalidKeyUsageException',
    `Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec ${row.spec}.`,
  )
}

const moduli: Readonly<Record<string, number>> = { RSA_2048: 256, RSA_3072: 384, RSA_4096: 512 }
const oaepHashes: Readonly<Record<string, { readonly name: string; readonly bytes: number }>> = {
  RSAES_OAEP_SHA_1: { name: 'sha1', bytes: 20 },
  RSAES_OAEP_SHA_256: { name: 'sha256', bytes: 32 },
}

/** What is encrypted offline is decrypted here, and what is too long is refused as AWS refuses it. */
async function tryOaep(kms: KMS, { id, arn, row }: Tryout, key: KeyObject): Promise<void> {
  for (const algorithm of row.encryption ?? []) {
    const hash = present(oaepHashes[algorithm])
    const most = present(moduli[row.spec]) - 2 * hash.bytes - 2
    const longest = randomBytes(most)
    const { CiphertextBlob, KeyId } = await kms.encrypt({
      KeyId: id,
      Plaintext: longest,
      EncryptionAlgorithm: algorithm,
    })
    assert.equal(KeyId, arn)
    assert.equal(CiphertextBlob?.length, moduli[row.spec])
    const offline = publicEncrypt(
      { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash.name },
      message,
    )
    for (const [blob, plaintext] of [
      [CiphertextBlob, longest],
      [offline, message],
    ] as const) {
      const opened = await kms.decrypt({
        KeyId: id,
        CiphertextBlob: blob,
        EncryptionAlgorithm: algorithm,
      })
      assert.deepEqual(Buffer.from(present(opened.Plaintext)), plaintext)
      assert.deepEqual([opened.KeyId, opened.EncryptionAlgorithm], [arn, algorithm])
      assert.equal(opened.KeyMaterialId, undefined)
    }
    await assertRefused(
      kms.encrypt({
        KeyId: id,
        Plaintext: randomBytes(most + 1),
        EncryptionAlgorithm: algorithm,
      }),
      'ValidationException',
      `Algorithm ${algorithm} and key spec ${row.spec} cannot encrypt data larger than ${most} bytes.`,
    )
    await assertRefused(
      kms.decrypt({
        KeyId: id,
        CiphertextBlob: randomBytes(offline.length),
        EncryptionAlgorithm: algorithm,
      }),
      'InvalidCiphertextException',
      '',
    )
    await assertRefused(
      kms.encrypt({
        KeyId: id,
        Plaintext: message,
        EncryptionAlgorithm: algorithm,
        EncryptionContext: { a: 'b' },
      }),
      'ValidationException',
    )
  }
  // Neither side takes the symmetric algorithm, which is what is meant where none is named.
  const clash = `Algorithm SYMMETRIC_DEFAULT is incompatible with key spec ${row.spec}.`
  const unnamed = kms.encrypt({ KeyId: id, Plaintext: message })
  await assertRefused(unnamed, 'InvalidKeyUsageException', clash)
  const unnamedToo = kms.decrypt({ KeyId: id, CiphertextBlob: randomBytes(256) })
  await assertRefused(unnamedToo, 'InvalidKeyUsageException', clash)
}

/** How a signature is checked with nothing but the public key. */
function isSigned(
  algorithm: SigningAlgorithmSpec,
  hash: string | undefined,
  key: KeyObject,
  signature: Uint8Array,
): boolean {
  if (algorithm === 'ED25519_PH_SHA_512') {
    const raw = key.export({ format: 'der', type: 'spki' }).subarray(-32)
    return ed25519ph.verify(signature, message, raw)
  }
  const padding = algorithm.startsWith('RSASSA_PSS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {}
  return verifyOffline(hash ?? null, message, { key, ...padding }, signature)
}

/** The representative of a message (FIPS 204, algorithm 7, lines 1 and 6), with an empty context. */
function muOf(key: KeyObject): Buffer {
  const spki = key.export({ format: 'der', type: 'spki' })
  const raw = spki.subarray(22)
  const shake = (...parts: readonly Uint8Array[]) => {
    const hash = createHash('shake256', { outputLength: 64 })
    for (const part of parts) hash.update(part)
    return hash.digest()
  }
  return shake(shake(raw), Buffer.of(0, 0), message)
}

function signedForm(type: string, hash: string | undefined, key: KeyObject): Buffer {
  if (type === 'RAW') return message
  return type === 'EXTERNAL_MU' ? muOf(key) : createHash(present(hash)).update(message).digest()
}

/** Whatever form the message is given in, it is the same signature to whoever checks it. */
async function trySigning(kms: KMS, { id, arn, row }: Tryout, key: KeyObject): Promise<void> {
  const { signing = [] } = row
  for (const { algorithm, types, hash } of signing) {
    for (const type of types) {
      const asked = { KeyId: id, SigningAlgorithm: algorithm } as const
      const form = { Message: signedForm(type, hash, key), MessageType: type } as const
      const { Signature, ...rest } = await kms.sign({ ...asked, ...form })
      assert.deepEqual([rest.KeyId, rest.SigningAlgorithm], [arn, algorithm])
      const signature = present(Signature)
      assert.ok(isSigned(algorithm, hash, key, signature), `${algorithm} of ${type}`)
      for (const other of types) {
        const { SignatureValid } = await kms.verify({
          ...asked,
          Message: signedForm(other, hash, key),
          MessageType: other,
          Signature: signature,
        })
        assert.equal(SignatureValid, true)
      }
      const bent = Uint8Array.from(signature, (byte, at) => (at === 20 ? byte ^ 1 : byte))
      await assertRefused(
        kms.verify({ ...asked, ...form, Signature: bent }),
        'KMSInvalidSignatureException',
        '',
      )
    }
  }
  await assertSigningRefused(kms, id, row)
}

async function assertSigningRefused(kms: KMS, id: string, row: SpecRow): Promise<void> {
  const { signing = [] } = row
  const foreign: SigningAlgorithmSpec = row.spec.startsWith('RSA')
    ? 'ECDSA_SHA_256'
    : 'RSASSA_PSS_SHA_256'
  await assertRefused(
    kms.sign({ KeyId: id, Message: message, SigningAlgorithm: foreign }),
    'InvalidKeyUsageException',
    `Algorithm ${foreign} is incompatible with key spec ${row.spec}.`,
  )
  for (const { algorithm, types } of signing) {
    for (const type of ['RAW', 'DIGEST', 'EXTERNAL_MU'] as const) {
      const asked = { KeyId: id, SigningAlgorithm: algorithm, MessageType: type } as const
      const odd = kms.sign({ ...asked, Message: Buffer.alloc(33) })
      if (!types.includes(type)) await assertRefused(odd, 'ValidationException', /^MessageType /)
      else if (type === 'RAW') await odd
      else {
        const text = `Digest is invalid length for algorithm ${algorithm}.`
        await assertRefused(odd, 'ValidationException', text)
      }
    }
  }
}

/** The key is not known, but two codes of it are alike, and others are not. */
async function tryMac(kms: KMS, { id, arn, row }: Tryout): Promise<void> {
  const MacAlgorithm = present(row.mac)
  const asked = { KeyId: id, Message: message, MacAlgorithm }
  const { Mac, ...rest } = await kms.generateMac(asked)
  assert.deepEqual([rest.KeyId, rest.MacAlgorithm], [arn, MacAlgorithm])
  const mac = present(Mac)
  assert.equal(mac.length * 8, Number(MacAlgorithm.slice(-3)))
  const again = await kms.generateMac(asked)
  assert.deepEqual(again.Mac, mac)
  assert.equal((await kms.verifyMac({ ...asked, Mac: mac })).MacValid, true)
  for (const wrong of [mac.subarray(0, -1), mac.map((byte) => byte ^ 1)])
    await assertRefused(kms.verifyMac({ ...asked, Mac: wrong }), 'KMSInvalidMacException', '')
  const foreign = MacAlgorithm === 'HMAC_SHA_256' ? 'HMAC_SHA_512' : 'HMAC_SHA_256'
  await assertRefused(
    kms.generateMac({ ...asked, MacAlgorithm: foreign }),
    'InvalidKeyUsageException',
    `Algorithm ${foreign} is incompatible with key spec ${row.spec}.`,
  )
}

const curves: Readonly<Record<string, string>> = {
  ECC_NIST_P256: 'P-256',
  ECC_NIST_P384: 'P-384',
  ECC_NIST_P521: 'P-521',
}

async function tryAgreement(kms: KMS, { id, arn, row }: Tryout, key: KeyObject): Promise<void> {
  const namedCurve = present(curves[row.spec])
  const peer = generateKeyPairSync('ec', { namedCurve })
  const asked = { KeyId: id, KeyAgreementAlgorithm: 'ECDH' } as const
  const derived = await kms.deriveSharedSecret({
    ...asked,
    PublicKey: peer.publicKey.export({ type: 'spki', format: 'der' }),
  })
  assert.deepEqual(
    Buffer.from(present(derived.SharedSecret)),
    diffieHellman({ privateKey: peer.privateKey, publicKey: key }),
  )
  assert.deepEqual(
    [derived.KeyId, derived.KeyAgreementAlgorithm, derived.KeyOrigin],
    [arn, 'ECDH', 'AWS_KMS'],
  )
  const other = generateKeyPairSync('ec', {
    namedCurve: namedCurve === 'P-256' ? 'P-384' : 'P-256',
  })
  for (const PublicKey of [
    other.publicKey.export({ type: 'spki', format: 'der' }),
    Buffer.from('no key'),
  ])
    await assertRefused(kms.deriveSharedSecret({ ...asked, PublicKey }), 'ValidationException')
}

const encapsulated: Readonly<Record<string, number>> = {
  ML_KEM_512: 768,
  ML_KEM_768: 1_088,
  ML_KEM_1024: 1_568,
}

/** A wrong length is told; anything else of the right length leads to another secret (FIPS 203 section 6.3). */
async function tryEncapsulation(kms: KMS, { id, arn, row }: Tryout, key: KeyObject): Promise<void> {
  const asked = { KeyId: id, EncapsulationAlgorithm: 'ML_KEM' } as const
  const here = await kms.encapsulate(asked)
  assert.deepEqual([here.KeyId, here.EncapsulationAlgorithm], [arn, 'ML_KEM'])
  assert.equal(here.SharedSecretCiphertextBlob?.length, encapsulated[row.spec])
  const there = encapsulate(key)
  for (const [blob, secret] of [
    [here.SharedSecretCiphertextBlob, here.SharedSecret],
    [there.ciphertext, there.sharedKey],
  ] as const) {
    const opened = await kms.decapsulate({ ...asked, SharedSecretCiphertextBlob: blob })
    assert.deepEqual(Buffer.from(present(opened.SharedSecret)), Buffer.from(present(secret)))
    assert.deepEqual([opened.KeyId, opened.EncapsulationAlgorithm], [arn, 'ML_KEM'])
  }
  const bent = Buffer.from(there.ciphertext)
  bent[7] = (bent[7] ?? 0) ^ 1
  const rejected = await kms.decapsulate({ ...asked, SharedSecretCiphertextBlob: bent })
  assert.equal(rejected.SharedSecret?.length, 32)
  assert.notDeepEqual(Buffer.from(present(rejected.SharedSecret)), there.sharedKey)
  await assertRefused(
    kms.decapsulate({ ...asked, SharedSecretCiphertextBlob: bent.subarray(1) }),
    'InvalidCiphertextException',
    '',
  )
}
