import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startHouse } from '../harness/house.ts'
import type { Client } from '../rest/client.ts'
import { base64 } from '../rest/client.ts'
import { hire, newcomer } from '../rest/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** Key policies at the REST door: who they let in beside roles, whom they shut out, and who may put them. */

const house = await startHouse()
after(() => house.close())
const { owner } = restDoorOver(house)
const { account } = await owner.call('whoami', {})
const root = `arn:aws:iam::${account}:root`
const plaintext = base64('the payroll')

interface Statement {
  readonly Sid?: string
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal: unknown
  readonly Action: string | readonly string[]
  readonly Condition?: unknown
}

const delegating: Statement = {
  Sid: 'Enable IAM User Permissions',
  Effect: 'Allow',
  Principal: { AWS: root },
  Action: 'kms:*',
}

function policyOf(...statements: readonly Statement[]): string {
  const all = statements.map((statement) => ({ ...statement, Resource: '*' }))
  return JSON.stringify({ Version: '2012-10-17', Statement: all })
}

async function arnOf(client: Client): Promise<string> {
  return (await client.call('whoami', {})).arn
}

async function ownerOnly(...actions: readonly string[]): Promise<Statement> {
  return { Effect: 'Allow', Principal: { AWS: await arnOf(owner) }, Action: actions }
}

async function keyUnder(policy: string): Promise<string> {
  return (await owner.call('key.create', { policy })).id
}

test('a key without a policy shows the default one of its account', async () => {
  const { id: key } = await owner.call('key.create', {})
  const { policy, own } = await owner.call('policy.get', { key })
  assert.equal(own, false)
  assert.deepEqual(JSON.parse(policy), {
    Version: '2012-10-17',
    Id: 'key-default-1',
    Statement: [{ ...delegating, Resource: '*' }],
  })
})

test('a policy is kept to the byte, and the default put as one changes nothing', async () => {
  const { id: key } = await owner.call('key.create', {})
  const spaced = ` ${policyOf(delegating).replace(',', ' ,\n\t')} `
  assert.deepEqual(await owner.call('policy.put', { key, policy: spaced }), {
    policy: spaced,
    own: true,
  })
  assert.deepEqual(await owner.call('policy.get', { key }), { policy: spaced, own: true })
  const user = await hire(owner, 'encrypter')
  await user.call('encrypt', { key, plaintext })
})

test("the template of AWS's console: administrators manage, users use, and nobody else does either", async () => {
  const admin = (await newcomer(owner)).client
  const user = (await newcomer(owner)).client
  const stranger = (await newcomer(owner)).client
  const people = { AWS: await arnOf(user) }
  const key = await keyUnder(
    policyOf(
      delegating,
      {
        Sid: 'Allow access for Key Administrators',
        Effect: 'Allow',
        Principal: { AWS: await arnOf(admin) },
        Action: [
          'kms:Create*',
          'kms:Describe*',
          'kms:Enable*',
          'kms:List*',
          'kms:Put*',
          'kms:Update*',
          'kms:Revoke*',
          'kms:Disable*',
          'kms:Get*',
          'kms:Delete*',
          'kms:TagResource',
          'kms:UntagResource',
          'kms:ScheduleKeyDeletion',
          'kms:CancelKeyDeletion',
          'kms:RotateKeyOnDemand',
        ],
      },
      {
        Sid: 'Allow use of the key',
        Effect: 'Allow',
        Principal: people,
        Action: [
          'kms:Encrypt',
          'kms:Decrypt',
          'kms:ReEncrypt*',
          'kms:GenerateDataKey*',
          'kms:DescribeKey',
        ],
      },
      {
        Sid: 'Allow attachment of persistent resources',
        Effect: 'Allow',
        Principal: people,
        Action: ['kms:CreateGrant', 'kms:ListGrants', 'kms:RevokeGrant'],
        Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
      },
    ),
  )
  const { ciphertext } = await user.call('encrypt', { key, plaintext })
  assert.equal((await user.call('decrypt', { ciphertext })).plaintext, plaintext)
  await user.call('reencrypt', { ciphertext })
  await user.call('datakey', { key, withoutPlaintext: true })
  await user.call('key.get', { key })
  await user.refuse('forbidden', 'key.rotate', { key })
  await user.refuse('forbidden', 'policy.get', { key })
  await user.refuse('forbidden', 'grant.create', {
    key,
    grantee: 'somebody',
    operations: ['Decrypt'],
  })

  await admin.call('key.rotate', { key })
  await admin.call('key.label', { key, set: { stage: 'live' } })
  await admin.call('key.suspend', { key })
  await admin.call('key.resume', { key })
  await admin.call('alias.create', { key, alias: 'console' })
  await admin.call('grant.create', { key, grantee: 'somebody', operations: ['Decrypt'] })
  await admin.call('key.destroy', { key, acknowledge: 'all' })
  await admin.call('key.restore', { key })
  await admin.refuse('forbidden', 'encrypt', { key, plaintext })
  await admin.refuse('forbidden', 'decrypt', { ciphertext })
  // Not one of AWS's, so that no pattern of the template means it.
  await admin.refuse('forbidden', 'key.export', { key, publicKey: base64('x'.repeat(300)) })

  for (const [name, input] of [
    ['key.get', { key }],
    ['encrypt', { key, plaintext }],
    ['policy.put', { key, policy: policyOf(delegating) }],
  ] as const) {
    await stranger.refuse('forbidden', name, input)
  }
  await owner.call('decrypt', { ciphertext })
})

test('an explicit denial beats an owner, in force when the call returns, and can be taken back', async () => {
  const { id: key } = await owner.call('key.create', {})
  await owner.call('encrypt', { key, plaintext })
  const denying: Statement = { Effect: 'Deny', Principal: '*', Action: 'kms:Encrypt' }
  await owner.call('policy.put', { key, policy: policyOf(delegating, denying) })
  await owner.refuse('forbidden', 'encrypt', { key, plaintext })
  await owner.call('datakey', { key })
  await owner.call('policy.put', { key, policy: policyOf(delegating) })
  await owner.call('encrypt', { key, plaintext })
})

test('where the policy leaves nothing to the account, bindings count for nothing', async () => {
  const key = await keyUnder(policyOf(await ownerOnly('kms:PutKeyPolicy', 'kms:DescribeKey')))
  await owner.call('key.get', { key })
  await owner.refuse('forbidden', 'encrypt', { key, plaintext })
  await owner.refuse('forbidden', 'key.suspend', { key })
  const user = await hire(owner, 'key-user')
  await user.refuse('forbidden', 'encrypt', { key, plaintext })
  await user.refuse('forbidden', 'key.get', { key })
  await owner.call('policy.put', { key, policy: policyOf(delegating) })
  await user.call('encrypt', { key, plaintext })
})

test('nobody puts a policy that keeps them from putting the next, unless they say so', async () => {
  const { id: key } = await owner.call('key.create', {})
  const closed = policyOf(await ownerOnly('kms:Encrypt'))
  const { detail } = await owner.refuse('invalid_request', 'policy.put', { key, policy: closed })
  assert.equal(
    detail,
    'The new key policy will not allow you to update the key policy in the future.',
  )
  await owner.refuse('invalid_request', 'key.create', { policy: closed })
  await owner.call('policy.put', { key, policy: closed, bypassPolicyLockoutCheck: true })
  await owner.refuse('forbidden', 'policy.put', { key, policy: policyOf(delegating) })
  await owner.call('encrypt', { key, plaintext })
  await owner.call('key.create', { policy: closed, bypassPolicyLockoutCheck: true })
})

test('what is no policy is refused, and so is too much of it', async () => {
  const { id: key } = await owner.call('key.create', {})
  const { revision } = await owner.standing()
  for (const policy of [
    '{',
    '[]',
    '{"Statement":[{"Effect":"Perhaps"}]}',
    policyOf({
      Effect: 'Allow',
      Principal: { AWS: 'nobody' },
      Action: 'kms:*',
    }),
  ]) {
    await owner.refuse('invalid_request', 'policy.put', { key, policy })
  }
  const sized = (bytes: number) => {
    const text = policyOf(delegating)
    return `${text.slice(0, -1)}${' '.repeat(bytes - text.length)}}`
  }
  await owner.refuse('payload_too_large', 'policy.put', { key, policy: sized(32_769) })
  assert.equal((await owner.standing()).revision, revision)
  await owner.call('policy.put', { key, policy: sized(32_768) })
})

test('who may make keys but put no policy gives nobody the use of them that way', async () => {
  const manager = await hire(owner, 'key-admin')
  const all: Statement = {
    Effect: 'Allow',
    Principal: { AWS: await arnOf(manager) },
    Action: 'kms:*',
  }
  await manager.refuse('forbidden', 'key.create', { policy: policyOf(all) })
  const unsafePlaintext = base64(Buffer.alloc(32, 1))
  await manager.refuse('forbidden', 'key.import', {
    algorithm: 'AES-256-GCM',
    unsafePlaintext,
    policy: policyOf(all),
  })
  const { id: key } = await manager.call('key.create', {})
  await manager.refuse('forbidden', 'policy.put', { key, policy: policyOf(all) })
  const { id: source } = await owner.call('key.create', { region: 'here', multiRegion: true })
  await manager.refuse('forbidden', 'key.replicate', {
    key: source,
    region: 'there',
    policy: policyOf(all),
  })
  await manager.call('key.replicate', { key: source, region: 'there' })
})

test('a caller without anything cannot tell whether a key exists', async () => {
  const { client } = await newcomer(owner)
  const hidden = await keyUnder(policyOf(delegating))
  const plain = (await owner.call('key.create', {})).id
  const absent = '00000000-0000-4000-8000-000000000000'
  const ask = async (key: string) => {
    const problem = await client.refuse('forbidden', 'encrypt', { key, plaintext })
    return { ...problem, request: '' }
  }
  assert.deepEqual(await ask(hidden), await ask(absent))
  assert.deepEqual(await ask(plain), await ask(absent))
  for (const [name, input] of [
    ['grant.create', { grantee: 'x', operations: ['Decrypt'] }],
    ['grant.list', {}],
    ['grant.revoke', { grant: '0'.repeat(64) }],
    ['grant.retire', { grant: '0'.repeat(64) }],
    ['policy.get', {}],
    ['access.explain', { principal: absent, operation: 'encrypt' }],
  ] as const) {
    for (const key of [hidden, plain, absent])
      await client.refuse('forbidden', name, { key, ...input })
  }
})

test('listings go by roles, and showing one key by its policy', async () => {
  const key = await keyUnder(policyOf(await ownerOnly('kms:PutKeyPolicy')))
  await owner.call('policy.put', { key, policy: policyOf(await ownerOnly('kms:PutKeyPolicy')) })
  await owner.refuse('forbidden', 'key.get', { key })
  const { items } = await owner.call('key.list', { limit: 1_000 })
  assert.ok(items.some(({ id }) => id === key))
  const { client, id } = await newcomer(owner)
  await client.refuse('forbidden', 'key.list', {})
  await owner.call('binding.create', {
    principal: id,
    role: 'auditor',
    scope: { kind: 'key', key: (await owner.call('key.create', {})).id },
  })
  const seen = await client.call('key.list', { limit: 1_000 })
  assert.equal(seen.items.length, 1)
})

test('a policy lets in who has no role, by name, and a name without a holder waits for one', async () => {
  const name = 'not-yet-hired'
  const key = await keyUnder(
    policyOf(delegating, {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${account}:role/path/${name}` },
      Action: ['kms:Encrypt', 'kms:Decrypt'],
    }),
  )
  const { client } = await newcomer(owner, name)
  const { ciphertext } = await client.call('encrypt', { key, plaintext })
  await client.call('decrypt', { ciphertext })
  await client.refuse('forbidden', 'key.rotate', { key })
  const { items } = await owner.call('ledger.search', { key, event: 'encrypt' })
  assert.equal(items[0]?.record['binding'], 'policy:#2')
})

test('a batch under a condition is judged item by item', async () => {
  const { client } = await newcomer(owner)
  const key = await keyUnder(
    policyOf(delegating, {
      Effect: 'Allow',
      Principal: { AWS: await arnOf(client) },
      Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*'],
      Condition: { StringEquals: { 'kms:EncryptionContext:team': 'a' } },
    }),
  )
  const codes = (items: readonly object[]) =>
    items.map((item) => ('error' in item ? (item.error as { code: string }).code : 'ok'))
  const contexts = [{ team: 'a' }, { team: 'b' }, undefined, { team: 'a', part: '2' }]
  const mixed = await client.call('encryptBatch', {
    key,
    items: contexts.map((context) => ({ plaintext, ...(context && { context }) })),
  })
  assert.deepEqual(codes(mixed.items), ['ok', 'forbidden', 'forbidden', 'ok'])
  const whole = await owner.call('encryptBatch', {
    key,
    items: contexts.map((context) => ({ plaintext, ...(context && { context }) })),
  })
  assert.deepEqual(codes(whole.items), ['ok', 'ok', 'ok', 'ok'])
  const ciphertexts = whole.items.map((item, at) => ({
    ciphertext: 'ciphertext' in item ? item.ciphertext : '',
    ...(contexts[at] && { context: contexts[at] }),
  }))
  const opened = await client.call('decryptBatch', { items: ciphertexts })
  assert.deepEqual(codes(opened.items), ['ok', 'forbidden', 'forbidden', 'ok'])
  const moved = await client.call('reencryptBatch', {
    items: ciphertexts.map((item, at) =>
      at === 3 ? { ...item, newContext: { team: 'b' } } : item,
    ),
  })
  // The last may be opened, and not be sealed for others.
  assert.deepEqual(codes(moved.items), ['ok', 'forbidden', 'forbidden', 'forbidden'])
  await client.refuse('forbidden', 'encryptBatch', { key, items: [{ plaintext }] })
  await client.refuse('forbidden', 'decryptBatch', { items: ciphertexts.slice(1, 3) })
})

test('a batch of signatures is judged by the scheme of each', async () => {
  const { client } = await newcomer(owner)
  const { id: key } = await owner.call('key.create', {
    algorithm: 'RSA-2048',
    usage: 'sign',
    policy: policyOf(delegating, {
      Effect: 'Allow',
      Principal: { AWS: await arnOf(client) },
      Action: ['kms:Sign', 'kms:Verify'],
      Condition: { StringEquals: { 'kms:SigningAlgorithm': 'RSASSA_PKCS1_V1_5_SHA_256' } },
    }),
  })
  const message = base64('an invoice')
  const good = { message, scheme: 'rsa-pkcs1-sha-256' } as const
  const { items } = await client.call('signBatch', { key, items: [good, { message }] })
  assert.deepEqual(
    items.map((item) => 'error' in item),
    [false, true],
  )
  const signature = items[0] !== undefined && 'signature' in items[0] ? items[0].signature : ''
  const checked = await client.call('verifyBatch', {
    key,
    items: [
      { ...good, signature },
      { message, signature },
    ],
  })
  assert.deepEqual(
    checked.items.map((item) => ('valid' in item ? item.valid : item.error.code)),
    [true, 'forbidden'],
  )
})

test('labels: who is denied tagging does not replace labels either', async () => {
  const key = await keyUnder(
    policyOf(delegating, { Effect: 'Deny', Principal: '*', Action: 'kms:TagResource' }),
  )
  await owner.refuse('forbidden', 'key.label', { key, set: { a: 'b' } })
  await owner.refuse('forbidden', 'key.update', { key, labels: { a: 'b' } })
  await owner.call('key.update', { key, description: 'as before' })
})
