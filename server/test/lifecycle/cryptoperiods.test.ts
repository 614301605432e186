import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { DAY_MS, startScene, type Scene } from './scene.ts'

/** The periods of versions: those that policies give, and those that are given and must not be longer. */

const VIOLATED = 'policy_violated'
const periods = { cryptoperiods: { symmetricEncryption: { protect: 100, process: 300 } } }
const plaintext = Buffer.from('kept')

async function years(scene: Scene, days: number): Promise<void> {
  scene.clock.advance(days * DAY_MS)
  await scene.house.renewToken()
}

test('a version without dates gets the longest that are allowed, and they end it', async () => {
  await using scene = await startScene()
  const { house } = scene
  await scene.ask(periods)
  const { id: key } = await house.createKey()
  assert.deepEqual(await scene.datesOf(key), [{ protect: 100, process: 300 }])
  const { ciphertext } = await house.perform('encrypt', { key, plaintext })
  await years(scene, 100)
  assert.equal(await house.codeOf('encrypt', { key, plaintext }), 'wrong_state')
  assert.equal(await house.codeOf('decrypt', { ciphertext }), 'ok')
  await years(scene, 200)
  assert.equal(await house.codeOf('decrypt', { ciphertext }), 'wrong_state')
})

test('shorter dates count, longer ones are refused, in each way they are given', async () => {
  await using scene = await startScene()
  const { house, clock } = scene
  await scene.ask(periods)
  const at = (days: number) => clock.now() + days * DAY_MS
  const make = (dates: object) =>
    house.codeOf('key.create', { algorithm: 'AES', exportable: false, ...dates })
  assert.equal(await make({ protectStopAt: at(101) }), VIOLATED)
  assert.equal(await make({ processStopAt: at(301) }), VIOLATED)
  // Counted from the activation, which may be later.
  assert.equal(await make({ activateAt: at(10), protectStopAt: at(110) }), 'ok')
  assert.equal(await make({ activateAt: at(10), protectStopAt: at(111) }), VIOLATED)
  const { id: key } = await house.createKey({ protectStopAt: at(50), processStopAt: at(60) })
  assert.deepEqual(await scene.datesOf(key), [{ protect: 50, process: 60 }])
  // One end that is given bounds the other that is not.
  const { id: brief } = await house.createKey({ processStopAt: at(60) })
  assert.deepEqual(await scene.datesOf(brief), [{ protect: 60, process: 60 }])
  assert.equal(await house.codeOf('key.update', { key, processStopAt: at(301) }), VIOLATED)
  assert.equal(await house.codeOf('key.update', { key, processStopAt: at(300) }), 'ok')
  assert.equal(await house.codeOf('key.rotate', { key, protectStopAt: at(101) }), VIOLATED)
  await house.perform('key.rotate', { key, protectStopAt: at(1) })
  assert.deepEqual((await scene.datesOf(key)).at(-1), { protect: 1, process: 300 })
  await house.perform('key.rotate', { key })
  assert.deepEqual((await scene.datesOf(key)).at(-1), { protect: 100, process: 300 })
})

test('what was made before a policy shows in the check, and its next version keeps to it', async () => {
  await using scene = await startScene()
  const { house, clock } = scene
  const { id: key } = await house.createKey()
  await scene.ask(periods)
  const rules = async () => {
    const { items } = await house.perform('policy.check', { limit: 10 })
    return items.flatMap(({ violations }) => violations.map(({ words }) => words))
  }
  assert.deepEqual(await rules(), [
    'version 1 may protect for more than 100 days',
    'version 1 may process for more than 300 days',
  ])
  const far = clock.now() + 1_000 * DAY_MS
  assert.equal(await house.codeOf('key.rotate', { key, protectStopAt: far }), VIOLATED)
  await house.perform('key.rotate', { key })
  // The version before has no end of its own yet.
  assert.deepEqual(await rules(), ['version 1 may process for more than 300 days'])
})

test('a rotation by the calendar gives the next version its dates, also after the policy got stricter', async () => {
  await using scene = await startScene()
  const { house } = scene
  const policy = await scene.ask({ ...periods, rotation: { everyDays: 90 } })
  const { id: key } = await house.createKey()
  await years(scene, 80)
  await house.perform('lifecyclePolicy.update', {
    policy: policy.id,
    rules: {
      cryptoperiods: { symmetricEncryption: { protect: 95, process: 200 } },
      rotation: { everyDays: 90 },
    },
  })
  await years(scene, 10)
  await house.runJob('rotation')
  assert.equal((await house.perform('key.get', { key })).version, 2)
  assert.deepEqual((await scene.datesOf(key)).at(-1), { protect: 95, process: 200 })
})

test('the periods of a key that waits begin with its material', async () => {
  await using scene = await startScene()
  const { house } = scene
  await scene.ask(periods)
  const { id: key } = await house.createKey({ origin: 'imported' })
  assert.deepEqual(await scene.datesOf(key), [{ protect: undefined, process: undefined }])
  assert.deepEqual((await house.perform('policy.check', { limit: 10 })).items, [])
  await years(scene, 200)
  const unsafePlaintext = randomBytes(32)
  const material = () => ({ key, exportable: false, unsafePlaintext: Buffer.from(unsafePlaintext) })
  await house.perform('key.import', material())
  assert.deepEqual(await scene.datesOf(key), [{ protect: 100, process: 300 }])
  await years(scene, 10)
  // The same again is the same version, with the dates that it has.
  await house.perform('key.deleteMaterial', { key })
  await house.perform('key.import', material())
  assert.deepEqual(await scene.datesOf(key), [{ protect: 90, process: 290 }])
  const next = { key, exportable: false, unsafePlaintext: randomBytes(32), pending: true }
  await house.perform('key.import', next)
  assert.deepEqual((await scene.datesOf(key)).at(-1), { protect: undefined, process: undefined })
  await years(scene, 10)
  await house.perform('key.rotate', { key })
  assert.deepEqual((await scene.datesOf(key)).at(-1), { protect: 100, process: 300 })
})

test('of two policies the shorter end counts, whichever it is in', async () => {
  await using scene = await startScene()
  const { house } = scene
  await scene.ask({ cryptoperiods: { symmetricEncryption: { protect: 100, process: 300 } } })
  await scene.ask(
    { cryptoperiods: { symmetricEncryption: { process: 200 } } },
    { kind: 'labels', selector: 'env=prod' },
  )
  const { id: key } = await house.createKey({ labels: { env: 'prod' } })
  assert.deepEqual(await scene.datesOf(key), [{ protect: 100, process: 200 }])
})

test('each type of key has its own periods', async () => {
  await using scene = await startScene()
  const { house } = scene
  await house.perform('lifecyclePolicy.create', {
    name: 'baseline',
    scope: { kind: 'tenant' },
    preset: 'baseline',
    rules: {},
  })
  const cases = [
    ['AES-256-GCM', undefined, 730, 1_825],
    ['HMAC-SHA-256', undefined, 730, 1_825],
    ['P-256', 'sign', 1_095, undefined],
    ['P-256', 'agree', 730, undefined],
    ['RSA-3072', 'encrypt', 730, undefined],
    ['ML-KEM-768', undefined, 730, undefined],
  ] as const
  for (const [algorithm, usage, protect, process] of cases) {
    const { id } = await house.createKey({ algorithm, usage })
    // The next version of a signature key is there ahead; its periods begin later.
    assert.deepEqual((await scene.datesOf(id))[0], { protect, process }, algorithm)
  }
})
