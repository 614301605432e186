import assert from 'node:assert/strict'
import { test } from 'node:test'
import { revocationReasons, type KeyState, type WireOutputOf } from '@claviger/contract'
import { base64 } from '../rest/client.ts'
import { startYears } from './years.ts'

/** The life of keys over years, with a clock that the test drives: what each state and date allows, through the door. */

const { clock, house, owner, inDays } = await startYears()

const DAY_MS = 86_400_000
const plaintext = base64('kept for years')

type Key = WireOutputOf<'key.get'>

interface Subject {
  readonly key: string
  readonly ciphertext: string
}

/** A key that has encrypted once. */
async function subject(rest: Partial<Parameters<typeof owner.call<'key.create'>>[1]> = {}) {
  const { id: key } = await owner.call('key.create', rest)
  const { ciphertext } = await owner.call('encrypt', { key, plaintext })
  return { key, ciphertext }
}

/** What the key allows now: to apply, to process, both or nothing. */
async function allows({ key, ciphertext }: Subject): Promise<string> {
  const does = async (path: string, body: object) => {
    const answer = await owner.send({ method: 'POST', path, body: JSON.stringify(body) })
    assert.ok(answer.status === 200 || answer.status === 409, answer.body.toString())
    return answer.status === 200
  }
  const apply = await does(`/v1/keys/${key}/encrypt`, { plaintext })
  const process = await does('/v1/decrypt', { ciphertext })
  return [...(apply ? ['apply'] : []), ...(process ? ['process'] : [])].join(' ')
}

async function stateOf(key: string): Promise<KeyState> {
  return (await owner.call('key.get', { key })).state
}

test('a key is active, is suspended, and is active again', async () => {
  const made = await subject()
  assert.equal(await allows(made), 'apply process')
  const { key } = made
  const suspended = await owner.call('key.suspend', { key, reason: 'an inquiry' })
  assert.equal(suspended.state, 'suspended')
  assert.equal(await allows(made), '')
  await owner.refuse('wrong_state', 'key.suspend', { key })
  await owner.refuse('wrong_state', 'key.rotate', { key })
  assert.equal((await owner.call('key.resume', { key })).state, 'active')
  assert.equal(await allows(made), 'apply process')
  await owner.refuse('wrong_state', 'key.resume', { key })
  const { items } = await owner.call('ledger.search', { key, event: 'key.suspend', outcome: 'ok' })
  assert.deepEqual(items[0]?.record['detail'], { reason: 'an inquiry' })
})

test('a key that is made for later does nothing before', async () => {
  const key = await owner.call('key.create', { activateAt: inDays(10) })
  assert.equal(key.state, 'pre-activation')
  await owner.refuse('wrong_state', 'encrypt', { key: key.id, plaintext })
  clock.advance(10 * DAY_MS - 1)
  await owner.refuse('wrong_state', 'encrypt', { key: key.id, plaintext })
  clock.advance(1)
  await owner.call('encrypt', { key: key.id, plaintext })
  assert.equal(await stateOf(key.id), 'active')
})

test('after protect-stop a key only processes, after process-stop it does nothing', async () => {
  const made = await subject({ protectStopAt: inDays(30), processStopAt: inDays(60) })
  const { key } = made
  const table: readonly (readonly [advance: number, state: KeyState, allowed: string])[] = [
    [0, 'active', 'apply process'],
    [30 * DAY_MS - 1, 'active', 'apply process'],
    [1, 'deactivated', 'process'],
    [30 * DAY_MS - 1, 'deactivated', 'process'],
    [1, 'deactivated', ''],
    [100 * DAY_MS, 'deactivated', ''],
  ]
  for (const [advance, state, allowed] of table) {
    clock.advance(advance)
    assert.equal(await stateOf(key), state)
    assert.equal(await allows(made), allowed)
  }
  // A new version has dates of its own; the old one stays past its own.
  assert.equal((await owner.call('key.rotate', { key })).state, 'active')
  assert.equal(await allows(made), 'apply')
})

test('dates in the wrong order are refused, when a key is made and when it is changed', async () => {
  const bad = [
    { protectStopAt: inDays(-1) },
    { processStopAt: inDays(-1) },
    { protectStopAt: inDays(2), processStopAt: inDays(1) },
    { activateAt: inDays(3), protectStopAt: inDays(2) },
    { activateAt: inDays(3), processStopAt: inDays(2) },
  ]
  for (const dates of bad) await owner.refuse('invalid_request', 'key.create', dates)
  const { key } = await subject()
  for (const dates of bad.slice(0, 3)) {
    await owner.refuse('invalid_request', 'key.update', { key, ...dates })
    await owner.refuse('invalid_request', 'key.rotate', { key, ...dates })
  }
})

test('what a key is described by can be changed, and nothing else', async () => {
  const made = await subject({ description: 'first', labels: { env: 'prod' } })
  const { key } = made
  const labels = { env: 'dev', team: 'payments' }
  const changed = await owner.call('key.update', { key, description: 'second', labels })
  assert.deepEqual([changed.description, changed.labels], ['second', labels])
  const dated = await owner.call('key.update', { key, protectStopAt: inDays(1) })
  assert.deepEqual(dated.labels, labels)
  clock.advance(DAY_MS)
  assert.equal(await allows(made), 'process')
  assert.deepEqual((await owner.call('key.update', { key, labels: {} })).labels, {})
  for (const field of ['algorithm', 'usage', 'exportable', 'state', 'activateAt', 'alias', 'id']) {
    const problem = await owner.refuse('invalid_request', 'key.update', { key, [field]: 'x' })
    assert.equal(problem.field, field)
  }
})

test('a cryptoperiod that is over does not begin again', async () => {
  const made = await subject({ protectStopAt: inDays(1), processStopAt: inDays(5) })
  const { key } = made
  clock.advance(2 * DAY_MS)
  await owner.refuse('wrong_state', 'key.update', {
    key,
    protectStopAt: inDays(9),
    processStopAt: inDays(9),
  })
  assert.equal(await allows(made), 'process')
  // How long it still processes may change while it does.
  await owner.call('key.update', { key, processStopAt: inDays(1) })
  clock.advance(DAY_MS)
  assert.equal(await allows(made), '')
  await owner.refuse('wrong_state', 'key.update', { key, processStopAt: inDays(9) })
})

test('the owner of a key is somebody there is', async () => {
  const { id } = await owner.call('principal.create', { name: 'key holder' })
  const { key } = await subject()
  assert.equal((await owner.call('key.update', { key, owner: id })).owner, id)
  const nobody = '00000000-0000-4000-8000-000000000000'
  await owner.refuse('not_found', 'key.update', { key, owner: nobody })
  await owner.refuse('not_found', 'key.create', { owner: nobody })
})

test('versions tell their states, dates and counters', async () => {
  const { key, ciphertext } = await subject()
  const made = clock.now()
  await owner.call('datakey', { key })
  clock.advance(DAY_MS)
  await owner.call('key.rotate', { key, protectStopAt: inDays(10), processStopAt: inDays(20) })
  await owner.call('decrypt', { ciphertext })
  await owner.call('encrypt', { key, plaintext })
  const { items, ...rest } = await owner.call('key.versions', { key })
  assert.deepEqual(rest, {})
  const length = Buffer.from(plaintext, 'base64').length
  const at = (milliseconds: number) => new Date(milliseconds).toISOString()
  const materials = items.map(({ materialId }) => materialId)
  assert.equal(new Set(materials).size, 2)
  for (const id of materials) assert.match(id, /^[0-9a-f]{64}$/)
  assert.equal((await owner.call('key.get', { key })).materialId, materials[1])
  assert.deepEqual(items, [
    {
      version: 1,
      materialId: materials[0],
      state: 'deactivated',
      material: 'present',
      createdAt: at(made),
      activatedAt: at(made),
      uses: 3,
      bytes: 2 * length + 32,
      wraps: 1,
    },
    {
      version: 2,
      materialId: materials[1],
      state: 'active',
      material: 'present',
      rotatedBy: 'demand',
      createdAt: at(clock.now()),
      activatedAt: at(clock.now()),
      protectStopAt: at(clock.now() + 10 * DAY_MS),
      processStopAt: at(clock.now() + 20 * DAY_MS),
      uses: 1,
      bytes: length,
      wraps: 0,
    },
  ])
})

test('versions come in pages', async () => {
  const { key } = await subject()
  for (let version = 2; version <= 5; version += 1) await owner.call('key.rotate', { key })
  const seen: number[] = []
  let cursor: string | undefined
  do {
    const input: { key: string; limit: number; cursor?: string } = { key, limit: 2 }
    if (cursor !== undefined) input.cursor = cursor
    const page = await owner.call('key.versions', input)
    assert.ok(page.items.length <= 2)
    seen.push(...page.items.map(({ version }) => version))
    cursor = page.cursor
  } while (cursor !== undefined)
  assert.deepEqual(seen, [1, 2, 3, 4, 5])
  for (const wrong of ['-1', 'x', '1.5', '99999999999999999999', '1e3']) {
    await owner.refuse('invalid_request', 'key.versions', { key, cursor: wrong })
  }
})

const compromising = ['keyCompromise', 'cACompromise', 'aACompromise']

for (const reason of revocationReasons) {
  test(`revoked for ${reason}: no use of any version, for good`, async () => {
    const made = await subject()
    const { key } = made
    await owner.call('key.rotate', { key })
    const revoked = await owner.call('key.revoke', { key, reason, acknowledge: 'all' })
    assert.equal(revoked.state, compromising.includes(reason) ? 'compromised' : 'deactivated')
    assert.equal(revoked.revocation?.reason, reason)
    assert.equal(revoked.revocation?.revokedAt, new Date(clock.now()).toISOString())
    assert.equal(await allows(made), '')
    for (const name of ['key.resume', 'key.suspend', 'key.rotate', 'key.restore'] as const) {
      await owner.refuse('wrong_state', name, { key })
    }
    await owner.refuse('wrong_state', 'key.revoke', { key, reason: 'superseded' })
    const { items } = await owner.call('key.versions', { key })
    assert.deepEqual(
      items.map(({ revocation }) => revocation?.reason),
      [reason, reason],
    )
  })
}

test('a compromise is dated, and may be found later, but not in the future', async () => {
  const made = await subject()
  const { key } = made
  clock.advance(10 * DAY_MS)
  const future = { key, reason: 'keyCompromise', compromisedAt: inDays(1) }
  await owner.refuse('invalid_request', 'key.revoke', future)
  assert.equal(
    (await owner.call('key.revoke', { key, reason: 'superseded', acknowledge: 'all' })).state,
    'deactivated',
  )
  const compromisedAt = inDays(-5)
  const found = await owner.call('key.revoke', { key, reason: 'keyCompromise', compromisedAt })
  assert.equal(found.state, 'compromised')
  assert.equal(found.revocation?.compromisedAt, compromisedAt)
  await owner.refuse('wrong_state', 'key.revoke', { key, reason: 'keyCompromise' })
})

test('one version is revoked, the others go on', async () => {
  const made = await subject()
  const { key } = made
  await owner.call('key.rotate', { key })
  const young = await owner.call('encrypt', { key, plaintext })
  const revoked = await owner.call('key.revoke', { key, version: 1, reason: 'keyCompromise' })
  assert.equal(revoked.state, 'active')
  assert.equal(revoked.revocation, undefined)
  assert.equal(await allows(made), 'apply')
  assert.equal(await allows({ key, ciphertext: young.ciphertext }), 'apply process')
  const { items } = await owner.call('key.versions', { key })
  assert.deepEqual(
    items.map(({ state }) => state),
    ['compromised', 'active'],
  )
  await owner.refuse('wrong_state', 'key.revoke', { key, version: 1 })
  await owner.refuse('not_found', 'key.revoke', { key, version: 3 })

  // The newest one: nothing applies until there is another.
  await owner.call('key.revoke', { key, version: 2, acknowledge: 'all' })
  assert.equal(await stateOf(key), 'deactivated')
  assert.equal(await allows({ key, ciphertext: young.ciphertext }), '')
  await owner.call('key.rotate', { key })
  assert.equal(await allows({ key, ciphertext: young.ciphertext }), 'apply')
})

test('destruction is scheduled, cancelled, scheduled again, and done', async () => {
  const made = await subject({ alias: 'doomed' })
  const { key } = made
  const scheduled = await owner.call('key.destroy', { key, days: 7, acknowledge: 'all' })
  assert.equal(scheduled.destroyAt, inDays(7))
  assert.equal(await allows(made), '')
  for (const name of ['key.destroy', 'key.rotate'] as const) {
    await owner.refuse('wrong_state', name, { key })
  }
  const restored = await owner.call('key.restore', { key })
  assert.equal(restored.destroyAt, undefined)
  assert.equal(await allows(made), 'apply process')
  await owner.refuse('wrong_state', 'key.restore', { key })

  await owner.call('key.destroy', { key, days: 1, acknowledge: 'all' })
  clock.advance(DAY_MS - 1)
  await house.runJob('destruction')
  assert.equal(await stateOf(key), 'active')
  clock.advance(1)
  await house.runJob('destruction')
  const gone = await owner.call('key.get', { key })
  assert.deepEqual([gone.state, gone.destroyAt], ['destroyed', undefined])
  assert.equal(await allows(made), '')
  const changes: readonly (readonly [name: keyof typeof inputs, input: object])[] = Object.entries(
    inputs,
  ) as [keyof typeof inputs, object][]
  for (const [name, input] of changes) {
    await owner.refuse('wrong_state', name, { key, ...input })
  }
  const { items } = await owner.call('key.versions', { key })
  assert.deepEqual(
    items.map(({ state, destroyedAt }) => [state, destroyedAt]),
    [['destroyed', new Date(clock.now()).toISOString()]],
  )
  // A compromise that is found afterwards is recorded (SP 800-57 part 1 section 7.6).
  const late = await owner.call('key.revoke', { key, reason: 'keyCompromise' })
  assert.equal(late.state, 'destroyed-compromised')
})

/** Every change of a key, with what it needs beside the key. */
const inputs = {
  'key.update': { description: 'x' },
  'key.rotate': {},
  'key.suspend': {},
  'key.resume': {},
  'key.destroy': {},
  'key.restore': {},
  'key.revoke': { reason: 'superseded' },
  'alias.create': { alias: 'again' },
} as const

test('a compromised key that is destroyed stays known as compromised', async () => {
  const { key } = await subject()
  await owner.call('key.revoke', { key, reason: 'keyCompromise' })
  await owner.call('key.destroy', { key, days: 1 })
  clock.advance(DAY_MS)
  await house.runJob('destruction')
  const gone: Key = await owner.call('key.get', { key })
  assert.equal(gone.state, 'destroyed-compromised')
  assert.equal(gone.revocation?.reason, 'keyCompromise')
})

test('the public half is shown for every version there is material of', async () => {
  const { id: key } = await owner.call('key.create', { algorithm: 'P-256' })
  const one = await owner.call('key.public', { key })
  await owner.call('key.rotate', { key })
  const two = await owner.call('key.public', { key })
  assert.deepEqual([one.version, two.version], [1, 2])
  assert.notEqual(one.publicKey, two.publicKey)
  assert.deepEqual(await owner.call('key.public', { key, version: 1 }), one)
  await owner.refuse('not_found', 'key.public', { key, version: 3 })
  const { id: secret } = await owner.call('key.create', {})
  await owner.refuse('wrong_usage', 'key.public', { key: secret })
  // Whoever must still check old signatures needs it after a revocation too.
  await owner.call('key.revoke', { key })
  await owner.call('key.public', { key })
  await owner.call('key.destroy', { key, days: 1 })
  clock.advance(DAY_MS)
  await house.runJob('destruction')
  await owner.refuse('wrong_state', 'key.public', { key })
})
