import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { openSqliteStore } from '#store'
import { batchOf, hex, leafHash, plainRoot } from './harness.ts'

/** Entries are hashed as they are committed, so that nothing of them is read again while a store goes on. */

const folder = mkdtempSync(join(tmpdir(), 'claviger-tree-'))
after(() => rmSync(folder, { recursive: true }))

test('a store that goes on reads no entry again to build its tree', async () => {
  const path = join(folder, 'ledger.db')
  const store = await openSqliteStore(path)
  const beside = new DatabaseSync(path)
  await store.integrate(0)
  const leaves: Buffer[] = []
  let taken = 0
  for (let turn = 0; turn < 40; turn += 1) {
    const entries = Array.from({ length: 50 }, (_, at) => `entry ${turn} ${at}`)
    // A few more than there are before the batch: they would be its own.
    const takes = turn % 5 === 4
    await store.commit(batchOf(entries, takes ? { integrate: leaves.length - taken + 20 } : {}))
    if (takes) taken = leaves.length
    leaves.push(...entries.map(leafHash))
    if (turn % 7 === 6) taken = (await store.integrate(1_000)).size
    // Whoever read them now would find something else.
    beside.exec('UPDATE ledger_batch SET entries = zeroblob(length(entries))')
  }
  const { size, root } = await store.integrate(1_000)
  assert.equal(size, leaves.length)
  assert.equal(hex(root), hex(plainRoot(leaves)))
  beside.close()
  await store.close()
})
