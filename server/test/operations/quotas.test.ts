import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RewrapRun } from '#model'
import { makeRoom, type StandingRun } from '../../src/operations/verbs/rewrap-room.ts'
import { startHouse } from '../harness/house.ts'
import { storeWith } from '../harness/store-with.ts'

/** What others make for a key or a principal has an end, and the answer names it. */

/** A house whose store counts more rows of one facet than there are. */
async function crowdedHouse(facet: string, more: number) {
  return startHouse({
    wrapStore: (store) =>
      storeWith(store, {
        count: async (query) => (await store.count(query)) + (query.facet[0] === facet ? more : 0),
      }),
  })
}

for (const [facet, max, words] of [
  ['key', 50_000, /A key has at most 50,000 grants/],
  ['grantee', 5_000, /A principal has at most 5,000 grants/],
] as const) {
  test(`the last grant that there is room for, by ${facet}, and one more`, async () => {
    await using house = await crowdedHouse(facet, max - 1)
    const { id: key } = await house.createKey()
    const asked = { key, grantee: 'app', operations: ['Encrypt'], name: 'one' }
    const first = await house.perform('grant.create', asked)
    await assert.rejects(house.perform('grant.create', { ...asked, name: 'two' }), {
      code: 'conflict',
      message: words,
    })
    // The same request is no new grant, and one that goes makes room.
    assert.equal((await house.perform('grant.create', asked)).id, first.id)
    await house.perform('grant.revoke', { key, grant: first.id })
    await house.perform('grant.create', { ...asked, name: 'two' })
  })
}

test('the last binding of a principal, and of a group, and one more of each', async () => {
  for (const facet of ['principal', 'group'] as const) {
    await using house = await crowdedHouse(facet, 9_999)
    const { id: principal } = await house.perform('principal.create', {
      name: 'app',
      kind: 'service',
    })
    const { id: group } = await house.perform('group.create', { name: 'apps' })
    const asked = {
      role: 'auditor',
      principal: facet === 'group' ? group : principal,
      scope: { kind: 'tenant' },
    } as const
    const { id: binding } = await house.perform('binding.create', asked)
    await assert.rejects(house.perform('binding.create', asked), {
      code: 'conflict',
      message: facet === 'group' ? /A group has at most 10,000/ : /A principal has at most 10,000/,
    })
    await house.perform('binding.delete', { binding })
    await house.perform('binding.create', asked)
  }
})

function run(at: number, about: Partial<RewrapRun>): StandingRun {
  const id = String(at)
  const value: RewrapRun = {
    id,
    tenant: 't',
    key: 'k',
    sourceVersion: 1,
    source: 'files',
    into: { key: 'k', version: 1 },
    done: 0,
    already: 0,
    failed: 0,
    startedAt: at,
    startedBy: 'p',
    ...about,
  }
  return { value, standing: { kind: 'rewrapRun', id, revision: at } }
}

test('of a thousand re-wrap runs the oldest goes that says nothing any more, and no other', () => {
  const complete = { finishedAt: 1, outcome: 'complete' } as const
  const incomplete = { finishedAt: 1, outcome: 'incomplete' } as const
  const others = Array.from({ length: 994 }, (_, at) => run(10 + at, { source: `place ${at}` }))
  const runs = [
    run(1, { ...complete, source: 'elsewhere' }),
    run(2, { ...incomplete, dependent: 'd' }),
    run(3, incomplete),
    run(4, complete),
    run(5, complete),
    ...others,
  ]
  assert.deepEqual(makeRoom(runs), [])
  const full = [...runs, run(2_000, incomplete)]
  assert.deepEqual(makeRoom(full), [{ kind: 'rewrapRun', id: '3', revision: 3 }])
  // What is open, what was the last to go through, and what began after it stay.
  const lasting = full.filter(({ value }) => value.startedAt !== 3 && value.startedAt !== 4)
  const crowd = [...lasting, run(3_000, { source: 'x' }), run(3_001, { source: 'y' })]
  assert.throws(() => makeRoom(crowd), { code: 'conflict', message: /at most 1,000 re-wrap runs/ })
})
