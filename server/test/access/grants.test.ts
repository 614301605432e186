import assert from 'node:assert/strict'
import { test } from 'node:test'
import { grantOperations, readGrantToken } from '#model'
import { base64 } from '../rest/client.ts'
import { startGranting } from './granting.ts'

/** Grants at the REST door: what they let one principal do with one key, and who gives them. */

const { house, owner, account, person, newKey } = await startGranting()
const plaintext = base64('the payroll')

test('a grant lets its grantee do just what it says, until it is revoked', async () => {
  const key = await newKey()
  const other = await newKey()
  const { client, arn } = await person()
  await client.refuse('forbidden', 'encrypt', { key, plaintext })
  const { id, token } = await owner.call('grant.create', {
    key,
    grantee: arn,
    operations: ['Encrypt', 'DescribeKey', 'Encrypt'],
    name: 'payroll:writes',
  })
  assert.deepEqual(readGrantToken(token), { key, grant: id })
  const { ciphertext } = await client.call('encrypt', { key, plaintext })
  await client.call('key.get', { key })
  await client.refuse('forbidden', 'decrypt', { ciphertext })
  await client.refuse('forbidden', 'encrypt', { key: other, plaintext })
  await client.refuse('forbidden', 'datakey', { key })
  const { items } = await owner.call('grant.list', { key })
  assert.deepEqual(
    items.map(({ createdAt, ...grant }) => ({ ...grant, dated: Date.parse(createdAt) > 0 })),
    [
      {
        id,
        key,
        name: 'payroll:writes',
        grantee: arn,
        operations: ['Encrypt', 'DescribeKey'],
        issuer: (await owner.call('whoami', {})).arn,
        dated: true,
      },
    ],
  )
  await owner.call('grant.revoke', { key, grant: id })
  await client.refuse('forbidden', 'encrypt', { key, plaintext })
  assert.deepEqual((await owner.call('grant.list', { key })).items, [])
  await owner.refuse('not_found', 'grant.revoke', { key, grant: id })
  await owner.refuse('not_found', 'grant.retire', { token })
  const used = await owner.call('ledger.search', { key, event: 'encrypt', outcome: 'ok' })
  assert.equal(used.items[0]?.record['binding'], `grant:${id}`)
})

test('a grant does without the data key in the clear where it says so', async () => {
  const key = await newKey()
  const { client, name } = await person()
  await owner.call('grant.create', {
    key,
    grantee: name,
    operations: ['GenerateDataKeyWithoutPlaintext'],
  })
  await client.call('datakey', { key, withoutPlaintext: true })
  await client.refuse('forbidden', 'datakey', { key })
  // And what was allowed does not stay allowed for the like of it.
  await client.call('datakey', { key, withoutPlaintext: true })
  await client.refuse('forbidden', 'datakey', { key })
})

test('constraints ask for an encryption context, item by item', async () => {
  const key = await newKey()
  const { client, name } = await person()
  await owner.call('grant.create', {
    key,
    grantee: name,
    operations: ['Encrypt', 'Decrypt', 'ReEncryptTo', 'ReEncryptFrom'],
    constraints: { subset: { team: 'a' } },
  })
  const context = { team: 'a', part: '1' }
  const { ciphertext } = await client.call('encrypt', { key, plaintext, context })
  await client.call('decrypt', { ciphertext, context })
  await client.refuse('forbidden', 'encrypt', { key, plaintext })
  await client.refuse('forbidden', 'encrypt', { key, plaintext, context: { team: 'b' } })
  await client.refuse('forbidden', 'decrypt', { ciphertext, context: { part: '1' } })
  const changed = { ciphertext, context, newContext: { team: 'b' } }
  await client.refuse('forbidden', 'reencrypt', changed)
  await client.call('reencrypt', { ...changed, newContext: { team: 'a' } })
  const items = [context, { team: 'b' }, undefined].map((each) => ({
    plaintext,
    ...(each && { context: each }),
  }))
  const batch = await client.call('encryptBatch', { key, items })
  assert.deepEqual(
    batch.items.map((item) => ('error' in item ? item.error.code : 'ok')),
    ['ok', 'forbidden', 'forbidden'],
  )
  const exact = await person()
  await owner.call('grant.create', {
    key,
    grantee: exact.name,
    operations: ['Encrypt', 'DescribeKey'],
    constraints: { equals: { team: 'a' } },
  })
  await exact.client.call('encrypt', { key, plaintext, context: { team: 'a' } })
  await exact.client.refuse('forbidden', 'encrypt', { key, plaintext, context })
  // What has no context is not held back.
  await exact.client.call('key.get', { key })
})

test('what is no grant is refused, with the field that is wrong', async () => {
  const key = await newKey()
  const signing = await newKey({ algorithm: 'P-256' })
  const rsa = await newKey({ algorithm: 'RSA-2048', usage: 'encrypt' })
  const good = { key, grantee: 'somebody', operations: ['Decrypt'] }
  const nine = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`name-${at}`, 'value']))
  const { revision } = await owner.standing()
  for (const [field, change] of [
    ['grantee', { grantee: 'arn:aws:iam::000000000000:user/somebody' }],
    ['grantee', { grantee: `arn:aws:iam::${account}:root` }],
    ['grantee', { grantee: account }],
    ['grantee', { grantee: `arn:aws:iam::${account}:group/somebody` }],
    ['grantee', { grantee: `arn:aws:iam::${account}:user/*` }],
    [
      'grantee',
      { grantee: `arn:aws:iam::${account}:user/id/00000000-0000-4000-8000-000000000000` },
    ],
    ['grantee', { grantee: 'no such name' }],
    ['retiring', { retiring: 'arn:aws:s3:::bucket' }],
    ['operations', { operations: ['Sign'] }],
    ['operations', { operations: ['kms:Decrypt'] }],
    ['operations', { operations: ['Decrypt', 'PutKeyPolicy'] }],
    ['operations', { operations: ['GetPublicKey'] }],
    ['operations', { operations: ['toString'] }],
    ['operations', { key: signing }],
    ['operations', { key: rsa, operations: ['GenerateDataKey'] }],
    ['constraints', { constraints: { equals: { a: 'b' }, subset: { a: 'b' } } }],
    ['constraints', { constraints: { equals: {} } }],
    ['constraints', { constraints: { subset: nine } }],
    ['constraints', { key: rsa, constraints: { subset: { a: 'b' } } }],
  ] as const) {
    const problem = await owner.refuse('invalid_request', 'grant.create', { ...good, ...change })
    assert.equal(problem.field, field, JSON.stringify(change))
  }
  assert.equal((await owner.standing()).revision, revision)
})

test('each operation of a grant is one that some key knows', async () => {
  const keys = [
    await newKey(),
    await newKey({ algorithm: 'RSA-2048', usage: 'encrypt' }),
    await newKey({ algorithm: 'P-256', usage: 'sign' }),
    await newKey({ algorithm: 'P-256', usage: 'agree' }),
    await newKey({ algorithm: 'HMAC-SHA-256' }),
    await newKey({ algorithm: 'ML-KEM-768' }),
  ]
  const letters = 'srpamk'
  const found: Record<string, string> = {}
  for (const operation of grantOperations) {
    found[operation] = ''
    for (const [at, key] of keys.entries()) {
      const code = await house.codeOf('grant.create', {
        key,
        grantee: 'somebody',
        operations: [operation],
      })
      found[operation] += code === 'ok' ? letters[at] : '.'
    }
  }
  // AWS KMS Developer Guide, Grant operations: symmetric, RSA for encryption, signing, agreement, HMAC, encapsulation.
  assert.deepEqual(found, {
    CreateGrant: 'srpamk',
    RetireGrant: 'srpamk',
    DescribeKey: 'srpamk',
    GetPublicKey: '.rpa.k',
    Encrypt: 'sr....',
    Decrypt: 'sr....',
    ReEncryptFrom: 'sr....',
    ReEncryptTo: 'sr....',
    GenerateDataKey: 's.....',
    GenerateDataKeyWithoutPlaintext: 's.....',
    GenerateDataKeyPair: 's.....',
    GenerateDataKeyPairWithoutPlaintext: 's.....',
    Sign: '..p...',
    Verify: '..p...',
    GenerateMac: '....m.',
    VerifyMac: '....m.',
    DeriveSharedSecret: '...a..',
    Encapsulate: '.....k',
    Decapsulate: '.....k',
  })
})

test('keys that cannot be used give no new grants, and the old ones wait', async () => {
  const key = await newKey()
  const { client, name } = await person()
  const grant = { key, grantee: name, operations: ['Encrypt'] }
  const { id } = await owner.call('grant.create', grant)
  await owner.call('key.suspend', { key })
  await owner.refuse('wrong_state', 'grant.create', grant)
  await client.refuse('wrong_state', 'encrypt', { key, plaintext })
  await owner.call('key.resume', { key })
  await client.call('encrypt', { key, plaintext })
  await owner.call('key.destroy', { key, acknowledge: 'all' })
  await owner.refuse('wrong_state', 'grant.create', grant)
  await owner.call('grant.revoke', { key, grant: id })
  const { id: waiting } = await owner.call('key.create', { origin: 'imported' })
  await owner.refuse('wrong_state', 'grant.create', { ...grant, key: waiting })
})

test('the same request with the same name finds the grant that is there', async () => {
  const key = await newKey()
  const { name, arn } = await person()
  const asked = { key, grantee: name, operations: ['Encrypt', 'Decrypt'], name: 'once' }
  const first = await owner.call('grant.create', asked)
  const again = await owner.call('grant.create', {
    ...asked,
    grantee: arn,
    operations: ['Decrypt', 'Encrypt'],
  })
  assert.equal(again.id, first.id)
  assert.notEqual(again.token, first.token)
  const others = [
    { ...asked, name: 'twice' },
    { ...asked, operations: ['Encrypt'] },
    { ...asked, retiring: name },
    { ...asked, constraints: { subset: { a: 'b' } } },
    { ...asked, constraints: { equals: { a: 'b' } } },
    { key, grantee: name, operations: ['Encrypt', 'Decrypt'] },
    { key, grantee: name, operations: ['Encrypt', 'Decrypt'] },
  ]
  const ids = new Set([first.id])
  for (const other of others) ids.add((await owner.call('grant.create', other)).id)
  assert.equal(ids.size, 1 + others.length)
  await owner.call('grant.revoke', { key, grant: first.id })
  assert.ok(!ids.has((await owner.call('grant.create', asked)).id), 'no id is used again')
})

test('the same request many times at once is one grant', async () => {
  const key = await newKey()
  const { name } = await person()
  const asked = { key, grantee: name, operations: ['Encrypt'], name: 'once' }
  const made = await Promise.all(
    Array.from({ length: 16 }, () => owner.call('grant.create', asked)),
  )
  assert.equal(new Set(made.map(({ id }) => id)).size, 1)
  assert.equal((await owner.call('grant.list', { key })).items.length, 1)
})

test('a grantee hands on what it holds, and no more', async () => {
  const key = await newKey()
  const holder = await person()
  const { name } = await person()
  await owner.call('grant.create', {
    key,
    grantee: holder.name,
    operations: ['CreateGrant', 'Encrypt', 'Decrypt', 'RetireGrant'],
    constraints: { subset: { team: 'a' } },
  })
  const give = (operations: readonly string[], constraints?: object) => ({
    key,
    grantee: name,
    operations: [...operations],
    ...(constraints && { constraints }),
  })
  const within = { subset: { team: 'a' } }
  for (const wider of [
    give(['Encrypt']),
    give(['Encrypt'], { subset: { team: 'b' } }),
    give(['Encrypt'], { subset: { part: '1' } }),
    give(['Encrypt'], { equals: { part: '1' } }),
    give(['GenerateDataKey'], within),
    give(['Encrypt', 'DescribeKey'], within),
  ]) {
    await holder.client.refuse('forbidden', 'grant.create', wider)
  }
  for (const narrower of [
    give(['Encrypt'], within),
    give(['Decrypt', 'CreateGrant'], { subset: { team: 'a', part: '1' } }),
    give(['Encrypt'], { equals: { team: 'a' } }),
    give(['Encrypt'], { equals: { team: 'a', part: '1' } }),
  ]) {
    await holder.client.call('grant.create', narrower)
  }
  const strict = await person()
  await owner.call('grant.create', {
    key,
    grantee: strict.name,
    operations: ['CreateGrant', 'Encrypt'],
    constraints: { equals: { team: 'a' } },
  })
  await strict.client.refuse('forbidden', 'grant.create', give(['Encrypt'], within))
  await strict.client.refuse(
    'forbidden',
    'grant.create',
    give(['Encrypt'], { equals: { team: 'a', part: '1' } }),
  )
  await strict.client.call('grant.create', give(['Encrypt'], { equals: { team: 'a' } }))
  // A second grant is as good as the first: the one that fits counts.
  await owner.call('grant.create', {
    key,
    grantee: strict.name,
    operations: ['CreateGrant', 'DescribeKey'],
  })
  await strict.client.call('grant.create', give(['DescribeKey']))
})
