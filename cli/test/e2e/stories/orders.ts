import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { parseEnvelope } from '@claviger/contract/envelope'
import { createClient, type Claviger } from '@claviger/sdk'
import { checkStatement, serverSource, verifyLedger } from '@claviger/sdk/ledger'
import { rewrapColumn, type Column, type ColumnRow } from '@claviger/sdk/rewrap'
import type { DevServer } from '../dev-server.ts'

/**
 * A real dependent: a small service with its data in a table, encrypted through the client, that goes on answering while its key is found
 * compromised, replaced, re-wrapped and revoked. It is told over every database that has a table for it.
 */

const ROWS = 400

export interface OrderRow extends ColumnRow {
  readonly id: number
}

/** `orders (id, body, rev)` in a database. Each call is one statement. */
export interface OrderTable extends Column<OrderRow> {
  insert(id: number, body: Uint8Array): Promise<void>
  /** Writes a body, whatever stood there, and counts the row's revision up. */
  update(id: number, body: Uint8Array): Promise<void>
  body(id: number): Promise<Uint8Array>
}

/** What the ciphertext of an order is bound to. */
export function bound(id: number): Record<string, string> {
  return { order: String(id) }
}

/** The service. It names its key when it encrypts, by an alias, and not when it decrypts: the ciphertext does. */
class Orders {
  readonly #client: Claviger
  readonly #table: OrderTable
  #next = 1
  served = 0
  readonly failures: string[] = []

  constructor(client: Claviger, table: OrderTable) {
    this.#client = client
    this.#table = table
  }

  async create(text: string): Promise<void> {
    const id = this.#next
    this.#next += 1
    await this.#table.insert(id, await this.#encrypted(id, text))
  }

  async change(id: number, text: string): Promise<void> {
    await this.#table.update(id, await this.#encrypted(id, text))
  }

  async #encrypted(id: number, text: string): Promise<Uint8Array> {
    const plaintext = Buffer.from(text)
    const { ciphertext } = await this.#client.encrypt({
      key: 'orders',
      plaintext,
      context: bound(id),
    })
    return ciphertext
  }

  async read(id: number): Promise<string> {
    const ciphertext = await this.#table.body(id)
    const { plaintext } = await this.#client.decrypt({ ciphertext, context: bound(id) })
    return Buffer.from(plaintext).toString()
  }

  /** Traffic, one request after another, until told to stop: every row is read, some are changed, and new ones come. */
  async serve(isOver: () => boolean): Promise<void> {
    for (let round = 1; !isOver(); round += 1) {
      const id = 1 + ((round * 7) % ROWS)
      try {
        if (round % 5 === 0) await this.change(id, `order ${id}, again`)
        else if (round % 11 === 0) await this.create(`order ${this.#next}`)
        else assert.match(await this.read(id), new RegExp(`^order ${id}(, again)?$`))
        this.served += 1
      } catch (error) {
        this.failures.push(String(error))
      }
      await turn()
    }
  }

  async keysInUse(): Promise<Set<string | undefined>> {
    const rows = await this.#table.rowsAfter(undefined, 1_000_000)
    return new Set(rows.map(({ ciphertext }) => parseEnvelope(ciphertext)?.key))
  }
}

/** Waits until the traffic has gone on for so many requests more: that it did is what counts, and not for how long. */
async function requests(orders: Orders, count: number): Promise<void> {
  const enough = orders.served + count
  while (orders.served < enough && orders.failures.length === 0) await turn()
}

/** The story, from the first order to the report: no request fails, and every row is under the replacement in the end. */
export async function ordersStory(server: DevServer, table: OrderTable): Promise<void> {
  const owner = createClient({ address: server.address, token: server.token })
  const { id: old } = await owner.key.create({ alias: 'orders' })
  const { id: principal } = await owner.principal.create({ name: 'shop', kind: 'service' })
  const { token } = await owner.token.create({ principal })
  const scope = { kind: 'key', key: old } as const
  await owner.binding.create({ principal, role: 'key-user', scope })
  const shop = createClient({ address: server.address, token })
  const { id: store } = await shop.dependent.create({ key: old, name: 'orders.db', kind: 'store' })
  const orders = new Orders(shop, table)
  for (let n = 1; n <= ROWS; n += 1) await orders.create(`order ${n}`)

  let over = false
  const traffic = Promise.all([1, 2, 3].map(() => orders.serve(() => over)))
  try {
    await requests(orders, 50)
    const since = Date.now() - 3_600_000
    const opened = await owner.compromise.open({ key: 'orders', since, reason: 'a stolen backup' })
    const { key: fresh } = opened.replacement
    assert.deepEqual(opened.principals, [principal])
    const id = { case: opened.id }
    const { uses } = await owner.compromise.assess(id)
    assert.deepEqual(
      uses.map((use) => use.principal),
      [principal],
    )
    await owner.compromise.rewrap(id)
    await requests(orders, 50)

    // The service looks for runs of its store, goes through it, and says that it is done.
    const { items } = await shop.rewrap.list({ key: old, state: 'open' })
    const [asked] = items
    assert.equal(asked?.dependent, store)
    const result = await rewrapColumn({
      client: shop,
      key: old,
      into: fresh,
      source: asked?.source ?? '',
      dependent: store,
      perSecond: 1_000,
      column: table,
    })
    assert.deepEqual([result.run, result.outcome, result.failed], [asked?.id, 'complete', 0])
    assert.deepEqual([...(await orders.keysInUse())], [fresh])
    const { notice = -1 } = await owner.compromise.get(id)
    await shop.dependent.acknowledge({ dependent: store, notice })

    // Whatever was read from the table before has been answered by then.
    await requests(orders, 50)
    await owner.compromise.revoke(id)
    await requests(orders, 50)
    await owner.compromise.destroy({ ...id, days: 1 })
    await owner.compromise.close(id)
    await requests(orders, 50)
    const statement = await owner.compromise.report(id)
    assert.deepEqual((await checkStatement(statement, statement.keys)).findings, [])
  } finally {
    over = true
    await traffic
  }
  assert.deepEqual(orders.failures, [])
  assert.ok(orders.served >= 200)
  assert.equal((await orders.keysInUse()).size, 1)
  const ledger = await verifyLedger(serverSource(owner), {})
  assert.deepEqual(ledger.findings, [], 'no use of the key stands after its revocation')
}
