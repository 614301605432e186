import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { InputOf, LifecycleRules } from '@claviger/contract'
import { PolicyViolated } from '#model'
import { DAY_MS, startScene } from './scene.ts'

/** A key that breaks a policy is not made, and none is changed into breaking one, in whichever way. */

const recipient = Buffer.from(
  generateKeyPairSync('rsa', { modulusLength: 3_072 }).publicKey.export({
    type: 'spki',
    format: 'der',
  }),
)
const VIOLATED = 'policy_violated'

type Given = Partial<InputOf<'key.create'>>

test('what breaks a rule is not made', async () => {
  const cases: readonly (readonly [LifecycleRules, bad: Given, good: Given])[] = [
    [{ algorithms: ['aes-256'] }, { algorithm: 'AES-128-GCM' }, {}],
    [{ strengthMin: 128 }, { algorithm: 'RSA-2048' }, { algorithm: 'P-256' }],
    [{ quantumMin: 3 }, { algorithm: 'P-256' }, { algorithm: 'ML-DSA-65' }],
    [{ export: 'forbidden' }, { exportable: true }, {}],
    [{ labels: ['env'] }, { labels: { team: 'a' } }, { labels: { env: 'prod' } }],
    [{ labels: ['env'] }, { labels: { env: '' } }, { labels: { env: 'prod' } }],
  ]
  for (const [rules, bad, good] of cases) {
    await using scene = await startScene()
    const { house } = scene
    await scene.ask(rules)
    const thrown: unknown = await house.createKey(bad).catch((error: unknown) => error)
    assert.ok(thrown instanceof PolicyViolated, JSON.stringify(rules))
    assert.match(thrown.message, /'what is asked' does not allow it: /)
    assert.equal((await house.perform('key.list', { limit: 10 })).items.length, 0)
    const { id } = await house.createKey(good)
    assert.equal((await house.perform('policy.check', { limit: 10 })).items.length, 0)
    assert.equal((await house.perform('key.get', { key: id })).state, 'active')
  }
})

test('the refusal is in the ledger, with the policy and the rule', async () => {
  await using scene = await startScene()
  const { house } = scene
  const { id } = await scene.ask({ strengthMin: 256 })
  assert.equal(await house.codeOf('key.create', weak), VIOLATED)
  const entry = (await house.entries()).at(-1)
  assert.equal(entry?.event, 'key.create')
  assert.equal(entry?.outcome, 'refused')
  assert.equal(entry?.reason, VIOLATED)
  assert.deepEqual(entry?.detail, { policy: id, rule: 'strengthMin' })
})

const strong = { algorithm: 'AES-256-GCM', exportable: false } as const
const weak = { algorithm: 'AES-128-GCM', exportable: false } as const

test('imported keys keep to it: new ones, and those that wait for their material', async () => {
  await using scene = await startScene()
  const { house } = scene
  await scene.ask({ strengthMin: 256, labels: ['env'] })
  const unsafePlaintext = () => randomBytes(16)
  const labels = { env: 'prod' }
  assert.equal(
    await house.codeOf('key.import', { ...weak, labels, unsafePlaintext: unsafePlaintext() }),
    VIOLATED,
  )
  const strong = { algorithm: 'AES-256-GCM', exportable: false }
  assert.equal(
    await house.codeOf('key.import', { ...strong, unsafePlaintext: randomBytes(32) }),
    VIOLATED,
  )
  assert.equal(await house.codeOf('key.create', { ...weak, labels, origin: 'imported' }), VIOLATED)
  const given = { ...strong, labels, unsafePlaintext: randomBytes(32) }
  assert.equal(await house.codeOf('key.import', given), 'ok')
})

test('labels do not lead a key to where it breaks a policy, nor away from what it must have', async () => {
  await using scene = await startScene()
  const { house } = scene
  const { id: key } = await house.perform('key.create', weak)
  await scene.ask({ strengthMin: 256 }, { kind: 'labels', selector: 'env=prod' })
  const prod = { env: 'prod' }
  assert.equal(await house.codeOf('key.label', { key, set: prod }), VIOLATED)
  assert.equal(await house.codeOf('key.update', { key, labels: prod }), VIOLATED)
  assert.equal(await house.codeOf('key.label', { key, set: { env: 'test' } }), 'ok')
  await scene.ask({ labels: ['env'] })
  assert.equal(await house.codeOf('key.label', { key, remove: ['env'] }), VIOLATED)
  assert.equal(await house.codeOf('key.update', { key, labels: {} }), VIOLATED)
  assert.equal(await house.codeOf('key.label', { key, set: { env: 'dev' } }), 'ok')
})

test('a key that breaks a policy from before can be made better and kept in hand, and not made worse', async () => {
  await using scene = await startScene()
  const { house } = scene
  const { id: key } = await house.perform('key.create', weak)
  await scene.ask({ strengthMin: 256, labels: ['env', 'team'] })
  assert.equal(await house.codeOf('key.update', { key, description: 'old' }), 'ok')
  assert.equal(await house.codeOf('key.label', { key, set: { env: 'prod' } }), 'ok')
  assert.equal(await house.codeOf('key.label', { key, remove: ['env'] }), VIOLATED)
  assert.equal(await house.codeOf('key.rotate', { key }), 'ok')
  assert.equal(await house.codeOf('key.suspend', { key }), 'ok')
  assert.equal(await house.codeOf('key.resume', { key }), 'ok')
  assert.equal(await house.codeOf('encrypt', { key, plaintext: Buffer.from('a') }), 'ok')
  assert.equal(
    await house.codeOf('key.revoke', { key, reason: 'superseded', acknowledge: 'all' }),
    'ok',
  )
})

test('owners: who is disabled or no person owns no new key', async () => {
  await using scene = await startScene()
  const { house } = scene
  const service = await house.createUser()
  const person = await house.perform('principal.create', { name: 'ann', kind: 'user' })
  await scene.ask({ owner: 'enabled' }, { kind: 'labels', selector: 'a=b' })
  await scene.ask({ owner: 'person' }, { kind: 'labels', selector: 'c=d' })
  const owned = (owner: string, labels: Record<string, string>) =>
    house.codeOf('key.create', { algorithm: 'AES', exportable: false, owner, labels })
  assert.equal(await owned(service.id, { a: 'b' }), 'ok')
  assert.equal(await owned(service.id, { c: 'd' }), VIOLATED)
  assert.equal(await owned(person.id, { c: 'd' }), 'ok')
  const { id: key } = await house.createKey({ labels: { c: 'd' }, owner: person.id })
  assert.equal(await house.codeOf('key.update', { key, owner: service.id }), VIOLATED)
  await house.perform('principal.disable', { principal: service.id })
  assert.equal(await owned(service.id, { a: 'b' }), VIOLATED)
})

test('an exportable key from before does not leave', async () => {
  await using scene = await startScene()
  const { house } = scene
  const { id: key } = await house.createKey({ exportable: true })
  const leave = () => house.codeOf('key.export', { key, publicKey: recipient })
  assert.equal(await leave(), 'ok')
  const { id: policy } = await scene.ask({ export: 'forbidden' }, { kind: 'key', key })
  assert.equal(await leave(), VIOLATED)
  const entry = (await house.entries()).at(-1)
  assert.equal(entry?.event, 'key.export')
  assert.equal(entry?.key, key)
  await house.perform('lifecyclePolicy.delete', { policy, reason: 'it moves' })
  assert.equal(await leave(), 'ok')
})

test('a destruction leaves as long a window as is asked', async () => {
  await using scene = await startScene()
  const { house } = scene
  const { id: key } = await house.createKey()
  await scene.ask({ destructionDaysMin: 14 })
  await scene.ask({ destructionDaysMin: 30 })
  assert.equal(await house.codeOf('key.destroy', { key, days: 29 }), VIOLATED)
  assert.equal((await house.perform('key.get', { key })).destroyAt, undefined)
  assert.equal(await house.codeOf('key.destroy', { key, days: 30 }), 'ok')
})

test('replicas keep to what counts for them', async () => {
  await using scene = await startScene()
  const { house } = scene
  const { id: key } = await house.createKey({ region: 'eu-central-1', multiRegion: true })
  await scene.ask({ labels: ['env'] })
  const region = 'us-east-1'
  assert.equal(await house.codeOf('key.replicate', { key, region }), VIOLATED)
  assert.equal(await house.codeOf('key.replicate', { key, region, labels: { env: 'a' } }), 'ok')
})

test('rotation: new keys get it, and none goes without it or has it more seldom', async () => {
  await using scene = await startScene()
  const { house } = scene
  const { id: before } = await house.createKey()
  await scene.ask({ rotation: { everyDays: 90 } })
  const { id: key, rotation } = await house.createKey()
  assert.deepEqual(rotation?.triggers, { everyDays: 90 })
  const rotate = (which: string, days?: number) =>
    house.codeOf('key.autoRotate', {
      key: which,
      ...(days === undefined ? { off: true } : { days }),
    })
  assert.equal(await rotate(key), VIOLATED)
  assert.equal(await rotate(key, 91), VIOLATED)
  assert.equal(await rotate(key, 30), 'ok')
  assert.equal(await rotate(key, 90), 'ok')
  // What broke it from before gets nearer to it step by step.
  assert.equal(await rotate(before, 365), 'ok')
  assert.equal(await rotate(before, 366), VIOLATED)
  // A signature key that is rotated for a policy shows its next public key from the beginning.
  const { id: pair, rotation: ofPair } = await house.createKey({ algorithm: 'P-256' })
  assert.deepEqual(ofPair?.triggers, { everyDays: 90 })
  assert.equal((await house.perform('key.jwks', { key: pair })).keys.length, 2)
})

test('every trigger that is asked for is there, whichever others a key has', async () => {
  await using scene = await startScene()
  const { house } = scene
  await scene.ask({ rotation: { uses: 1_000, everyDays: 90 } })
  const { id: key, rotation } = await house.createKey({
    rotation: { uses: 10, calendar: '0 3 1 * *' },
  })
  assert.deepEqual(rotation?.triggers, { everyDays: 90, uses: 10, calendar: '0 3 1 * *' })
  const make = (triggers: { uses?: number; everyDays?: number }) =>
    house.codeOf('key.create', { algorithm: 'AES', exportable: false, rotation: triggers })
  assert.equal(await make({ uses: 1_001 }), VIOLATED)
  assert.equal(await make({ everyDays: 91 }), VIOLATED)
  const set = (triggers: object) => house.codeOf('key.setRotation', { key, ...triggers })
  assert.equal(await set({ off: true }), VIOLATED)
  assert.equal(await set({ uses: 10 }), VIOLATED)
  assert.equal(await set({ uses: 1_000, everyDays: 90 }), 'ok')
})

test('events, alarms, calendars and the time before the end are asked for like the others', async () => {
  await using scene = await startScene()
  const { house } = scene
  const monthly = { calendar: '0 3 1 * *' }
  const asked = { on: ['member-left' as const], alarm: 'high' as const, beforeExpiryDays: 7 }
  await scene.ask({ rotation: { ...asked, calendars: [monthly, { calendar: '0 3 1 1 *' }] } })
  const { id: key, rotation } = await house.createKey()
  assert.deepEqual(rotation?.triggers, { ...asked, ...monthly })
  const set = (triggers: object) => house.codeOf('key.setRotation', { key, ...triggers })
  const good = { ...asked, ...monthly }
  assert.equal(await set(good), 'ok')
  assert.equal(await set({ ...good, on: ['member-left', 'compromise'], alarm: 'low' }), 'ok')
  for (const worse of [
    { on: ['compromise'] },
    { alarm: 'critical' },
    { alarm: undefined },
    { beforeExpiryDays: 6 },
    { calendar: '0 4 1 * *' },
    { timeZone: 'Europe/Berlin' },
  ])
    assert.equal(await set({ ...good, ...worse }), VIOLATED, JSON.stringify(worse))
  // Policies that have no calendar in common allow no key.
  await scene.ask({ rotation: { calendars: [{ calendar: '0 3 2 * *' }] } })
  assert.equal(await house.codeOf('key.create', strong), VIOLATED)
  const wrong = { rotation: { calendars: [{ calendar: '0 3 31 2 *' }] } }
  const scope = { kind: 'tenant' } as const
  const made = { name: 'x', scope, rules: wrong }
  assert.equal(await house.codeOf('lifecyclePolicy.create', made), 'invalid_request')
})

test('an imported key that should have other material by now is used as before, and listed', async () => {
  await using scene = await startScene()
  const { house, clock } = scene
  await scene.ask({ rotation: { everyDays: 90, uses: 3 } })
  const unsafePlaintext = randomBytes(32)
  const { id: key } = await house.perform('key.import', { ...strong, unsafePlaintext })
  const found = async () => {
    const { items } = await house.perform('policy.check', { limit: 10 })
    return items.flatMap(({ violations }) => violations.map(({ words }) => words))
  }
  const use = () => house.perform('encrypt', { key, plaintext: Buffer.from('a') })
  await use()
  await use()
  assert.deepEqual(await found(), [])
  await use()
  const overdue = (why: string) =>
    `its imported material is overdue (${why}): import other material and rotate the key`
  assert.deepEqual(await found(), [overdue('uses')])
  clock.advance(90 * DAY_MS)
  await house.renewToken()
  assert.deepEqual(await found(), [overdue('everyDays'), overdue('uses')])
  await use()
  assert.equal(await house.codeOf('key.label', { key, set: { env: 'prod' } }), 'ok')
  const other = { key, exportable: false, unsafePlaintext: randomBytes(32) }
  await house.perform('key.import', other)
  assert.deepEqual(await found(), [])
})

test('policies of one tenant are not asked of the keys of another', async () => {
  await using scene = await startScene()
  const { house } = scene
  await scene.ask({ strengthMin: 256 })
  const other = await house.perform('tenant.create', { name: 'other' })
  const { token } = other
  assert.equal(await house.codeOf('key.create', weak, { token }), 'ok')
  const seen = await house.perform('lifecyclePolicy.list', { limit: 10 }, { token })
  assert.deepEqual(seen.items, [])
})
