import { forgetGcmKeys } from '#crypto'
import {
  ClavigerError,
  KeyError,
  type Clock,
  type Counters,
  type Key,
  type KeyVersion,
} from '#model'
import type { RowReference, Store, StoredKey } from '#store'
import { VersionHandle } from './handle.ts'
import type { Hierarchy } from './hierarchy.ts'
import { newestRow, readNewest } from './newest.ts'
import type { RowSeals } from './row-seals.ts'
import { unwrap, wrap } from './wrapping.ts'

/**
 * The ring holds the keys in use: checked against their seals, with their versions' material unwrapped when it is first needed. It is
 * bounded, and drops what a change touched; what it drops, it forgets.
 */

/** Keys held at once, with the versions that were used. */
const KEYS_MAX = 10_000
/** Aliases remembered at once. */
const ALIASES_MAX = 20_000

/** A version's row id: sortable, so that versions of a key lie beside each other in order. */
export function versionId(key: string, version: number): string {
  return `${key}/${String(version).padStart(10, '0')}`
}

/** The key and the number that a version's row id names. */
export function parseVersionId(id: string): { readonly key: string; readonly version: number } {
  const slash = id.indexOf('/')
  return { key: id.slice(0, slash), version: Number(id.slice(slash + 1)) }
}

/** An alias's row id: names are unique within a tenant. */
export function aliasId(tenant: string, alias: string): string {
  return `${tenant}/${alias}`
}

/** What a name points at. */
export interface AliasTarget {
  readonly key: string
  /** Where the name was made, where that is known: it is not seen from other regions. */
  readonly region?: string
}

/** What a version's wrap is bound to. */
export function versionBinding(key: Key, version: number) {
  return { tenant: key.tenant, key: key.id, version, algorithm: key.algorithm, usage: key.usage }
}

/** A key as the ring holds it. Immutable: a change drops it, and the next use loads it anew. */
export class RingKey {
  readonly key: Key
  /** The revision of the key's row, for conditions of changes. */
  readonly revision: number
  readonly versions: readonly KeyVersion[]
  readonly versionRevisions: readonly number[]
  readonly counters: ReadonlyMap<number, Counters>
  readonly #materials: readonly (Uint8Array | undefined)[]
  readonly #handles = new Map<number, VersionHandle>()
  readonly #hierarchy: Hierarchy
  readonly #clock: Clock
  #isLetGo = false
  /** For the ring's eviction: whether it was used since it was last looked at. */
  recentlyUsed = true

  constructor(stored: StoredKey, seals: RowSeals, hierarchy: Hierarchy, clock: Clock) {
    this.key = seals.open<Key>(stored.key)
    this.revision = stored.key.revision
    this.versions = stored.versions.map((row) => seals.open<KeyVersion>(row))
    this.versionRevisions = stored.versions.map((row) => row.revision)
    this.counters = stored.counters
    this.#materials = stored.versions.map((row) => row.material)
    this.#hierarchy = hierarchy
    this.#clock = clock
    this.#assertWhole()
  }

  /** Versions are numbered from 1 without gaps, so a removed row, or a key row rolled back, shows. */
  #assertWhole(): void {
    const whole =
      this.versions.length === (this.key.pending ?? this.key.version) &&
      this.versions.every(
        (version, position) => version.version === position + 1 && version.key === this.key.id,
      )
    if (!whole) {
      throw new ClavigerError(
        'integrity_failed',
        `The stored versions of key ${this.key.id} are not whole; run 'claviger doctor'`,
      )
    }
  }

  /** The version that applies protection now. */
  get current(): KeyVersion {
    return this.version(this.key.version)
  }

  /** @throws ClavigerError not_found */
  version(number: number): KeyVersion {
    const version = this.versions[number - 1]
    if (version === undefined)
      throw new ClavigerError('not_found', `The key has no version ${number}`)
    return version
  }

  /** What can encrypt, sign and so on with a version; never its bytes. Unwraps the material when it is first asked for. */
  handle(number: number): VersionHandle {
    const held = this.#handles.get(number)
    if (held !== undefined) return held
    this.version(number)
    // Whoever goes on with a key that was let go is looked at again before it counts; what it opens here, nobody else would close.
    if (this.#isLetGo) setImmediate(() => this.close())
    const material = this.openMaterial(number)
    try {
      const handle = new VersionHandle(this.key, number, material, this.#clock)
      this.#handles.set(number, handle)
      return handle
    } finally {
      material.fill(0)
    }
  }

  /** A version's material in the clear, for export and re-wrapping within the keyring; the caller overwrites it. */
  openMaterial(number: number): Buffer {
    const blob = this.#materials[number - 1]
    if (blob === undefined) {
      const isAwaited = this.version(number).awaitsMaterial === true
      throw new KeyError(
        'wrong_state',
        `The material of version ${number} ${isAwaited ? 'is to be imported first' : 'is destroyed'}`,
        {
          key: this.key,
          version: number,
          hindrance: isAwaited ? 'awaiting-material' : 'destroyed',
        },
      )
    }
    return unwrap(
      this.#hierarchy.tenantWrappingKey(this.key.tenant),
      versionBinding(this.key, number),
      blob,
    )
  }

  /** A version's wrapped material, for writing its row again. */
  wrappedMaterial(number: number): Uint8Array | undefined {
    return this.#materials[number - 1]
  }

  /** Forgets every handle; one that is asked for afterwards lasts until the next turn of the event loop. */
  close(): void {
    this.#isLetGo = true
    for (const handle of this.#handles.values()) handle.close()
    this.#handles.clear()
  }
}

export interface RingOptions {
  readonly store: Store
  readonly clock: Clock
  readonly seals: RowSeals
  readonly hierarchy: Hierarchy
}

export class Ring {
  readonly #store: Store
  readonly #clock: Clock
  readonly #seals: RowSeals
  readonly #hierarchy: Hierarchy
  readonly #keys = new Map<string, RingKey>()
  readonly #loading = new Map<string, Promise<RingKey | undefined>>()
  /** `undefined` under a name that is known to be nobody's. */
  readonly #aliases = new Map<string, AliasTarget | undefined>()
  /** Raised when a name changes, so that a read under way is not remembered. */
  #aliasGeneration = 0

  constructor(options: RingOptions) {
    this.#store = options.store
    this.#clock = options.clock
    this.#seals = options.seals
    this.#hierarchy = options.hierarchy
  }

  /** A key that is held already. */
  held(id: string): RingKey | undefined {
    const key = this.#keys.get(id)
    if (key !== undefined) key.recentlyUsed = true
    return key
  }

  /** What a name points at, where that is remembered: `null` where it is not, `undefined` for a name that is nobody's. */
  heldAlias(tenant: string, alias: string): AliasTarget | undefined | null {
    const id = aliasId(tenant, alias)
    const held = this.#aliases.get(id)
    return held === undefined && !this.#aliases.has(id) ? null : held
  }

  /**
   * A key by its id, from memory or the store; undefined where there is none.
   *
   * @throws ClavigerError integrity_failed when a stored row does not fit its seal, or is older than the ledger's last change of it.
   */
  async load(id: string): Promise<RingKey | undefined> {
    const held = this.held(id)
    if (held !== undefined) return held
    const underWay = this.#loading.get(id)
    if (underWay !== undefined) return underWay
    const loading = this.#read(id)
    this.#loading.set(id, loading)
    try {
      const key = await loading
      // A change that came meanwhile has taken this entry away: what was read may be older than it, and is not kept.
      if (key === undefined) return undefined
      if (this.#loading.get(id) === loading) {
        this.#makeRoom()
        this.#keys.set(id, key)
      } else key.close()
      return key
    } finally {
      if (this.#loading.get(id) === loading) this.#loading.delete(id)
    }
  }

  async #read(id: string): Promise<RingKey | undefined> {
    return readNewest(this.#store, async () => {
      const stored = await this.#store.key(id)
      if (stored === undefined) return undefined
      return { rows: [stored.key, ...stored.versions], value: stored }
    }).then((stored) => stored && new RingKey(stored, this.#seals, this.#hierarchy, this.#clock))
  }

  /** What a name points at, from memory or the store; undefined for a name that is nobody's. */
  async loadAlias(tenant: string, alias: string): Promise<AliasTarget | undefined> {
    const held = this.heldAlias(tenant, alias)
    if (held !== null) return held
    const id = aliasId(tenant, alias)
    const generation = this.#aliasGeneration
    const row = await newestRow(this.#store, { kind: 'alias', id })
    const target = row && this.#seals.open<AliasTarget>(row)
    if (this.#aliasGeneration === generation) {
      if (this.#aliases.size >= ALIASES_MAX) this.#aliases.clear()
      this.#aliases.set(id, target)
    }
    return target
  }

  /** Wraps new material for a version; the caller overwrites the material. */
  wrapVersion(key: Key, version: number, material: Uint8Array): Buffer {
    return wrap(
      this.#hierarchy.tenantWrappingKey(key.tenant),
      versionBinding(key, version),
      material,
    )
  }

  /** Forgets what a change touched. */
  drop(changed: readonly RowReference[]): void {
    for (const { kind, id } of changed) {
      if (kind === 'key') this.#forget(id)
      else if (kind === 'version') this.#forget(id.slice(0, id.indexOf('/')))
      else if (kind === 'alias') {
        this.#aliases.delete(id)
        this.#aliasGeneration += 1
      }
    }
  }

  /** Forgets every key. */
  clear(): void {
    for (const key of this.#keys.values()) key.close()
    this.#keys.clear()
    forgetGcmKeys()
    this.#loading.clear()
    this.#aliases.clear()
    this.#aliasGeneration += 1
  }

  /** Keys held now. */
  get size(): number {
    return this.#keys.size
  }

  #forget(id: string): void {
    this.#keys.get(id)?.close()
    this.#keys.delete(id)
    this.#loading.delete(id)
  }

  /** Evicts a key that was not used since the last look (second chance). */
  #makeRoom(): void {
    if (this.#keys.size < KEYS_MAX) return
    for (const [id, key] of this.#keys) {
      if (!key.recentlyUsed) {
        this.#forget(id)
        return
      }
      key.recentlyUsed = false
      this.#keys.delete(id)
      this.#keys.set(id, key)
    }
    const [oldest] = this.#keys.keys()
    if (oldest !== undefined) this.#forget(oldest)
  }
}
