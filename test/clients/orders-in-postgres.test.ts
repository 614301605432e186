import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from 'pg'
import { startDevServer } from '../../cli/test/e2e/dev-server.ts'
import {
  bound,
  ordersStory,
  type OrderRow,
  type OrderTable,
} from '../../cli/test/e2e/stories/orders.ts'
import { startPostgres } from './postgres.ts'

/** The story of a service whose key is compromised, with its data in PostgreSQL: other placeholders, other types, and asynchronous. */

interface Row {
  /** A bigint, which the client gives as text. */
  readonly id: string
  readonly body: Buffer
}

class PostgresOrders implements OrderTable {
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
  }

  async make(): Promise<void> {
    await this.#client.query(
      'CREATE TABLE orders (id bigint PRIMARY KEY, body bytea NOT NULL, rev integer NOT NULL)',
    )
  }

  async insert(id: number, body: Uint8Array): Promise<void> {
    await this.#client.query('INSERT INTO orders (id, body, rev) VALUES ($1, $2, 1)', [id, body])
  }

  async update(id: number, body: Uint8Array): Promise<void> {
    const statement = 'UPDATE orders SET body = $1, rev = rev + 1 WHERE id = $2'
    await this.#client.query(statement, [body, id])
  }

  async body(id: number): Promise<Uint8Array> {
    const { rows } = await this.#client.query<Row>('SELECT body FROM orders WHERE id = $1', [id])
    const [row] = rows
    assert.ok(row)
    return row.body
  }

  async rowsAfter(cursor: string | undefined, limit: number): Promise<OrderRow[]> {
    const { rows } = await this.#client.query<Row>(
      'SELECT id, body FROM orders WHERE id > $1 ORDER BY id LIMIT $2',
      [cursor ?? '0', limit],
    )
    return rows.map(({ id, body }) => {
      assert.equal(typeof id, 'string')
      return { id: Number(id), cursor: id, ciphertext: body, context: bound(Number(id)) }
    })
  }

  async replace({ cursor, ciphertext: old }: OrderRow, ciphertext: Uint8Array): Promise<boolean> {
    const { rowCount } = await this.#client.query(
      'UPDATE orders SET body = $1 WHERE id = $2 AND body = $3',
      [ciphertext, cursor, old],
    )
    return rowCount === 1
  }
}

test('a service on PostgreSQL answers every request while its key is compromised, replaced, re-wrapped and revoked', async () => {
  await using postgres = await startPostgres()
  await using server = await startDevServer()
  const client = await postgres.connect()
  try {
    const orders = new PostgresOrders(client)
    await orders.make()
    await ordersStory(server, orders)
  } finally {
    await client.end()
  }
})
