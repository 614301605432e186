import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeyUsageType } from '@aws-sdk/client-kms'
import { assertRefused, present, startAwsHouse } from '../house.ts'
import { isAsymmetric, keyUsages, listsOf, specRows, type SpecRow } from './key-specs.ts'
import { tryout, type Tryout } from './tryouts.ts'

/** Every kind of key: what is said of it, what can be done with it, and what cannot. */

const { kms, account } = await startAwsHouse()

/** What a key is asked that is not for it, by the usage that it would need. */
const strangers: Readonly<
  Record<KeyUsageType, readonly [operation: string, ask: (KeyId: string) => Promise<unknown>]>
> = {
  ENCRYPT_DECRYPT: ['Encrypt', (KeyId) => kms.encrypt({ KeyId, Plaintext: Buffer.from('x') })],
  SIGN_VERIFY: [
    'Sign',
    (KeyId) =>
      kms.sign({ KeyId, Message: Buffer.from('x'), SigningAlgorithm: 'RSASSA_PSS_SHA_256' }),
  ],
  GENERATE_VERIFY_MAC: [
    'GenerateMac',
    (KeyId) => kms.generateMac({ KeyId, Message: Buffer.from('x'), MacAlgorithm: 'HMAC_SHA_256' }),
  ],
  KEY_AGREEMENT: [
    'DeriveSharedSecret',
    (KeyId) =>
      kms.deriveSharedSecret({
        KeyId,
        KeyAgreementAlgorithm: 'ECDH',
        PublicKey: Buffer.from('x'),
      }),
  ],
  ENCAPSULATE_DECAPSULATE: [
    'Encapsulate',
    (KeyId) => kms.encapsulate({ KeyId, EncapsulationAlgorithm: 'ML_KEM' }),
  ],
}

async function assertDescribed(row: SpecRow): Promise<Tryout> {
  const { spec, usage } = row
  const before = Date.now()
  const { KeyMetadata: made } = await kms.createKey({
    KeySpec: spec,
    KeyUsage: usage,
    Description: `a ${spec} for ${usage}`,
  })
  const { KeyId, CreationDate, CurrentKeyMaterialId, ...rest } = present(made)
  const id = present(KeyId)
  const Arn = `arn:aws:kms:eu-central-1:${account}:key/${id}`
  assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  assert.ok(present(CreationDate).getTime() >= before - 1)
  if (spec === 'SYMMETRIC_DEFAULT') assert.match(present(CurrentKeyMaterialId), /^[0-9a-f]{64}$/)
  else assert.equal(CurrentKeyMaterialId, undefined)
  assert.deepEqual(rest, {
    AWSAccountId: account,
    Arn,
    Enabled: true,
    Description: `a ${spec} for ${usage}`,
    KeyUsage: usage,
    KeyState: 'Enabled',
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: spec,
    KeySpec: spec,
    ...listsOf(row),
    MultiRegion: false,
  })
  const described = await kms.describeKey({ KeyId: id })
  assert.deepEqual(described.KeyMetadata, made)
  const unpublished = `${Arn} is not an asymmetric key.`
  if (!isAsymmetric(row)) {
    await assertRefused(
      kms.getPublicKey({ KeyId: id }),
      'UnsupportedOperationException',
      unpublished,
    )
    return { row, id, arn: Arn, publicKey: undefined }
  }
  const { PublicKey, $metadata: _, ...published } = await kms.getPublicKey({ KeyId: id })
  assert.deepEqual(published, {
    KeyId: Arn,
    CustomerMasterKeySpec: spec,
    KeySpec: spec,
    KeyUsage: usage,
    ...listsOf(row),
  })
  return { row, id, arn: Arn, publicKey: present(PublicKey) }
}

for (const row of specRows) {
  test(`${row.spec} for ${row.usage}`, async () => {
    const made = await assertDescribed(row)
    await tryout(kms, made)
    for (const usage of keyUsages.filter((usage) => usage !== row.usage)) {
      const [operation, ask] = strangers[usage]
      await assertRefused(
        ask(made.id),
        'InvalidKeyUsageException',
        `${made.arn} key usage is ${row.usage} which is not valid for ${operation}.`,
      )
    }
  })
}

test('a spec is for its usages only, and only a symmetric one has a default', async () => {
  for (const spec of new Set(specRows.map(({ spec }) => spec))) {
    const allowed = specRows.filter((row) => row.spec === spec).map(({ usage }) => usage)
    for (const usage of keyUsages.filter((usage) => !allowed.includes(usage))) {
      await assertRefused(
        kms.createKey({ KeySpec: spec, KeyUsage: usage }),
        'ValidationException',
        `KeyUsage ${usage} is not compatible with KeySpec ${spec}`,
      )
    }
    if (spec === 'SYMMETRIC_DEFAULT') continue
    await assertRefused(
      kms.createKey({ KeySpec: spec }),
      'ValidationException',
      'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
    )
  }
})

test('the name of the spec before 2021 is still taken, but not both names', async () => {
  const { KeyMetadata } = await kms.createKey({
    CustomerMasterKeySpec: 'ECC_NIST_P256',
    KeyUsage: 'SIGN_VERIFY',
  })
  assert.equal(KeyMetadata?.KeySpec, 'ECC_NIST_P256')
  await assertRefused(
    kms.createKey({
      KeySpec: 'ECC_NIST_P256',
      CustomerMasterKeySpec: 'ECC_NIST_P256',
      KeyUsage: 'SIGN_VERIFY',
    }),
    'ValidationException',
    /^You cannot specify KeySpec and CustomerMasterKeySpec in the same request\./,
  )
})

test('what other regions and key stores have is refused', async () => {
  const unsupported = 'UnsupportedOperationException'
  await assertRefused(kms.createKey({ KeySpec: 'SM2', KeyUsage: 'SIGN_VERIFY' }), unsupported)
  await assertRefused(
    kms.createKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: 'cks-1234567890abcdef0' }),
    unsupported,
  )
  await assertRefused(
    kms.createKey({ Origin: 'EXTERNAL_KEY_STORE', XksKeyId: 'bb8562717f809024' }),
    unsupported,
  )
})
