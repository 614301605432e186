import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OperationName, WireInputOf } from '@claviger/contract'
import { hire, newcomer, startRestHouse } from '../rest/house.ts'

/** Aliases, and lists with their filters and pages. */

const { owner } = await startRestHouse()

type Listing =
  | 'key.list'
  | 'alias.list'
  | 'principal.list'
  | 'token.list'
  | 'binding.list'
  | 'tenant.list'

/** Every item of a list, page by page. */
async function all<Name extends Listing>(name: Name, input: WireInputOf<Name>, limit = 3) {
  const items: unknown[] = []
  let cursor: string | undefined
  let pages = 0
  do {
    const given = {
      ...input,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    } as WireInputOf<Name>
    const page = await owner.call(name, given)
    assert.ok(page.items.length <= limit)
    items.push(...page.items)
    cursor = page.cursor
    pages += 1
    assert.ok(pages < 100)
  } while (cursor !== undefined)
  return items as Awaited<ReturnType<typeof owner.call<Name>>>['items'][number][]
}

const made = {
  aes: await owner.call('key.create', { labels: { env: 'prod', team: 'a' }, alias: 'one' }),
  chacha: await owner.call('key.create', {
    algorithm: 'ChaCha20-Poly1305',
    labels: { env: 'dev' },
  }),
  signing: await owner.call('key.create', {
    algorithm: 'P-256',
    labels: { env: 'prod', team: 'b' },
  }),
  agreeing: await owner.call('key.create', { algorithm: 'P-256', usage: 'agree' }),
  mac: await owner.call('key.create', { algorithm: 'HMAC-SHA-256', labels: { env: 'prod' } }),
  suspended: await owner.call('key.create', {}),
  compromised: await owner.call('key.create', {}),
  later: await owner.call('key.create', { activateAt: '2099-01-01T00:00:00Z' }),
}
await owner.call('key.suspend', { key: made.suspended.id })
await owner.call('key.revoke', { key: made.compromised.id, reason: 'keyCompromise' })
const every = Object.values(made).map(({ id }) => id)

test('keys are listed oldest first, each once, whatever the page', async () => {
  for (const limit of [1, 2, 3, 7, 8, 9, 1_000]) {
    assert.deepEqual(
      (await all('key.list', {}, limit)).map(({ id }) => id),
      every,
    )
  }
  const listed = await owner.call('key.list', {})
  assert.deepEqual(listed.items[0], await owner.call('key.get', { key: made.aes.id }))
})

const filters: readonly (readonly [
  filter: WireInputOf<'key.list'>,
  keys: readonly (keyof typeof made)[],
])[] = [
  [{ state: 'active' }, ['aes', 'chacha', 'signing', 'agreeing', 'mac']],
  [{ state: 'suspended' }, ['suspended']],
  [{ state: 'compromised' }, ['compromised']],
  [{ state: 'pre-activation' }, ['later']],
  [{ state: 'destroyed' }, []],
  [{ algorithm: 'P-256' }, ['signing', 'agreeing']],
  [{ algorithm: 'prime256v1' }, ['signing', 'agreeing']],
  [{ usage: 'encrypt' }, ['aes', 'chacha', 'suspended', 'compromised', 'later']],
  [{ algorithm: 'P-256', usage: 'agree' }, ['agreeing']],
  [{ usage: 'encapsulate' }, []],
  [{ labels: 'env=prod' }, ['aes', 'signing', 'mac']],
  [{ labels: 'env=prod,team=b' }, ['signing']],
  [{ labels: 'env=prod,env=dev' }, []],
  [{ labels: 'env=staging' }, []],
  [{ labels: 'constructor=Object' }, []],
  [{ alias: 'one' }, ['aes']],
  [{ alias: 'nobody' }, []],
  [{ alias: 'one', state: 'suspended' }, []],
  [{ labels: 'env=prod', usage: 'encrypt', state: 'active', algorithm: 'AES' }, ['aes']],
]

for (const [filter, keys] of filters) {
  test(`filtered by ${JSON.stringify(filter)}`, async () => {
    for (const limit of [1, 3, 100]) {
      assert.deepEqual(
        (await all('key.list', filter, limit)).map(({ id }) => id),
        keys.map((key) => made[key].id),
      )
    }
  })
}

test('a filter that is not one is refused', async () => {
  for (const [field, value] of [
    ['state', 'lost'],
    ['usage', 'everything'],
    ['labels', 'env'],
    ['labels', '=prod'],
    ['labels', 'a=b,'],
    ['alias', 'a b'],
    ['limit', '0'],
    ['limit', '1001'],
    ['limit', '1.5'],
    ['limit', 'many'],
    ['limit', ''],
    ['limit', '-1'],
    ['cursor', 'x'.repeat(513)],
    ['color', 'blue'],
  ] as const) {
    const problem = await owner.refuse('invalid_request', 'key.list', { [field]: value })
    assert.equal(problem.field, field, value)
  }
  await owner.refuse('algorithm_refused', 'key.list', { algorithm: 'DES' })
})

test('a cursor is only ever compared: nonsense finds something or nothing, and harms nobody', async () => {
  for (const cursor of ['', 'zzz', "' OR 1=1 --", '%', '\u0000', '🗝️', every[0] ?? '']) {
    await owner.call('key.list', { cursor })
    await owner.call('alias.list', { cursor })
    await owner.call('ledger.search', { cursor: '5' })
  }
})

test('a name points at a key, is pointed elsewhere, and goes', async () => {
  const from = await owner.call('key.create', {})
  const to = await owner.call('key.create', { algorithm: 'AES-128-GCM' })
  const name = 'apps/billing:card_number-v1.2'
  const created = await owner.call('alias.create', { alias: name, key: from.id })
  assert.deepEqual([created.alias, created.key], [name, from.id])
  assert.deepEqual((await owner.call('key.get', { key: name })).id, from.id)
  assert.deepEqual((await owner.call('key.get', { key: from.id })).aliases, [name])
  await owner.refuse('conflict', 'alias.create', { alias: name, key: to.id })
  await owner.refuse('conflict', 'key.create', { alias: name })

  const plaintext = 'eA=='
  const { ciphertext } = await owner.call('encrypt', { key: name, plaintext })
  assert.equal((await owner.call('alias.update', { alias: name, key: to.id })).key, to.id)
  assert.equal((await owner.call('encrypt', { key: name, plaintext })).key, to.id)
  // What was encrypted before names its key by id.
  assert.equal((await owner.call('decrypt', { ciphertext })).key, from.id)
  await owner.refuse('invalid_ciphertext', 'decrypt', { ciphertext, key: name })

  await owner.call('alias.delete', { alias: name })
  await owner.refuse('not_found', 'key.get', { key: name })
  await owner.refuse('not_found', 'alias.delete', { alias: name })
  await owner.refuse('not_found', 'alias.update', { alias: name, key: to.id })
  await owner.call('alias.create', { alias: name, key: from.id })
  assert.equal((await owner.call('encrypt', { key: name, plaintext })).key, from.id)
})

test('a name is never pointed at a key for another usage, or at none', async () => {
  const { alias } = await owner.call('alias.create', { alias: 'sealed', key: made.aes.id })
  await owner.refuse('wrong_usage', 'alias.update', { alias, key: made.signing.id })
  await owner.refuse('not_found', 'alias.update', { alias, key: 'nobody' })
  await owner.refuse('not_found', 'alias.create', { alias: 'fresh', key: 'nobody' })
  assert.equal((await owner.call('key.get', { key: alias })).id, made.aes.id)
})

test('names that are none', async () => {
  for (const alias of [
    '',
    'a b',
    '.a',
    'a@B',
    'ä',
    'a\n',
    '../x',
    'a'.repeat(257),
    '01a20af5-673a-7c43-933f-bdde9b23678c',
    '01A20AF5-673A-7C43-933F-BDDE9B23678C',
    'mrk-01a20af5673a7c43933fbdde9b23678c',
  ]) {
    const problem = await owner.refuse('invalid_request', 'alias.create', {
      alias,
      key: made.aes.id,
    })
    assert.equal(problem.field, 'alias', alias)
  }
  for (const alias of [
    'a',
    '9',
    '/a',
    'a/',
    'a//b',
    'a@eu-west-1',
    'A.b-c_d/e:f',
    'x'.repeat(256),
  ]) {
    await owner.call('alias.create', { alias, key: made.aes.id })
    await owner.call('alias.delete', { alias })
  }
})

test('names are listed, all or those of a key, page by page', async () => {
  const { id: key } = await owner.call('key.create', {})
  const names = ['p', 'q', 'r', 's', 't'].map((letter) => `listed/${letter}`)
  for (const alias of names) await owner.call('alias.create', { alias, key })
  const listed = await all('alias.list', { key }, 2)
  assert.deepEqual(
    listed.map(({ alias }) => alias),
    names,
  )
  const everything = await all('alias.list', {}, 2)
  for (const alias of [...names, 'one']) {
    assert.equal(everything.filter((item) => item.alias === alias).length, 1)
  }
  await owner.refuse('not_found', 'alias.list', { key: 'nobody' })
})

test('lists show only what the principal may see', async () => {
  const { id, client } = await newcomer(owner)
  for (const name of ['key.list', 'alias.list'] satisfies OperationName[]) {
    await client.refuse('forbidden', name, {})
  }
  const scope = { kind: 'labels', selector: 'env=prod' } as const
  await owner.call('binding.create', { principal: id, role: 'encrypter', scope })
  const { items } = await client.call('key.list', {})
  assert.deepEqual(
    items.map((item) => item.id),
    [made.aes.id, made.signing.id, made.mac.id],
  )
  const aliases = await client.call('alias.list', {})
  assert.deepEqual(new Set(aliases.items.map(({ key }) => key)), new Set([made.aes.id]))
  await client.call('key.get', { key: made.aes.id })
  await client.refuse('forbidden', 'key.get', { key: made.chacha.id })
  await client.refuse('forbidden', 'key.get', { key: 'nobody' })
})

test('principals, tokens, bindings and tenants come in pages too', async () => {
  const people = await Promise.all([1, 2, 3, 4].map((at) => newcomer(owner, `person ${at}`)))
  for (const { id } of people) {
    await owner.call('binding.create', { principal: id, role: 'auditor' })
    await owner.call('binding.create', { principal: id, role: 'signer' })
  }
  for (const [name, least] of [
    ['principal.list', 5],
    ['token.list', 5],
    ['binding.list', 9],
  ] as const) {
    const ids = (await all(name, {}, 2)).map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length)
    assert.ok(ids.length >= least, name)
  }
  const principal = people[0]?.id ?? ''
  const bindings = await all('binding.list', { principal }, 1)
  assert.deepEqual(new Set(bindings.map(({ role }) => role)), new Set(['auditor', 'signer']))
  const tokens = await all('token.list', { principal }, 1)
  assert.equal(tokens.length, 1)
  for (const at of [1, 2, 3]) await owner.call('tenant.create', { name: `tenant ${at}` })
  assert.equal((await all('tenant.list', {}, 2)).length, 4)
  const auditor = await hire(owner, 'auditor')
  assert.equal((await auditor.call('tenant.list', {})).items.length, 4)
})
