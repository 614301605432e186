import { hkdfSha512, randomSecret, secretKey, type KeyObject } from '#crypto'
import { ClavigerError } from '#model'
import type { RowKind } from '#store'
import { unwrap, wrap } from './wrapping.ts'

/**
 * Root key -> tenant key -> versions. The root key comes from the seal and wraps tenant keys and the ledger's signing keys; a tenant key
 * wraps the versions of its keys. From each, three keys are derived: one that wraps, one that seals rows, and one that knows imported
 * material again. Replacing the root key therefore touches the tenants' rows and no key.
 */

interface Derived {
  readonly wrapping: KeyObject
  readonly rows: KeyObject
  readonly fingerprints: KeyObject
}

function derive(parent: Uint8Array): Derived {
  return {
    wrapping: deriveOne(parent, 'wrap'),
    rows: deriveOne(parent, 'rows'),
    fingerprints: deriveOne(parent, 'fingerprints'),
  }
}

function deriveOne(parent: Uint8Array, purpose: string): KeyObject {
  const derived = hkdfSha512(parent, new Uint8Array(0), `claviger/hierarchy/1/${purpose}`, 32)
  try {
    return secretKey(derived)
  } finally {
    derived.fill(0)
  }
}

function tenantBinding(tenant: string) {
  return { purpose: 'tenant key', tenant }
}

/** Replacements of the root key under way at once; all but one of them come to nothing. */
const SUCCESSORS_MAX = 16

/** Kinds whose rows stand under the root key, not under a tenant's. */
export const rootKinds: readonly RowKind[] = ['system', 'tenant']

export class Hierarchy {
  #root: Derived | undefined
  readonly #tenants = new Map<string, Derived>()
  #successors: readonly Hierarchy[] = []

  /** Whether the root key is here. */
  get open(): boolean {
    return this.#root !== undefined
  }

  /** Takes the root key (32 bytes, the caller's to overwrite). */
  unlock(rootKey: Uint8Array): void {
    this.#root = derive(rootKey)
    this.#tenants.clear()
    this.#successors = []
  }

  /** Forgets every key; OpenSSL overwrites a KeyObject's bytes when it is collected. */
  lock(): void {
    this.#root = undefined
    this.#tenants.clear()
    this.#successors = []
  }

  /**
   * Those that may take this one's place at any moment: rows under their root keys are on their way to the store, or there already.
   */
  get successors(): readonly Hierarchy[] {
    return this.#successors
  }

  /** Names a successor before its rows are written. */
  expect(successor: Hierarchy): void {
    this.#successors = [...this.#successors, successor].slice(-SUCCESSORS_MAX)
  }

  /** Takes every key that another one holds, at once. */
  adopt(opened: Hierarchy): void {
    this.#root = opened.#rootKeys()
    this.#tenants.clear()
    for (const [tenant, keys] of opened.#tenants) this.#tenants.set(tenant, keys)
    this.#successors = []
  }

  /** Takes the root key of a successor; tenant keys stay as they are. */
  adoptRoot(successor: Hierarchy): void {
    this.#root = successor.#rootKeys()
    this.#successors = []
  }

  /** Makes a tenant's key and gives it wrapped by the root key. */
  createTenantKey(tenant: string): Buffer {
    const key = randomSecret(32)
    try {
      const blob = wrap(this.#rootKeys().wrapping, tenantBinding(tenant), key)
      this.#tenants.set(tenant, derive(key))
      return blob
    } finally {
      key.fill(0)
    }
  }

  /** @throws ClavigerError integrity_failed when the blob is not this tenant's. */
  openTenantKey(tenant: string, blob: Uint8Array): void {
    const key = unwrap(this.#rootKeys().wrapping, tenantBinding(tenant), blob)
    try {
      this.#tenants.set(tenant, derive(key))
    } finally {
      key.fill(0)
    }
  }

  /** Wraps a tenant key, unwrapped under this root key, under another one. */
  rewrapTenantKey(tenant: string, blob: Uint8Array, newRootKey: Uint8Array): Buffer {
    const key = unwrap(this.#rootKeys().wrapping, tenantBinding(tenant), blob)
    try {
      return wrap(derive(newRootKey).wrapping, tenantBinding(tenant), key)
    } finally {
      key.fill(0)
    }
  }

  /** The key that seals a row of a kind in a tenant. */
  rowKey(kind: RowKind, tenant: string): KeyObject {
    return rootKinds.includes(kind) ? this.#rootKeys().rows : this.#tenantKeys(tenant).rows
  }

  /** The key that wraps the versions of a tenant's keys. */
  tenantWrappingKey(tenant: string): KeyObject {
    return this.#tenantKeys(tenant).wrapping
  }

  /** The key under which a tenant's imported material is known again. */
  tenantFingerprintKey(tenant: string): KeyObject {
    return this.#tenantKeys(tenant).fingerprints
  }

  /** The key that wraps what belongs to the server itself. */
  rootWrappingKey(): KeyObject {
    return this.#rootKeys().wrapping
  }

  #rootKeys(): Derived {
    if (this.#root === undefined)
      throw new ClavigerError('sealed', 'The server is sealed; unseal it first')
    return this.#root
  }

  #tenantKeys(tenant: string): Derived {
    const keys = this.#tenants.get(tenant)
    if (keys !== undefined) return keys
    if (this.#root === undefined)
      throw new ClavigerError('sealed', 'The server is sealed; unseal it first')
    throw new ClavigerError(
      'integrity_failed',
      `The key of tenant ${tenant} is not loaded; run 'claviger doctor'`,
    )
  }
}
