import { randomSecret } from '#crypto'
import { ClavigerError } from '#model'
import {
  createSeal,
  openPassphrase,
  openSeal,
  parseSealDescription,
  ShareCollector,
  unwrapRootKey,
  wrapRootKey,
  type SealDescription,
  type SealRequest,
} from '#seal'
import type { Row, RowReference, Store } from '#store'
import { everyRow } from './every-row.ts'
import { Hierarchy } from './hierarchy.ts'
import { newestRow } from './newest.ts'
import { RowSeals, type RowContent } from './row-seals.ts'

/**
 * The custody of the root key: which seal stands before it, opening that seal, and replacing seal or root key. The root key itself is
 * here only for the moment in which it is handed to the hierarchy.
 */

/** The row that holds the wrapped root key. Its seal is a MAC under the root key, checked once that is known. */
export const SEAL_ROW = { kind: 'system', id: 'seal' } as const
/** Rows of the server itself belong to no tenant. */
export const NO_TENANT = 'system'
const ROOT_KEY_BYTES = 32

/** What stands in the seal's row, in the clear. */
interface SealValue {
  readonly description: SealDescription
  /** Counts root keys from 1. */
  readonly generation: number
  /** The tenant that manages the others. */
  readonly tenant: string
}

/** How far an unsealing has come. What was opened is nobody's until the hierarchy of the house adopts it. */
export type Offered =
  | { readonly kind: 'more'; readonly have: number; readonly need: number }
  | { readonly kind: 'open'; readonly opened: Hierarchy }

export class Custody {
  readonly #store: Store
  readonly #hierarchy: Hierarchy
  readonly #seals: RowSeals
  #row: Row | undefined
  #value: SealValue | undefined
  #collector: ShareCollector | undefined
  /** Whether the seal's row has changed since it was read. */
  #stale = false
  #turn: Promise<void> = Promise.resolve()

  constructor(store: Store, hierarchy: Hierarchy, seals: RowSeals) {
    this.#store = store
    this.#hierarchy = hierarchy
    this.#seals = seals
  }

  /**
   * Reads which seal there is. Call at start. Where the row stands under a root key that was about to replace the present one, that is
   * adopted: what is durable decides, and not what this node was told of it.
   *
   * @throws ClavigerError integrity_failed where an earlier seal was put back.
   */
  async load(): Promise<void> {
    this.#stale = false
    const row = await newestRow(this.#store, SEAL_ROW).catch((cause: unknown) => {
      this.#stale = true
      throw cause
    })
    this.#row = row
    const adopted =
      row && this.#hierarchy.successors.find((successor) => new RowSeals(successor).fits(row))
    if (adopted !== undefined) this.#hierarchy.adoptRoot(adopted)
    this.#collector?.reset()
    this.#collector = undefined
    if (row === undefined) {
      this.#value = undefined
      return
    }
    const value = JSON.parse(row.document) as SealValue
    this.#value = { ...value, description: parseSealDescription(value.description) }
  }

  /** Told of what was changed; the seal is read again when it is next needed. */
  drop(changed: readonly RowReference[]): void {
    if (changed.some(({ kind, id }) => kind === SEAL_ROW.kind && id === SEAL_ROW.id))
      this.#stale = true
  }

  /**
   * Waits until nobody else on this node changes what stands under the root key, and gives what ends the turn. It only keeps them from
   * getting in each other's way; that nothing is lost is for the conditions of the changes themselves.
   */
  async turn(): Promise<() => void> {
    const before = this.#turn
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#turn = promise
    await before
    return resolve
  }

  /** Reads the seal again where it has changed. */
  async refresh(): Promise<void> {
    if (this.#stale) await this.load()
  }

  get description(): SealDescription | undefined {
    return this.#value?.description
  }

  get generation(): number {
    return this.#value?.generation ?? 0
  }

  /** Shares given so far in this unsealing. */
  get progress(): number {
    return this.#collector?.have ?? 0
  }

  /** @throws ClavigerError not_initialized */
  get tenant(): string {
    return this.#initialized().tenant
  }

  /** The condition that the seal, and with it the root key, is still the one that was read. */
  get standing() {
    return { ...SEAL_ROW, revision: this.#row?.revision ?? 0 }
  }

  /**
   * The seal's row as it is, to be written again by a change that must not pass a replacement of the root key unseen: whichever of the
   * two comes second finds that the row has changed.
   */
  get restated(): RowContent {
    return sealRow(this.#initialized(), this.#row?.material ?? new Uint8Array(0))
  }

  /** Makes a seal, a root key and a hierarchy under it. Gives the row to write, and the shares to hand out. */
  async create(
    request: SealRequest,
    tenant: string,
  ): Promise<{
    readonly row: RowContent
    readonly opened: Hierarchy
    readonly shares?: readonly string[]
  }> {
    const seal = await createSeal(request)
    const rootKey = randomSecret(ROOT_KEY_BYTES)
    try {
      const opened = new Hierarchy()
      opened.unlock(rootKey)
      const row = sealRow(
        { description: seal.description, generation: 1, tenant },
        wrapRootKey(seal.sealKey, rootKey, seal.description, 1),
      )
      return { row, opened, ...(seal.shares === undefined ? {} : { shares: seal.shares }) }
    } finally {
      rootKey.fill(0)
      seal.sealKey.fill(0)
    }
  }

  /**
   * Takes one custodian's share, or the passphrase; opens a hierarchy when that is enough.
   *
   * @throws ClavigerError invalid_share, not_initialized
   */
  async offer(given: { readonly share?: string; readonly passphrase?: string }): Promise<Offered> {
    await this.refresh()
    const { description } = this.#initialized()
    if (description.kind === 'passphrase') {
      if (given.passphrase === undefined)
        throw new ClavigerError('invalid_share', 'This server is sealed with a passphrase; give it')
      return this.#open(await openPassphrase(description, given.passphrase))
    }
    if (given.share === undefined)
      throw new ClavigerError(
        'invalid_share',
        "This server is sealed with shares; give a custodian's share",
      )
    this.#collector ??= new ShareCollector(description)
    const collected = await this.#collector.add(given.share)
    if (collected.kind === 'more') return collected
    return this.#open(collected.sealKey)
  }

  /** Forgets the shares given so far. */
  forgetShares(): void {
    this.#collector?.reset()
  }

  /** Until all of it is open and has been checked, nobody sees a part of it. */
  async #open(sealKey: Buffer): Promise<Offered> {
    const rootKey = this.#unwrap(sealKey)
    const opened = new Hierarchy()
    try {
      opened.unlock(rootKey)
      const seals = new RowSeals(opened)
      if (this.#row !== undefined) seals.open(this.#row)
      // Every tenant's key; their number, not that of keys, is what a start costs.
      for await (const row of everyRow(this.#store, 'tenant')) {
        seals.open(row)
        opened.openTenantKey(row.id, row.material ?? new Uint8Array(0))
      }
      return { kind: 'open', opened }
    } finally {
      rootKey.fill(0)
    }
  }

  #unwrap(sealKey: Buffer): Buffer {
    const { description, generation } = this.#initialized()
    try {
      return unwrapRootKey(
        sealKey,
        this.#row?.material ?? new Uint8Array(0),
        description,
        generation,
      )
    } finally {
      sealKey.fill(0)
    }
  }

  /**
   * A new seal before the same root key: what opened the old one opens nothing any more.
   *
   * @throws ClavigerError invalid_share where the proof does not open the present seal.
   */
  async reissue(proof: readonly string[], request: SealRequest) {
    await this.refresh()
    const standing = this.standing
    const { description, generation, tenant } = this.#initialized()
    const rootKey = this.#unwrap(await openSeal(description, proof))
    const seal = await createSeal(request).catch((cause: unknown) => {
      rootKey.fill(0)
      throw cause
    })
    try {
      const wrapped = wrapRootKey(seal.sealKey, rootKey, seal.description, generation)
      const row = sealRow({ description: seal.description, generation, tenant }, wrapped)
      return { row, standing, ...(seal.shares === undefined ? {} : { shares: seal.shares }) }
    } finally {
      rootKey.fill(0)
      seal.sealKey.fill(0)
    }
  }

  /**
   * A new root key before the same seal. Gives the successor hierarchy, which seals the rows that are written and takes the place of
   * the present one once the seal is read again after they are durable, and those rows: the seal's, and every tenant's with its key
   * wrapped anew.
   *
   * @throws ClavigerError invalid_share
   */
  async replaceRoot(proof: readonly string[]) {
    await this.refresh()
    const standing = this.standing
    const { description, generation, tenant } = this.#initialized()
    const sealKey = await openSeal(description, proof)
    const rootKey = randomSecret(ROOT_KEY_BYTES)
    try {
      const wrapped = wrapRootKey(sealKey, rootKey, description, generation + 1)
      const row = sealRow({ description, generation: generation + 1, tenant }, wrapped)
      const tenants: { readonly content: RowContent; readonly revision: number }[] = []
      for (const stored of await this.#store.scan('tenant', undefined, Number.MAX_SAFE_INTEGER)) {
        const value = this.#seals.open(stored)
        const material = this.#hierarchy.rewrapTenantKey(
          stored.id,
          stored.material ?? new Uint8Array(0),
          rootKey,
        )
        tenants.push({
          content: { kind: 'tenant', id: stored.id, tenant: stored.tenant, value, material },
          revision: stored.revision,
        })
      }
      const successor = new Hierarchy()
      successor.unlock(rootKey)
      this.#hierarchy.expect(successor)
      return {
        row,
        tenants,
        standing,
        generation: generation + 1,
        successor,
        seals: new RowSeals(successor),
      }
    } finally {
      rootKey.fill(0)
      sealKey.fill(0)
    }
  }

  #initialized(): SealValue {
    if (this.#value === undefined)
      throw new ClavigerError(
        'not_initialized',
        "The server is not initialized; run 'claviger init'",
      )
    return this.#value
  }
}

function sealRow(value: SealValue, material: Uint8Array): RowContent {
  return { ...SEAL_ROW, tenant: NO_TENANT, value, material }
}
