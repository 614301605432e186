import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { startDevServer } from './dev-server.ts'
import { bound, ordersStory, type OrderRow, type OrderTable } from './stories/orders.ts'

/** The story of a service whose key is compromised, with its data in SQLite. */

class SqliteOrders implements OrderTable {
  readonly #database = new DatabaseSync(':memory:')

  constructor() {
    this.#database.exec(
      'CREATE TABLE orders (id INTEGER PRIMARY KEY, body BLOB NOT NULL, rev INTEGER NOT NULL) STRICT',
    )
  }

  insert(id: number, body: Uint8Array): Promise<void> {
    this.#database.prepare('INSERT INTO orders (id, body, rev) VALUES (?, ?, 1)').run(id, body)
    return Promise.resolve()
  }

  update(id: number, body: Uint8Array): Promise<void> {
    this.#database.prepare('UPDATE orders SET body = ?, rev = rev + 1 WHERE id = ?').run(body, id)
    return Promise.resolve()
  }

  body(id: number): Promise<Uint8Array> {
    const row = this.#database.prepare('SELECT body FROM orders WHERE id = ?').get(id)
    return Promise.resolve(row?.['body'] as Uint8Array)
  }

  rowsAfter(cursor: string | undefined, limit: number): OrderRow[] {
    return this.#database
      .prepare('SELECT id, body FROM orders WHERE id > ? ORDER BY id LIMIT ?')
      .all(Number(cursor ?? 0), limit)
      .map((row) => {
        const id = Number(row['id'])
        return { id, cursor: String(id), ciphertext: row['body'] as Uint8Array, context: bound(id) }
      })
  }

  replace({ id, ciphertext: old }: OrderRow, ciphertext: Uint8Array): boolean {
    const { changes } = this.#database
      .prepare('UPDATE orders SET body = ? WHERE id = ? AND body = ?')
      .run(ciphertext, id, old)
    return changes === 1
  }
}

test('a service on SQLite answers every request while its key is compromised, replaced, re-wrapped and revoked', async () => {
  await using server = await startDevServer()
  await ordersStory(server, new SqliteOrders())
})
