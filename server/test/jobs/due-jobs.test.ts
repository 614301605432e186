import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { temporaryFolder } from '../harness/server-process.ts'

/** Jobs over what is due, where several nodes share a store: one works at a time, and nothing is done twice whoever works. */

const DAY_MS = 86_400_000

/** Two nodes over one store, with keys that are due for rotation. */
async function twoNodes(path: string, clock: DrivenClock) {
  const one = await startHouse({ path, clock, node: 'one' })
  const other = await startHouse({
    path,
    clock,
    node: 'other',
    shares: one.shares,
    token: one.token,
  })
  const keys: string[] = []
  for (let made = 0; made < 3; made += 1) {
    const { id: key } = await one.createKey()
    await one.perform('key.autoRotate', { key, days: 1 })
    keys.push(key)
  }
  return { one, other, keys }
}

async function versions(house: TestHouse, keys: readonly string[]): Promise<number[]> {
  return Promise.all(keys.map(async (key) => ((await house.store.key(key))?.versions ?? []).length))
}

function lagOf(house: TestHouse, name: string): number | undefined {
  return house.house.jobs.find((job) => job.name === name)?.lagMs?.()
}

test('the node with the lease works, the others rest until it is over', async () => {
  await using folder = await temporaryFolder()
  const clock = new DrivenClock()
  const { one, other, keys } = await twoNodes(`${folder.path}/claviger.db`, clock)
  clock.advance(DAY_MS)
  await one.runJob('rotation')
  assert.deepEqual(await versions(one, keys), [2, 2, 2])
  clock.advance(29_999)
  await one.runJob('rotation')
  // One that is due for the other node, while the first still has the lease.
  const { id: key } = await other.createKey()
  await other.perform('key.destroy', { key, days: 1 })
  clock.advance(DAY_MS)
  await one.runJob('destruction')
  assert.equal((await other.store.key(key))?.versions[0]?.material, undefined)
  const leases = (await one.entries()).filter(({ event }) => event === 'job.lease')
  assert.deepEqual(
    leases.map(({ subject, detail }) => [subject, detail?.['node']]),
    [
      ['rotation', 'one'],
      ['destruction', 'one'],
    ],
    'a node with nothing to do takes none',
  )
  await other.runJob('rotation')
  assert.deepEqual(await versions(one, keys), [3, 3, 3], 'it is over, and another takes it')
  clock.advance(DAY_MS)
  await other.runJob('rotation')
  const before = await versions(one, keys)
  const late = await one.createKey()
  await one.perform('key.autoRotate', { key: late.id, days: 1 })
  await one.runJob('rotation')
  assert.deepEqual(
    [before, await versions(one, keys)],
    [
      [4, 4, 4],
      [4, 4, 4],
    ],
  )
  await one.close()
  await other.close()
})

test('a node rests while another has the lease, and says how far behind the work is', async () => {
  await using folder = await temporaryFolder()
  const clock = new DrivenClock()
  const { one, other, keys } = await twoNodes(`${folder.path}/claviger.db`, clock)
  const { id: late } = await one.createKey()
  await one.perform('key.autoRotate', { key: late, days: 1 })
  clock.advance(DAY_MS)
  // Somebody took the lease and died.
  const { gate, custody } = one.house
  const asked = { job: 'rotation', node: 'one', seconds: 30 }
  await gate.performAsSystem('job.lease', custody.tenant, asked)
  clock.advance(29_999)
  await other.runJob('rotation')
  assert.deepEqual(await versions(one, keys), [1, 1, 1])
  assert.equal(lagOf(other, 'rotation'), 29_999)
  clock.advance(1)
  await other.runJob('rotation')
  assert.deepEqual(await versions(one, [...keys, late]), [2, 2, 2, 2])
  assert.equal(lagOf(other, 'rotation'), 0)
  const again = gate.performAsSystem('job.lease', custody.tenant, asked)
  await assert.rejects(again, { code: 'wrong_state' })
  await one.close()
  await other.close()
})

test('nodes that fire the same without a lease rotate each key once', async () => {
  await using folder = await temporaryFolder()
  const clock = new DrivenClock()
  const { one, other, keys } = await twoNodes(`${folder.path}/claviger.db`, clock)
  clock.advance(DAY_MS)
  const fired = await Promise.allSettled(
    keys.flatMap((key) =>
      [one, other, one, other].map(({ house }) =>
        house.gate.performAsSystem('key.rotateDue', house.custody.tenant, { key }),
      ),
    ),
  )
  assert.deepEqual(await versions(one, keys), [2, 2, 2])
  const codes = fired.map((each) =>
    each.status === 'fulfilled' ? 'ok' : (each.reason as { code?: string }).code,
  )
  assert.equal(codes.filter((code) => code === 'ok').length, 3)
  assert.equal(codes.filter((code) => code === 'wrong_state').length, 9)
  assert.deepEqual((await one.perform('system.doctor', {})).findings, [])
  await one.close()
  await other.close()
})
