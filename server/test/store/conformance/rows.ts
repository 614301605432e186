import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListQuery, RowWrite, Store } from '#store'
import { batchOf, change, plainRow, reference, writeOf, type Harness } from '../harness.ts'

export function rowDuties(harness: Harness): void {
  test('rows come back as they were written, in the order asked', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const writes = [
      writeOf('key', 'k', 1, {
        document: '{"text":"\\u0000 \u00e9 \ud83d\udd11 \' \\" --"}',
        material: Buffer.from('wrapped'),
      }),
      writeOf('alias', 'k', 1, { material: new Uint8Array(0) }),
      writeOf('tombstone', "it's; DROP TABLE", 1, {
        tenant: 't/2',
        material: Buffer.alloc(70_000, 7),
      }),
      writeOf('system', 'seal', 1, { document: '' }),
    ]
    await write(store, 0, writes)
    const [key, alias, tombstone, system] = writes.map(({ row }) => plainRow(row))
    const asked = [
      reference('system', 'seal'),
      reference('version', 'k'),
      reference('tombstone', "it's; DROP TABLE"),
      reference('key', 'k'),
      reference('alias', 'k'),
      reference('key', 'k'),
    ]
    const found = (await store.rows(asked)).map(plainRow)
    assert.deepEqual(found, [
      { ...system, material: undefined },
      undefined,
      tombstone,
      key,
      alias,
      key,
    ])
  })

  test('a key comes with its versions in order and with no others', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const numbers = Array.from({ length: 12 }, (_, i) => i + 1)
    const versionOf = (key: string, number: number) => `${key}/${String(number).padStart(10, '0')}`
    const versions = ['k', 'k0', 'k.', 'j', 'k/1'].flatMap((key) =>
      numbers.map((n) => writeOf('version', versionOf(key, n), 1)),
    )
    await write(store, 0, [
      writeOf('key', 'k', 1),
      ...versions.filter(({ row }) => !row.id.startsWith('k/1/')).toReversed(),
    ])
    const found = await store.key('k')
    assert.equal(found?.key.id, 'k')
    assert.deepEqual(
      found.versions.map(({ id }) => id),
      numbers.map((number) => versionOf('k', number)),
    )
    assert.equal(found.counters.size, 0)
    assert.equal(await store.key('k0'), undefined)
  })

  test('a write replaces the row and its facets, and a removal takes both', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const listed = async (name: string, value: string) => {
      const query = { kind: 'key', tenant: 'default', facets: [[name, value]], limit: 10 } as const
      return (await store.list(query)).map(({ id, revision }) => `${id}@${revision}`)
    }
    const facets = [
      ['label', 'a=1'],
      ['state', 'active'],
      ['state', 'active'],
    ] as const
    await write(store, 0, [
      writeOf('key', 'k', 1, { material: Buffer.from('m') }, facets),
      writeOf('key', 'l', 1, {}, facets),
    ])
    assert.deepEqual(await listed('label', 'a=1'), ['k@1', 'l@1'])
    await write(store, 1, [writeOf('key', 'k', 2, {}, [['state', 'revoked']])])
    assert.deepEqual(await listed('label', 'a=1'), ['l@1'])
    assert.deepEqual(await listed('state', 'revoked'), ['k@2'])
    assert.equal((await store.rows([reference('key', 'k')]))[0]?.material, undefined)
    await store.commit(
      batchOf(['x'], {
        expectedRevision: 2,
        changes: [change({ removals: [reference('key', 'k'), reference('key', 'none')] })],
      }),
    )
    assert.deepEqual(await listed('state', 'revoked'), [])
    assert.deepEqual(await store.rows([reference('key', 'k')]), [undefined])
  })

  test('a list has exactly the rows of its kind and tenant with every facet, page by page', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const writes: RowWrite[] = []
    for (let i = 0; i < 60; i += 1) {
      const facets = [
        ['two', String(i % 2)],
        ['three', String(i % 3)],
        ['five', String(i % 5)],
      ] as const
      const id = `id-${String((i * 37) % 60).padStart(2, '0')}`
      writes.push(writeOf('key', id, 1, { tenant: i < 48 ? 'default' : 'other' }, facets))
      writes.push(writeOf('alias', `alias-${id}`, 1, {}, facets))
    }
    await write(store, 0, writes)
    for (const tenant of ['default', 'other', 'none']) {
      for (const facets of facetSets) {
        const expected = writes
          .filter(({ row }) => row.kind === 'key' && row.tenant === tenant)
          .filter((each) =>
            facets.every(([name, value]) =>
              each.facets.some(([n, v]) => n === name && v === value),
            ),
          )
          .map(({ row }) => row.id)
          .toSorted()
        for (const limit of [1, 7, 100]) {
          assert.deepEqual(await pages(store, { kind: 'key', tenant, facets, limit }), expected)
        }
      }
    }
  })

  test('a scan has every row of a kind over all tenants, page by page', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const ids = Array.from({ length: 25 }, (_, i) => `id-${String(i).padStart(2, '0')}`)
    await write(store, 0, [
      ...ids.toReversed().map((id, i) => writeOf('binding', id, 1, { tenant: `t${i % 3}` })),
      writeOf('token', 'id-00', 1),
    ])
    const seen: string[] = []
    for (let after: string | undefined; ;) {
      const rows = await store.scan('binding', after, 10)
      if (rows.length === 0) break
      seen.push(...rows.map(({ id }) => id))
      after = seen.at(-1)
    }
    assert.deepEqual(seen, ids)
  })

  test('the change log tells what was changed after a revision, and when each was changed last', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const changes = [
      change({ writes: [writeOf('key', 'k', 1), writeOf('alias', 'a', 1)] }),
      change({ writes: [writeOf('key', 'l', 2)] }),
      change({ writes: [writeOf('key', 'k', 3)], removals: [reference('alias', 'a')] }),
    ]
    await store.commit(batchOf(['x'], { changes }))
    const names = async (revision: number) =>
      (await store.changedSince(revision)).map(({ kind, id }) => `${kind} ${id}`).toSorted()
    assert.deepEqual(await names(0), ['alias a', 'key k', 'key l'])
    assert.deepEqual(await names(1), ['alias a', 'key k', 'key l'])
    assert.deepEqual(await names(2), ['alias a', 'key k'])
    assert.deepEqual(await names(3), [])
    const asked = [
      reference('key', 'l'),
      reference('alias', 'a'),
      reference('key', 'none'),
      reference('key', 'k'),
    ]
    assert.deepEqual(await store.lastChanged(asked), [2, 3, undefined, 3])
  })
}

const facetSets: readonly ListQuery['facets'][] = [
  [],
  [['two', '0']],
  [['five', '9']],
  [
    ['two', '1'],
    ['three', '2'],
  ],
  [
    ['five', '3'],
    ['three', '0'],
    ['two', '1'],
  ],
  [
    ['three', '0'],
    ['three', '1'],
  ],
]

async function write(
  store: Store,
  expectedRevision: number,
  writes: readonly RowWrite[],
): Promise<void> {
  const result = await store.commit(
    batchOf(['x'], { expectedRevision, changes: [change({ writes })] }),
  )
  assert.equal(result.kind, 'committed')
}

async function pages(store: Store, query: ListQuery): Promise<string[]> {
  const ids: string[] = []
  for (;;) {
    const after = ids.at(-1)
    const rows = await store.list(after === undefined ? query : { ...query, after })
    assert.ok(rows.length <= query.limit)
    if (rows.length === 0) return ids
    ids.push(...rows.map(({ id }) => id))
  }
}
