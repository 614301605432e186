import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { Counters } from '#model'
import type {
  CountQuery,
  ListQuery,
  Row,
  RowKind,
  RowReference,
  RowWrite,
  StoredKey,
} from '../store.ts'
import { bytes, integer, text } from './columns.ts'
import type { Transactions } from './database.ts'
import type { DueIndex } from './due.ts'
import { toKind } from './kind.ts'

type Columns = Record<string, SQLOutputValue>

const columns = 'r.kind, r.id, r.tenant, r.document, r.material, r.revision, r.seal'

/** Facets that one query may ask for; statements are kept for each number of them. */
const FACETS_MAX = 16

/** Sealed rows, the facets they are listed by, the change log, and the counters that stand beside them. */
export class Rows {
  readonly #database: DatabaseSync
  readonly #transactions: Transactions
  readonly #due: DueIndex
  readonly #row: StatementSync
  readonly #revision: StatementSync
  readonly #write: StatementSync
  readonly #remove: StatementSync
  readonly #removeFacets: StatementSync
  readonly #addFacet: StatementSync
  readonly #logChange: StatementSync
  readonly #changedSince: StatementSync
  readonly #lastChanged: StatementSync
  readonly #scan: StatementSync
  readonly #versions: StatementSync
  readonly #counters: StatementSync
  readonly #count: StatementSync
  readonly #hasOther: StatementSync
  /** Whether wrapped material was removed, or replaced, since it was asked. */
  #freed = false
  /** By the number of facets asked for. */
  readonly #lists = new Map<number, StatementSync>()

  constructor(database: DatabaseSync, transactions: Transactions, due: DueIndex) {
    this.#database = database
    this.#transactions = transactions
    this.#due = due
    this.#row = database.prepare(
      `SELECT ${columns} FROM stored_row r WHERE r.kind = ? AND r.id = ?`,
    )
    this.#hasOther = database.prepare(
      'SELECT 1 FROM stored_row WHERE kind = ? AND id = ? AND material IS NOT NULL AND material IS NOT ?',
    )
    this.#revision = database.prepare('SELECT revision FROM stored_row WHERE kind = ? AND id = ?')
    this.#write = database.prepare(
      `INSERT INTO stored_row (kind, id, tenant, document, material, revision, seal) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (kind, id) DO UPDATE SET tenant = excluded.tenant, document = excluded.document,
         material = excluded.material, revision = excluded.revision, seal = excluded.seal`,
    )
    this.#remove = database.prepare('DELETE FROM stored_row WHERE kind = ? AND id = ?')
    this.#removeFacets = database.prepare('DELETE FROM row_facet WHERE kind = ? AND id = ?')
    this.#addFacet = database.prepare(
      'INSERT INTO row_facet (kind, tenant, name, value, id) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.#logChange = database.prepare(
      'INSERT INTO change_log (revision, kind, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.#changedSince = database.prepare(
      'SELECT kind, id FROM change_log WHERE revision > ? ORDER BY revision',
    )
    this.#lastChanged = database.prepare(
      'SELECT max(revision) AS revision FROM change_log WHERE kind = ? AND id = ?',
    )
    this.#scan = database.prepare(
      `SELECT ${columns} FROM stored_row r WHERE r.kind = ? AND r.id > ? ORDER BY r.id LIMIT ?`,
    )
    this.#versions = database.prepare(
      `SELECT ${columns} FROM stored_row r WHERE r.kind = 'version' AND r.id > ? AND r.id < ? ORDER BY r.id`,
    )
    this.#counters = database.prepare(
      'SELECT version, uses, bytes, wraps FROM counter WHERE key = ? AND uses + bytes + wraps > 0',
    )
    this.#count = database.prepare(
      'SELECT count(*) AS count FROM row_facet WHERE kind = ? AND tenant = ? AND name = ? AND value = ?',
    )
  }

  row(reference: RowReference): Row | undefined {
    const found = this.#row.get(reference.kind, reference.id)
    return found === undefined ? undefined : toRow(found)
  }

  rows(references: readonly RowReference[]): (Row | undefined)[] {
    return this.#transactions.read(() => references.map((reference) => this.row(reference)))
  }

  revisionOf({ kind, id }: RowReference): number | undefined {
    const found = this.#revision.get(kind, id)
    return found === undefined ? undefined : integer(found['revision'])
  }

  write({ row, facets, due = [] }: RowWrite, revision: number): void {
    this.#free(row, row.material)
    this.#removeFacets.run(row.kind, row.id)
    this.#write.run(
      row.kind,
      row.id,
      row.tenant,
      row.document,
      row.material ?? null,
      row.revision,
      row.seal,
    )
    for (const [name, value] of facets)
      this.#addFacet.run(row.kind, row.tenant, name, value, row.id)
    this.#due.replace(row, due)
    this.#logChange.run(revision, row.kind, row.id)
  }

  remove({ kind, id }: RowReference, revision: number): void {
    this.#free({ kind, id })
    this.#removeFacets.run(kind, id)
    this.#due.remove({ kind, id })
    this.#remove.run(kind, id)
    this.#logChange.run(revision, kind, id)
  }

  #free({ kind, id }: RowReference, next?: Uint8Array): void {
    this.#freed ||= this.#hasOther.get(kind, id, next ?? null) !== undefined
  }

  /** Whether material was removed, or replaced, since this was asked last. */
  takeFreed(): boolean {
    const freed = this.#freed
    this.#freed = false
    return freed
  }

  changedSince(revision: number): RowReference[] {
    const changed = new Map<string, RowReference>()
    for (const found of this.#changedSince.iterate(revision)) {
      const subject = { kind: toKind(found['kind']), id: text(found['id']) }
      changed.set(`${subject.kind} ${subject.id}`, subject)
    }
    return [...changed.values()]
  }

  lastChanged(references: readonly RowReference[]): (number | undefined)[] {
    return this.#transactions.read(() =>
      references.map(({ kind, id }) => {
        const revision = this.#lastChanged.get(kind, id)?.['revision']
        return revision === null ? undefined : integer(revision)
      }),
    )
  }

  /** A version's row id is its key's, a slash, and the number padded to sort; '0' is the character after the slash. */
  key(id: string): StoredKey | undefined {
    return this.#transactions.read(() => {
      const key = this.row({ kind: 'key', id })
      if (key === undefined) return undefined
      const versions = this.#versions.all(`${id}/`, `${id}0`).map(toRow)
      const counters = new Map<number, Counters>()
      for (const found of this.#counters.all(id)) {
        const counted = {
          uses: integer(found['uses']),
          bytes: integer(found['bytes']),
          wraps: integer(found['wraps']),
        }
        counters.set(integer(found['version']), counted)
      }
      return { key, versions, counters }
    })
  }

  scan(kind: RowKind, after: string | undefined, limit: number): Row[] {
    return this.#scan.all(kind, after ?? '', limit).map(toRow)
  }

  count({ kind, tenant, facet }: CountQuery): number {
    return integer(this.#count.get(kind, tenant, ...facet)?.['count'])
  }

  /** Walks the first facet's rows in order of id and looks each of the others up, so name the rarest first. */
  list({ kind, tenant, facets, after, limit }: ListQuery): Row[] {
    if (facets.length > FACETS_MAX)
      throw new RangeError(`a list asks for at most ${FACETS_MAX} facets`)
    const values = facets.flatMap(([name, value]) => [name, value])
    return this.#listStatement(facets.length)
      .all(kind, tenant, after ?? '', limit, ...values)
      .map(toRow)
  }

  #listStatement(facets: number): StatementSync {
    let statement = this.#lists.get(facets)
    if (statement === undefined) {
      statement = this.#database.prepare(listQuery(facets))
      this.#lists.set(facets, statement)
    }
    return statement
  }
}

/** Parameters: kind, tenant, after, limit, then name and value of each facet. CROSS JOIN keeps SQLite from another order. */
function listQuery(facets: number): string {
  if (facets === 0) {
    return `SELECT ${columns} FROM stored_row r WHERE r.kind = ?1 AND r.tenant = ?2 AND r.id > ?3 ORDER BY r.id LIMIT ?4`
  }
  const probes = Array.from(
    { length: facets - 1 },
    (_, other) => `AND EXISTS (SELECT 1 FROM row_facet p WHERE p.kind = ?1 AND p.tenant = ?2
      AND p.name = ?${7 + 2 * other} AND p.value = ?${8 + 2 * other} AND p.id = f.id)`,
  )
  return `SELECT ${columns} FROM row_facet f CROSS JOIN stored_row r ON r.kind = f.kind AND r.id = f.id
    WHERE f.kind = ?1 AND f.tenant = ?2 AND f.name = ?5 AND f.value = ?6 AND f.id > ?3 ${probes.join(' ')}
    ORDER BY f.id LIMIT ?4`
}

function toRow(found: Columns): Row {
  const material = found['material']
  return {
    kind: toKind(found['kind']),
    id: text(found['id']),
    tenant: text(found['tenant']),
    document: text(found['document']),
    ...(material === null ? {} : { material: bytes(material) }),
    revision: integer(found['revision']),
    seal: bytes(found['seal']),
  }
}
