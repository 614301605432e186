import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { grantOperations, readGrantToken } from '#model'
import { startHouse } from '../harness/house.ts'
import { performSigned, type SigningCredentials } from '../harness/signed.ts'
import { base64, type Client } from '../rest/client.ts'
import { hire, newcomer } from '../rest/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** Grants at the REST door: what they let one principal do with one key, who gives them, and how they end. */

const house = await startHouse()
after(() => house.close())
const { owner } = restDoorOver(house)
const { account } = await owner.call('whoami', {})
const plaintext = base64('the payroll')
let names = 0

/** Somebody without any role, with the name that grants say. */
async function person() {
  const name = `person-${(names += 1)}`
  const { client, id } = await newcomer(owner, name)
  return { client, id, name, arn: `arn:aws:iam::${account}:user/${name}` }
}

async function newKey(rest: { readonly algorithm?: string; readonly usage?: string } = {}) {
  return (await owner.call('key.create', rest)).id
}

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
    items.map(({ createdAt: _, ...grant }) => grant),
    [
      {
        id,
        key,
        name: 'payroll:writes',
        grantee: arn,
        operations: ['Encrypt', 'DescribeKey'],
        issuer: (await owner.call('whoami', {})).arn,
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
  await owner.call('key.destroy', { key })
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

test('a grant is retired by who it says, by its grantee where it says so, and by who may revoke it', async () => {
  const key = await newKey()
  const retiring = await person()
  const grantee = await person()
  const stranger = await person()
  const give = (operations: readonly string[]) =>
    owner.call('grant.create', {
      key,
      grantee: grantee.name,
      retiring: retiring.arn,
      operations: [...operations],
    })
  const plain = await give(['Encrypt'])
  for (const { client } of [stranger, grantee]) {
    await client.refuse('forbidden', 'grant.retire', { token: plain.token })
    await client.refuse('forbidden', 'grant.retire', { key, grant: plain.id })
    await client.refuse('forbidden', 'grant.revoke', { key, grant: plain.id })
  }
  await retiring.client.refuse('forbidden', 'grant.revoke', { key, grant: plain.id })
  await grantee.client.call('encrypt', { key, plaintext })
  await retiring.client.call('grant.retire', { token: plain.token })
  await grantee.client.refuse('forbidden', 'encrypt', { key, plaintext })
  // It is gone, and so is the right to know of it.
  await retiring.client.refuse('forbidden', 'grant.retire', { token: plain.token })

  const own = await give(['Encrypt', 'RetireGrant'])
  await stranger.client.refuse('forbidden', 'grant.retire', { token: own.token })
  await grantee.client.call('grant.retire', { key, grant: own.id })
  await owner.call('grant.retire', { token: (await give(['Encrypt'])).token })
  for (const wrong of [
    {},
    { key },
    { grant: own.id },
    { key, grant: own.id, token: own.token },
    { token: 'x' },
    { token: base64('clvg1.x') },
  ]) {
    await owner.refuse('invalid_request', 'grant.retire', wrong)
  }
})

test('a key policy that denies retiring is obeyed, and one that allows revoking is enough', async () => {
  const { client, name, arn } = await person()
  const clerk = await person()
  const statements = (...more: readonly object[]) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${account}:root` },
          Action: 'kms:*',
          Resource: '*',
        },
        ...more,
      ],
    })
  const { id: key } = await owner.call('key.create', {
    policy: statements(
      { Effect: 'Deny', Principal: { AWS: arn }, Action: 'kms:RetireGrant', Resource: '*' },
      { Effect: 'Allow', Principal: { AWS: clerk.arn }, Action: 'kms:Revoke*', Resource: '*' },
    ),
  })
  const given = { key, grantee: 'somebody', retiring: name, operations: ['Encrypt'] }
  const { token } = await owner.call('grant.create', given)
  await client.refuse('forbidden', 'grant.retire', { token })
  await clerk.client.call('grant.retire', { token })
  const { id } = await owner.call('grant.create', given)
  await clerk.client.call('grant.revoke', { key, grant: id })
})

test('grants are listed by key, id and grantee, in an order that stays', async () => {
  const key = await newKey()
  const other = await newKey()
  const one = await person()
  const two = await person()
  const give = (grantee: string, on = key) =>
    owner.call('grant.create', { key: on, grantee, operations: ['Encrypt'] })
  const made = []
  for (let count = 0; count < 3; count += 1) made.push((await give(one.name)).id)
  for (let count = 0; count < 4; count += 1) made.push((await give(two.name)).id)
  await give(one.name, other)
  const pages = async (limit: number) => {
    const ids: string[] = []
    for (let cursor: string | undefined; ;) {
      const page = await owner.call('grant.list', { key, limit, ...(cursor && { cursor }) })
      ids.push(...page.items.map(({ id }) => id))
      cursor = page.cursor
      if (cursor === undefined) return ids
    }
  }
  const whole = await pages(100)
  assert.deepEqual(whole.toSorted(), made.toSorted())
  assert.deepEqual(await pages(2), whole)
  const first = made[0] ?? ''
  const single = await owner.call('grant.list', { key, grant: first })
  assert.deepEqual(
    single.items.map(({ id }) => id),
    [first],
  )
  for (const grantee of [two.name, two.arn, two.arn.replace('user/', 'role/some/path/')]) {
    assert.equal((await owner.call('grant.list', { key, grantee })).items.length, 4)
  }
  assert.deepEqual((await owner.call('grant.list', { key: other, grant: first })).items, [])
})

test('everybody sees what is theirs to retire, and auditors all of it', async () => {
  const { client, name, arn } = await person()
  const here = (await owner.call('key.create', { region: 'eu-central-1' })).id
  const there = (await owner.call('key.create', { region: 'us-east-1' })).id
  const given = []
  for (const key of [here, there]) {
    const grant = { key, grantee: 'somebody', retiring: name, operations: ['Encrypt'] }
    given.push((await owner.call('grant.create', grant)).id)
  }
  const ids = (page: { readonly items: readonly { readonly id: string }[] }) =>
    page.items.map(({ id }) => id).toSorted()
  assert.deepEqual(ids(await client.call('grant.retirable', { retiring: arn })), given.toSorted())
  const auditor = await hire(owner, 'auditor')
  const seen = await auditor.call('grant.retirable', { retiring: name })
  assert.deepEqual(ids(seen), given.toSorted())
  assert.deepEqual(
    new Set(seen.items.map(({ keyRegion }) => keyRegion)),
    new Set(['eu-central-1', 'us-east-1']),
  )
  const stranger = await person()
  await stranger.client.refuse('forbidden', 'grant.retirable', { retiring: name })
  await client.refuse('forbidden', 'grant.retirable', { retiring: stranger.name })
})

/** A principal with an access key, so that it can have sessions. */
async function signer(): Promise<{ readonly name: string; readonly by: SigningCredentials }> {
  const { id, name } = await person()
  const made = await house.perform('accessKey.create', { principal: id, description: '' })
  return { name, by: { accessKey: made.id, secret: made.secret } }
}

test('a grant for one session is no other one’s, and not its principal’s', async () => {
  const key = await newKey()
  const { name, by } = await signer()
  const session = await performSigned(house, by, 'session.create', { name: 'night', seconds: 900 })
  const day = await performSigned(house, by, 'session.create', { name: 'day', seconds: 900 })
  const encrypts = async (credentials: SigningCredentials) => {
    const input = { key, plaintext: Buffer.from('a') }
    return performSigned(house, credentials, 'encrypt', input).then(
      () => true,
      () => false,
    )
  }
  const grantee = `arn:aws:sts::${account}:assumed-role/${name}/night`
  const { id } = await owner.call('grant.create', { key, grantee, operations: ['Encrypt'] })
  assert.deepEqual(
    [await encrypts(session), await encrypts(day), await encrypts(by)],
    [true, false, false],
  )
  const narrow = await owner.call('grant.list', { key, grantee })
  assert.equal(narrow.items.length, 1)
  assert.deepEqual((await owner.call('grant.list', { key, grantee: name })).items, [])
  await owner.call('grant.revoke', { key, grant: id })
  await owner.call('grant.create', { key, grantee: name, operations: ['Encrypt'] })
  assert.deepEqual(
    [await encrypts(session), await encrypts(day), await encrypts(by)],
    [true, true, true],
  )
})

test('names that fit no ARN are said by id, and a name waits for its holder', async () => {
  const key = await newKey()
  const odd = await newcomer(owner, 'Ann Example (payroll)')
  const { arn } = await odd.client.call('whoami', {})
  assert.equal(arn, `arn:aws:iam::${account}:user/id/${odd.id}`)
  for (const grantee of [arn, 'Ann Example (payroll)']) {
    const { id } = await owner.call('grant.create', { key, grantee, operations: ['Encrypt'] })
    await odd.client.call('encrypt', { key, plaintext })
    const { items } = await owner.call('grant.list', { key })
    assert.equal(items[0]?.grantee, arn)
    await owner.call('grant.revoke', { key, grant: id })
    await odd.client.refuse('forbidden', 'encrypt', { key, plaintext })
  }
  await owner.call('grant.create', { key, grantee: 'comes-later', operations: ['Encrypt'] })
  const { client } = await newcomer(owner, 'comes-later')
  await client.call('encrypt', { key, plaintext })
})

test('another tenant’s grants, keys and principals are none', async () => {
  const key = await newKey()
  const { name, client } = await person()
  const { id, token } = await owner.call('grant.create', {
    key,
    grantee: name,
    operations: ['Encrypt', 'RetireGrant'],
  })
  const made = await owner.call('tenant.create', { name: 'other' })
  const stranger: Client = owner.as(made.token)
  await stranger.refuse('not_found', 'grant.list', { key })
  await stranger.refuse('not_found', 'grant.revoke', { key, grant: id })
  await stranger.refuse('not_found', 'grant.retire', { token })
  await stranger.refuse('not_found', 'grant.create', {
    key,
    grantee: name,
    operations: ['Encrypt'],
  })
  // The same name over there is somebody else.
  const theirs = await stranger.call('principal.create', { name })
  const { token: bearer } = await stranger.call('token.create', { principal: theirs.id })
  await owner.as(bearer).refuse('forbidden', 'encrypt', { key, plaintext })
  await owner.as(bearer).refuse('forbidden', 'grant.retire', { token })
  await client.call('encrypt', { key, plaintext })
})
