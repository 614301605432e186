import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '#store'
import {
  batchOf,
  hex,
  integrateAll,
  leafHash,
  noteOf,
  plainRoot,
  type Harness,
} from '../harness.ts'

export function treeDuties(harness: Harness): void {
  test('the tree grows by slices that cut batches, and says how far it is', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const { leaves } = await grow(store, [5, 1, 7, 300, 2])
    assert.deepEqual(plain(await store.integrate(0)), {
      size: 0,
      root: hex(plainRoot([])),
      more: true,
    })
    for (const [slice, size] of [
      [3, 3],
      [4, 7],
      [6, 13],
      [1, 14],
      [300, 314],
      [1, 315],
      [9, 315],
    ] as const) {
      const expected = { size, root: hex(plainRoot(leaves.slice(0, size))), more: size < 315 }
      assert.deepEqual(plain(await store.integrate(slice)), expected)
    }
  })

  test('root and tiles are those of RFC 6962 and C2SP tlog-tiles at every size to 600', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const { leaves } = await grow(store, [40, 60, 100, 56, 256, 88])
    for (let size = 1; size <= 600; size += 1) {
      const { root } = await store.integrate(1)
      assert.equal(hex(root), hex(plainRoot(leaves.slice(0, size))), `root at ${size}`)
      if ([1, 255, 256, 257, 511, 512, 513, 600].includes(size))
        await assertTiles(store, leaves.slice(0, size))
    }
  })

  test('a tree of three levels has the tiles and roots of its entries', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const { leaves } = await grow(
      store,
      Array.from({ length: 65 }, () => 1_016),
    )
    const sizes = [65_535, 65_537, 66_040]
    let built = 0
    for (const size of sizes) {
      const { root } = await store.integrate(size - built)
      built = size
      assert.equal(hex(root), hex(plainRoot(leaves.slice(0, size))), `root at ${size}`)
    }
    const top = await store.tile(2, 0, 256)
    assert.equal(top && hex(top), hex(plainRoot(leaves.slice(0, 65_536))))
    assert.equal((await store.tile(1, 0, 256))?.length, 8_192)
    assert.equal((await store.tile(1, 1, 256))?.length, 32)
    assert.equal((await store.tile(0, 257, 256))?.length, (66_040 - 257 * 256) * 32)
    assert.equal(await store.tile(0, 258, 256), undefined)
    assert.equal(await store.tile(3, 0, 256), undefined)
  })

  test('what a batch brings is left as it was', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const batch = batchOf(['a', 'bc', 'def'])
    const before = hex(batch.entries)
    await store.integrate(0)
    await store.commit(batch)
    // A store on a thread of its own has taken the bytes.
    assert.ok(batch.entries.length === 0 || hex(batch.entries) === before)
    assert.equal((await store.entries(1, 1))[0]?.bytes.length, 2)
  })

  test('a tile is cut to the width asked for, and a read is a copy', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const { leaves } = await grow(store, [10])
    await store.integrate(10)
    for (const width of [1, 9, 10]) {
      const tile = await store.tile(0, 0, width)
      assert.equal(tile && hex(tile), hex(Buffer.concat(leaves.slice(0, width))))
      tile?.fill(0)
    }
    assert.equal((await store.tile(0, 0, 256))?.length, 320)
  })

  test('a checkpoint is kept, and the newest stands', async () => {
    await using place = await harness.place()
    const store = await place.open()
    const { leaves } = await grow(store, [10, 20])
    const at = (size: number, signature?: string) => ({
      size,
      note: noteOf(size, plainRoot(leaves.slice(0, size)), signature),
    })
    await store.integrate(20)
    await store.saveCheckpoint(at(7))
    assert.deepEqual(await store.checkpoint(), at(7))
    await store.saveCheckpoint(at(20))
    await store.saveCheckpoint(at(20, 'YW5vdGhlcg=='))
    assert.deepEqual(await store.checkpoint(), at(20, 'YW5vdGhlcg=='))
    const refused = [
      { ...at(19), why: 'smaller than the newest' },
      { ...at(21), why: 'larger than the tree' },
      { size: 20, note: at(19).note, why: 'a note over another size' },
      { size: 20, note: noteOf(20, leafHash('other')), why: 'another root' },
      { size: 20, note: 'no note', why: 'no note' },
      {
        size: 20,
        note: at(20).note.replace('\n20\n', '\n020\n'),
        why: 'a size with a leading zero',
      },
    ]
    for (const { size, note, why } of refused) {
      await assert.rejects(store.saveCheckpoint({ size, note }), { code: 'conflict' }, why)
    }
    assert.deepEqual(await store.checkpoint(), at(20, 'YW5vdGhlcg=='))
    await integrateAll(store, 4)
    await store.saveCheckpoint(at(21))
    assert.deepEqual(await store.checkpoint(), at(21))
  })
}

function plain({ size, root, more }: { size: number; root: Uint8Array; more: boolean }) {
  return { size, root: hex(root), more }
}

/** Commits batches of the given sizes and returns the leaf hashes of their entries. */
async function grow(store: Store, counts: readonly number[]): Promise<{ leaves: Buffer[] }> {
  const leaves: Buffer[] = []
  for (const count of counts) {
    const entries = Array.from({ length: count }, (_, i) => `entry ${leaves.length + i}`)
    await store.commit(batchOf(entries))
    leaves.push(...entries.map(leafHash))
  }
  return { leaves }
}

/** Hash i of tile (l, n) is the root over entries (256n + i) 256^l to (256n + i + 1) 256^l. */
export async function assertTiles(store: Store, leaves: readonly Buffer[]): Promise<void> {
  for (let level = 0, span = 1; span <= leaves.length; level += 1, span *= 256) {
    const hashes = Array.from({ length: Math.floor(leaves.length / span) }, (_, i) =>
      plainRoot(leaves.slice(i * span, (i + 1) * span)),
    )
    const tiles = Math.ceil(hashes.length / 256)
    for (let number = 0; number < tiles; number += 1) {
      const expected = Buffer.concat(hashes.slice(number * 256, (number + 1) * 256))
      const tile = await store.tile(level, number, 256)
      assert.equal(tile && hex(tile), hex(expected), `tile ${level}/${number} at ${leaves.length}`)
    }
    assert.equal(await store.tile(level, tiles, 256), undefined)
  }
}
