import { constantTimeEqual, hmacSha256, sha256 } from '#crypto'
import { canonicalJson } from '#model'
import type { Row, RowKind } from '#store'
import { rootKinds, type Hierarchy } from './hierarchy.ts'
import { unfitRow } from './unfit-row.ts'

/**
 * Row seals: every stored row carries a MAC under a key derived from its tenant's key (those of tenants themselves, and of the server:
 * from the root key) over its whole content and its revision. Whoever can write to the database can neither change a row nor put one
 * row's content into another without it being noticed when the row is next read.
 */

const encoder = new TextEncoder()

/** Injective: every part is preceded by its length. */
function canonicalForm(row: Omit<Row, 'seal'>): Buffer {
  const parts = [
    encoder.encode('claviger/row/1'),
    encoder.encode(row.kind),
    encoder.encode(row.id),
    encoder.encode(row.tenant),
    encoder.encode(String(row.revision)),
    encoder.encode(row.document),
    row.material ?? new Uint8Array(0),
  ]
  const form = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + 4 + part.length, 0))
  let offset = 0
  for (const part of parts) {
    offset = form.writeUInt32BE(part.length, offset)
    form.set(part, offset)
    offset += part.length
  }
  return form
}

/** What a new row says, before it is sealed. */
export interface RowContent {
  readonly kind: RowKind
  readonly id: string
  readonly tenant: string
  /** A value that canonical JSON can hold. */
  readonly value: unknown
  readonly material?: Uint8Array
}

export class RowSeals {
  readonly #hierarchy: Hierarchy

  constructor(hierarchy: Hierarchy) {
    this.#hierarchy = hierarchy
  }

  /** Makes the row as it stands at a revision. */
  seal(content: RowContent, revision: number): Row {
    const unsealed = {
      kind: content.kind,
      id: content.id,
      tenant: content.tenant,
      document: canonicalJson(content.value),
      ...(content.material === undefined ? {} : { material: content.material }),
      revision,
    }
    return {
      ...unsealed,
      seal: hmacSha256(
        this.#hierarchy.rowKey(content.kind, content.tenant),
        canonicalForm(unsealed),
      ),
    }
  }

  /**
   * Checks a row as it came from the store and gives its value.
   *
   * @throws ClavigerError integrity_failed when the seal does not fit: the row was changed or moved by something else than this server.
   */
  open<Value>(row: Row): Value {
    const value = this.openFitting<Value>(row)
    if (value === undefined) throw unfitRow(row, 'does not fit its seal')
    return value
  }

  /** The same, but undefined where the seal does not fit. */
  openFitting<Value>(row: Row): Value | undefined {
    if (!this.fits(row) && !this.#fitsSuccessor(row)) return undefined
    return JSON.parse(row.document) as Value
  }

  /** Whether a row bears its seal. */
  fits(row: Row): boolean {
    const expected = hmacSha256(this.#hierarchy.rowKey(row.kind, row.tenant), canonicalForm(row))
    return constantTimeEqual(expected, row.seal)
  }

  /** While the root key is being replaced, its rows may stand under the new one a moment before this hierarchy does. */
  #fitsSuccessor(row: Row): boolean {
    if (!rootKinds.includes(row.kind)) return false
    return this.#hierarchy.successors.some((successor) => new RowSeals(successor).fits(row))
  }

  /** SHA-256 of the row's canonical form, base64: what the record of a change says of it. */
  digest(row: Omit<Row, 'seal'>): string {
    return Buffer.from(sha256(canonicalForm(row))).toString('base64')
  }
}
