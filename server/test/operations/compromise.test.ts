import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { checkStatement } from '@claviger/sdk/ledger'
import { RecordCheck } from '../../../sdk/src/ledger/record-check.ts'
import { DrivenClock } from '../harness/clock.ts'
import { codeOf, startHouse, type TestHouse } from '../harness/house.ts'
import { storeWith } from '../harness/store-with.ts'

/** A compromise from the alarm to the report, and what is allowed with the key at every moment of it. */

const HOUR = 3_600_000

async function service(house: TestHouse, key: string) {
  const user = await house.createUser()
  const scope = { kind: 'key', key } as const
  await house.perform('binding.create', { principal: user.id, role: 'key-user', scope })
  return user
}

async function scene(clock = new DrivenClock()) {
  const house = await startHouse({ clock })
  const { id: key } = await house.createKey({ alias: 'orders', labels: { team: 'shop' } })
  const shop = await service(house, key)
  const other = await service(house, key)
  const { id: store } = await house.perform(
    'dependent.create',
    { key, name: 'orders.db', kind: 'store', contact: '', description: '' },
    { token: shop.token },
  )
  const plaintext = Buffer.from('an order')
  const { ciphertext } = await house.perform('encrypt', { key, plaintext }, { token: shop.token })
  const since = clock.now()
  await house.perform('decrypt', { ciphertext }, { token: other.token })
  return { house, clock, key, shop, other, store, ciphertext, plaintext, since }
}

function open(house: TestHouse, key: string, since: number, rest: { hours?: number } = {}) {
  const input = { key, since, reason: 'the backup was stolen', hours: 72, ...rest }
  return house.perform('compromise.open', input)
}

test('the whole way: out of use, replaced, re-wrapped, revoked, destroyed, reported', async () => {
  const set = await scene()
  await using house = set.house
  const { clock, key, shop, other, store, ciphertext, plaintext, since } = set
  const opened = await open(house, 'orders', since)
  const { key: fresh } = opened.replacement
  assert.notEqual(fresh, key)
  assert.deepEqual(opened.aliases, ['orders'])
  assert.deepEqual(opened.principals, [shop.id])

  // The name leads to the replacement at once, for whoever could use the old key; nothing new comes under the old one.
  const asShop = { token: shop.token }
  const asOther = { token: other.token }
  const now = await house.perform('encrypt', { key: 'orders', plaintext }, asShop)
  assert.equal(now.key, fresh)
  assert.equal(await house.codeOf('encrypt', { key: 'orders', plaintext }, asOther), 'ok')
  assert.equal(await house.codeOf('encrypt', { key, plaintext }, asShop), 'wrong_state')
  // What is there decrypts for those whom the case names, and for nobody else.
  assert.equal(await house.codeOf('decrypt', { ciphertext }, asShop), 'ok')
  assert.equal(await house.codeOf('decrypt', { ciphertext }, asOther), 'wrong_state')
  assert.equal(await house.codeOf('decrypt', { ciphertext }), 'wrong_state', 'not even the owner')

  const id = { case: opened.id }
  const assessed = await house.perform('compromise.assess', id)
  const used = assessed.uses.find(({ principal }) => principal === other.id)
  assert.deepEqual(used?.operations, { decrypt: 1 })
  assert.equal(used?.refused, 1)
  const begun = await house.perform('compromise.rewrap', id)
  assert.equal(begun.runs.length, 1)
  assert.equal(await house.codeOf('compromise.revoke', id), 'conflict')

  // The store's own program finds the run by what it is, and goes through it.
  const start = { key, source: 'its own name', dependent: store }
  const run = await house.perform('rewrap.start', start, asShop)
  assert.deepEqual([run.id, run.into.key], [begun.runs[0], fresh])
  const again = await house.perform('reencrypt', { ciphertext, key: run.into.key }, asShop)
  assert.equal(again.key, fresh)
  const end = { run: run.id, done: 1, already: 0, failed: 0 }
  await house.perform('rewrap.finish', end, asShop)

  assert.equal(await house.codeOf('compromise.destroy', { ...id, days: 1 }), 'wrong_state')
  const revoked = await house.perform('compromise.revoke', id)
  assert.equal(revoked.revokedAt, clock.now())
  assert.equal((await house.perform('key.get', { key })).state, 'compromised')
  assert.equal(await house.codeOf('decrypt', { ciphertext }, asShop), 'wrong_state')
  const read = await house.perform('decrypt', { ciphertext: again.ciphertext }, asShop)
  assert.ok(Buffer.from(read.plaintext).equals(plaintext))
  await house.perform('compromise.destroy', { ...id, days: 1 })

  assert.equal(await house.codeOf('compromise.close', id), 'conflict', 'nobody acknowledged yet')
  const notice = opened.notice ?? (await house.perform('compromise.get', id)).notice ?? -1
  await house.perform('dependent.acknowledge', { dependent: store, notice }, asShop)
  assert.deepEqual((await house.perform('compromise.get', id)).left, [])
  await house.perform('compromise.close', id)
  const statement = await house.perform('compromise.report', id)
  const checked = await checkStatement(statement, statement.keys)
  assert.deepEqual(checked.findings, [])
  assert.equal(checked.format, 'claviger/compromise-report/1')
  const report = JSON.parse(statement.document) as Record<string, unknown>
  assert.deepEqual(report['left'], [])
  assert.deepEqual(report['replacement'], { key: fresh, version: 1 })

  clock.advance(24 * HOUR)
  await house.runJob('destruction')
  await house.renewToken()
  assert.equal((await house.perform('key.get', { key })).state, 'destroyed-compromised')
  assert.equal(await house.codeOf('key.destructionCertificate', { key }), 'ok')
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])

  const findings: unknown[] = []
  const check = new RecordCheck((finding) => findings.push(finding))
  const { next } = await house.store.head()
  for (const { index, bytes } of await house.store.entries(0, next)) check.add(index, bytes)
  assert.deepEqual(findings, [], 'no use stands after the revocation')
})

test('without a window nothing decrypts from the return on, and a window ends by itself', async () => {
  const set = await scene()
  await using house = set.house
  const { clock, key, shop, ciphertext, since } = set
  await open(house, key, since, { hours: 0 })
  assert.equal(await house.codeOf('decrypt', { ciphertext }, { token: shop.token }), 'wrong_state')

  const { id: second } = await house.createKey({ exportable: true })
  const sealed = await house.perform('encrypt', { key: second, plaintext: Buffer.from('x') })
  const { principal } = await house.perform('whoami', {})
  const input = { key: second, since, reason: 'again', hours: 1, principals: [principal.id] }
  await house.perform('compromise.open', input)
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 3_072 })
  const recipient = publicKey.export({ type: 'spki', format: 'der' })
  const taken = { key: second, publicKey: recipient }
  assert.equal(await house.codeOf('key.export', taken), 'wrong_state', 'its material stays')
  clock.advance(HOUR - 1)
  assert.equal(await house.codeOf('decrypt', { ciphertext: sealed.ciphertext }), 'ok')
  clock.advance(1)
  assert.equal(await house.codeOf('decrypt', { ciphertext: sealed.ciphertext }), 'wrong_state')
})

test('what the key had goes to its replacement: roles, rules, grants, policy, rotation, dependents', async () => {
  const set = await scene()
  await using house = set.house
  const { key, since } = set
  const scope = { kind: 'key', key } as const
  await house.perform('approvalPolicy.create', {
    name: 'two of us',
    actions: ['key.export'],
    scope,
    approvals: 1,
    principals: [],
    groups: [],
    hours: 1,
  })
  const rule = { name: 'prove it', actions: ['key.rotate'], scope, factors: ['totp' as const] }
  await house.perform('stepUpRule.create', rule)
  await house.perform('grant.create', { key, grantee: 'somebody', operations: ['Encrypt'] })
  const { policy } = await house.perform('policy.get', { key })
  await house.perform('policy.put', { key, policy })
  const { replacement } = await open(house, key, since)
  const fresh = replacement.key
  const limit = 100
  const made = await house.perform('key.get', { key: fresh })
  assert.deepEqual(made.labels, { team: 'shop' })
  assert.deepEqual(made.aliases, ['orders'])
  assert.equal((await house.perform('policy.get', { key: fresh })).policy, policy)
  const { items: bindings } = await house.perform('binding.list', { limit })
  const here = bindings.filter(({ scope: of }) => of.kind === 'key' && of.key === fresh)
  assert.equal(here.length, 2)
  const of = (each: { readonly scope: { readonly kind: string; readonly key?: string } }) =>
    each.scope.key === fresh
  assert.equal((await house.perform('stepUpRule.list', { limit })).items.filter(of).length, 1)
  assert.equal((await house.perform('approvalPolicy.list', { limit })).items.filter(of).length, 1)
  assert.equal((await house.perform('grant.list', { key: fresh, limit })).items.length, 1)
  assert.equal((await house.perform('dependent.list', { key: fresh, limit })).items.length, 1)
  const old = await house.perform('key.get', { key })
  assert.equal(old.replacedBy, fresh)
  assert.equal(old.state, 'deactivated')
})

test('a role by the name of the key goes on decrypting, though the name leads elsewhere', async () => {
  const set = await scene()
  await using house = set.house
  const { clock, key, since } = set
  const user = await house.createUser()
  const scope = { kind: 'alias', pattern: 'ord*' } as const
  await house.perform('binding.create', { principal: user.id, role: 'key-user', scope })
  const { ciphertext } = await house.perform('encrypt', { key, plaintext: Buffer.from('x') })
  const input = { key, since, reason: 'why', hours: 2, principals: [user.id] }
  await house.perform('compromise.open', input)
  assert.equal(await house.codeOf('decrypt', { ciphertext }, { token: user.token }), 'ok')
  clock.advance(2 * HOUR)
  assert.notEqual(await house.codeOf('decrypt', { ciphertext }, { token: user.token }), 'ok')
})

test('one version: the next takes its place, and only it is contained and revoked', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { id: key } = await house.createKey()
  const plaintext = Buffer.from('x')
  const { ciphertext: first } = await house.perform('encrypt', { key, plaintext })
  await house.perform('key.rotate', { key })
  const { ciphertext: second } = await house.perform('encrypt', { key, plaintext })
  const input = { key, version: 2, since: clock.now(), reason: 'why', hours: 1, principals: [] }
  const opened = await house.perform('compromise.open', input)
  assert.deepEqual(opened.replacement, { key, version: 3 })
  assert.equal(await house.codeOf('decrypt', { ciphertext: first }), 'ok')
  assert.equal(await house.codeOf('decrypt', { ciphertext: second }), 'wrong_state')
  assert.equal((await house.perform('encrypt', { key, plaintext })).version, 3)
  const run = await house.perform('rewrap.start', { key, source: 'files' })
  await house.perform('rewrap.finish', { run: run.id, done: 1, already: 0, failed: 0 })
  await house.perform('compromise.revoke', { case: opened.id })
  await house.perform('compromise.destroy', { case: opened.id, days: 1 })
  const { items } = await house.perform('key.versions', { key, limit: 10 })
  assert.deepEqual(
    items.map(({ state }) => state),
    ['deactivated', 'compromised', 'active'],
  )
  clock.advance(24 * HOUR)
  await house.runJob('destruction')
  await house.renewToken()
  const after = await house.perform('key.versions', { key, limit: 10 })
  assert.equal(after.items[1]?.state, 'destroyed-compromised')
  assert.equal(await house.codeOf('decrypt', { ciphertext: first }), 'ok')
})

test('every step may be taken again, and a case is opened once', async () => {
  const set = await scene()
  await using house = set.house
  const { key, since } = set
  const first = await open(house, key, since)
  const second = await open(house, key, since)
  assert.equal(second.id, first.id)
  assert.equal((await house.perform('compromise.list', { limit: 10 })).items.length, 1)
  const id = { case: first.id, anyway: 'the data is gone' }
  const runs = (await house.perform('compromise.rewrap', id)).runs
  assert.deepEqual((await house.perform('compromise.rewrap', id)).runs, runs)
  const { revokedAt } = await house.perform('compromise.revoke', id)
  assert.equal((await house.perform('compromise.revoke', id)).revokedAt, revokedAt)
  const { destroyAt } = await house.perform('compromise.destroy', { ...id, days: 7 })
  const later = await house.perform('compromise.destroy', { ...id, days: 9 })
  assert.equal(later.destroyAt, destroyAt)
  await house.perform('compromise.close', id)
  const { document } = await house.perform('compromise.report', id)
  await house.perform('compromise.close', id)
  assert.equal((await house.perform('compromise.report', id)).document, document)
  const report = JSON.parse(document) as { left: string[]; closed: { anyway: string } }
  assert.equal(report.closed.anyway, 'the data is gone')
  assert.ok(report.left.length > 0, 'what was left is said')
  const again = await open(house, key, since)
  assert.deepEqual([again.id, again.next], [first.id, 'closed'])
})

test('what cannot be contained is refused, and nothing has changed', async () => {
  const set = await scene()
  await using house = set.house
  const { key, since } = set
  const tried = (input: object) =>
    codeOf(house.perform('compromise.open', { key, since, reason: 'why', hours: 1, ...input }))
  const { id: revoked } = await house.createKey()
  await house.perform('key.revoke', { key: revoked, reason: 'superseded' })
  const { id: signing } = await house.createKey({ algorithm: 'P-256' })
  assert.equal(await tried({ key: revoked }), 'wrong_state')
  assert.equal(await tried({ replacement: signing }), 'wrong_usage')
  assert.equal(await tried({ replacement: key }), 'wrong_usage')
  assert.equal(await tried({ replacement: revoked }), 'wrong_state')
  assert.equal(await tried({ since: since + HOUR }), 'invalid_request')
  assert.equal(await tried({ version: 9 }), 'not_found')
  assert.equal((await house.perform('key.get', { key })).state, 'active')
  assert.equal(await tried({ key: signing }), 'ok', 'a signing key has nothing to re-wrap')
})

test('what is encrypted while the opening is on its way to the disk does not come under the old key', async () => {
  const clock = new DrivenClock()
  const plaintext = Buffer.from('x')
  let meanwhile: (() => void) | undefined
  await using house = await startHouse({
    clock,
    wrapStore: (store) =>
      storeWith(store, {
        commit(batch) {
          // The caches still have the old key now, and the batch after this one takes what they give.
          if (batch.changes.length > 0) meanwhile?.()
          meanwhile = undefined
          return store.commit(batch)
        },
      }),
  })
  for (const version of [undefined, 1]) {
    const alias = `app-${version ?? 'whole'}`
    const { id: key } = await house.createKey({ alias })
    const encrypt = () => house.perform('encrypt', { key: alias, plaintext })
    await encrypt()
    let under: Promise<string> | undefined
    meanwhile = () => {
      under = codeOf(encrypt())
    }
    const since = clock.now()
    await house.perform('compromise.open', { key, version, since, reason: 'why', hours: 1 })
    assert.equal(await under, version === undefined ? 'overloaded' : 'wrong_state')
    const entries = await house.entries()
    const opened = entries.findIndex((one) => one.event === 'compromise.open' && one.key === key)
    const late = entries
      .slice(opened)
      .filter((one) => one.event === 'encrypt' && one.outcome === 'ok' && one.key === key)
    assert.deepEqual(late, [])
    const again = await encrypt()
    assert.notDeepEqual([again.key, again.version], [key, 1])
  }
})

test('the replacement rotates as the old key did, and as often as a policy asks meanwhile', async () => {
  const { house, key, since } = await scene()
  await using _ = house
  await house.perform('key.setRotation', { key, everyDays: 400, uses: 1_000 })
  await house.perform('lifecyclePolicy.create', {
    name: 'twice a year',
    scope: { kind: 'tenant' },
    rules: { rotation: { everyDays: 180 } },
  })
  const { replacement } = await open(house, key, since)
  const { rotation } = await house.perform('key.get', { key: replacement.key })
  assert.deepEqual(rotation?.triggers, { everyDays: 180, uses: 1_000 })
})
