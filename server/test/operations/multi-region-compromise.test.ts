import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyHouse } from '../harness/read-ledger.ts'
import { elsewhere, here, plaintext, startRelatives, there } from './relatives.ts'

/** A compromised multi-Region key: its material is that of all related keys, so they end together, and are replaced in the same regions. */

const { house, clock, get, pass, family, encrypt } = await startRelatives()
const regions = [here, there, elsewhere] as const

/** The key that a name leads to from a region. */
const seenFrom = (region: string, name: string) =>
  house.perform('key.get', { key: name }, { region })

/** A family with one name in every region, and a user and a store in each. */
async function scene() {
  const { primary, replicas } = await family([there, elsewhere])
  const keys = [primary, ...replicas]
  const name = `name-${primary}`
  const names: string[] = []
  const users = []
  const stores: string[] = []
  for (const [at, key] of keys.entries()) {
    const region = regions[at] ?? ''
    names.push((await house.perform('alias.create', { alias: name, key }, { region })).alias)
    const user = await house.createUser()
    const scope = { kind: 'key', key } as const
    await house.perform('binding.create', { principal: user.id, role: 'key-user', scope })
    const declared = { key, name: `db-${at}`, kind: 'store', contact: '', description: '' } as const
    stores.push((await house.perform('dependent.create', declared, { token: user.token })).id)
    users.push(user)
  }
  await house.perform('key.update', { key: replicas[0] ?? '', labels: { zone: 'west' } })
  return { keys, name, names, users, stores }
}

function open(key: string, rest: { version?: number; replacement?: string } = {}) {
  const since = house.clock.now()
  return house.perform('compromise.open', { key, since, reason: 'stolen', hours: 72, ...rest })
}

test('opened for any of them, one change contains them all, and each has a replacement in its region', async () => {
  for (const at of [0, 1, 2]) {
    const { keys, name, names, users } = await scene()
    const asked = keys[at] ?? ''
    const ciphertext = await encrypt(keys[0] ?? '')
    const before = await house.store.head()
    const opened = await open(asked)
    assert.equal((await house.store.head()).revision, before.revision + 1)
    assert.deepEqual(
      opened.related?.map(({ key }) => key),
      keys.filter((key) => key !== asked),
    )
    assert.deepEqual(opened.aliases.toSorted(), names.toSorted())
    const records = (await house.entries(before.next)).filter(
      ({ event }) => event === 'compromise.open',
    )
    assert.deepEqual(
      records.map(({ key }) => key),
      [asked, ...keys.filter((key) => key !== asked)],
    )
    const fresh: string[] = []
    for (const [of, region] of regions.entries()) {
      const old = await get(keys[of] ?? '')
      assert.equal(old.state, 'deactivated')
      const made = await seenFrom(region, name)
      assert.deepEqual([made.id, made.region], [old.replacedBy, region])
      assert.deepEqual(made.labels, old.labels)
      fresh.push(made.id)
      const token = users[of]?.token
      assert.equal(
        await house.codeOf('encrypt', { key: old.id, plaintext }, { token }),
        'wrong_state',
      )
      assert.equal(await house.codeOf('decrypt', { ciphertext, key: old.id }, { token }), 'ok')
      assert.equal(await house.codeOf('decrypt', { ciphertext, key: old.id }), 'wrong_state')
      assert.equal(await house.codeOf('encrypt', { key: made.id, plaintext }, { token }), 'ok')
    }
    assert.equal(new Set(fresh).size, regions.length)
    const [primary = ''] = fresh
    for (const key of fresh) {
      const { multiRegion } = await get(key)
      assert.equal(multiRegion?.primary, here)
      assert.deepEqual(new Set(multiRegion?.members.map((member) => member.key)), new Set(fresh))
    }
    // They have one material, which is not that of the old.
    const sealed = await encrypt(primary)
    for (const key of fresh)
      assert.equal(await house.codeOf('decrypt', { ciphertext: sealed, key }), 'ok')
    await house.perform('key.rotate', { key: primary })
    for (const key of fresh) assert.equal((await get(key)).version, 2)
    assert.equal((await open(keys[2] ?? '')).id, opened.id, 'they have one case')
    const { items } = await house.perform('compromise.list', { key: keys[2], limit: 10 })
    assert.deepEqual(
      items.map(({ id }) => id),
      [opened.id],
    )
  }
})

test('its stores are gone through in every region, its uses are counted in all, and all end together', async () => {
  const { keys, users, stores } = await scene()
  const ciphertext = await encrypt(keys[0] ?? '')
  for (const [at, key] of keys.entries())
    await house.perform('decrypt', { ciphertext, key }, { token: users[at]?.token })
  const since = house.clock.now()
  const opening = { key: keys[1] ?? '', since, reason: 'stolen', hours: 72, destroyDays: 7 }
  const opened = await house.perform('compromise.open', opening)
  const get1 = () => house.perform('compromise.get', { case: opened.id })
  await house.runJob('compromise')
  const begun = await get1()
  const decrypted = begun.uses.filter(({ operations }) => operations['decrypt'] === 1)
  assert.deepEqual(
    new Set(decrypted.map(({ principal }) => principal)),
    new Set(users.map(({ id }) => id)),
  )
  assert.equal(begun.runs.length, 3)
  for (const run of begun.runs) {
    const { key, into } = await house.perform('rewrap.get', { run })
    assert.equal(into.key, (await get(key)).replacedBy)
    assert.equal((await get1()).waitsFor, 'stores')
    await house.perform('rewrap.finish', { run, done: 1, already: 0, failed: 0 })
    clock.advance(30_000)
    await house.runJob('compromise')
  }
  for (const key of keys) {
    assert.equal((await get(key)).state, 'compromised')
    assert.equal((await get(key)).destroyAt, house.clock.now() + 7 * 86_400_000)
  }
  const view = await get1()
  const noticeOf = (key: string) =>
    key === view.key ? view.notice : view.related?.find((each) => each.key === key)?.notice
  for (const [at, key] of keys.entries()) {
    assert.equal((await get1()).waitsFor, 'dependents')
    const acknowledged = { dependent: stores[at] ?? '', notice: noticeOf(key) ?? -1 }
    await house.perform('dependent.acknowledge', acknowledged, { token: users[at]?.token })
    await house.runJob('compromise')
  }
  assert.equal((await get1()).next, 'closed')
  const { document } = await house.perform('compromise.report', { case: opened.id })
  const report = JSON.parse(document) as {
    related: { key: string; region: string }[]
    rewraps: object[]
    dependents: { acknowledgedAt?: string }[]
  }
  assert.deepEqual(
    report.related.map(({ key }) => key),
    keys.filter((key) => key !== view.key),
  )
  assert.equal(report.rewraps.length, 3)
  assert.ok(report.dependents.every(({ acknowledgedAt }) => acknowledgedAt !== undefined))
  await pass(7)
  for (const key of keys) assert.equal((await get(key)).state, 'destroyed-compromised')
})

test('one version: the next takes its place in all of them, and only it is contained', async () => {
  for (const isCurrent of [true, false]) {
    const { keys } = await scene()
    const [primary = '', second = ''] = keys
    const first = await encrypt(primary)
    if (!isCurrent) await house.perform('key.rotate', { key: primary })
    const opened = await open(second, { version: 1 })
    assert.deepEqual(opened.replacement, { key: second, version: 2 })
    const later = await encrypt(primary)
    for (const key of keys) {
      assert.equal((await get(key)).version, 2)
      assert.equal(await house.codeOf('decrypt', { ciphertext: first, key }), 'wrong_state')
      assert.equal(await house.codeOf('decrypt', { ciphertext: later, key }), 'ok')
    }
  }
})

test('where one of them cannot be contained, none is, and it is said which', async () => {
  const { keys } = await scene()
  const [primary = '', , third = ''] = keys
  await house.perform('key.destroy', { key: third, days: 7, acknowledge: 'all' })
  await assert.rejects(open(primary), (error: Error) => {
    assert.match(error.message, new RegExp(`scheduled for destruction.*${third} in ${elsewhere}`))
    return true
  })
  for (const key of keys.slice(0, 2)) assert.equal((await get(key)).state, 'active')
  await house.perform('key.restore', { key: third })
  await house.perform('key.suspend', { key: third })
  assert.equal((await open(primary)).related?.length, 2, 'a suspended one can be')
})

test('a replacement that is named has the same regions, and takes the right to give roles on it', async () => {
  const { keys, name } = await scene()
  const [primary = ''] = keys
  const narrow = await family([there])
  const single = await house.createKey()
  for (const replacement of [narrow.primary, single.id])
    await assert.rejects(open(primary, { replacement }), { code: 'wrong_usage' })
  const wide = await family([elsewhere, there])
  const admin = await house.createUser('key-admin')
  const since = house.clock.now()
  const input = { key: primary, since, reason: 'x', hours: 1, replacement: wide.primary }
  const asAdmin = { token: admin.token }
  assert.equal(await house.codeOf('compromise.open', input, asAdmin), 'forbidden')
  await house.perform('compromise.open', input)
  assert.equal((await seenFrom(there, name)).id, wide.replicas[1])
  assert.equal((await seenFrom(elsewhere, name)).id, wide.replicas[0])
})

test('after all of this nothing is amiss: every row is what the ledger says, and the ledger verifies', async () => {
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
  assert.deepEqual((await verifyHouse(house)).findings, [])
})
