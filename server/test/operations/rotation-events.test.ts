import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputOf } from '@claviger/contract'
import { alarms } from '#model'
import { DrivenClock } from '../harness/clock.ts'
import { putBehindGlass, responder } from '../harness/emergency.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { enrolled } from '../harness/person.ts'
import { temporaryFolder } from '../harness/server-process.ts'
import { storeWith } from '../harness/store-with.ts'

/** Keys are rotated because somebody leaves who could see material of them, or because of an alarm: those that ask for it, each once. */

const left = { on: ['member-left' as const] }

async function start() {
  const clock = new DrivenClock()
  const house = await startHouse({ clock })
  return { clock, house, [Symbol.asyncDispose]: () => house.close() }
}

/** What happened is told to the keys, and they are rotated; a second time, nothing is left to do. */
async function work(house: TestHouse): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    await house.runJob('occurrence')
    await house.runJob('rotation')
  }
}

async function causes(house: TestHouse, key: string) {
  const { items } = await house.perform('key.versions', { key, limit: 1_000 })
  return items.slice(1).map(({ rotatedBy }) => rotatedBy)
}

function make(house: TestHouse, rest: Partial<InputOf<'key.create'>> = {}) {
  return house.createKey({ rotation: left, ...rest }).then(({ id }) => id)
}

/** A principal with a role at a scope. */
async function member(
  house: TestHouse,
  role: string,
  scope: InputOf<'binding.create'>['scope'] = { kind: 'tenant' },
) {
  const { id, token } = await house.createUser()
  const { id: binding } = await house.perform('binding.create', { role, principal: id, scope })
  return { id, token, binding }
}

test('who is disabled has left: keys whose material they could see are rotated once, and the ledger says why', async () => {
  await using scene = await start()
  const { house } = scene
  const a = { labels: { team: 'a' } }
  const data = await make(house, a)
  const exportable = await make(house, { ...a, algorithm: 'P-256', exportable: true })
  const others = [
    await make(house, { labels: { team: 'b' } }),
    await make(house, { ...a, algorithm: 'P-256' }),
    await make(house, { ...a, rotation: { on: ['compromise'] } }),
  ]
  const inTeam = { kind: 'labels', selector: 'team=a' } as const
  const both = await member(house, 'key-user', inTeam)
  await house.perform('binding.create', { role: 'key-admin', principal: both.id, scope: inTeam })
  await house.perform('principal.disable', { principal: both.id })
  await work(house)
  assert.deepEqual(await causes(house, data), ['member-left'])
  assert.deepEqual(await causes(house, exportable), ['member-left'])
  for (const key of others) assert.deepEqual(await causes(house, key), [])
  const entries = await house.entries()
  const disabled = entries.find(({ event }) => event === 'principal.disable')
  const occurrence = disabled?.changed?.find(({ kind }) => kind === 'occurrence')?.id
  const because = { because: 'principal.disable', who: both.id, occurrence }
  for (const key of [data, exportable]) {
    const fired = entries.filter((one) => one.event === 'key.rotateDue' && one.key === key)
    assert.deepEqual(
      fired.map(({ detail }) => detail),
      [{ cause: 'member-left', ...because }],
    )
  }
  // What they had is taken away afterwards: they have left already.
  await house.perform('binding.delete', { binding: both.binding })
  await work(house)
  assert.deepEqual(await causes(house, data), ['member-left'])
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})

test('who could see nothing has not left anything', async () => {
  await using scene = await start()
  const { house } = scene
  const key = await make(house, { exportable: true })
  for (const role of ['decrypter', 'auditor', 'security-officer', 'signer'])
    await house.perform('principal.disable', { principal: (await member(house, role)).id })
  await work(house)
  assert.deepEqual(await causes(house, key), [])
  assert.equal((await house.entries()).filter(({ event }) => event === 'rotation.raise').length, 0)
})

test('whatever takes the right away is a leaving: a binding, a group, a role, a grant', async () => {
  await using scene = await start()
  const { house, clock } = scene
  const call = house.perform.bind(house)
  const role = 'exporter'
  await call('role.create', { role, summary: '', actions: ['key.export', 'key.get'] })
  const { id: group } = await call('group.create', { name: 'staff' })
  await call('binding.create', { role, principal: group, scope: { kind: 'alias', pattern: 'x-*' } })
  const ways: Record<string, (key: string) => Promise<unknown>> = {
    'binding.delete': async () => {
      const { binding } = await member(house, role)
      return () => call('binding.delete', { binding })
    },
    'group.remove': async () => {
      const { id: principal } = await house.createUser()
      await call('group.add', { group, principal })
      return () => call('group.remove', { group, principal })
    },
    'grant.revoke': async (key) => {
      const { id } = await house.createUser()
      const { name } = await call('principal.get', { principal: id })
      const given = { key, grantee: name, operations: ['GenerateDataKey' as const] }
      const { id: grant } = await call('grant.create', given)
      return () => call('grant.revoke', { key, grant })
    },
    'role.update': async () => {
      await member(house, role)
      return () => call('role.update', { role, actions: ['key.get'] })
    },
  }
  for (const [event, prepare] of Object.entries(ways)) {
    const alias = `x-${event}`.toLowerCase().replace('.', '-')
    const key = await make(house, { alias, exportable: true })
    const act = (await prepare(key)) as () => Promise<unknown>
    clock.advance(1_000)
    await act()
    await work(house)
    assert.deepEqual(await causes(house, key), ['member-left'], event)
    const fired = (await house.entries()).findLast((one) => one.event === 'key.rotateDue')
    assert.equal(fired?.detail?.['because'], event)
    await call('key.setRotation', { key, off: true })
  }
})

test('a binding that ends by its date is a leaving then, once, whether it is deleted later or before', async () => {
  await using scene = await start()
  const { house, clock } = scene
  const keys = [await make(house), await make(house)]
  const expiring = async (key = keys[0] ?? '') => {
    const { id: principal } = await house.createUser()
    const { id } = await house.perform('binding.create', {
      role: 'key-user',
      principal,
      scope: { kind: 'key', key },
      expiresAt: clock.now() + 60_000,
    })
    return id
  }
  const later = await expiring()
  await work(house)
  assert.deepEqual(await causes(house, keys[0] ?? ''), [])
  clock.advance(60_000)
  await work(house)
  assert.deepEqual(await causes(house, keys[0] ?? ''), ['member-left'])
  await house.perform('binding.delete', { binding: later })
  const before = await expiring(keys[1])
  clock.advance(1_000)
  await house.perform('binding.delete', { binding: before })
  await work(house)
  clock.advance(60_000)
  await work(house)
  assert.deepEqual(await causes(house, keys[1] ?? ''), ['member-left'])
  // Ended and deleted before the job came round: it is told all the same.
  const untold = await expiring(keys[1])
  clock.advance(120_000)
  await house.perform('binding.delete', { binding: untold })
  await work(house)
  assert.deepEqual(await causes(house, keys[1] ?? ''), ['member-left', 'member-left'])
})

test('a right for an emergency that ends is a leaving too', async () => {
  await using scene = await start()
  const { house, clock } = scene
  const key = await make(house)
  const { token } = await responder(house)
  const { id: glass, code } = await putBehindGlass(house, { role: 'key-user' })
  await house.perform('breakGlass.open', { glass, code, reason: 'fire' }, { token })
  await work(house)
  assert.deepEqual(await causes(house, key), [])
  clock.advance(30 * 60_000)
  await work(house)
  assert.deepEqual(await causes(house, key), ['member-left'])
  await house.perform('breakGlass.review', { glass, verdict: 'justified', comment: 'fire' })
  const again = await putBehindGlass(house, { role: 'key-user' })
  const other = await responder(house)
  const input = { glass: again.id, code: again.code, reason: 'fire' }
  await house.perform('breakGlass.open', input, { token: other.token })
  clock.advance(1_000)
  await house.perform('breakGlass.close', { glass: again.id })
  await work(house)
  clock.advance(30 * 60_000)
  await work(house)
  assert.deepEqual(await causes(house, key), ['member-left', 'member-left'])
})

test('a version that came after the leaving is not replaced for it; a suspended key is rotated once it is resumed', async () => {
  await using scene = await start()
  const { house, clock } = scene
  const [rotated, suspended] = [await make(house), await make(house)]
  await house.perform('key.suspend', { key: suspended })
  const { id: principal } = await member(house, 'key-user')
  await house.perform('principal.disable', { principal })
  clock.advance(1)
  await house.perform('key.rotate', { key: rotated })
  await work(house)
  assert.deepEqual(await causes(house, rotated), ['demand'])
  assert.deepEqual(await causes(house, suspended), [])
  await house.perform('key.resume', { key: suspended })
  await work(house)
  assert.deepEqual(await causes(house, suspended), ['member-left'])
})

test('who could see a replica could see them all: the family is rotated', async () => {
  await using scene = await start()
  const { house } = scene
  const key = await make(house, { region: 'eu-1', multiRegion: true })
  const { id: replica } = await house.perform('key.replicate', { key, region: 'us-1' })
  const { id: principal } = await member(house, 'key-user', { kind: 'key', key: replica })
  await house.perform('principal.disable', { principal })
  await work(house)
  assert.deepEqual(await causes(house, key), ['member-left'])
  assert.deepEqual(await causes(house, replica), ['member-left'])
})

test('with many keys the leaving writes two rows; a job tells the keys, and crashes lose none and tell none twice', async () => {
  await using folder = await temporaryFolder()
  const clock = new DrivenClock()
  const path = `${folder.path}/claviger.db`
  let commitsLeft = Infinity
  const wrapStore: NonNullable<Parameters<typeof startHouse>[0]>['wrapStore'] = (store) =>
    storeWith(store, {
      async commit(batch) {
        commitsLeft -= 1
        if (commitsLeft < 0) throw new Error('the power is gone')
        return store.commit(batch)
      },
      recover: () => Promise.reject(new Error('the power is gone')),
    })
  let house = await startHouse({ path, clock, wrapStore })
  const keys: string[] = []
  for (let made = 0; made < 120; made += 1) keys.push(await make(house))
  for (let made = 0; made < 20; made += 1) await house.createKey()
  const { id: principal } = await member(house, 'key-user')
  await house.perform('principal.disable', { principal })
  const disabled = (await house.entries()).find(({ event }) => event === 'principal.disable')
  assert.deepEqual(disabled?.changed?.map(({ kind }) => kind).toSorted(), [
    'occurrence',
    'principal',
  ])
  for (let commits = 1; commits <= 4; commits += 1) {
    commitsLeft = commits
    await house.runJob('occurrence').catch(() => undefined)
    commitsLeft = Infinity
    const { shares } = house
    await house.close().catch(() => undefined)
    await house.store.close().catch(() => undefined)
    house = await startHouse({ path, clock, wrapStore, shares })
  }
  await work(house)
  for (const key of keys) assert.deepEqual(await causes(house, key), ['member-left'])
  const entries = await house.entries()
  assert.equal(entries.filter(({ event }) => event === 'key.rotateDue').length, keys.length)
  const told = entries.filter(({ event }) => event === 'rotation.raise')
  assert.deepEqual(
    told.map(({ detail }) => detail?.['keys']),
    [50, 50, 20],
  )
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
  await house.close()
})

test('an alarm rotates the keys that ask for alarms so bad, where it concerns them', async () => {
  await using scene = await start()
  const { house, clock } = scene
  const asks = (alarm: 'low' | 'medium' | 'high' | 'critical') =>
    make(house, { rotation: { alarm } })
  const keys = {
    low: await asks('low'),
    high: await asks('high'),
    critical: await asks('critical'),
  }
  const come = async () => {
    clock.advance(1_000)
    await work(house)
    const each = await Promise.all(Object.values(keys).map((key) => causes(house, key)))
    return each.map((one) => one.length)
  }
  // A person whom others lock out, and who could see something.
  const person = await enrolled(house)
  const scope = { kind: 'tenant' } as const
  await house.perform('binding.create', { role: 'key-user', principal: person.id, scope })
  const wrong = { ...person.login(), password: 'not the right one at all' }
  for (let tried = 0; tried < 9; tried += 1)
    await house.codeOf('login', wrong, { token: undefined, source: `10.0.0.${tried}` })
  assert.deepEqual(await come(), [0, 0, 0])
  await house.codeOf('login', wrong, { token: undefined, source: '10.0.1.1' })
  assert.deepEqual(await come(), [1, 0, 0])
  const { token } = await responder(house)
  const { id: glass, code } = await putBehindGlass(house)
  await house.perform('breakGlass.open', { glass, code, reason: 'fire' }, { token })
  assert.deepEqual(await come(), [2, 1, 0])
  await house.perform('breakGlass.close', { glass })
  await house.perform('breakGlass.review', { glass, verdict: 'unjustified', comment: 'no fire' })
  assert.deepEqual(await come(), [3, 2, 1])
  const { id: other } = await house.createKey()
  await house.perform('key.revoke', { key: other, reason: 'superseded', acknowledge: 'all' })
  assert.deepEqual(await come(), [3, 2, 1])
  const { id: leaked } = await house.createKey()
  await house.perform('key.revoke', { key: leaked, reason: 'keyCompromise' })
  assert.deepEqual(await come(), [4, 3, 2])
  const { id: known } = await house.createKey()
  const since = clock.now()
  await house.perform('compromise.open', { key: known, since, reason: 'found', hours: 1 })
  assert.deepEqual(await come(), [5, 4, 3])
  const fired = (await house.entries()).filter(
    ({ event, key }) => event === 'key.rotateDue' && key === keys.low,
  )
  assert.deepEqual(
    fired.map(({ detail }) => [detail?.['cause'], detail?.['alarm'], detail?.['because']]),
    [
      ['alarm', 'login.locked', 'login'],
      ['alarm', 'breakGlass.open', 'breakGlass.open'],
      ['alarm', 'breakGlass.unjustified', 'breakGlass.review'],
      ['alarm', 'key.compromised', 'key.revoke'],
      ['alarm', 'key.compromised', 'compromise.open'],
    ],
  )
  assert.deepEqual(Object.keys(alarms).toSorted(), [
    'breakGlass.open',
    'breakGlass.unjustified',
    'key.compromised',
    'login.locked',
  ])
})

test('what happened in one tenant rotates no key of another', async () => {
  await using scene = await start()
  const { house } = scene
  const { token } = await house.perform('tenant.create', { name: 'other' })
  const made = { algorithm: 'AES-256-GCM', exportable: false, rotation: left }
  const { id: theirs } = await house.perform('key.create', made, { token })
  const { id: principal } = await member(house, 'key-user')
  await house.perform('principal.disable', { principal })
  await work(house)
  const { version } = await house.perform('key.get', { key: theirs }, { token })
  assert.equal(version, 1)
})
