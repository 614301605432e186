import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { assertRefused, present, refused, startAwsHouse } from '../house.ts'
import { importMaterial, makeKey } from './keys-in-states.ts'

/** The material of keys: rotated on demand, by itself, and to what was imported. */

const { kms } = await startAwsHouse()
const rsa = await makeKey(kms, { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' })
const Plaintext = Buffer.from('the payroll')

async function decrypted(CiphertextBlob: Uint8Array | undefined): Promise<Buffer> {
  return Buffer.from(present((await kms.decrypt({ CiphertextBlob })).Plaintext))
}

test('a key with new material opens what the old one made', async () => {
  const made = await makeKey(kms)
  const old = await kms.encrypt({ KeyId: made.id, Plaintext })
  const { KeyMetadata: before } = await kms.describeKey({ KeyId: made.id })
  assert.equal((await kms.rotateKeyOnDemand({ KeyId: made.id })).KeyId, made.arn)
  const { KeyMetadata: after } = await kms.describeKey({ KeyId: made.id })
  assert.notEqual(after?.CurrentKeyMaterialId, before?.CurrentKeyMaterialId)
  const opened = await kms.decrypt({ CiphertextBlob: old.CiphertextBlob })
  assert.equal(opened.KeyMaterialId, before?.CurrentKeyMaterialId)
  const fresh = await kms.generateDataKey({ KeyId: made.id, KeySpec: 'AES_256' })
  assert.equal(fresh.KeyMaterialId, after?.CurrentKeyMaterialId)
  const { Rotations } = await kms.listKeyRotations({ KeyId: made.id })
  const [rotation] = present(Rotations)
  assert.deepEqual(
    [
      Rotations?.length,
      rotation?.RotationType,
      rotation?.KeyMaterialState,
      rotation?.KeyMaterialId,
    ],
    [1, 'ON_DEMAND', 'CURRENT', after?.CurrentKeyMaterialId],
  )
  const all = await kms.listKeyRotations({
    KeyId: made.id,
    IncludeKeyMaterial: 'ALL_KEY_MATERIAL',
  })
  assert.deepEqual(
    Object.fromEntries(
      present(all.Rotations).map(({ KeyMaterialId = '', KeyMaterialState }) => [
        KeyMaterialId,
        KeyMaterialState,
      ]),
    ),
    {
      [present(before?.CurrentKeyMaterialId)]: 'NON_CURRENT',
      [present(after?.CurrentKeyMaterialId)]: 'CURRENT',
    },
  )
})

test('a key is rotated by itself as often as it is told', async () => {
  const made = await makeKey(kms)
  const off = await kms.getKeyRotationStatus({ KeyId: made.id })
  assert.deepEqual(
    [off.KeyId, off.KeyRotationEnabled, off.RotationPeriodInDays],
    [made.arn, false, undefined],
  )
  await kms.enableKeyRotation({ KeyId: made.id, RotationPeriodInDays: 90 })
  const on = await kms.getKeyRotationStatus({ KeyId: made.id })
  assert.deepEqual([on.KeyRotationEnabled, on.RotationPeriodInDays], [true, 90])
  assert.ok(present(on.NextRotationDate) instanceof Date)
  await kms.scheduleKeyDeletion({ KeyId: made.id })
  assert.equal((await kms.getKeyRotationStatus({ KeyId: made.id })).KeyRotationEnabled, false)
  await kms.cancelKeyDeletion({ KeyId: made.id })
  assert.equal((await kms.getKeyRotationStatus({ KeyId: made.id })).KeyRotationEnabled, true)
  await kms.enableKey({ KeyId: made.id })
  await kms.disableKeyRotation({ KeyId: made.id })
  assert.equal((await kms.getKeyRotationStatus({ KeyId: made.id })).KeyRotationEnabled, false)
  for (const RotationPeriodInDays of [89, 2_561])
    await assertRefused(
      kms.enableKeyRotation({ KeyId: made.id, RotationPeriodInDays }),
      'ValidationException',
    )
  await assertRefused(kms.enableKeyRotation({ KeyId: rsa.id }), 'UnsupportedOperationException', '')
})

test('imported material is rotated to what was imported after it', async () => {
  const made = await makeKey(kms, { Origin: 'EXTERNAL' })
  const first = await importMaterial(kms, made.id, randomBytes(32))
  const { CiphertextBlob } = await kms.encrypt({ KeyId: made.id, Plaintext })
  await assertRefused(
    kms.rotateKeyOnDemand({ KeyId: made.id }),
    'KMSInvalidStateException',
    `No available key material pending rotation for the key: ${made.arn}.`,
  )
  const second = await importMaterial(kms, made.id, randomBytes(32), {
    ImportType: 'NEW_KEY_MATERIAL',
  })
  assert.notEqual(second, first)
  const pending = await kms.listKeyRotations({
    KeyId: made.id,
    IncludeKeyMaterial: 'ALL_KEY_MATERIAL',
  })
  assert.deepEqual(
    Object.fromEntries(
      present(pending.Rotations).map(({ KeyMaterialId = '', KeyMaterialState }) => [
        KeyMaterialId,
        KeyMaterialState,
      ]),
    ),
    { [present(first)]: 'CURRENT', [present(second)]: 'PENDING_ROTATION' },
  )
  await kms.rotateKeyOnDemand({ KeyId: made.id })
  const { KeyMetadata } = await kms.describeKey({ KeyId: made.id })
  assert.equal(KeyMetadata?.CurrentKeyMaterialId, second)
  assert.deepEqual(await decrypted(CiphertextBlob), Plaintext)
})

test('codes of imported material are those that anybody computes with it', async () => {
  for (const [bits, bytes] of [
    [224, 28],
    [256, 64],
    [384, 48],
    [512, 128],
  ] as const) {
    const made = await makeKey(kms, {
      KeySpec: `HMAC_${bits}`,
      KeyUsage: 'GENERATE_VERIFY_MAC',
      Origin: 'EXTERNAL',
    })
    const material = randomBytes(bytes)
    await importMaterial(kms, made.id, material)
    const MacAlgorithm = `HMAC_SHA_${bits}` as const
    const { Mac } = await kms.generateMac({ KeyId: made.id, Message: Plaintext, MacAlgorithm })
    const expected = createHmac(`sha${bits}`, material).update(Plaintext).digest()
    assert.deepEqual(Buffer.from(present(Mac)), expected)
  }
})

test('a key that cannot be rotated says first what state it is in', async () => {
  const spec = { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' } as const
  const off = await makeKey(kms, spec)
  await kms.disableKey({ KeyId: off.id })
  const rotating = kms.rotateKeyOnDemand({ KeyId: off.id })
  await assertRefused(rotating, 'DisabledException', `${off.arn} is disabled.`)
  await kms.scheduleKeyDeletion({ KeyId: off.id })
  await assertRefused(kms.rotateKeyOnDemand({ KeyId: off.id }), 'KMSInvalidStateException')
  const waiting = await makeKey(kms, { ...spec, Origin: 'EXTERNAL' })
  for (const KeyId of [rsa.id, waiting.id])
    await assertRefused(kms.rotateKeyOnDemand({ KeyId }), 'UnsupportedOperationException', '')
})

test('a second material does not wait beside the first, and both are named', async () => {
  const made = await makeKey(kms, { Origin: 'EXTERNAL' })
  await importMaterial(kms, made.id, randomBytes(32))
  const ImportType = 'NEW_KEY_MATERIAL'
  const pending = await importMaterial(kms, made.id, randomBytes(32), { ImportType })
  const { type, message } = await refused(
    importMaterial(kms, made.id, randomBytes(32), { ImportType }),
  )
  assert.equal(type, 'KMSInvalidStateException')
  const ids = [...message.matchAll(/\(id: ([0-9a-f]{64})\)/g)].map(([, id]) => id)
  assert.equal(ids[1], pending)
  assert.equal(new Set(ids).size, 2)
  assert.ok(message.includes(` cannot be imported into KMS key ${made.arn}, because another key`))
})

test('what a material waits for is not on a page of rotations', async () => {
  const made = await makeKey(kms, { Origin: 'EXTERNAL' })
  await importMaterial(kms, made.id, randomBytes(32))
  const ImportType = 'NEW_KEY_MATERIAL'
  const second = await importMaterial(kms, made.id, randomBytes(32), { ImportType })
  await kms.rotateKeyOnDemand({ KeyId: made.id })
  await importMaterial(kms, made.id, randomBytes(32), { ImportType })
  const page = await kms.listKeyRotations({ KeyId: made.id, Limit: 1 })
  assert.deepEqual(
    [page.Rotations?.map(({ KeyMaterialId }) => KeyMaterialId), page.Truncated, page.NextMarker],
    [[second], false, undefined],
  )
})

test('a key whose material is made here takes none, whatever the token is', async () => {
  const made = await makeKey(kms)
  const external = await makeKey(kms, { Origin: 'EXTERNAL' })
  const importing = (KeyId: string) =>
    kms.importKeyMaterial({
      KeyId,
      ImportToken: Buffer.from('no token'),
      EncryptedKeyMaterial: Buffer.from('no material'),
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
    })
  await assertRefused(
    importing(made.id),
    'UnsupportedOperationException',
    `${made.arn} origin is AWS_KMS which is not valid for this operation.`,
  )
  await assertRefused(importing(external.id), 'InvalidImportTokenException', '')
})

test('only symmetric encryption keys have one material after another', async () => {
  const spec = { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC', Origin: 'EXTERNAL' } as const
  const made = await makeKey(kms, spec)
  const ImportType = 'NEW_KEY_MATERIAL'
  const material = randomBytes(32)
  await importMaterial(kms, made.id, material, { ImportType })
  const another = () => importMaterial(kms, made.id, randomBytes(32), { ImportType })
  await assertRefused(another(), 'IncorrectKeyMaterialException')
  await kms.deleteImportedKeyMaterial({ KeyId: made.id })
  await assertRefused(another(), 'IncorrectKeyMaterialException')
  await importMaterial(kms, made.id, material)
  assert.equal((await kms.describeKey({ KeyId: made.id })).KeyMetadata?.KeyState, 'Enabled')
})

test('new material has no id that a client could say', async () => {
  const made = await makeKey(kms, { Origin: 'EXTERNAL' })
  const KeyMaterialId = await importMaterial(kms, made.id, randomBytes(32))
  await assertRefused(
    kms.importKeyMaterial({
      KeyId: made.id,
      ImportToken: Buffer.from('token'),
      EncryptedKeyMaterial: Buffer.from('material'),
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
      ImportType: 'NEW_KEY_MATERIAL',
      KeyMaterialId,
    }),
    'ValidationException',
    /^KeyMaterialId must not be set/,
  )
})
