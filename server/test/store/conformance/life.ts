import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '#store'
import {
  batchOf,
  change,
  hex,
  integrateAll,
  leafHash,
  noteOf,
  plainRoot,
  reference,
  writeOf,
  type Harness,
} from '../harness.ts'
import { assertTiles } from './tree.ts'

export function lifeDuties(harness: Harness): void {
  test('recovery says where the sequencer stands, and the store goes on', async () => {
    await using place = await harness.place()
    const store = await place.open()
    await fill(store)
    const before = await everything(store)
    assert.deepEqual(await store.recover(), { next: 3, revision: 2 })
    assert.deepEqual(await everything(store), before)
    const result = await store.commit(batchOf(['next'], { expectedRevision: 2 }))
    assert.deepEqual(result, { kind: 'committed', firstIndex: 3, revision: 2 })
  })

  test('a closed store refuses, and closing it again is nothing', async () => {
    await using place = await harness.place()
    const store = await place.open()
    await store.close()
    await store.close()
    for (const ask of [
      () => store.head(),
      () => store.commit(batchOf(['x'])),
      () => store.integrate(1),
      () => store.recover(),
    ]) {
      await assert.rejects(ask(), { code: 'shutting_down' })
    }
  })

  if (!harness.persistent) return

  test('a store that is opened again has everything', async () => {
    await using place = await harness.place()
    const store = await place.open()
    await fill(store)
    const before = await everything(store)
    await store.close()
    const again = await place.open()
    assert.deepEqual(await everything(again), before)
    assert.deepEqual(await again.integrate(0), { ...before.integrated })
  })

  test('two nodes on one store are ordered by its sequencer', async () => {
    await using place = await harness.place()
    const [one, other] = [await place.open(), await place.open()]
    await one.commit(batchOf(['a'], { changes: [change({ writes: [writeOf('key', 'k', 1)] })] }))
    const moved = await other.commit(batchOf(['b']))
    assert.deepEqual(moved, { kind: 'moved', revision: 1, changed: [reference('key', 'k')] })
    const second = await other.commit(batchOf(['b'], { expectedRevision: 1 }))
    assert.deepEqual(second, { kind: 'committed', firstIndex: 1, revision: 1 })
    assert.deepEqual(await one.head(), { next: 2, revision: 1 })
  })

  test('batches take entries into the tree that other calls and another node go on with', async () => {
    await using place = await harness.place()
    const nodes = [await place.open(), await place.open()] as const
    const leaves: Buffer[] = []
    for (let turn = 0; turn < 60; turn += 1) {
      // By turns of different lengths, so that a node meets what the other did and what it did itself.
      const store = nodes[turn % 7 < 4 ? 0 : 1]
      const entries = Array.from({ length: 1 + ((turn * 13) % 40) }, (_, i) => `${turn} ${i}`)
      const integrate = [undefined, 0, 30, 1_000][turn % 4]
      await store.commit(batchOf(entries, integrate === undefined ? {} : { integrate }))
      leaves.push(...entries.map(leafHash))
      if (turn % 5 === 4) await store.integrate(17)
      for (const { size, root } of await Promise.all(nodes.map((node) => node.integrate(0)))) {
        assert.equal(hex(root), hex(plainRoot(leaves.slice(0, size))), `root at ${size}`)
        if (integrate === 1_000) assert.ok(size >= leaves.length - entries.length)
      }
    }
    await integrateAll(nodes[0], 1_000)
    await assertTiles(nodes[1], leaves)
  })

  test('two nodes build one tree, by turns', async () => {
    await using place = await harness.place()
    const nodes = [await place.open(), await place.open()]
    const leaves: Buffer[] = []
    for (let turn = 0; turn < 12; turn += 1) {
      const node = nodes[turn % 2] as Store
      const entries = Array.from({ length: 50 }, (_, i) => `entry ${turn} ${i}`)
      await node.commit(batchOf(entries))
      leaves.push(...entries.map(leafHash))
      const { size, root } = await node.integrate(turn % 3 === 0 ? 20 : 70)
      assert.equal(hex(root), hex(plainRoot(leaves.slice(0, size))))
    }
    for (const node of nodes)
      assert.equal(hex((await integrateAll(node, 100)).root), hex(plainRoot(leaves)))
  })
}

async function fill(store: Store): Promise<void> {
  const changes = [
    change({
      writes: [writeOf('key', 'k', 1, {}, [['label', 'a']]), writeOf('version', 'k/0000000001', 1)],
    }),
    change({ writes: [writeOf('alias', 'a', 2)] }),
  ]
  const counters = [{ key: 'k', version: 1, uses: 1, bytes: 2, wraps: 3 }]
  const personal = [{ commitment: 'c', salt: Buffer.from('salt'), value: 'v' }]
  await store.commit(batchOf(['a', 'b', 'c'], { changes, counters, personal, facets: ['key=k'] }))
  const { size, root } = await store.integrate(2)
  await store.saveCheckpoint({ size, note: noteOf(size, root) })
}

async function everything(store: Store) {
  return {
    head: await store.head(),
    changed: await store.changedSince(0),
    last: await store.lastChanged([reference('key', 'k'), reference('alias', 'a')]),
    key: await store.key('k'),
    listed: await store.list({
      kind: 'key',
      tenant: 'default',
      facets: [['label', 'a']],
      limit: 9,
    }),
    aliases: await store.scan('alias', undefined, 9),
    entries: await store.entries(0, 9),
    found: await store.candidates({ facets: ['key=k'], order: 'descending', batches: 9 }),
    personal: await store.personal('c'),
    integrated: await store.integrate(0),
    tile: await store.tile(0, 0, 256),
    checkpoint: await store.checkpoint(),
  }
}
