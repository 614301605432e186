import type { OutputOf } from '@claviger/contract'
import {
  encodeBundle,
  formatProof,
  parseCheckpoint,
  parseNote,
  parseTilePath,
  TILE_WIDTH,
  utf8,
} from '@claviger/contract/ledger'
import { ClavigerError, type Clock } from '#model'
import type { Store } from '#store'
import { inclusionProof } from './proofs.ts'
import { lastEntryOf, newestEntry, searchEntries, type LastEntry, type Search } from './search.ts'
import { signCheckpoint, vkeys, type LogKeys, type LogPrimitives } from './signer.ts'
import { usesOfKey, type Uses } from './uses.ts'

/**
 * The ledger as it is read: its tree, its checkpoints, proofs and searches. Tiles, root and checkpoint lag behind what is durable and
 * are pure functions of it.
 */

/** Entries hashed at once, so that a commit never waits long for the tree. */
const INTEGRATE_PER_TURN = 1_024

export class Log<PrivateKey> {
  readonly #store: Store
  readonly #clock: Clock
  readonly #primitives: LogPrimitives<PrivateKey>
  #keys: LogKeys<PrivateKey> | undefined
  #origin = ''
  #signing: Promise<void> | undefined

  constructor(store: Store, clock: Clock, primitives: LogPrimitives<PrivateKey>) {
    this.#store = store
    this.#clock = clock
    this.#primitives = primitives
  }

  /** Takes the signing keys and the log's name when the server is unsealed. */
  unlock(origin: string, keys: LogKeys<PrivateKey>): void {
    this.#origin = origin
    this.#keys = keys
  }

  lock(): void {
    this.#keys = undefined
  }

  /** The verifier keys to publish (C2SP signed-note). */
  verifierKeys(): string[] {
    return vkeys(this.#primitives.sha256, this.#unlocked(), this.#origin)
  }

  /**
   * Hashes what is durable into the tree, and signs a checkpoint where the tree has grown. One at a time: a caller that comes while one
   * is being made waits for it.
   */
  async makeCheckpoint(): Promise<void> {
    this.#signing ??= this.#makeCheckpoint().finally(() => {
      this.#signing = undefined
    })
    await this.#signing
  }

  async #makeCheckpoint(): Promise<void> {
    const keys = this.#unlocked()
    let integrated = await this.#store.integrate(INTEGRATE_PER_TURN)
    while (integrated.more) integrated = await this.#store.integrate(INTEGRATE_PER_TURN)
    const last = await this.#store.checkpoint()
    if (last !== undefined && last.size === integrated.size) return
    const note = await signCheckpoint(this.#primitives, keys, {
      origin: this.#origin,
      size: integrated.size,
      root: integrated.root,
      time: Math.floor(this.#clock.now() / 1_000),
    })
    // Durable before anybody can see it: a log must never sign two histories (C2SP tlog-checkpoint).
    await this.#store.saveCheckpoint({ size: integrated.size, note })
  }

  async head(): Promise<OutputOf<'ledger.head'>> {
    const { note, checkpoint } = await this.#newest()
    const head = await this.#store.head()
    return {
      origin: this.#origin,
      entries: head.next,
      revision: head.revision,
      size: checkpoint.size,
      root: checkpoint.root,
      checkpoint: note,
      keys: this.verifierKeys(),
    }
  }

  search(search: Search): Promise<OutputOf<'ledger.search'>> {
    return searchEntries(this.#store, search)
  }

  /** The newest entry with one of the events that was done with a key. */
  newest(key: string, events: ReadonlySet<string>): Promise<OutputOf<'key.lastUse'>['last']> {
    return newestEntry(this.#store, key, events)
  }

  /** Who used a key since a time. */
  uses(asked: Parameters<typeof usesOfKey>[1]): Promise<Uses> {
    return usesOfKey(this.#store, asked)
  }

  /** The newest entry that a credential made, or that a binding or grant allowed. */
  lastOf(by: 'credential' | 'binding', id: string): Promise<LastEntry | undefined> {
    return lastEntryOf(this.#store, by, id)
  }

  /** @throws ClavigerError not_found where there is no such entry, or it is another tenant's. */
  async prove(index: number, tenant: string | undefined): Promise<OutputOf<'ledger.prove'>> {
    const [entry] = await this.#store.entries(index, 1)
    const record = entry === undefined ? undefined : new TextDecoder().decode(entry.bytes)
    if (
      record === undefined ||
      (tenant !== undefined && (JSON.parse(record) as { tenant?: string }).tenant !== tenant)
    ) {
      throw new ClavigerError('not_found', `The ledger has no entry ${index} that you may see`)
    }
    const newest = await this.#covering(index)
    const hashes = await inclusionProof(
      this.#primitives.sha256,
      (level, at, width) => this.#store.tile(level, at, width),
      index,
      newest.checkpoint.size,
    )
    return { index, record, proof: formatProof({ index, hashes, checkpoint: newest.note }) }
  }

  /** The newest checkpoint as it is served. */
  async checkpoint(): Promise<Uint8Array> {
    return utf8((await this.#newest()).note)
  }

  /** A tile or an entry bundle, under the path that follows `tile/`. Only what a checkpoint covers is served. */
  async tile(path: string, withEntries: boolean): Promise<Uint8Array> {
    const missing = () => new ClavigerError('not_found', 'The ledger has no such tile')
    let tile
    try {
      tile = parseTilePath(`tile/${path}`)
    } catch {
      throw missing()
    }
    const { checkpoint } = await this.#newest()
    if (tile.kind === 'hashes') {
      const covered =
        Math.floor(checkpoint.size / TILE_WIDTH ** tile.level) >=
        tile.index * TILE_WIDTH + tile.width
      const hashes = covered
        ? await this.#store.tile(tile.level, tile.index, tile.width)
        : undefined
      if (hashes === undefined) throw missing()
      return hashes
    }
    if (!withEntries)
      throw new ClavigerError(
        'forbidden',
        'Entry bundles hold the entries of every tenant; search shows your own',
      )
    const first = tile.index * TILE_WIDTH
    if (first + tile.width > checkpoint.size) throw missing()
    return encodeBundle((await this.#store.entries(first, tile.width)).map((entry) => entry.bytes))
  }

  /** The newest checkpoint, made now where the newest so far does not cover a durable entry. */
  async #covering(index: number) {
    const newest = await this.#newest()
    if (newest.checkpoint.size > index) return newest
    await this.makeCheckpoint()
    const next = await this.#newest()
    if (next.checkpoint.size > index) return next
    // That one was under way already, and may have begun before the entry was there.
    await this.makeCheckpoint()
    return this.#newest()
  }

  async #newest() {
    let stored = await this.#store.checkpoint()
    if (stored === undefined) {
      await this.makeCheckpoint()
      stored = await this.#store.checkpoint()
    }
    if (stored === undefined)
      throw new ClavigerError('not_found', 'The ledger has no checkpoint yet')
    return { note: stored.note, checkpoint: parseCheckpoint(parseNote(stored.note).text) }
  }

  #unlocked(): LogKeys<PrivateKey> {
    if (this.#keys === undefined)
      throw new ClavigerError('sealed', 'The server is sealed; unseal it first')
    return this.#keys
  }
}

/** What operations see of the log. */
export type LedgerReader = Pick<
  Log<unknown>,
  | 'head'
  | 'search'
  | 'newest'
  | 'uses'
  | 'lastOf'
  | 'prove'
  | 'checkpoint'
  | 'tile'
  | 'verifierKeys'
>
