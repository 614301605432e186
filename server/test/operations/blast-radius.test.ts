import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** What the end of a key would hit, and who has to have seen it before the key is ended. */

const clock = new DrivenClock()
const house = await startHouse({ clock })
after(() => house.close())
const { owner } = restDoorOver(house)
const plaintext = Buffer.from('text').toString('base64')
const DAY_MS = 86_400_000

/** As the owner now: the clock goes on, and tokens end. */
async function fresh() {
  await house.renewToken()
  return owner.as(house.token)
}

test('what depends on a key is shown: who says so, who used it, and what leads to it', async () => {
  const client = await fresh()
  const { id: key } = await client.call('key.create', { alias: 'orders' })
  const one = await house.createUser('key-user')
  const two = await house.createUser('key-user')
  await owner.as(one.token).call('encrypt', { key, plaintext })
  await client.call('key.rotate', { key })
  clock.advance(1_000)
  const items = [{ plaintext }, { plaintext }]
  await owner.as(one.token).call('encryptBatch', { key, items })
  await owner.as(two.token).call('encrypt', { key, plaintext })
  const { id: dependent } = await client.call('dependent.create', { key, name: 'shop' })
  const grant = await client.call('grant.create', { key, grantee: 'x', operations: ['Encrypt'] })
  const shown = await client.call('key.dependents', { key: 'orders' })
  assert.equal(shown.asks, true)
  assert.equal(shown.complete, true)
  assert.deepEqual(
    shown.declared.map(({ id }) => id),
    [dependent],
  )
  const users = new Map(shown.observed.map((each) => [each.principal, each]))
  assert.deepEqual([...users.keys()].toSorted(), [one.id, two.id].toSorted())
  const first = users.get(one.id)
  assert.deepEqual(
    [first?.uses, first?.versions, first?.operations],
    [3, [1, 2], ['encrypt', 'encryptBatch']],
  )
  assert.equal(Date.parse(first?.lastAt ?? '') - Date.parse(first?.firstAt ?? ''), 1_000)
  assert.deepEqual(
    shown.versions.map(({ version, uses }) => [version, uses]),
    [
      [1, 1],
      [2, 3],
    ],
  )
  assert.deepEqual([shown.aliases, shown.related], [['orders'], []])
  assert.deepEqual(
    shown.grants.map(({ id, operations }) => [id, operations]),
    [[grant.id, ['Encrypt']]],
  )
  // Only what came after a time is shown; what is acknowledged stays the same.
  const since = new Date(clock.now()).toISOString()
  const later = await client.call('key.dependents', { key, since })
  assert.deepEqual(
    later.versions.map(({ version }) => version),
    [2],
  )
  assert.equal(later.digest, shown.digest)
})

test('a key that would be missed is ended by who has seen what that hits, and by nobody else', async () => {
  const client = await fresh()
  for (const operation of ['key.revoke', 'key.destroy'] as const) {
    const { id: key } = await client.call('key.create', {})
    const asks = async (acknowledge?: string) =>
      client.refuse('acknowledgement_required', operation, { key, acknowledge })
    await client.call('encrypt', { key, plaintext })
    await asks()
    const seen = await client.call('key.dependents', { key })
    // Somebody declares a dependent meanwhile.
    await client.call('dependent.create', { key, name: 'shop' })
    await asks(seen.digest)
    const { digest } = await client.call('key.dependents', { key })
    // That it is used again is no news.
    await client.call('encrypt', { key, plaintext })
    await client.call(operation, { key, acknowledge: digest })
    const { items } = await client.call('ledger.search', { key, event: operation, limit: '10' })
    assert.deepEqual(
      items.map(({ record }) => [record['outcome'], record['reason'] ?? record['detail']]),
      [
        [
          'ok',
          operation === 'key.revoke'
            ? { reason: 'unspecified', acknowledged: digest }
            : { days: 30, acknowledged: digest },
        ],
        ['refused', 'acknowledgement_required'],
        ['refused', 'acknowledgement_required'],
      ],
    )
  }
})

test('nothing is asked of a key that nobody would miss', async () => {
  const unused = (await (await fresh()).call('key.create', {})).id
  const { id: long } = await (await fresh()).call('key.create', {})
  await (await fresh()).call('encrypt', { key: long, plaintext })
  clock.advance(31 * DAY_MS)
  const client = await fresh()
  for (const key of [unused, long]) {
    assert.equal((await client.call('key.dependents', { key })).asks, false)
    await client.call('key.destroy', { key })
  }
})

test('a suspension, a compromise, and who wants to know nothing are never held up', async () => {
  const client = await fresh()
  const made = async () => {
    const { id: key } = await client.call('key.create', {})
    await client.call('encrypt', { key, plaintext })
    await client.call('dependent.create', { key, name: 'shop' })
    return key
  }
  await client.call('key.suspend', { key: await made() })
  for (const reason of ['keyCompromise', 'cACompromise', 'aACompromise'] as const)
    await client.call('key.revoke', { key: await made(), reason })
  const compromisedAt = new Date(clock.now()).toISOString()
  await client.call('key.revoke', { key: await made(), compromisedAt })
  await client.call('key.revoke', { key: await made(), version: 1, reason: 'keyCompromise' })
  await client.call('key.revoke', { key: await made(), acknowledge: 'all' })
  await client.call('key.destroy', { key: await made(), acknowledge: 'all' })
  const key = await made()
  await client.refuse('acknowledgement_required', 'key.revoke', { key, version: 1 })
})

test('related keys are missed together: they have their material in common', async () => {
  const client = await fresh()
  const { id: primary } = await client.call('key.create', { region: 'a', multiRegion: true })
  const { id: replica } = await client.call('key.replicate', { key: primary, region: 'b' })
  await client.call('encrypt', { key: replica, plaintext })
  await client.refuse('acknowledgement_required', 'key.revoke', { key: primary })
  const shown = await client.call('key.dependents', { key: primary })
  assert.deepEqual([shown.related, shown.observed[0]?.key], [[replica], replica])
  await client.call('key.revoke', { key: primary, acknowledge: shown.digest })
})

test('of related keys, everybody is shown only those that they may ask about', async () => {
  const client = await fresh()
  const { id: primary } = await client.call('key.create', { region: 'a', multiRegion: true })
  const { id: replica } = await client.call('key.replicate', { key: primary, region: 'b' })
  for (const [key, alias] of [
    [primary, 'near'],
    [replica, 'far'],
  ] as const) {
    await client.call('encrypt', { key, plaintext })
    await client.call('dependent.create', { key, name: alias })
    await client.call('alias.create', { alias, key })
    await client.call('grant.create', { key, grantee: 'x', operations: ['Encrypt'] })
  }
  const whole = await client.call('key.dependents', { key: primary })
  assert.deepEqual([whole.aliases.toSorted(), whole.hidden], [['far', 'near'], []])
  assert.equal(whole.grants.length, 2)

  const user = await house.createUser()
  const scope = { kind: 'key', key: primary } as const
  await client.call('binding.create', { role: 'key-admin', principal: user.id, scope })
  const one = await owner.as(user.token).call('key.dependents', { key: primary })
  assert.deepEqual([one.related, one.hidden, one.aliases], [[replica], [replica], ['near']])
  for (const part of [one.declared, one.observed, one.versions, one.grants])
    assert.deepEqual(
      part.map(({ key }) => key),
      [primary],
    )
  assert.equal(one.digest, whole.digest)
  assert.equal(one.asks, true)
  // A binding that goes by names finds the replica by its own.
  const far = { kind: 'alias', pattern: 'f*' } as const
  await client.call('binding.create', { role: 'key-admin', principal: user.id, scope: far })
  const both = await owner.as(user.token).call('key.dependents', { key: primary })
  assert.deepEqual(both, whole)
})

test('the addresses that a key was used from are for those who have that right', async () => {
  const client = await fresh()
  const { id: key } = await client.call('key.create', {})
  await house.perform('encrypt', { key, plaintext: Buffer.from('x') }, { source: '10.1.2.3' })
  await house.perform('encrypt', { key, plaintext: Buffer.from('x') }, { source: '10.1.2.4' })
  const admin = await house.createUser('key-admin')
  await owner.as(admin.token).call('key.dependents', { key })
  await owner.as(admin.token).refuse('forbidden', 'key.sources', { key })
  const { items } = await client.call('key.sources', { key })
  assert.deepEqual(
    items.map(({ addresses, erased }) => [addresses, erased]),
    [[['10.1.2.3', '10.1.2.4'], 0]],
  )
})
