import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openSqliteStore, type Store } from '#store'
import { batchOf, hex, integrateAll, leafHash, noteOf, plainEntries, plainRoot } from './harness.ts'

const directory = mkdtempSync(join(tmpdir(), 'claviger-faults-'))
after(() => rmSync(directory, { recursive: true }))
let files = 0
const newPath = () => join(directory, `${files++}.db`)
const committer = fileURLToPath(new URL('./committer.ts', import.meta.url))

test('what a process acknowledged before it was killed is there, ten times over', async () => {
  const path = newPath()
  for (let time = 0; time < 10; time += 1) {
    const child = spawn(process.execPath, [committer, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const said: string[] = []
    const enough = 4 + time * 3
    for await (const line of createInterface(child.stdout)) {
      said.push(line)
      // It goes on while the signal is under way, so it dies in the middle of anything.
      if (said.length === enough) child.kill('SIGKILL')
    }
    assert.ok(said.length >= enough)
    const store = await openSqliteStore(path)
    await assertHolds(store, said)
    await store.close()
  }
})

test('where the disk takes no more, nothing acknowledged is lost and nothing more is acknowledged until recovery', async () => {
  const path = newPath()
  // Files may grow to 1 MiB: the log hits that first, then, when it has been emptied into the database a few times, the database.
  const limited = ['-c', 'ulimit -f 2048; exec "$0" "$@"', process.execPath, committer, path]
  const child = spawn('/bin/sh', limited, { stdio: ['ignore', 'pipe', 'inherit'] })
  const said: string[] = []
  for await (const line of createInterface(child.stdout)) said.push(line)
  assert.ok(said.includes('failed ledger_unavailable'))
  assert.ok(
    said.some((line) => line.startsWith('recovered ')),
    'the log could be emptied at first',
  )
  assert.equal(said.at(-2), 'unrecoverable ledger_unavailable')
  for (const line of said.filter((each) => /^(?:again|read) /.test(each)))
    assert.match(line, / ledger_unavailable$/)
  const store = await openSqliteStore(path)
  await assertHolds(store, said)
  assert.equal((await store.commit(batchOf(['space again']))).kind, 'committed')
  await store.close()
})

test('a commit that failed halfway is not there, and nothing is answered until recovery has looked', async () => {
  const path = newPath()
  const store = await openSqliteStore(path)
  await store.commit(batchOf(['a']))
  harm(path, 'ALTER TABLE ledger_batch RENAME TO elsewhere')
  const failed = { code: 'ledger_unavailable' }
  await assert.rejects(store.commit(batchOf(['b'])), failed)
  await assert.rejects(store.recover(), failed)
  harm(path, 'ALTER TABLE elsewhere RENAME TO ledger_batch')
  for (const ask of [
    () => store.commit(batchOf(['b'])),
    () => store.head(),
    () => store.integrate(1),
  ]) {
    await assert.rejects(ask(), failed)
  }
  assert.deepEqual(await store.recover(), { next: 1, revision: 0 })
  assert.deepEqual(await store.commit(batchOf(['b'])), {
    kind: 'committed',
    firstIndex: 1,
    revision: 0,
  })
  await store.close()
})

const cuts = [
  { title: 'to a half', length: (size: number) => size / 2 },
  { title: 'by a page', length: (size: number) => size - 8_192 },
  { title: 'by a byte', length: (size: number) => size - 1 },
  { title: 'to its header', length: () => 100 },
  { title: 'to nothing', length: () => 0 },
]
for (const { title, length } of cuts) {
  test(`a database cut ${title} is refused`, async () => {
    const path = newPath()
    await fill(path, 300)
    truncateSync(path, Math.floor(length(statSync(path).size)))
    await assertRefused(path)
  })
}

const harms: readonly { readonly title: string; readonly sql: string; readonly message: RegExp }[] =
  [
    {
      title: 'whose newest batch was deleted',
      sql: 'DELETE FROM ledger_batch WHERE first_index = (SELECT max(first_index) FROM ledger_batch)',
      message: /entries were lost/,
    },
    {
      title: 'whose batches were all deleted',
      sql: 'DELETE FROM ledger_batch',
      message: /entries were lost/,
    },
    {
      title: 'whose sequencer was set back',
      sql: 'UPDATE sequencer SET next = next - 20',
      message: /entries were lost/,
    },
    {
      title: 'that was set back whole',
      sql: `DELETE FROM ledger_batch WHERE first_index >= 100; UPDATE sequencer SET next = 100; UPDATE tree SET size = 100`,
      message: /fork the ledger/,
    },
    {
      title: 'whose tree has another hash',
      sql: 'UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE level = 0 AND number = 1',
      message: /another root/,
    },
    {
      title: 'whose tree lost a tile',
      sql: 'DELETE FROM tile WHERE level = 1',
      message: /tile 0 of level 1/,
    },
    {
      title: 'whose tree is ahead of it',
      sql: 'UPDATE tree SET size = size + 50',
      message: /entries were lost/,
    },
    {
      title: 'whose checkpoint is no note',
      sql: "UPDATE checkpoint SET note = 'note'",
      message: /not a note/,
    },
    { title: 'without a sequencer', sql: 'DELETE FROM sequencer', message: /no sequencer/ },
    {
      title: 'of a newer release',
      sql: 'PRAGMA user_version = 1000',
      message: /start the release that wrote it/,
    },
    { title: 'of no release', sql: 'PRAGMA user_version = -1', message: /schema -1/ },
    { title: 'of another program', sql: 'PRAGMA application_id = 1', message: /another program/ },
  ]
for (const { title, sql, message } of harms) {
  test(`a database ${title} is refused`, async () => {
    const path = newPath()
    await fill(path, 300)
    harm(path, sql)
    await assertRefused(path, message)
  })
}

test('a file that is no database is refused and left as it is', async () => {
  const path = newPath()
  const content = randomBytes(20_000)
  writeFileSync(path, content)
  await assertRefused(path)
  assert.deepEqual(readFileSync(path), content)
})

test('a database of another program, or of a newer release, is refused and left as it is', async () => {
  for (const [pragma, message] of [
    ['application_id = 7', /another program/],
    ['user_version = 3', /another program/],
    ['application_id = 0x436c6176; PRAGMA user_version = 1000', /start the release/],
  ] as const) {
    const path = newPath()
    harm(path, `CREATE TABLE mine (one TEXT); PRAGMA ${pragma}`)
    const content = readFileSync(path)
    await assertRefused(path, message)
    assert.deepEqual(readFileSync(path), content)
  }
})

test('a batch deleted in the middle is missed when it is read, never passed over', async () => {
  const path = newPath()
  await fill(path, 300, 0)
  harm(path, 'DELETE FROM ledger_batch WHERE first_index = 100')
  const store = await openSqliteStore(path)
  const missed = { code: 'integrity_failed', message: /gap at index 1/ }
  await assert.rejects(store.entries(90, 20), missed)
  await assert.rejects(store.entries(100, 1), missed)
  await assert.rejects(store.entries(110, 100), missed)
  await assert.rejects(store.integrate(300), missed)
  assert.equal((await store.entries(0, 100)).length, 100)
  assert.equal((await store.entries(120, 100)).length, 100)
  assert.deepEqual((await store.integrate(100)).root, plainRoot(leavesOf(100)))
  await store.close()
})

test('entries missing in the middle do not hinder what is committed, and are told by integrate', async () => {
  const path = newPath()
  await fill(path, 300, 0)
  harm(path, 'DELETE FROM ledger_batch WHERE first_index = 100')
  const store = await openSqliteStore(path)
  const committed = await store.commit(batchOf(['more'], { integrate: 1_000 }))
  assert.deepEqual(committed, { kind: 'committed', firstIndex: 300, revision: 0 })
  await assert.rejects(store.integrate(1_000), { code: 'integrity_failed' })
  assert.equal((await store.integrate(0)).size, 0)
  assert.deepEqual((await store.integrate(100)).root, plainRoot(leavesOf(100)))
  await store.close()
})

test('an older backup under a newer checkpoint is refused, and the right database opens again', async () => {
  const path = newPath()
  await fill(path, 200)
  copyFileSync(path, `${path}.backup`)
  await fill(path, 100)
  copyFileSync(path, `${path}.right`)
  copyFileSync(`${path}.backup`, path)
  await assertRefused(
    path,
    /holds 200 entries, and a checkpoint over 300 was signed.*fork the ledger/,
  )
  rmSync(path)
  await assertRefused(path, /holds 0 entries/)
  copyFileSync(`${path}.right`, path)
  const store = await openSqliteStore(path)
  assert.equal((await store.head()).next, 300)
  await store.close()
})

test('another ledger under the checkpoint is refused', async () => {
  const [path, other] = [newPath(), newPath()]
  await fill(path, 200)
  const store = await openSqliteStore(other)
  await store.commit(batchOf(Array.from({ length: 250 }, (_, i) => `another ${i}`)))
  await store.close()
  copyFileSync(other, path)
  await assertRefused(path, /another root/)
})

test('a backup that has the entries but not yet the tree catches up with the checkpoint', async () => {
  const path = newPath()
  await fill(path, 300, 100)
  copyFileSync(path, `${path}.backup`)
  await fill(path, 0, 270)
  const note = readFileSync(`${path}.checkpoint`, 'utf8')
  copyFileSync(`${path}.backup`, path)
  const store = await openSqliteStore(path)
  assert.deepEqual(await store.checkpoint(), { size: 270, note })
  assert.equal((await store.integrate(0)).size, 270)
  await assert.rejects(
    store.saveCheckpoint({ size: 100, note: noteOf(100, plainRoot(leavesOf(100))) }),
    { code: 'conflict' },
  )
  await store.close()
})

test('a checkpoint file that was lost is written again, and one that is damaged is refused', async () => {
  const path = newPath()
  await fill(path, 100)
  const note = readFileSync(`${path}.checkpoint`, 'utf8')
  rmSync(`${path}.checkpoint`)
  await (await openSqliteStore(path)).close()
  assert.equal(readFileSync(`${path}.checkpoint`, 'utf8'), note)
  assert.equal(statSync(`${path}.checkpoint`).mode & 0o777, 0o600)
  for (const damaged of [
    '',
    note.slice(0, 40),
    note.replace('\n100\n', '\n1e2\n'),
    note.repeat(1_000),
  ]) {
    writeFileSync(`${path}.checkpoint`, damaged)
    await assertRefused(path, /checkpoint/)
  }
})

test('a checkpoint that cannot be written is not saved, and the store must recover', async () => {
  const path = newPath()
  await fill(path, 100, 50)
  const store = await openSqliteStore(path)
  const before = await store.checkpoint()
  const { root } = await store.integrate(50)
  // A directory in the way of the temporary file.
  mkdirSync(`${path}.checkpoint.new`)
  await assert.rejects(store.saveCheckpoint({ size: 100, note: noteOf(100, root) }), {
    code: 'ledger_unavailable',
  })
  await assert.rejects(store.commit(batchOf(['x'])), { code: 'ledger_unavailable' })
  rmdirSync(`${path}.checkpoint.new`)
  await store.recover()
  assert.deepEqual(await store.checkpoint(), before)
  await store.saveCheckpoint({ size: 100, note: noteOf(100, root) })
  assert.equal((await store.checkpoint())?.size, 100)
  await store.close()
})

function leavesOf(count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => leafHash(`entry ${i}`))
}

/** Adds `count` entries in batches of 20 and a checkpoint over the first `size`, or over all. */
async function fill(path: string, count: number, size?: number): Promise<void> {
  const store = await openSqliteStore(path)
  const first = (await store.head()).next
  for (let next = first; next < first + count; next += 20) {
    await store.commit(batchOf(Array.from({ length: 20 }, (_, i) => `entry ${next + i}`)))
  }
  const built = (await store.integrate(0)).size
  const integrated = await store.integrate((size ?? first + count) - built)
  if (integrated.size > 0)
    await store.saveCheckpoint({
      size: integrated.size,
      note: noteOf(integrated.size, integrated.root),
    })
  await store.close()
}

function harm(path: string, sql: string): void {
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
}

async function assertRefused(path: string, message?: RegExp): Promise<void> {
  await assert.rejects(openSqliteStore(path), (error: Error & { code?: string }) => {
    assert.match(error.code ?? '', /^(?:ledger_unavailable|integrity_failed)$/)
    if (message !== undefined) assert.match(error.message, message)
    return true
  })
}

/** Whatever was said to be done is in the store, and the tree is that of its entries. */
async function assertHolds(store: Store, said: readonly string[]): Promise<void> {
  const most = (what: string) =>
    Math.max(
      0,
      ...said
        .filter((line) => line.startsWith(`${what} `))
        .map((line) => Number(line.split(' ')[1])),
    )
  const { next } = await store.head()
  assert.ok(next >= most('entries'), `${next} entries of ${most('entries')} acknowledged`)
  assert.ok(next >= most('recovered'))
  assert.ok(((await store.checkpoint())?.size ?? 0) >= most('checkpoint'))
  const entries = await store.entries(0, next)
  assert.equal(entries.length, next)
  for (const [position, entry] of plainEntries(entries).entries()) {
    assert.ok(entry.startsWith(`${position}:entry ${position} xxx`), entry)
  }
  const { root } = await integrateAll(store, 10_000)
  assert.equal(hex(root), hex(plainRoot(entries.map(({ bytes }) => leafHash(bytes)))))
}
