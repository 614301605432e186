import assert from 'node:assert/strict'
import type { StatementSync } from 'node:sqlite'
import { test } from 'node:test'
import { Checkpoints } from '../../src/store/sqlite/checkpoint.ts'
import { Commits } from '../../src/store/sqlite/commit.ts'
import { openDatabase, Transactions } from '../../src/store/sqlite/database.ts'
import { DueIndex } from '../../src/store/sqlite/due.ts'
import { Entries } from '../../src/store/sqlite/entries.ts'
import { Rows } from '../../src/store/sqlite/rows.ts'
import { Tree } from '../../src/store/sqlite/tree.ts'
import { batchOf } from './harness.ts'

/** Reads the newest batch from the end of the table, and stops there. */
const fromTheEnd = 'SELECT first_index, count FROM ledger_batch ORDER BY first_index DESC LIMIT 1'

test('no statement walks or sorts a table, so a large store opens and answers as a small one', () => {
  const database = openDatabase(':memory:')
  const prepare = database.prepare.bind(database)
  const statements = new Set<string>()
  database.prepare = (sql): StatementSync => {
    statements.add(sql)
    return prepare(sql)
  }
  const transactions = new Transactions(database)
  const due = new DueIndex(database)
  const rows = new Rows(database, transactions, due)
  const entries = new Entries(database, transactions)
  const tree = new Tree(database, transactions, entries)
  assert.equal(new Checkpoints(database, undefined, entries, tree).newest(), undefined)
  new Commits(database, transactions, rows, tree).commit(batchOf(['x']))
  for (const count of [0, 1, 2, 5]) {
    const names = Array.from({ length: count }, (_, i) => `f${i}`)
    rows.list({ kind: 'key', tenant: 't', facets: names.map((name) => [name, 'v']), limit: 1 })
    for (const order of ['ascending', 'descending'] as const)
      entries.candidates({ facets: names, order, batches: 1 })
  }
  assert.deepEqual(due.list({ job: 'j', until: 1, limit: 1 }), [])
  assert.ok(statements.size > 40)
  for (const sql of statements) {
    if (sql === fromTheEnd || !/^(?:SELECT|UPDATE|DELETE)/.test(sql)) continue
    const plan = prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail))
    assert.ok(
      plan.length > 0 && plan.every((step) => step.startsWith('SEARCH ')),
      `${plan.join('; ')}: ${sql}`,
    )
  }
  assert.ok(statements.has(fromTheEnd))
  database.close()
})
