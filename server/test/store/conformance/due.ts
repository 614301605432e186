import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Due, Store } from '#store'
import { batchOf, change, reference, writeOf, type Harness } from '../harness.ts'

/** What is due: found in the order of time, replaced with its row, and marked by the commit that counts. */

async function write(
  store: Store,
  revision: number,
  dues: Readonly<Record<string, readonly Due[]>>,
  time = 1_000,
): Promise<void> {
  const writes = Object.entries(dues).map(([id, due]) =>
    writeOf('key', id, revision + 1, {}, [], due),
  )
  const changes = [change({ writes })]
  const result = await store.commit(batchOf(['x'], { expectedRevision: revision, time, changes }))
  assert.equal(result.kind, 'committed')
}

async function use(store: Store, revision: number, version: number, uses: number, time = 2_000) {
  const counters = [{ key: 'k', version, uses, bytes: uses * 10, wraps: 0 }]
  await store.commit(batchOf(['use'], { expectedRevision: revision, time, counters }))
}

async function due(store: Store, job: string, until = 1_000_000): Promise<string[]> {
  const rows = await store.due({ job, until, limit: 100 })
  return rows.map(({ at, kind, id, tenant }) => `${at} ${kind} ${id} ${tenant}`)
}

export function dueDuties(harness: Harness): void {
  test('what is due is listed by time, for one job, and nothing that is not yet', async () => {
    await using place = await harness.place()
    const store = await place.open()
    await write(store, 0, {
      a: [{ job: 'j', at: 30 }],
      b: [
        { job: 'j', at: 10 },
        { job: 'other', at: 5 },
      ],
      c: [{ job: 'j', at: 30 }],
      d: [{ job: 'j', at: 31 }],
      e: [],
    })
    assert.deepEqual(await due(store, 'j', 9), [])
    const about = await store.dueOf(reference('key', 'b'))
    assert.deepEqual(about, [
      { job: 'j', at: 10 },
      { job: 'other', at: 5 },
    ])
    assert.deepEqual(await store.dueOf(reference('key', 'e')), [])
    const all = ['10 key b default', '30 key a default', '30 key c default']
    assert.deepEqual(await due(store, 'j', 30), all)
    const [first] = await store.due({ job: 'j', until: 30, limit: 1 })
    assert.ok(first !== undefined)
    const [second] = await store.due({ job: 'j', until: 30, after: first, limit: 1 })
    assert.ok(second !== undefined)
    const rest = await store.due({ job: 'j', until: 30, after: second, limit: 9 })
    assert.deepEqual([first.id, second.id, ...rest.map(({ id }) => id)], ['b', 'a', 'c'])
  })

  test('it is replaced with its row, and goes with it', async () => {
    await using place = await harness.place()
    const store = await place.open()
    await write(store, 0, { a: [{ job: 'j', at: 1 }], b: [{ job: 'j', at: 1 }] })
    await write(store, 1, { a: [{ job: 'j', at: 9 }] })
    assert.deepEqual(await due(store, 'j'), ['1 key b default', '9 key a default'])
    await write(store, 2, { a: [] })
    const changes = [change({ removals: [reference('key', 'b')] })]
    await store.commit(batchOf(['x'], { expectedRevision: 3, changes }))
    assert.deepEqual(await due(store, 'j'), [])
  })

  test('the commit that counts so far makes it due, once, and since then', async () => {
    await using place = await harness.place()
    const store = await place.open()
    await write(store, 0, { k: [{ job: 'j', at: 9_000, counters: { version: 1, uses: 5 } }] })
    await use(store, 1, 1, 4)
    await use(store, 1, 2, 40)
    assert.deepEqual(await due(store, 'j'), ['9000 key k default'])
    await use(store, 1, 1, 1, 3_000)
    await use(store, 1, 1, 1, 4_000)
    assert.deepEqual(await due(store, 'j'), ['3000 key k default'])
    const counters = (await store.key('k'))?.counters
    assert.deepEqual(counters?.get(1), { uses: 6, bytes: 60, wraps: 0 })
  })

  test('what has counted so far when it is asked for is due at once; what is asked for no longer is not', async () => {
    await using place = await harness.place()
    const store = await place.open()
    await write(store, 0, { k: [] })
    await use(store, 1, 1, 7)
    assert.deepEqual(await due(store, 'j'), [])
    await write(store, 1, { k: [{ job: 'j', counters: { version: 1, bytes: 70 } }] }, 5_000)
    assert.deepEqual(await due(store, 'j'), ['5000 key k default'])
    await write(store, 2, { k: [{ job: 'j', counters: { version: 2, uses: 1 } }] })
    await use(store, 3, 1, 100)
    assert.deepEqual(await due(store, 'j'), [])
    await use(store, 3, 2, 1, 6_000)
    assert.deepEqual(await due(store, 'j'), ['6000 key k default'])
  })

  if (harness.persistent) {
    test('it outlives its store, counted marks too', async () => {
      await using place = await harness.place()
      const store = await place.open()
      await write(store, 0, { k: [{ job: 'j', counters: { version: 1, uses: 2 } }] })
      await use(store, 1, 1, 1)
      await store.close()
      const again = await place.open()
      assert.deepEqual(await due(again, 'j'), [])
      await use(again, 1, 1, 1)
      await again.close()
      assert.deepEqual(await due(await place.open(), 'j'), ['2000 key k default'])
    })
  }
}
