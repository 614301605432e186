import assert from 'node:assert/strict'
import { appendFileSync, copyFileSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openSqliteStore } from '#store'
import { batchOf } from './harness.ts'

const directory = mkdtempSync(join(tmpdir(), 'claviger-pages-'))
after(() => rmSync(directory, { recursive: true }))

const PAGE_BYTES = 8_192

/** What a crash leaves: the database as it was when its log was last copied into it, and the log with what came since. */
async function crashed(name: string, entriesBefore: number): Promise<string> {
  const path = join(directory, `${name}-running.db`)
  const left = join(directory, `${name}.db`)
  const commitEach = async (first: number, count: number) => {
    const store = await openSqliteStore(path)
    for (let next = first; next < first + count; next += 1)
      await store.commit(batchOf([`entry ${next} ${'x'.repeat(2_000)}`]))
    return store
  }
  const before = await commitEach(0, entriesBefore)
  await before.close()
  const store = await commitEach(entriesBefore, 10)
  for (const suffix of ['', '-wal']) copyFileSync(`${path}${suffix}`, `${left}${suffix}`)
  await store.close()
  return left
}

test('a database whose log was copied into it only up to the midst of a page opens whole', async () => {
  const path = await crashed('cut-off', 20)
  // The log has what follows the end.
  appendFileSync(path, Buffer.alloc(PAGE_BYTES / 2))
  const store = await openSqliteStore(path)
  assert.equal((await store.head()).next, 30)
  assert.equal((await store.entries(0, 30)).length, 30)
  await store.close()
  assert.equal(statSync(path).size % PAGE_BYTES, 0)
})

test('one that lost the end of a page that its log does not hold is refused, however often it is opened', async () => {
  const path = await crashed('torn', 200)
  truncateSync(path, PAGE_BYTES * 20.5)
  for (let time = 0; time < 2; time += 1)
    await assert.rejects(openSqliteStore(path), {
      code: 'integrity_failed',
      message: /ends within a page/,
    })
})

test('one whose log is damaged before the page that it would bring is refused', async () => {
  const path = await crashed('damaged', 20)
  appendFileSync(path, Buffer.alloc(PAGE_BYTES / 2))
  truncateSync(`${path}-wal`, 32)
  await assert.rejects(openSqliteStore(path), { code: 'integrity_failed' })
})
