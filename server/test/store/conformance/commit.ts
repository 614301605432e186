import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Batch, Store } from '#store'
import { batchOf, change, plainEntries, reference, writeOf, type Harness } from '../harness.ts'

export function commitDuties(harness: Harness): void {
  test('an empty store stands at the beginning and has nothing', async () => {
    await using place = await harness.place()
    const store = await place.open()
    assert.deepEqual(await store.head(), { next: 0, revision: 0 })
    assert.deepEqual(await store.changedSince(0), [])
    assert.deepEqual(await store.rows([reference('key', 'k')]), [undefined])
    assert.equal(await store.key('k'), undefined)
    assert.deepEqual(
      await store.list({ kind: 'key', tenant: 'default', facets: [], limit: 10 }),
      [],
    )
    assert.deepEqual(await store.scan('key', undefined, 10), [])
    assert.deepEqual(await store.lastChanged([reference('key', 'k')]), [undefined])
    assert.deepEqual(await store.entries(0, 10), [])
    assert.deepEqual(await store.candidates({ facets: [], order: 'descending', batches: 10 }), [])
    assert.equal(await store.personal('c'), undefined)
    assert.equal(await store.tile(0, 0, 256), undefined)
    assert.equal(await store.checkpoint(), undefined)
  })

  test('entries get the next indexes, and each change the next revision', async () => {
    await using place = await harness.place()
    const store = await place.open()
    assert.deepEqual(await store.commit(batchOf(['a', 'b'])), {
      kind: 'committed',
      firstIndex: 0,
      revision: 0,
    })
    const changes = [
      change({ writes: [writeOf('key', 'k', 1)] }),
      change({ writes: [writeOf('key', 'l', 2)] }),
    ]
    assert.deepEqual(await store.commit(batchOf(['c'], { changes })), {
      kind: 'committed',
      firstIndex: 2,
      revision: 2,
    })
    const third = await store.commit(batchOf(['d', 'e', 'f'], { expectedRevision: 2 }))
    assert.deepEqual(third, { kind: 'committed', firstIndex: 3, revision: 2 })
    assert.deepEqual(await store.head(), { next: 6, revision: 2 })
    assert.deepEqual(plainEntries(await store.entries(0, 9)), [
      '0:a',
      '1:b',
      '2:c',
      '3:d',
      '4:e',
      '5:f',
    ])
  })

  test('calls in flight keep their order, and a read sees the commits before it', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const commits = Array.from({ length: 20 }, (_, i) => store.commit(batchOf([`entry ${i}`])))
    const head = store.head()
    const results = await Promise.all(commits)
    assert.deepEqual(
      results.map((result) => (result.kind === 'committed' ? result.firstIndex : result.kind)),
      Array.from({ length: 20 }, (_, i) => i),
    )
    assert.equal((await head).next, 20)
  })

  test('a commit on an old revision writes nothing and learns what changed, each subject once', async () => {
    await using place = await harness.place()
    const store = await place.open()
    await commitChanges(store, 0, [
      { writes: [writeOf('key', 'k', 1)] },
      { writes: [writeOf('alias', 'a', 2)] },
    ])
    await commitChanges(store, 2, [
      { writes: [writeOf('key', 'k', 3)] },
      { removals: [reference('alias', 'a')] },
    ])
    await commitChanges(store, 4, [{ writes: [writeOf('key', 'k', 5)] }])
    const before = await snapshot(store)
    const stale = full({
      expectedRevision: 2,
      changes: [change({ writes: [writeOf('key', 'new', 3)] })],
    })
    const moved = await store.commit(stale)
    assert.ok(moved.kind === 'moved' && moved.revision === 5)
    assert.deepEqual(moved.changed.map(({ kind, id }) => `${kind} ${id}`).toSorted(), [
      'alias a',
      'key k',
    ])
    assert.deepEqual(await snapshot(store), before)
    const ahead = await store.commit(full({ expectedRevision: 6 }))
    assert.deepEqual(ahead, { kind: 'moved', revision: 5, changed: [] })
    assert.deepEqual(await snapshot(store), before)
  })

  const held = { kind: 'key', id: 'held' } as const
  const refused = [
    {
      title: 'a row that must not exist does',
      conditions: { absent: [held] },
      condition: 'absent',
      subject: held,
    },
    {
      title: 'a row has been written since',
      conditions: { unchanged: [{ ...held, revision: 0 }] },
      condition: 'unchanged',
      subject: held,
    },
    {
      title: 'a row that must stand is gone',
      conditions: { unchanged: [{ kind: 'key', id: 'gone', revision: 1 }] },
      condition: 'unchanged',
      subject: { kind: 'key', id: 'gone' },
    },
    {
      title: 'the second of its conditions does not hold',
      conditions: { absent: [{ kind: 'alias', id: 'held' }, held] },
      condition: 'absent',
      subject: held,
    },
  ] as const
  for (const { title, conditions, condition, subject } of refused) {
    test(`where ${title}, the whole batch is refused and nothing is written`, async () => {
      await using place = await harness.place()
      const store = await place.open()
      await commitChanges(store, 0, [{ writes: [writeOf('key', 'held', 1)] }])
      const before = await snapshot(store)
      const changes = [
        change({ writes: [writeOf('key', 'new', 2)], absent: [reference('key', 'new')] }),
        change({ ...conditions, writes: [writeOf('key', 'other', 3)] }),
      ]
      const result = await store.commit(full({ expectedRevision: 1, changes }))
      assert.deepEqual(result, { kind: 'conflict', change: 1, subject, condition })
      assert.deepEqual(await snapshot(store), before)
    })
  }

  test('conditions that hold let a change pass', async () => {
    await using place = await harness.place()
    const store = await place.open()
    await commitChanges(store, 0, [{ writes: [writeOf('key', 'k', 1)] }])
    const result = await commitChanges(store, 1, [
      {
        absent: [reference('key', 'l')],
        unchanged: [{ kind: 'key', id: 'k', revision: 1 }],
        writes: [writeOf('key', 'l', 2)],
      },
    ])
    assert.equal(result.kind, 'committed')
  })

  test('a change is checked on top of those before it in the batch', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const twice = [
      change({ absent: [reference('alias', 'a')], writes: [writeOf('alias', 'a', 1)] }),
      change({ absent: [reference('alias', 'a')], writes: [writeOf('alias', 'a', 2)] }),
    ]
    assert.deepEqual(await store.commit(batchOf(['x'], { changes: twice })), {
      kind: 'conflict',
      change: 1,
      subject: reference('alias', 'a'),
      condition: 'absent',
    })
    const onTop = [
      change({ writes: [writeOf('alias', 'a', 1)] }),
      change({
        unchanged: [{ kind: 'alias', id: 'a', revision: 1 }],
        removals: [reference('alias', 'a')],
      }),
      change({ absent: [reference('alias', 'a')], writes: [writeOf('alias', 'a', 3)] }),
    ]
    assert.equal((await store.commit(batchOf(['x'], { changes: onTop }))).kind, 'committed')
    assert.equal((await store.rows([reference('alias', 'a')]))[0]?.revision, 3)
  })

  const ill: readonly { readonly title: string; readonly batch: Batch }[] = [
    { title: 'no entries', batch: batchOf([]) },
    { title: 'more entries than it says', batch: batchOf(['a', 'b'], { count: 1 }) },
    { title: 'fewer entries than it says', batch: batchOf(['a', 'b'], { count: 3 }) },
    {
      title: 'a bundle that is cut off',
      batch: batchOf(['a'], { entries: Uint8Array.of(0, 2, 97) }),
    },
    {
      title: 'a bundle that ends in a length',
      batch: batchOf(['a'], { entries: Uint8Array.of(0, 1, 97, 0), count: 2 }),
    },
    { title: 'a time that is none', batch: batchOf(['a'], { time: 0.5 }) },
    {
      title: 'a row of another revision',
      batch: batchOf(['a'], { changes: [change({ writes: [writeOf('key', 'k', 2)] })] }),
    },
    {
      title: 'a counter that falls',
      batch: batchOf(['a'], { counters: [{ key: 'k', version: 1, uses: -1, bytes: 0, wraps: 0 }] }),
    },
  ]
  test('a batch that is not well formed is refused, and the store goes on', async () => {
    await using place = await harness.place()
    const store = await place.open()
    for (const [position, { title, batch }] of ill.entries()) {
      await assert.rejects(store.commit(batch), RangeError, title)
      assert.deepEqual(await store.head(), { next: position, revision: 0 }, title)
      assert.equal((await store.commit(batchOf(['a']))).kind, 'committed', title)
    }
  })

  test('counters add up, within a batch and over batches, and end at the greatest exact integer', async () => {
    await using place = await harness.place()
    const store = await place.open()
    await commitChanges(store, 0, [{ writes: [writeOf('key', 'k', 1)] }])
    const counters = [
      { key: 'k', version: 1, uses: 2, bytes: 100, wraps: 1 },
      { key: 'k', version: 2, uses: 1, bytes: 0, wraps: 0 },
      { key: 'k', version: 1, uses: 3, bytes: 50, wraps: 0 },
      { key: 'other', version: 1, uses: 9, bytes: 9, wraps: 9 },
    ]
    await store.commit(batchOf(['x'], { expectedRevision: 1, counters }))
    await store.commit(batchOf(['x'], { expectedRevision: 1, counters }))
    assert.deepEqual(
      (await store.key('k'))?.counters,
      new Map([
        [1, { uses: 10, bytes: 300, wraps: 2 }],
        [2, { uses: 2, bytes: 0, wraps: 0 }],
      ]),
    )
    const most = { key: 'k', version: 2, uses: 0, bytes: Number.MAX_SAFE_INTEGER, wraps: 0 }
    await store.commit(batchOf(['x'], { expectedRevision: 1, counters: [most, most] }))
    assert.equal((await store.key('k'))?.counters.get(2)?.bytes, Number.MAX_SAFE_INTEGER)
  })

  test('counters that would come beyond a limit refuse the batch whole, and one without a limit goes on', async () => {
    await using place = await harness.place()
    const store = await place.open()
    await commitChanges(store, 0, [{ writes: [writeOf('key', 'k', 1)] }])
    const used = { key: 'k', version: 1, uses: 2, bytes: 10, wraps: 1 }
    const commit = (within: object | undefined, more: object = {}) =>
      store.commit(
        batchOf(['x'], {
          expectedRevision: 1,
          counters: [
            { key: 'k', version: 2, uses: 1, bytes: 1, wraps: 1 },
            { ...used, ...more, ...(within && { within }) },
          ],
        }),
      )
    assert.equal((await commit({ uses: 2, bytes: 10, wraps: 1 })).kind, 'committed')
    const counted = { uses: 2, bytes: 10, wraps: 1 }
    const { next } = await store.head()
    for (const within of [{ uses: 3 }, { bytes: 19 }, { wraps: 1 }]) {
      const exceeded = { kind: 'exceeded', key: 'k', version: 1, counted }
      assert.deepEqual(await commit(within), exceeded)
    }
    assert.deepEqual(await store.head(), { next, revision: 1 })
    const counters = (await store.key('k'))?.counters
    assert.deepEqual([counters?.get(1), counters?.get(2)?.uses], [counted, 1])
    assert.equal((await commit({ uses: 4, bytes: 20, wraps: 2 })).kind, 'committed')
    assert.equal((await commit(undefined)).kind, 'committed')
    assert.equal((await commit({ uses: 6 }, { uses: 0 })).kind, 'committed')
  })

  test('personal values are kept with the commit', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const value = { commitment: 'c', salt: Buffer.from('salt'), value: '192.0.2.1' }
    await store.commit(batchOf(['x'], { personal: [value] }))
    await store.commit(batchOf(['x'], { personal: [value] }))
    const kept = await store.personal('c')
    assert.deepEqual(kept && { ...kept, salt: Buffer.from(kept.salt) }, value)
    assert.equal(await store.personal('d'), undefined)
  })
}

/** A batch with something of everything, so that a partial write would show. */
function full(rest: Partial<Batch>): Batch {
  return batchOf(['left', 'over'], {
    facets: ['key=left'],
    counters: [{ key: 'held', version: 1, uses: 1, bytes: 1, wraps: 1 }],
    personal: [{ commitment: 'left', salt: Buffer.from('salt'), value: 'over' }],
    ...rest,
  })
}

async function commitChanges(
  store: Store,
  expectedRevision: number,
  changes: readonly Parameters<typeof change>[0][],
) {
  return await store.commit(batchOf(['change'], { expectedRevision, changes: changes.map(change) }))
}

async function snapshot(store: Store) {
  return {
    head: await store.head(),
    changed: await store.changedSince(0),
    keys: await store.scan('key', undefined, 100),
    held: await store.key('held'),
    entries: await store.entries(0, 100),
    found: await store.candidates({ facets: ['key=left'], order: 'ascending', batches: 10 }),
    personal: await store.personal('left'),
  }
}
