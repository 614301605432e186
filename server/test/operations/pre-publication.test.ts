import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputOf } from '@claviger/contract'
import * as fc from 'fast-check'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'

/** The pre-publication window: nothing is signed with a key whose public half was not in the key set for so many days. */

const DAY_MS = 86_400_000
const message = Buffer.from('signed')

async function start() {
  const clock = new DrivenClock()
  const house = await startHouse({ clock })
  /** Since when each public key was seen in the key set. */
  const seen = new Map<string, number>()
  const { id: key } = await house.createKey({ algorithm: 'Ed25519' })
  const scene = {
    clock,
    house,
    key,
    async look() {
      const { keys } = await house.perform('key.jwks', { key })
      for (const { kid } of keys) if (!seen.has(kid)) seen.set(kid, clock.now())
      return keys.map(({ kid }) => kid)
    },
    /** Time goes on, the job comes round, and verifiers ask for the set. */
    async wait(days: number) {
      clock.advance(days * DAY_MS)
      await house.runJob('rotation')
      await house.runJob('rotation')
      await house.renewToken()
      return scene.look()
    },
    async set(triggers: Omit<InputOf<'key.setRotation'>, 'key'>) {
      const set = await house.perform('key.setRotation', { key, ...triggers })
      await scene.look()
      return set
    },
    async versions() {
      const { items } = await house.perform('key.versions', { key, limit: 1_000 })
      return items.map(({ rotatedBy, state }) => `${rotatedBy ?? 'made'} ${state}`)
    },
    /** For how many days verifiers have seen the public key that signs now. */
    async shownFor() {
      const { version } = await house.perform('key.get', { key })
      // Versions that verify come in order, and the next one last.
      const kids = await scene.look()
      const { items } = await house.perform('key.versions', { key, limit: 1_000 })
      const shown = items.filter(({ state }) => state !== 'compromised')
      const at = shown.findIndex((one) => one.version === version)
      return (clock.now() - (seen.get(kids[at] ?? '') ?? Number.NaN)) / DAY_MS
    },
    [Symbol.asyncDispose]: () => house.close(),
  }
  await scene.look()
  return scene
}

test('rotation by age has the next public key shown for the days asked, and the old ones stay until they end', async () => {
  await using scene = await start()
  const { rotation } = await scene.set({ everyDays: 10, prePublishDays: 7 })
  assert.deepEqual([rotation?.publishNext, rotation?.prePublishDays], [true, 7])
  const [first] = await scene.look()
  assert.equal((await scene.wait(10)).length, 3)
  assert.equal(await scene.shownFor(), 10)
  assert.equal((await scene.wait(10)).length, 4)
  assert.equal(await scene.shownFor(), 10)
  const { key, house, clock } = scene
  assert.equal((await scene.look())[0], first)
  await house.perform('key.update', { key, processStopAt: clock.now() + 2 * DAY_MS })
  const signing = (await scene.look())[2] ?? ''
  await scene.wait(1)
  assert.ok((await scene.look()).includes(signing))
  await scene.wait(1)
  assert.ok(!(await scene.look()).includes(signing))
})

test('a number of uses that is reached too early waits for the window, without being looked at again and again', async () => {
  await using scene = await start()
  const { house, key } = scene
  await scene.set({ uses: 2, prePublishDays: 3 })
  const use = () => house.perform('sign', { key, message })
  await use()
  await scene.wait(1)
  await use()
  await scene.wait(0)
  const waits = async () =>
    (await house.entries()).filter(({ event }) => event === 'rotation.wait').length
  assert.equal(await waits(), 1)
  for (let more = 0; more < 3; more += 1) {
    await use()
    await scene.wait(0.5)
  }
  assert.equal(await waits(), 1)
  assert.deepEqual(await scene.versions(), ['made active', 'made pre-activation'])
  assert.equal(house.house.jobs.find(({ name }) => name === 'rotation')?.lagMs?.(), 0)
  await scene.wait(0.5)
  assert.deepEqual(await scene.versions(), [
    'made deactivated',
    'uses active',
    'made pre-activation',
  ])
  assert.equal(await scene.shownFor(), 3)
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})

test('on demand before the window is over is refused with what to do, and done with now', async () => {
  await using scene = await start()
  const { house, key, clock } = scene
  await scene.set({ everyDays: 90, prePublishDays: 3 })
  await scene.wait(2)
  const until = new Date(clock.now() + DAY_MS).toISOString()
  await assert.rejects(house.perform('key.rotate', { key }), {
    code: 'wrong_state',
    message: new RegExp(`shown for 3 days .* over at ${until}; or rotate at once with now`),
  })
  await house.perform('key.rotate', { key, now: true })
  const last = (await house.entries()).findLast(({ event }) => event === 'key.rotate')
  assert.deepEqual(last?.detail, { cause: 'demand', now: 'yes' })
  assert.equal(await house.codeOf('key.rotate', { key }), 'wrong_state')
  await scene.wait(3)
  assert.equal(await house.codeOf('key.rotate', { key }), 'ok')
})

test('a compromise waits for nobody; a next key that is revoked is made anew, and its window begins then', async () => {
  await using scene = await start()
  const { house, key } = scene
  await scene.set({ on: ['compromise'], everyDays: 5, prePublishDays: 5 })
  await house.perform('key.revoke', { key, version: 1, reason: 'keyCompromise' })
  await scene.wait(0)
  assert.equal((await house.perform('sign', { key, message })).version, 2)
  await scene.wait(4)
  await house.perform('key.revoke', { key, version: 3, reason: 'keyCompromise' })
  assert.equal((await scene.look()).length, 1)
  assert.equal(await house.codeOf('key.rotate', { key }), 'wrong_state')
  await scene.wait(1)
  assert.equal((await scene.look()).length, 2)
  assert.equal((await house.perform('key.get', { key })).version, 2)
  await scene.wait(4)
  assert.equal((await house.perform('key.get', { key })).version, 2)
  await scene.wait(1)
  assert.equal((await house.perform('key.get', { key })).version, 4)
  assert.equal(await scene.shownFor(), 5)
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})

test('a window longer than the days between rotations, or of a key that does not sign, is refused', async () => {
  await using scene = await start()
  const { house, key } = scene
  await assert.rejects(scene.set({ everyDays: 6, prePublishDays: 7 }), {
    code: 'invalid_request',
    field: 'prePublishDays',
  })
  await assert.rejects(scene.set({ off: true, prePublishDays: 7 }), { field: 'off' })
  const { id: other } = await house.createKey()
  const set = { key: other, everyDays: 9, prePublishDays: 7 }
  assert.equal(await house.codeOf('key.setRotation', set), 'wrong_usage')
  // One that is shown already counts from when it was made; without a window it is as before.
  await scene.set({ uses: 9, publishNext: true })
  await scene.wait(5)
  await scene.set({ uses: 9, prePublishDays: 5 })
  assert.equal(await house.codeOf('key.rotate', { key }), 'ok')
  assert.equal(await house.codeOf('key.rotate', { key }), 'wrong_state')
  await scene.set({ uses: 9, publishNext: true })
  assert.equal(await house.codeOf('key.rotate', { key }), 'ok')
})

test('whatever rotates a key and whenever, what signs was shown for as long as is asked', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('wait' as const), days: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ do: fc.constant('use' as const), times: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ do: fc.constantFrom('rotate' as const, 'revoke-next' as const, 'leave' as const) }),
  )
  const triggers = fc.record({
    everyDays: fc.integer({ min: 6, max: 12 }),
    uses: fc.integer({ min: 1, max: 4 }),
    days: fc.integer({ min: 1, max: 6 }),
  })
  const life = fc.array(step, { minLength: 4, maxLength: 14 })
  await fc.assert(
    fc.asyncProperty(triggers, life, async ({ days, ...given }, steps) => {
      await using scene = await start()
      const { house, key } = scene
      await scene.set({ ...given, on: ['member-left'], prePublishDays: days })
      for (const one of steps) {
        if (one.do === 'wait') await scene.wait(one.days)
        if (one.do === 'use')
          for (let used = 0; used < one.times; used += 1)
            await house.perform('sign', { key, message })
        if (one.do === 'rotate') await house.codeOf('key.rotate', { key })
        if (one.do === 'revoke-next') {
          const { items } = await house.perform('key.versions', { key, limit: 1_000 })
          const next = items.find(({ state }) => state === 'pre-activation')
          if (next !== undefined)
            await house.perform('key.revoke', {
              key,
              version: next.version,
              reason: 'superseded',
              acknowledge: 'all',
            })
        }
        if (one.do === 'leave') {
          const user = await house.createUser('owner')
          await house.perform('principal.disable', { principal: user.id })
          await house.runJob('occurrence')
        }
        await scene.wait(0)
        const { version } = await house.perform('sign', { key, message })
        if (version > 1) assert.ok(shownLongEnough(await house.entries(), key, version, days))
      }
      // However often it waited, nothing is lost: when time goes on, it is rotated.
      const { version } = await house.perform('key.get', { key })
      await scene.wait(days)
      await scene.wait(12)
      await scene.wait(days)
      assert.ok((await house.perform('key.get', { key })).version > version)
      assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
    }),
    { numRuns: 25 },
  )
})

/** By the ledger alone: when the row of a version was first written, and when it first signed. */
function shownLongEnough(
  entries: Awaited<ReturnType<Awaited<ReturnType<typeof startHouse>>['entries']>>,
  key: string,
  version: number,
  days: number,
): boolean {
  const row = `${key}/${String(version).padStart(10, '0')}`
  const made = entries.find(({ changed = [] }) => changed.some(({ id }) => id === row))
  const signed = entries.find(
    (one) => one.event === 'sign' && one.key === key && one.version === version,
  )
  if (made === undefined || signed === undefined) return false
  return Date.parse(signed.time) - Date.parse(made.time) >= days * DAY_MS
}

test('the next public key is shown until it signs, though the current one is revoked or has ended meanwhile', async () => {
  for (const end of ['revoked', 'ended']) {
    await using scene = await start()
    const { house, key, clock } = scene
    await scene.set({ everyDays: 3, prePublishDays: 3 })
    if (end === 'revoked')
      await house.perform('key.revoke', { key, version: 1, reason: 'superseded' })
    else await house.perform('key.update', { key, processStopAt: clock.now() + DAY_MS })
    const [next, ...others] = await scene.wait(1)
    assert.deepEqual([next === undefined, others], [false, []], end)
    const [signing] = await scene.wait(2)
    assert.equal(signing, next, end)
    assert.equal((await house.perform('key.get', { key })).version, 2)
  }
})
