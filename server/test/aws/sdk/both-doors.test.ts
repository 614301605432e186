import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base64, bytes } from '../../rest/client.ts'
import { assertRefused, present, REGION, startAwsHouse } from '../house.ts'
import { makeKey } from './keys-in-states.ts'

/** One house with two doors: what is made at one is seen, used, judged and recorded at the other. */

const { kms, owner, account, hire } = await startAwsHouse()
const { rest } = owner
const Plaintext = Buffer.from('the payroll')

test('a key that AWS made, at the native door', async () => {
  const made = await kms.createKey({
    Description: 'payroll',
    Tags: [{ TagKey: 'team', TagValue: 'pay' }],
  })
  const KeyId = present(made.KeyMetadata?.KeyId)
  await kms.createAlias({ AliasName: 'alias/payroll', TargetKeyId: KeyId })
  const view = await rest.call('key.get', { key: 'payroll' })
  assert.deepEqual(
    [view.id, view.algorithm, view.usage, view.description, view.region, view.labels],
    [KeyId, 'AES-256-GCM', 'encrypt', 'payroll', REGION, { team: 'pay' }],
  )
  assert.equal(view.materialId, made.KeyMetadata?.CurrentKeyMaterialId)

  const context = { tenant: 'acme' }
  const there = await kms.encrypt({ KeyId, Plaintext, EncryptionContext: context })
  const opened = await rest.call('decrypt', {
    ciphertext: base64(present(there.CiphertextBlob)),
    context,
  })
  assert.deepEqual(bytes(opened.plaintext), Plaintext)
  const here = await rest.call('encrypt', { key: KeyId, plaintext: base64(Plaintext), context })
  const back = await kms.decrypt({
    CiphertextBlob: bytes(here.ciphertext),
    EncryptionContext: context,
  })
  assert.deepEqual(Buffer.from(present(back.Plaintext)), Plaintext)
  await assertRefused(
    kms.decrypt({ CiphertextBlob: bytes(here.ciphertext) }),
    'InvalidCiphertextException',
    '',
  )

  await rest.call('key.label', { key: KeyId, set: { cost: '7' }, remove: ['team'] })
  assert.deepEqual((await kms.listResourceTags({ KeyId })).Tags, [
    { TagKey: 'cost', TagValue: '7' },
  ])
  await rest.call('key.suspend', { key: KeyId })
  await assertRefused(kms.encrypt({ KeyId, Plaintext }), 'DisabledException')
  await kms.enableKey({ KeyId })
  await rest.call('encrypt', { key: KeyId, plaintext: base64('x') })
})

test('nothing that AWS takes is more than the native door can say', async () => {
  const Description = 'a\u0000b\tc\nd\u2028'
  const { KeyMetadata } = await kms.createKey({ Description })
  const KeyId = present(KeyMetadata?.KeyId)
  assert.equal((await rest.call('key.get', { key: KeyId })).description, Description)
  const { arn: GranteePrincipal } = await rest.call('whoami', {})
  const grant = { KeyId, GranteePrincipal }
  const long = { EncryptionContextEquals: { a: 'x'.repeat(385) } }
  await assertRefused(
    kms.createGrant({ ...grant, Operations: ['Encrypt'], Constraints: long }),
    'ValidationException',
  )
  await assertRefused(kms.createGrant({ ...grant, Operations: [] }), 'ValidationException')
  await kms.createGrant({ ...grant, Operations: ['Encrypt'] })
  assert.equal((await rest.call('grant.list', { key: KeyId })).items.length, 1)
})

test('what was done with a key stands in the ledger, and at which door', async () => {
  const { id } = await makeKey(kms)
  await kms.encrypt({ KeyId: id, Plaintext })
  await rest.call('encrypt', { key: id, plaintext: base64(Plaintext) })
  await assertRefused(
    kms.generateMac({ KeyId: id, Message: Plaintext, MacAlgorithm: 'HMAC_SHA_256' }),
    'InvalidKeyUsageException',
  )
  const nobody = await hire()
  await assertRefused(nobody.kms.encrypt({ KeyId: id, Plaintext }), 'AccessDeniedException')
  const { items } = await rest.call('ledger.search', { key: id, order: 'ascending' })
  const told = items.map(({ record }) => [record['event'], record['outcome'], record['door']])
  assert.deepEqual(told.slice(0, 3), [
    ['key.create', 'ok', 'aws'],
    ['encrypt', 'ok', 'aws'],
    ['encrypt', 'ok', 'rest'],
  ])
  const denials = await rest.call('ledger.search', { principal: nobody.id, outcome: 'denied' })
  const [denial] = denials.items
  assert.deepEqual(
    [denial?.record['event'], denial?.record['door'], denial?.record['principal']],
    ['encrypt', 'aws', nobody.id],
  )
  const last = await kms.getKeyLastUsage({ KeyId: id })
  assert.equal(last.KeyLastUsage?.Operation, 'Encrypt')
})

test('a key that is revoked natively is disabled for good at AWS', async () => {
  const key = await makeKey(kms)
  const { CiphertextBlob } = await kms.encrypt({ KeyId: key.id, Plaintext })
  await rest.call('key.revoke', { key: key.id, reason: 'keyCompromise' })
  const { KeyMetadata } = await kms.describeKey({ KeyId: key.id })
  assert.deepEqual([KeyMetadata?.KeyState, KeyMetadata?.Enabled], ['Disabled', false])
  for (const use of [
    kms.encrypt({ KeyId: key.id, Plaintext }),
    kms.decrypt({ CiphertextBlob }),
    kms.generateDataKey({ KeyId: key.id, KeySpec: 'AES_256' }),
  ])
    await assertRefused(use, 'DisabledException', `${key.arn} is disabled.`)
  await assertRefused(kms.enableKey({ KeyId: key.id }), 'DisabledException')
})

test('a key that was made natively, at the door of AWS', async () => {
  const { id } = await rest.call('key.create', { algorithm: 'AES-256-GCM-SIV', alias: 'misuse' })
  const { KeyMetadata } = await kms.describeKey({ KeyId: 'alias/misuse' })
  assert.deepEqual(
    [KeyMetadata?.KeyId, KeyMetadata?.KeySpec, KeyMetadata?.Arn],
    [id, 'SYMMETRIC_DEFAULT', `arn:aws:kms:${REGION}:${account}:key/${id}`],
  )
  const { CiphertextBlob } = await kms.encrypt({ KeyId: id, Plaintext })
  const opened = await rest.call('decrypt', { ciphertext: base64(present(CiphertextBlob)) })
  assert.deepEqual(bytes(opened.plaintext), Plaintext)

  const signing = await rest.call('key.create', { algorithm: 'P-256' })
  const { Signature } = await kms.sign({
    KeyId: signing.id,
    Message: Plaintext,
    SigningAlgorithm: 'ECDSA_SHA_256',
  })
  const { valid } = await rest.call('verify', {
    key: signing.id,
    message: base64(Plaintext),
    signature: base64(present(Signature)),
  })
  assert.equal(valid, true)
})

test('a key that AWS has no word for is not seen there', async () => {
  const { id } = await rest.call('key.create', { algorithm: 'X25519', usage: 'agree' })
  await assertRefused(
    kms.describeKey({ KeyId: id }),
    'NotFoundException',
    `Key 'arn:aws:kms:${REGION}:${account}:key/${id}' does not exist`,
  )
  const { Keys = [] } = await kms.listKeys({ Limit: 1_000 })
  assert.ok(!Keys.some(({ KeyId }) => KeyId === id))
})

test('a grant and a key policy hold at both doors', async () => {
  const { id } = await makeKey(kms)
  const grantee = await hire()
  const use = () => grantee.rest.call('encrypt', { key: id, plaintext: base64(Plaintext) })
  await grantee.rest.refuse('forbidden', 'encrypt', { key: id, plaintext: base64('x') })
  const { GrantId } = await kms.createGrant({
    KeyId: id,
    GranteePrincipal: grantee.arn,
    Operations: ['Encrypt'],
  })
  await use()
  await grantee.kms.encrypt({ KeyId: id, Plaintext })
  await kms.revokeGrant({ KeyId: id, GrantId })
  await grantee.rest.refuse('forbidden', 'encrypt', { key: id, plaintext: base64('x') })
  await assertRefused(grantee.kms.encrypt({ KeyId: id, Plaintext }), 'AccessDeniedException')

  const { Policy } = await kms.getKeyPolicy({ KeyId: id })
  const policy = JSON.parse(present(Policy)) as { Statement: unknown[] }
  policy.Statement.push({
    Effect: 'Allow',
    Principal: { AWS: grantee.arn },
    Action: 'kms:Encrypt',
    Resource: '*',
  })
  await kms.putKeyPolicy({ KeyId: id, Policy: JSON.stringify(policy) })
  await use()
  await grantee.kms.encrypt({ KeyId: id, Plaintext })
})
