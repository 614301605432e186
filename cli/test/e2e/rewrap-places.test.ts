import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { parseEnvelope } from '@claviger/contract/envelope'
import type { Claviger } from '@claviger/sdk'
import { rewrapColumn, type Column, type ColumnRow } from '@claviger/sdk/rewrap'
import { startServerOfFile } from './dev-server.ts'
import { bucketStory, inPieces, type Bucket } from './stories/bucket.ts'

/** Re-wrapping a column of SQLite and the objects of a bucket, at the real server. */

const { client } = await startServerOfFile()

interface CardRow extends ColumnRow {
  readonly id: number
}

/** A table of secrets, each bound to its row by the encryption context. */
class Cards implements Column<CardRow> {
  readonly database = new DatabaseSync(':memory:')

  constructor() {
    this.database.exec('CREATE TABLE card (id INTEGER PRIMARY KEY, secret BLOB NOT NULL) STRICT')
  }

  async fill(key: string, count: number): Promise<void> {
    const rows = Array.from({ length: count }, (_, n) => n + 1)
    const { items } = await client.encryptBatch({
      key,
      items: rows.map((id) => ({ plaintext: Buffer.from(`secret ${id}`), context: bound(id) })),
    })
    const insert = this.database.prepare('INSERT INTO card (id, secret) VALUES (?, ?)')
    for (const [index, id] of rows.entries()) {
      const item = items[index]
      assert.ok(item !== undefined && 'ciphertext' in item)
      insert.run(id, item.ciphertext)
    }
  }

  rowsAfter(cursor: string | undefined, limit: number): CardRow[] {
    return this.database
      .prepare('SELECT id, secret FROM card WHERE id > ? ORDER BY id LIMIT ?')
      .all(Number(cursor ?? 0), limit)
      .map((row) => {
        const id = Number(row['id'])
        return {
          id,
          cursor: String(id),
          ciphertext: row['secret'] as Uint8Array,
          context: bound(id),
        }
      })
  }

  replace({ id, ciphertext: old }: CardRow, ciphertext: Uint8Array): boolean {
    const { changes } = this.database
      .prepare('UPDATE card SET secret = ? WHERE id = ? AND secret = ?')
      .run(ciphertext, id, old)
    return changes === 1
  }

  async assertAll(version: number): Promise<void> {
    for (const { id, ciphertext } of this.rowsAfter(undefined, 10_000)) {
      assert.equal(parseEnvelope(ciphertext)?.version, version, `row ${id}`)
      const { plaintext } = await client.decrypt({ ciphertext, context: bound(id) })
      assert.match(Buffer.from(plaintext).toString(), new RegExp(`^(secret|written) ${id}$`))
    }
  }
}

function bound(id: number): Record<string, string> {
  return { row: String(id) }
}

test('a column is brought under the new version, and a second run finds it so', async () => {
  const { id: key } = await client.key.create({})
  const cards = new Cards()
  await cards.fill(key, 250)
  await client.key.rotate({ key })
  const options = { client, key, source: 'card.secret', column: cards }
  const result = await rewrapColumn(options)
  assert.deepEqual([result.outcome, result.done, result.already], ['complete', 250, 0])
  await cards.assertAll(2)
  const again = await rewrapColumn(options)
  assert.deepEqual([again.outcome, again.done, again.already], ['complete', 0, 250])
})

test('a run that is stopped goes on where it was, and what came behind it is found in the end', async () => {
  const { id: key } = await client.key.create({})
  const cards = new Cards()
  await cards.fill(key, 350)
  const { ciphertext: written } = await client.encrypt({
    key,
    plaintext: Buffer.from('written 7'),
    context: bound(7),
  })
  await client.key.rotate({ key })
  const options = { client, key, source: 'card.secret', column: cards, reportEveryMs: 0 }
  const stop = new AbortController()
  const stopped = rewrapColumn({
    ...options,
    signal: stop.signal,
    onProgress: ({ done }) => {
      if (done >= 150) stop.abort()
    },
  })
  await assert.rejects(stopped, { name: 'AbortError' })
  const { items } = await client.rewrap.list({ key, state: 'open' })
  assert.equal(items[0]?.position, '200')
  assert.equal(items[0]?.done, 200)
  // Row 7 lies before where it stopped, and is put back as it was under the old version.
  cards.database.prepare('UPDATE card SET secret = ? WHERE id = 7').run(written)

  const result = await rewrapColumn(options)
  assert.equal(result.run, items[0]?.id)
  assert.equal(result.outcome, 'complete')
  assert.equal(result.done, 351)
  await cards.assertAll(2)
})

test('a row that is written meanwhile keeps what was written, and is taken again', async () => {
  const { id: key } = await client.key.create({})
  const cards = new Cards()
  await cards.fill(key, 5)
  const { ciphertext: written } = await client.encrypt({
    key,
    plaintext: Buffer.from('written 3'),
    context: bound(3),
  })
  await client.key.rotate({ key })
  let calls = 0
  const meddled: Claviger = {
    ...client,
    async reencryptBatch(input, options) {
      const answer = await client.reencryptBatch(input, options)
      if ((calls += 1) === 1)
        cards.database.prepare('UPDATE card SET secret = ? WHERE id = 3').run(written)
      return answer
    },
  }
  const result = await rewrapColumn({ client: meddled, key, source: 'card', column: cards })
  assert.deepEqual([result.outcome, result.done], ['complete', 5])
  await cards.assertAll(2)
  const [row] = cards.rowsAfter('2', 1)
  const { plaintext } = await client.decrypt({
    ciphertext: row?.ciphertext ?? Buffer.of(),
    context: bound(3),
  })
  assert.equal(Buffer.from(plaintext).toString(), 'written 3')
})

test('a row that does not decrypt is named, and the others are done', async () => {
  const { id: key } = await client.key.create({})
  const cards = new Cards()
  await cards.fill(key, 3)
  const [, second] = cards.rowsAfter(undefined, 3)
  const damaged = Buffer.from(second?.ciphertext ?? [])
  damaged.writeUInt8(damaged.readUInt8(damaged.length - 1) ^ 1, damaged.length - 1)
  cards.database.prepare('UPDATE card SET secret = ? WHERE id = 2').run(damaged)
  await client.key.rotate({ key })
  const result = await rewrapColumn({ client, key, source: 'card', column: cards })
  assert.deepEqual([result.outcome, result.done, result.failed], ['incomplete', 2, 1])
  assert.equal(result.failures[0]?.item, '2')
})

/** What a bucket does, in memory: names in order, an etag for each content, and writes on a condition. */
class MemoryBucket implements Bucket {
  readonly objects = new Map<string, { etag: string; bytes: Buffer }>()

  set(name: string, bytes: Uint8Array): Promise<void> {
    this.objects.set(name, { etag: randomBytes(8).toString('hex'), bytes: Buffer.from(bytes) })
    return Promise.resolve()
  }

  remove(name: string): Promise<void> {
    this.objects.delete(name)
    return Promise.resolve()
  }

  async objectsAfter(name: string | undefined, limit: number) {
    const names = [...this.objects.keys()].toSorted().filter((each) => each > (name ?? ''))
    return Promise.resolve(names.slice(0, limit).map((each) => ({ name: each })))
  }

  async get(name: string) {
    const object = this.objects.get(name)
    return Promise.resolve(
      object && { etag: object.etag, size: object.bytes.length, body: inPieces(object.bytes) },
    )
  }

  async put(name: string, write: Parameters<Bucket['put']>[1]) {
    const pieces: Uint8Array[] = []
    for await (const piece of write.body) pieces.push(Buffer.from(piece))
    const bytes = Buffer.concat(pieces)
    assert.equal(bytes.length, write.size, 'a bucket is told the size before')
    if (this.objects.get(name)?.etag !== write.ifMatch) return false
    await this.set(name, bytes)
    return true
  }
}

test('objects of a bucket, encrypted files and envelopes, are brought under the new version', async () => {
  await bucketStory(client, new MemoryBucket())
})
