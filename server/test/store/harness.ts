import { hash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Batch, Change, Integrated, Row, RowKind, RowReference, RowWrite, Store } from '#store'

/** A place where one store's data lives, while a test lasts. */
export interface Place extends AsyncDisposable {
  /** Opens it; twice at a time means two nodes. */
  open(): Promise<Store>
}

/** A kind of store under test. */
export interface Harness {
  place(): Promise<Place>
  /** Whether data outlive their store, and are shared by all that open the place. */
  readonly persistent: boolean
  /** How many random histories to try. */
  readonly histories: number
}

/** Places in a new directory each, opened by path; what a test leaves open is closed. */
export function filePlaces(open: (path: string) => Promise<Store>) {
  return async (): Promise<Place> => {
    const directory = await mkdtemp(join(tmpdir(), 'claviger-store-'))
    const opened: Store[] = []
    return {
      open: async () => {
        const store = await open(join(directory, 'claviger.db'))
        opened.push(store)
        return store
      },
      [Symbol.asyncDispose]: async () => {
        for (const store of opened) await store.close()
        await rm(directory, { recursive: true })
      },
    }
  }
}

/** An entry bundle of C2SP tlog-tiles. */
export function bundle(entries: readonly (string | Uint8Array)[]): Uint8Array {
  const parts = entries.map((entry) => Buffer.from(entry))
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 2 + part.length, 0))
  let offset = 0
  for (const part of parts) {
    bytes[offset] = part.length >> 8
    bytes[offset + 1] = part.length & 0xff
    bytes.set(part, offset + 2)
    offset += 2 + part.length
  }
  return bytes
}

/** A batch of the given entries, on a ledger that nothing has changed yet; the rest as a test needs it. */
export function batchOf(
  entries: readonly (string | Uint8Array)[],
  rest: Partial<Batch> = {},
): Batch {
  return {
    expectedRevision: 0,
    count: entries.length,
    entries: bundle(entries),
    time: 1_000,
    facets: [],
    counters: [],
    changes: [],
    personal: [],
    ...rest,
  }
}

export function change(rest: Partial<Change>): Change {
  return { writes: [], removals: [], absent: [], unchanged: [], ...rest }
}

/** A row and its facets, with `document` told apart by its revision. */
export function writeOf(
  kind: RowKind,
  id: string,
  revision: number,
  rest: Partial<Row> = {},
  facets: RowWrite['facets'] = [],
  due?: RowWrite['due'],
): RowWrite {
  const row = {
    kind,
    id,
    tenant: 'default',
    document: `{"at":${revision}}`,
    revision,
    seal: Buffer.from(`seal of ${id}`),
  }
  return { row: { ...row, ...rest }, facets, ...(due === undefined ? {} : { due }) }
}

export function reference(kind: RowKind, id: string): RowReference {
  return { kind, id }
}

/** Rows as a test can compare them: bytes as hex. */
export function plainRow(row: Row | undefined) {
  if (row === undefined) return undefined
  return {
    ...row,
    material: row.material === undefined ? undefined : hex(row.material),
    seal: hex(row.seal),
  }
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Entries as `index:text`. */
export function plainEntries(
  entries: readonly { readonly index: number; readonly bytes: Uint8Array }[],
): string[] {
  return entries.map(({ index, bytes }) => `${index}:${Buffer.from(bytes).toString()}`)
}

export async function integrateAll(store: Store, slice: number): Promise<Integrated> {
  let integrated = await store.integrate(slice)
  while (integrated.more) integrated = await store.integrate(slice)
  return integrated
}

/** A checkpoint's text with a signature line that nobody checks here. */
export function noteOf(size: number, root: Uint8Array, signature = 'c2lnbmF0dXJl'): string {
  return `claviger.example/ledger\n${size}\n${Buffer.from(root).toString('base64')}\n\n\u2014 claviger.example/ledger ${signature}\n`
}

export function sha256(...parts: readonly Uint8Array[]): Buffer {
  return hash('sha256', Buffer.concat(parts), 'buffer')
}

export function leafHash(entry: string | Uint8Array): Buffer {
  return sha256(Buffer.of(0), Buffer.from(entry))
}

/** RFC 6962 section 2.1, to the letter, over leaf hashes. */
export function plainRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256()
  const [only] = leaves
  if (leaves.length === 1 && only !== undefined) return only
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return sha256(Buffer.of(1), plainRoot(leaves.slice(0, split)), plainRoot(leaves.slice(split)))
}
