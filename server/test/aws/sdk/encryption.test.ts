import assert from 'node:assert/strict'
import {
  createPrivateKey,
  createPublicKey,
  decapsulate,
  encapsulate,
  randomBytes,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import { test } from 'node:test'
import type { DataKeyPairSpec } from '@aws-sdk/client-kms'
import { assertRefused, present, startAwsHouse } from '../house.ts'
import { makeKey } from './keys-in-states.ts'

/** What symmetric keys do: contexts that bind, ciphertexts that know their key, and data keys. */

const { kms, house } = await startAwsHouse()
const key = await makeKey(kms)
const other = await makeKey(kms)
const rsa = await makeKey(kms, { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' })
const Plaintext = Buffer.from('the payroll')
const INVALID = 'InvalidCiphertextException'
const WRONG_KEY =
  'The key ID in the request does not identify a CMK that can perform this operation.'

async function encrypted(EncryptionContext?: Record<string, string>): Promise<Uint8Array> {
  const context = EncryptionContext === undefined ? {} : { EncryptionContext }
  return present((await kms.encrypt({ KeyId: key.id, Plaintext, ...context })).CiphertextBlob)
}

async function decrypted(
  CiphertextBlob: Uint8Array | undefined,
  EncryptionContext?: Record<string, string>,
): Promise<Buffer> {
  const context = EncryptionContext === undefined ? {} : { EncryptionContext }
  return Buffer.from(present((await kms.decrypt({ CiphertextBlob, ...context })).Plaintext))
}

test('a context must be given again, whatever its order', async () => {
  const blob = await encrypted({ tenant: 'acme', purpose: 'payroll' })
  assert.deepEqual(await decrypted(blob, { purpose: 'payroll', tenant: 'acme' }), Plaintext)
  for (const context of [
    undefined,
    {},
    { tenant: 'acme' },
    { tenant: 'acme', purpose: 'payrolL' },
    { Tenant: 'acme', purpose: 'payroll' },
    { tenant: 'acme', purpose: 'payroll', more: '' },
    { tenantacme: '', purpose: 'payroll' },
    { tenant: 'payroll', purpose: 'acme' },
  ])
    await assertRefused(decrypted(blob, context), INVALID, '')
  const pairs = await encrypted({ a: 'bc' })
  await assertRefused(decrypted(pairs, { ab: 'c' }), INVALID, '')
  // What AWS's encryption SDK puts into contexts counts like everything else.
  const signed = await encrypted({ 'aws-crypto-public-key': 'A' })
  await assertRefused(decrypted(signed, { 'aws-crypto-public-key': 'B' }), INVALID, '')
  assert.deepEqual(await decrypted(await encrypted({}), undefined), Plaintext)
})

test('a ciphertext knows its key, and another one does not open it', async () => {
  await kms.createAlias({ AliasName: 'alias/payroll', TargetKeyId: key.id })
  const CiphertextBlob = await encrypted()
  for (const KeyId of [
    key.id,
    key.arn,
    'alias/payroll',
    key.arn.replace(/key\/.*/, 'alias/payroll'),
  ]) {
    const opened = await kms.decrypt({ CiphertextBlob, KeyId })
    assert.deepEqual([opened.KeyId, Buffer.from(present(opened.Plaintext))], [key.arn, Plaintext])
  }
  await assertRefused(
    kms.decrypt({ CiphertextBlob, KeyId: other.id }),
    'IncorrectKeyException',
    WRONG_KEY,
  )
  await kms.updateAlias({ AliasName: 'alias/payroll', TargetKeyId: other.id })
  await assertRefused(
    kms.decrypt({ CiphertextBlob, KeyId: 'alias/payroll' }),
    'IncorrectKeyException',
    WRONG_KEY,
  )
})

test('a key that is for something else is the wrong one first of all', async () => {
  const CiphertextBlob = await encrypted()
  for (const input of [
    { KeySpec: 'HMAC_224', KeyUsage: 'GENERATE_VERIFY_MAC' },
    { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
    { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' },
  ] as const) {
    const { KeyMetadata } = await kms.createKey(input)
    const KeyId = present(KeyMetadata?.KeyId)
    for (const refused of [
      kms.decrypt({ CiphertextBlob, KeyId }),
      kms.reEncrypt({ CiphertextBlob, SourceKeyId: KeyId, DestinationKeyId: other.id }),
    ])
      await assertRefused(refused, 'IncorrectKeyException', WRONG_KEY)
    const recorded = (await house.entries()).slice(-2)
    assert.deepEqual(
      recorded.map(({ reason }) => reason),
      ['invalid_ciphertext', 'invalid_ciphertext'],
    )
    // Of bytes that tell no key, what the key is for is said.
    await assertRefused(
      kms.decrypt({ CiphertextBlob: randomBytes(200), KeyId }),
      'InvalidKeyUsageException',
    )
  }
})

test('what is no ciphertext, or no more, is refused without a word', async () => {
  const blob = await encrypted()
  const bent = Array.from(blob, (_, at) =>
    Uint8Array.from(blob, (byte, index) => (index === at ? byte ^ 1 : byte)),
  ).filter((_, at) => at > 40 && at % 5 === 0)
  for (const CiphertextBlob of [
    Buffer.of(0),
    randomBytes(200),
    blob.subarray(1),
    blob.subarray(0, -1),
    Buffer.concat([blob, Buffer.of(0)]),
    ...bent,
  ])
    await assertRefused(kms.decrypt({ CiphertextBlob, KeyId: key.id }), INVALID, '')
  await assertRefused(kms.decrypt({ CiphertextBlob: randomBytes(80) }), INVALID, '')
  await assertRefused(
    kms.decrypt({ CiphertextBlob: randomBytes(256), EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }),
    'ValidationException',
  )
  await assertRefused(kms.decrypt({ CiphertextBlob: undefined }), 'ValidationException')
})

test('from one key to another, and from one context to another', async () => {
  const blob = await encrypted({ a: '1' })
  const moved = await kms.reEncrypt({
    CiphertextBlob: blob,
    SourceEncryptionContext: { a: '1' },
    DestinationKeyId: other.id,
    DestinationEncryptionContext: { b: '2' },
  })
  const {
    CiphertextBlob,
    SourceKeyMaterialId,
    DestinationKeyMaterialId,
    $metadata: _,
    ...rest
  } = moved
  assert.deepEqual(rest, {
    SourceKeyId: key.arn,
    KeyId: other.arn,
    SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
  })
  for (const [made, id] of [
    [key, SourceKeyMaterialId],
    [other, DestinationKeyMaterialId],
  ] as const) {
    const { KeyMetadata } = await kms.describeKey({ KeyId: made.id })
    assert.equal(id, KeyMetadata?.CurrentKeyMaterialId)
  }
  const opened = await kms.decrypt({ CiphertextBlob, EncryptionContext: { b: '2' } })
  assert.deepEqual([opened.KeyId, Buffer.from(present(opened.Plaintext))], [other.arn, Plaintext])
  const asked = { CiphertextBlob: blob, DestinationKeyId: other.id }
  await assertRefused(kms.reEncrypt(asked), INVALID, '')
  await assertRefused(
    kms.reEncrypt({ ...asked, SourceKeyId: other.id, SourceEncryptionContext: { a: '1' } }),
    'IncorrectKeyException',
    WRONG_KEY,
  )
})

test('from a symmetric key to RSA, and back', async () => {
  const there = await kms.reEncrypt({
    CiphertextBlob: await encrypted(),
    DestinationKeyId: rsa.id,
    DestinationEncryptionAlgorithm: 'RSAES_OAEP_SHA_1',
  })
  assert.deepEqual(
    [there.KeyId, there.DestinationEncryptionAlgorithm, there.DestinationKeyMaterialId],
    [rsa.arn, 'RSAES_OAEP_SHA_1', undefined],
  )
  const back = await kms.reEncrypt({
    CiphertextBlob: there.CiphertextBlob,
    SourceKeyId: rsa.id,
    SourceEncryptionAlgorithm: 'RSAES_OAEP_SHA_1',
    DestinationKeyId: key.id,
  })
  assert.equal(back.SourceKeyMaterialId, undefined)
  assert.deepEqual(await decrypted(back.CiphertextBlob), Plaintext)
  await assertRefused(
    kms.reEncrypt({ CiphertextBlob: await encrypted(), DestinationKeyId: rsa.id }),
    'InvalidKeyUsageException',
    'Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.',
  )
  await assertRefused(
    kms.reEncrypt({
      CiphertextBlob: await encrypted(),
      DestinationKeyId: key.id,
      DestinationEncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
    }),
    'InvalidKeyUsageException',
    'Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.',
  )
})

test('data keys of every length', async () => {
  for (const [asked, length] of [
    [{ KeySpec: 'AES_256' }, 32],
    [{ KeySpec: 'AES_128' }, 16],
    [{ NumberOfBytes: 1 }, 1],
    [{ NumberOfBytes: 1_024 }, 1_024],
  ] as const) {
    const EncryptionContext = { n: String(length) }
    const made = await kms.generateDataKey({ KeyId: key.id, ...asked, EncryptionContext })
    assert.deepEqual([made.KeyId, made.Plaintext?.length], [key.arn, length])
    assert.match(present(made.KeyMaterialId), /^[0-9a-f]{64}$/)
    const opened = await decrypted(made.CiphertextBlob, EncryptionContext)
    assert.deepEqual(opened, Buffer.from(present(made.Plaintext)))
    const hidden = await kms.generateDataKeyWithoutPlaintext({
      KeyId: key.id,
      ...asked,
      EncryptionContext,
    })
    assert.equal('Plaintext' in hidden, false)
    assert.equal((await decrypted(hidden.CiphertextBlob, EncryptionContext)).length, length)
  }
  const either = 'Please specify either number of bytes or key spec.'
  for (const asked of [{}, { KeySpec: 'AES_256', NumberOfBytes: 32 }] as const)
    await assertRefused(
      kms.generateDataKey({ KeyId: key.id, ...asked }),
      'ValidationException',
      either,
    )
  await assertRefused(
    kms.generateDataKey({ KeyId: rsa.id, KeySpec: 'AES_256' }),
    'InvalidKeyUsageException',
  )
})

const pairSpecs: readonly DataKeyPairSpec[] = [
  'RSA_2048',
  'RSA_3072',
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'ECC_NIST_P521',
  'ECC_SECG_P256K1',
  'ECC_NIST_EDWARDS25519',
  'ML_KEM_512',
  'ML_KEM_768',
  'ML_KEM_1024',
]

/** A private and a public key that belong together. */
function assertPair(spec: string, privateKey: KeyObject, publicKey: KeyObject): void {
  if (spec.startsWith('ML_KEM')) {
    const { ciphertext, sharedKey } = encapsulate(publicKey)
    assert.deepEqual(decapsulate(privateKey, ciphertext), sharedKey)
  } else {
    const hash = spec === 'ECC_NIST_EDWARDS25519' ? null : 'sha256'
    assert.ok(verify(hash, Plaintext, publicKey, sign(hash, Plaintext, privateKey)))
  }
}

for (const KeyPairSpec of pairSpecs) {
  test(`data key pairs of ${KeyPairSpec}`, async () => {
    const asked = { KeyId: key.id, KeyPairSpec, EncryptionContext: { a: 'b' } }
    const shown = await kms.generateDataKeyPair(asked)
    const hidden = await kms.generateDataKeyPairWithoutPlaintext(asked)
    assert.equal('PrivateKeyPlaintext' in hidden, false)
    for (const pair of [shown, hidden]) {
      assert.deepEqual([pair.KeyId, pair.KeyPairSpec], [key.arn, KeyPairSpec])
      const der = await decrypted(pair.PrivateKeyCiphertextBlob, { a: 'b' })
      if (pair === shown) assert.deepEqual(der, Buffer.from(present(shown.PrivateKeyPlaintext)))
      assertPair(
        KeyPairSpec,
        createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }),
        createPublicKey({
          key: Buffer.from(present(pair.PublicKey)),
          format: 'der',
          type: 'spki',
        }),
      )
    }
    assert.notDeepEqual(shown.PublicKey, hidden.PublicKey)
  })
}

test('random bytes', async () => {
  for (const NumberOfBytes of [1, 32, 1_024]) {
    const { Plaintext: bytes } = await kms.generateRandom({ NumberOfBytes })
    assert.equal(bytes?.length, NumberOfBytes)
  }
  await assertRefused(kms.generateRandom({}), 'ValidationException', 'NumberOfBytes is required.')
  await assertRefused(
    kms.generateRandom({ NumberOfBytes: 0 }),
    'ValidationException',
    "1 validation error detected: Value '0' at 'numberOfBytes' failed to satisfy constraint: " +
      'Member must have value greater than or equal to 1',
  )
  await assertRefused(kms.generateRandom({ NumberOfBytes: 1_025 }), 'ValidationException')
  await assertRefused(
    kms.generateRandom({ NumberOfBytes: 1, CustomKeyStoreId: 'cks-1' }),
    'UnsupportedOperationException',
  )
})

test('lengths that AWS refuses', async () => {
  for (const bytes of [new Uint8Array(), randomBytes(4_097)])
    await assertRefused(
      kms.encrypt({ KeyId: key.id, Plaintext: bytes }),
      'ValidationException',
      /^1 validation error detected: Value at 'plaintext' failed to satisfy constraint: /,
    )
  const longest = randomBytes(4_096)
  const { CiphertextBlob } = await kms.encrypt({ KeyId: key.id, Plaintext: longest })
  assert.ok(present(CiphertextBlob).length <= 6_144)
  assert.deepEqual(await decrypted(CiphertextBlob), longest)
})

test('re-encryption says which of its two keys is wrong, and which is missing', async () => {
  const blob = await encrypted()
  const sign = await makeKey(kms, { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
  const to = (DestinationKeyId: string, from: { SourceKeyId?: string } = {}) =>
    kms.reEncrypt({ CiphertextBlob: blob, DestinationKeyId, ...from })
  for (const from of [{}, { SourceKeyId: key.id }]) {
    await assertRefused(
      to(sign.id, from),
      'InvalidKeyUsageException',
      `${sign.arn} key usage is SIGN_VERIFY which is not valid for ReEncryptTo.`,
    )
    await assertRefused(
      to('alias/absent', from),
      'NotFoundException',
      /alias\/absent is not found\.$/,
    )
    const absent = '1234abcd-12ab-34cd-56ef-1234567890ab'
    await assertRefused(to(absent, from), 'NotFoundException', /1234567890ab' does not exist$/)
  }
  await assertRefused(
    kms.reEncrypt({
      CiphertextBlob: Buffer.alloc(256),
      SourceKeyId: sign.id,
      SourceEncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
      DestinationKeyId: key.id,
    }),
    'InvalidKeyUsageException',
    `${sign.arn} key usage is SIGN_VERIFY which is not valid for ReEncryptFrom.`,
  )
})
