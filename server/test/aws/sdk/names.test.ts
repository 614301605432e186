import assert from 'node:assert/strict'
import { test } from 'node:test'
import { paginateListAliases, paginateListKeys, type KMS } from '@aws-sdk/client-kms'
import { assertRefused, OTHER_REGION, present, REGION, startAwsHouse } from '../house.ts'
import { makeKey } from './keys-in-states.ts'
import { sayWho } from './state-row.ts'
import { stateRows } from './state-table.ts'

/** By which names keys are found, from where, and what is said of names that lead nowhere. */

const { kms, client, owner, account } = await startAwsHouse()
sayWho(kms, owner.arn)
const there = client({ region: OTHER_REGION })
const arnOf = (region: string, id: string) => `arn:aws:kms:${region}:${account}:key/${id}`
const aliasArnOf = (region: string, alias: string) => `arn:aws:kms:${region}:${account}:${alias}`
const ABSENT = '1234abcd-12ab-34cd-56ef-1234567890ab'

/** AWS's documentation of KeyId, operation by operation. */
const takesAliases: ReadonlySet<string> = new Set([
  'Encrypt',
  'Decrypt',
  'ReEncrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'Sign',
  'Verify',
  'GetPublicKey',
  'GenerateMac',
  'VerifyMac',
  'DeriveSharedSecret',
  'Encapsulate',
  'Decapsulate',
  'DescribeKey',
])
/** Whose KeyId is what an alias leads to. */
const aliasing: ReadonlySet<string> = new Set(['CreateAlias', 'UpdateAlias'])
const NOT_ALIASES = 'Aliases must refer to keys. Not aliases'
/** Whose row names no key, or in another way. */
const apart: ReadonlySet<string> = new Set(['DeleteAlias', 'UpdateAlias (away from it)'])
const rows = stateRows.filter(({ operation }) => !apart.has(operation))

let names = 0
for (const row of rows) {
  const about = row.key?.Origin === 'EXTERNAL' ? ' of an imported key' : ''
  test(`${row.operation}${about} finds keys by the names that AWS documents`, async () => {
    const forms = ['id', 'ARN', 'alias', 'alias ARN'] as const
    for (const form of forms) {
      const waits = row.key?.Origin === 'EXTERNAL' || row.told[0] === 9
      const key = await makeKey(kms, { ...row.key, ...(waits ? { Origin: 'EXTERNAL' } : {}) })
      if (row.operation === 'CancelKeyDeletion') await kms.scheduleKeyDeletion({ KeyId: key.id })
      const prepared = waits ? undefined : await row.prepare?.(kms, key, 'Enabled')
      const alias = `alias/name/${(names += 1)}`
      if (row.operation !== 'CancelKeyDeletion')
        await kms.createAlias({ AliasName: alias, TargetKeyId: key.id })
      const name = {
        id: key.id,
        ARN: key.arn,
        alias,
        'alias ARN': aliasArnOf(REGION, alias),
      }[form]
      const asked = row.ask(kms, name, prepared)
      const listed = row.operation === 'ListAliases'
      if (form === 'id' || form === 'ARN' || listed || takesAliases.has(row.operation)) await asked
      else if (aliasing.has(row.operation))
        await assertRefused(asked, 'ValidationException', NOT_ALIASES)
      else await assertRefused(asked, 'NotFoundException', `Invalid keyId '${name}'`)
    }
  })

  test(`${row.operation}${about} says which name leads nowhere`, async () => {
    const key = await makeKey(kms, row.key?.Origin === 'EXTERNAL' ? {} : row.key)
    const prepared =
      row.key?.Origin === 'EXTERNAL' ? undefined : await row.prepare?.(kms, key, 'Enabled')
    const mrk = `mrk-${ABSENT.replaceAll('-', '')}`
    const nowhere: [name: string, message: string][] = [
      [ABSENT, `Key '${arnOf(REGION, ABSENT)}' does not exist`],
      [arnOf(REGION, ABSENT), `Key '${arnOf(REGION, ABSENT)}' does not exist`],
      [mrk, `Key '${arnOf(REGION, mrk)}' does not exist`],
      ['no-key', `Invalid keyId 'no-key'`],
      [ABSENT.replaceAll('-', ''), `Invalid keyId '${ABSENT.replaceAll('-', '')}'`],
      [ABSENT.toUpperCase(), `Invalid keyId '${ABSENT.toUpperCase()}'`],
      [arnOf(OTHER_REGION, key.id), `Invalid arn ${OTHER_REGION}`],
      [
        key.arn.replace(account, '111122223333'),
        `Key '${key.arn.replace(account, '111122223333')}' does not exist`,
      ],
    ]
    if (takesAliases.has(row.operation)) {
      const alias = aliasArnOf(REGION, 'alias/absent')
      nowhere.push(['alias/absent', `Alias ${alias} is not found.`])
      nowhere.push([alias, `Alias ${alias} is not found.`])
    }
    for (const [name, message] of nowhere)
      await assertRefused(row.ask(kms, name, prepared), 'NotFoundException', message)
  })
}

/** All keys and aliases of a region, by their ids and names. */
async function listing(of: KMS) {
  const ids: string[] = []
  const aliases: string[] = []
  for await (const { Keys = [] } of paginateListKeys({ client: of }, {}))
    ids.push(...Keys.map(({ KeyId = '' }) => KeyId))
  for await (const { Aliases = [] } of paginateListAliases({ client: of }, {}))
    aliases.push(...Aliases.map(({ AliasName = '' }) => AliasName))
  return { ids, aliases }
}

test('a region has its own keys and aliases', async () => {
  const here = await makeKey(kms)
  const away = await makeKey(there)
  assert.equal(away.arn, arnOf(OTHER_REGION, away.id))
  await assertRefused(
    there.describeKey({ KeyId: here.id }),
    'NotFoundException',
    `Key '${arnOf(OTHER_REGION, here.id)}' does not exist`,
  )
  await kms.createAlias({ AliasName: 'alias/shared', TargetKeyId: here.id })
  await assertRefused(there.describeKey({ KeyId: 'alias/shared' }), 'NotFoundException')
  await there.createAlias({ AliasName: 'alias/shared', TargetKeyId: away.id })
  for (const [of, key, region] of [
    [kms, here, REGION],
    [there, away, OTHER_REGION],
  ] as const) {
    assert.equal((await of.describeKey({ KeyId: 'alias/shared' })).KeyMetadata?.Arn, key.arn)
    const { Aliases } = await of.listAliases({ KeyId: key.id })
    const [alias] = present(Aliases)
    assert.deepEqual(
      [Aliases?.length, alias?.AliasName, alias?.AliasArn, alias?.TargetKeyId],
      [1, 'alias/shared', aliasArnOf(region, 'alias/shared'), key.id],
    )
    const { ids } = await listing(of)
    assert.ok(ids.includes(key.id))
    assert.ok(!ids.includes(key === here ? away.id : here.id))
  }
  const { CiphertextBlob } = await kms.encrypt({ KeyId: here.id, Plaintext: Buffer.from('x') })
  await assertRefused(
    there.decrypt({ CiphertextBlob }),
    'AccessDeniedException',
    /^The ciphertext refers to a customer master key that does not exist/,
  )
  await kms.deleteAlias({ AliasName: 'alias/shared' })
  assert.ok(!(await listing(kms)).aliases.includes('alias/shared'))
  assert.equal((await there.describeKey({ KeyId: 'alias/shared' })).KeyMetadata?.KeyId, away.id)
})

test('a key that was made natively is seen from every region', async () => {
  const { id } = await owner.rest.call('key.create', { alias: 'native' })
  for (const [of, region] of [
    [kms, REGION],
    [there, OTHER_REGION],
  ] as const) {
    const { KeyMetadata } = await of.describeKey({ KeyId: 'alias/native' })
    assert.equal(KeyMetadata?.Arn, arnOf(region, id))
    assert.ok((await listing(of)).ids.includes(id))
  }
  const { CiphertextBlob } = await kms.encrypt({ KeyId: id, Plaintext: Buffer.from('x') })
  assert.equal((await there.decrypt({ CiphertextBlob })).KeyId, arnOf(OTHER_REGION, id))
})

test('an alias is made once, may be moved, and is never one of AWS', async () => {
  const [one, two] = [await makeKey(kms), await makeKey(kms)]
  const AliasName = 'alias/team/payroll_2026-main'
  await kms.createAlias({ AliasName, TargetKeyId: one.arn })
  await assertRefused(
    kms.createAlias({ AliasName, TargetKeyId: two.id }),
    'AlreadyExistsException',
    `An alias with the name ${aliasArnOf(REGION, AliasName)} already exists`,
  )
  await kms.updateAlias({ AliasName, TargetKeyId: two.id })
  const { Aliases } = await kms.listAliases({ KeyId: two.id })
  const [moved] = present(Aliases)
  assert.equal(moved?.AliasName, AliasName)
  assert.ok(present(moved?.LastUpdatedDate) >= present(moved?.CreationDate))
  await kms.deleteAlias({ AliasName })
  for (const gone of [
    kms.deleteAlias({ AliasName }),
    kms.updateAlias({ AliasName, TargetKeyId: one.id }),
  ])
    await assertRefused(
      gone,
      'NotFoundException',
      `Alias ${aliasArnOf(REGION, AliasName)} is not found.`,
    )
  for (const [name, type, message] of [
    ['payroll', 'ValidationException', /^Alias must start with the prefix "alias\/"/],
    ['alias/', 'ValidationException', /^Alias must start with the prefix "alias\/"/],
    ['alias/a b', 'ValidationException', /'aliasName' failed to satisfy constraint/],
    ['alias/aws/s3', 'InvalidAliasNameException', /reserved/],
    ['alias/pay:roll', 'ValidationException', /^alias\/pay:roll contains invalid characters/],
  ] as const)
    await assertRefused(kms.createAlias({ AliasName: name, TargetKeyId: one.id }), type, message)
})

test('an alias leads to a key, not to another alias', async () => {
  const key = await makeKey(kms)
  await kms.createAlias({ AliasName: 'alias/direct', TargetKeyId: key.id })
  const onto = ['alias/direct', aliasArnOf(REGION, 'alias/direct'), 'alias/absent']
  for (const TargetKeyId of onto)
    for (const doing of [
      kms.createAlias({ AliasName: 'alias/indirect', TargetKeyId }),
      kms.updateAlias({ AliasName: 'alias/direct', TargetKeyId }),
    ])
      await assertRefused(doing, 'ValidationException', NOT_ALIASES)
})

test('a multi-Region key is one key in several regions', async () => {
  const made = await kms.createKey({ MultiRegion: true, Description: 'shared' })
  const { KeyId, MultiRegionConfiguration, Arn } = present(made.KeyMetadata)
  const id = present(KeyId)
  assert.match(id, /^mrk-[0-9a-f]{32}$/)
  assert.deepEqual(MultiRegionConfiguration, {
    MultiRegionKeyType: 'PRIMARY',
    PrimaryKey: { Arn, Region: REGION },
    ReplicaKeys: [],
  })
  const { CiphertextBlob } = await kms.encrypt({ KeyId: id, Plaintext: Buffer.from('x') })
  await assertRefused(there.decrypt({ CiphertextBlob }), 'AccessDeniedException')
  const { ReplicaKeyMetadata, ReplicaPolicy, ReplicaTags } = await kms.replicateKey({
    KeyId: id,
    ReplicaRegion: OTHER_REGION,
    Description: 'over there',
    Tags: [{ TagKey: 'team', TagValue: 'west' }],
  })
  const related = {
    PrimaryKey: { Arn, Region: REGION },
    ReplicaKeys: [{ Arn: arnOf(OTHER_REGION, id), Region: OTHER_REGION }],
  }
  const { KeyMetadata: replica } = await there.describeKey({ KeyId: id })
  assert.deepEqual(ReplicaKeyMetadata, replica)
  assert.deepEqual(
    [replica?.Arn, replica?.Description, replica?.MultiRegionConfiguration],
    [arnOf(OTHER_REGION, id), 'over there', { MultiRegionKeyType: 'REPLICA', ...related }],
  )
  assert.match(present(ReplicaPolicy), /"Id"\s*:\s*"key-default-1"/)
  assert.deepEqual(ReplicaTags, [{ TagKey: 'team', TagValue: 'west' }])
  assert.deepEqual((await kms.listResourceTags({ KeyId: id })).Tags, [])
  const { KeyMetadata: primary } = await kms.describeKey({ KeyId: id })
  assert.deepEqual(primary?.MultiRegionConfiguration, {
    MultiRegionKeyType: 'PRIMARY',
    ...related,
  })
  assert.equal(primary?.Description, 'shared')
  assert.equal((await there.decrypt({ CiphertextBlob })).KeyId, arnOf(OTHER_REGION, id))

  await kms.rotateKeyOnDemand({ KeyId: id })
  const fresh = await kms.encrypt({ KeyId: id, Plaintext: Buffer.from('y') })
  const opened = await there.decrypt({ CiphertextBlob: fresh.CiphertextBlob, KeyId: id })
  assert.deepEqual(Buffer.from(present(opened.Plaintext)), Buffer.from('y'))
  const not = `${arnOf(OTHER_REGION, id)} is not a multi-region primary key.`
  for (const refusal of [
    there.replicateKey({ KeyId: id, ReplicaRegion: 'ap-south-1' }),
    there.rotateKeyOnDemand({ KeyId: id }),
    there.enableKeyRotation({ KeyId: id }),
    there.updatePrimaryRegion({ KeyId: id, PrimaryRegion: OTHER_REGION }),
  ])
    await assertRefused(refusal, 'UnsupportedOperationException', not)
  await assertRefused(
    kms.replicateKey({ KeyId: id, ReplicaRegion: OTHER_REGION }),
    'AlreadyExistsException',
  )
  await kms.disableKey({ KeyId: id })
  await assertRefused(kms.encrypt({ KeyId: id, Plaintext: Buffer.from('x') }), 'DisabledException')
  await there.encrypt({ KeyId: id, Plaintext: Buffer.from('x') })
  await kms.enableKey({ KeyId: id })

  await assertRefused(
    kms.updatePrimaryRegion({ KeyId: id, PrimaryRegion: 'ap-south-1' }),
    'NotFoundException',
    `Key '${arnOf('ap-south-1', id)}' does not exist`,
  )
  await kms.updatePrimaryRegion({ KeyId: id, PrimaryRegion: OTHER_REGION })
  const { KeyMetadata: changed } = await there.describeKey({ KeyId: id })
  assert.deepEqual(changed?.MultiRegionConfiguration, {
    MultiRegionKeyType: 'PRIMARY',
    PrimaryKey: { Arn: arnOf(OTHER_REGION, id), Region: OTHER_REGION },
    ReplicaKeys: [{ Arn, Region: REGION }],
  })
})

test('a key of one region is not replicated', async () => {
  const key = await makeKey(kms)
  await assertRefused(
    kms.replicateKey({ KeyId: key.id, ReplicaRegion: OTHER_REGION }),
    'UnsupportedOperationException',
    `${key.arn} is not a multi-region primary key.`,
  )
})

test('a replica without tags is answered without them', async () => {
  const key = await makeKey(kms, { MultiRegion: true })
  const answer = await kms.replicateKey({ KeyId: key.id, ReplicaRegion: OTHER_REGION })
  assert.equal('ReplicaTags' in answer, false)
})

test('the keys of another account are as good as none', async () => {
  const mine = await makeKey(kms)
  const made = await owner.rest.call('tenant.create', { name: 'neighbours' })
  const neighbour = owner.rest.as(made.token)
  const access = await neighbour.call('accessKey.create', { principal: made.owner.id })
  const credentials = { accessKeyId: access.id, secretAccessKey: access.secret }
  const theirs = client({ credentials })
  const Plaintext = Buffer.from('x')
  for (const [name, message] of [
    [mine.id, `Key '${mine.arn.replace(account, made.tenant.account)}' does not exist`],
    [mine.arn, `Key '${mine.arn}' does not exist`],
  ] as const)
    await assertRefused(theirs.encrypt({ KeyId: name, Plaintext }), 'NotFoundException', message)
  const { CiphertextBlob } = await kms.encrypt({ KeyId: mine.id, Plaintext })
  await assertRefused(theirs.decrypt({ CiphertextBlob }), 'AccessDeniedException')
  assert.deepEqual((await theirs.listKeys({})).Keys, [])
})
