import type { Counters, Limits } from '#model'

/**
 * What the house needs of a store. Duties stated once, tested by one conformance suite over every store:
 *
 * - `commit` is atomic and durable when it returns, and the only thing that writes keys, access and ledger entries.
 * - Reads see every commit that returned before them.
 * - The store understands no record and no row: both are opaque, and found by id and by the facets that come with them.
 */

/** The kinds of rows. `system` holds the seal and the ledger's signing keys. */
export const rowKinds = [
  'system',
  'tenant',
  'key',
  'version',
  'alias',
  'principal',
  'principalName',
  'token',
  'accessKey',
  'binding',
  'grant',
  'trust',
  'identityProvider',
  'importParameters',
  'tombstone',
  'password',
  'factor',
  'lockout',
  'loginSession',
  'enrolment',
  'loginProvider',
  'loginLink',
  'certificate',
  'secretId',
  'settings',
  'role',
  'group',
  'membership',
  'separation',
  'stepUpRule',
  'approvalPolicy',
  'approval',
  'dependent',
  'lifecyclePolicy',
  'subscription',
  'delivery',
  'deadLetter',
  'rewrapRun',
  'compromiseCase',
  'lease',
  'breakGlass',
  'occurrence',
] as const
export type RowKind = (typeof rowKinds)[number]

/** A sealed row. `id` is unique within its kind over all tenants. */
export interface Row {
  readonly kind: RowKind
  readonly id: string
  readonly tenant: string
  /** Canonical JSON. */
  readonly document: string
  /** Wrapped key material, where the row has any. */
  readonly material?: Uint8Array
  /** The revision that wrote it. */
  readonly revision: number
  /** A MAC over all of the above, made and checked by the keyring; opaque here. */
  readonly seal: Uint8Array
}

export interface RowReference {
  readonly kind: RowKind
  readonly id: string
}

/** A row as it stood when it was read: a condition of changes that were computed from it. */
export type RowStanding = RowReference & { readonly revision: number }

/**
 * What a job has to do with a row: at a time, in milliseconds since 1970, or as soon as a counter of one version has come so far,
 * whichever is first. Counters are for rows of kind `key`, and for one version of each; how far they may come is at least 1.
 */
export interface Due {
  readonly job: string
  readonly at?: number
  readonly counters?: Partial<Counters> & { readonly version: number }
}

/**
 * A row to write, with the facets it can be listed by: pairs of a name and a value; and with what is due about it, at most once for each
 * job. Both replace what stood with the row earlier. A counter that has come so far already makes its job due at the batch's time.
 */
export interface RowWrite {
  readonly row: Row
  readonly facets: readonly (readonly [name: string, value: string])[]
  readonly due?: readonly Due[]
}

/** What one change writes. It is refused whole, and nothing is written, when a condition does not hold. */
export interface Change {
  readonly writes: readonly RowWrite[]
  readonly removals: readonly RowReference[]
  /** Rows that must not exist. */
  readonly absent: readonly RowReference[]
  /** Rows that must still stand at the revision the change was computed from. */
  readonly unchanged: readonly RowStanding[]
}

/** To be added to the counters of a version. */
export interface CounterDelta extends Counters {
  readonly key: string
  readonly version: number
  /** Where the counters may not come beyond something: the batch is refused whole where they would. */
  readonly within?: Limits
  /** How much of it has to be within, where that is not all: what comes after the last that protects may go beyond. */
  readonly limited?: Counters
}

/** The opening of a commitment that stands in records: personal, and erasable without touching the ledger. */
export interface PersonalValue {
  readonly commitment: string
  readonly salt: Uint8Array
  readonly value: string
}

/** The entries of one group commit, in order. */
export interface Batch {
  /** The revision that the node's caches stand at; when the ledger has moved past it, nothing is written. */
  readonly expectedRevision: number
  /** Number of entries. */
  readonly count: number
  /** C2SP tlog-tiles entry bundle: for each entry its length as 16 bits, big-endian, then its bytes. */
  readonly entries: Uint8Array
  /** When its first entry was made, in milliseconds since 1970. */
  readonly time: number
  /** What its entries can be found by, such as `key=<id>`; each once. */
  readonly facets: readonly string[]
  readonly counters: readonly CounterDelta[]
  /** Each raises the revision by one, in order. */
  readonly changes: readonly Change[]
  readonly personal: readonly PersonalValue[]
  /**
   * Takes so many entries before it into the tree along with it, as {@link Store.integrate} does, but without a sync of its own. What is
   * wrong with those does not hinder the batch: it is the next integrate that tells.
   */
  readonly integrate?: number
}

export type CommitResult =
  | { readonly kind: 'committed'; readonly firstIndex: number; readonly revision: number }
  /** Another node changed something: nothing was written. */
  | { readonly kind: 'moved'; readonly revision: number; readonly changed: readonly RowReference[] }
  /** A condition of the change at `change` does not hold: nothing was written. */
  | {
      readonly kind: 'conflict'
      readonly change: number
      readonly subject: RowReference
      readonly condition: 'absent' | 'unchanged'
    }
  /** The counters of a version would come beyond a limit: nothing was written. `counted` is what stands. */
  | {
      readonly kind: 'exceeded'
      readonly key: string
      readonly version: number
      readonly counted: Counters
    }

/** Where the sequencer stands. */
export interface Head {
  /** The index the next entry gets, which is the number of entries. */
  readonly next: number
  readonly revision: number
}

/** A key with its versions, from one consistent read. Versions come in order. */
export interface StoredKey {
  readonly key: Row
  readonly versions: readonly Row[]
  /** By version number; a version without uses may be absent. */
  readonly counters: ReadonlyMap<number, Counters>
}

export interface ListQuery {
  readonly kind: RowKind
  readonly tenant: string
  /** All must be on the row. */
  readonly facets: readonly (readonly [name: string, value: string])[]
  /** Only ids greater than this. */
  readonly after?: string
  readonly limit: number
}

export interface CountQuery extends Pick<ListQuery, 'kind' | 'tenant'> {
  readonly facet: readonly [name: string, value: string]
}

/** What is due for a job, the longest due first. */
export interface DueQuery {
  readonly job: string
  /** Milliseconds since 1970, inclusive. */
  readonly until: number
  /** Only what comes after this. */
  readonly after?: Omit<DueRow, 'tenant'>
  readonly limit: number
}

/** A row that something is due about, and since when. */
export interface DueRow extends RowReference {
  readonly at: number
  readonly tenant: string
}

/** Which batches to look into for a search. A batch has the facets of all its entries, so what comes back are candidates. */
export interface CandidateQuery {
  /** The batch must have all of them. */
  readonly facets: readonly string[]
  /** Milliseconds since 1970, of the batch's first entry; since is inclusive, until exclusive. */
  readonly since?: number
  readonly until?: number
  readonly order: 'ascending' | 'descending'
  /** Only entries after this index, in the order asked for. */
  readonly after?: number
  /** How many batches at most. */
  readonly batches: number
}

export interface Entry {
  readonly index: number
  readonly bytes: Uint8Array
}

/** How far the tree is built. */
export interface Integrated {
  readonly size: number
  /** RFC 6962 root hash over `size` entries. */
  readonly root: Uint8Array
  /** Whether durable entries are left to integrate. */
  readonly more: boolean
}

export interface StoredCheckpoint {
  readonly size: number
  /** The signed note, verbatim. */
  readonly note: string
}

export interface Store {
  /** Writes entries, counters, changes and personal values in one durable transaction. See {@link CommitResult}. */
  commit(batch: Batch): Promise<CommitResult>

  head(): Promise<Head>
  /** What was changed after a revision, each subject once. */
  changedSince(revision: number): Promise<readonly RowReference[]>

  /** Rows by kind and id, in the order asked; undefined for an absent one. */
  rows(references: readonly RowReference[]): Promise<readonly (Row | undefined)[]>
  key(id: string): Promise<StoredKey | undefined>
  list(query: ListQuery): Promise<readonly Row[]>
  /** How many rows of a tenant have a facet; it reads none of them. */
  count(query: CountQuery): Promise<number>
  /** What is due, over all tenants; reads nothing that is not. */
  due(query: DueQuery): Promise<readonly DueRow[]>
  /** What is due about a row, now or some time; not what only counters will tell. */
  dueOf(row: RowReference): Promise<readonly { readonly job: string; readonly at: number }[]>
  /** Every row of a kind over all tenants, by id, for replay and re-sealing. */
  scan(kind: RowKind, after: string | undefined, limit: number): Promise<readonly Row[]>
  /** The newest revision in which each subject was changed, from the change log; undefined where it never was. */
  lastChanged(references: readonly RowReference[]): Promise<readonly (number | undefined)[]>

  /** Entries by index, in order; fewer where the ledger ends. */
  entries(first: number, count: number): Promise<readonly Entry[]>
  /** The entries of the next matching batches, in the order asked for; empty when there are no more. Sees every durable batch. */
  candidates(query: CandidateQuery): Promise<readonly Entry[]>
  /** Opens a commitment, where its personal value has not been erased. */
  personal(commitment: string): Promise<PersonalValue | undefined>

  /** Hashes and indexes at most `count` durable entries beyond the tree built so far, durably. */
  integrate(count: number): Promise<Integrated>
  /** Hashes of a tile (C2SP tlog-tiles), 32 bytes each, at most `width` of them; undefined where the tree has no such tile. */
  tile(level: number, index: number, width: number): Promise<Uint8Array | undefined>
  /** Keeps a checkpoint, durably, before it is published. Refuses one that is smaller than the newest, or larger than the tree. */
  saveCheckpoint(checkpoint: StoredCheckpoint): Promise<void>
  checkpoint(): Promise<StoredCheckpoint | undefined>

  /**
   * Closes and opens again after a failed commit, so that nothing is answered from pages that never reached the disk, and says where
   * the sequencer stands.
   */
  recover(): Promise<Head>
  close(): Promise<void>
}
