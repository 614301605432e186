import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  concatBytes,
  encodeBundle,
  encodeRecord,
  formatCheckpoint,
  formatNote,
  formatVerifierKey,
  leafHash,
  subtreeMessage,
  timestampedSignature,
  utf8,
  verifierKey,
  type LedgerRecord,
} from '@claviger/contract/ledger'
import { rawPublic, sha256, signed, treeHash } from './support.ts'

/** A whole log in memory, made by the definitions and not by the code under test. */

/** Files by their path: `checkpoint`, `tile/…`. */
export type LogFiles = Map<string, Uint8Array>

const WIDTH = 256

/** Every tile and bundle of the tree over these entries. */
export function tileFiles(entries: readonly Uint8Array[]): LogFiles {
  const files: LogFiles = new Map()
  for (const [index, bundle] of chunks(entries).entries()) {
    files.set(pathOf('entries', index, bundle.length), encodeBundle(bundle))
  }
  let hashes = entries.map((entry) => leafHash(sha256, entry))
  for (let level = 0; hashes.length > 0; level += 1) {
    const tiles = chunks(hashes)
    for (const [index, tile] of tiles.entries()) {
      files.set(pathOf(String(level), index, tile.length), concatBytes(...tile))
    }
    hashes = tiles.filter((tile) => tile.length === WIDTH).map(treeHash)
  }
  return files
}

function pathOf(folder: string, index: number, width: number): string {
  const thousands = Math.floor(index / 1_000)
  const last = String(index % 1_000).padStart(3, '0')
  const name = thousands === 0 ? last : `x${String(thousands).padStart(3, '0')}/${last}`
  return `tile/${folder}/${name}${width === WIDTH ? '' : `.p/${width}`}`
}

function chunks<Item>(items: readonly Item[]): Item[][] {
  const count = Math.ceil(items.length / WIDTH)
  return Array.from({ length: count }, (_, at) => items.slice(at * WIDTH, (at + 1) * WIDTH))
}

export interface LogSigner {
  readonly origin: string
  readonly vkeys: readonly string[]
  /** A checkpoint over so many entries with this root; `only` leaves out the other signature. */
  sign(size: number, root: Uint8Array, only?: 'ed25519' | 'ml-dsa-44'): Uint8Array
}

/** Keys of a log's own, and a checkpoint signed by both. */
export function logSigner(origin = 'kms.example/ledger'): LogSigner {
  const ed25519 = generateKeyPairSync('ed25519')
  const mlDsa44 = generateKeyPairSync('ml-dsa-44')
  const vkeyOf = (type: 0x01 | 0x06, publicKey: KeyObject) =>
    verifierKey(sha256, origin, type, rawPublic(publicKey))
  const classical = vkeyOf(0x01, ed25519.publicKey)
  const quantum = vkeyOf(0x06, mlDsa44.publicKey)
  const time = 1_800_000_000
  return {
    origin,
    vkeys: [classical, quantum].map(formatVerifierKey),
    sign(size, root, only) {
      const text = formatCheckpoint({ origin, size, root, extensions: [] })
      const subtree = { cosigner: origin, time, origin, start: 0, end: size, hash: root }
      const bare = signed(mlDsa44.privateKey, subtreeMessage(subtree))
      const signatures = [
        { name: origin, keyId: classical.keyId, signature: signed(ed25519.privateKey, utf8(text)) },
        { name: origin, keyId: quantum.keyId, signature: timestampedSignature(time, bare) },
      ].filter((_, at) => only === undefined || (only === 'ed25519') === (at === 0))
      return utf8(formatNote({ text, signatures }))
    },
  }
}

/** The files of a log with its signed checkpoint. */
export function logFiles(entries: readonly Uint8Array[], signer: LogSigner): LogFiles {
  const root = treeHash(entries.map((entry) => leafHash(sha256, entry)))
  return tileFiles(entries).set('checkpoint', signer.sign(entries.length, root))
}

const KEY = '0197f3a2-0000-7000-8000-000000000001'

/** A record with what a test says of it. */
export function record(change: Partial<LedgerRecord> = {}): LedgerRecord {
  return {
    v: 1,
    time: '2026-11-23T12:00:00.000Z',
    event: 'encrypt',
    outcome: 'ok',
    tenant: 't1',
    principal: 'p1',
    credential: 'c1',
    factors: ['token'],
    binding: 'b1',
    door: 'rest',
    request: 'r1',
    ...(change.event === undefined ? { key: KEY, version: 1 } : {}),
    ...change,
  }
}

/** Rows that a change writes, each as `kind id`. */
export function written(...rows: readonly string[]): NonNullable<LedgerRecord['changed']> {
  return rows.map((row) => {
    const [kind = '', id = ''] = row.split(' ')
    return { kind, id, digest: '' }
  })
}

/** A change that makes a key of these versions, by whoever {@link record} says. */
export function keyMade(key: string, versions = 1, change: Partial<LedgerRecord> = {}) {
  const numbers = Array.from({ length: versions }, (_, at) => String(at + 1).padStart(10, '0'))
  const changed = written(`key ${key}`, ...numbers.map((number) => `version ${key}/${number}`))
  return record({ event: 'key.create', key, version: 1, changed, ...change })
}

/** The beginning of a ledger: a tenant, and the owner by whom {@link record} is. */
export function initialized(change: Partial<LedgerRecord> = {}): LedgerRecord {
  const { v, time, outcome, door, request } = record()
  const changed = written('tenant t1', 'principal p1', 'binding b1', 'token c1')
  const event = 'system.init'
  const principal = 'anonymous'
  return { v, time, event, outcome, principal, door, request, revision: 1, changed, ...change }
}

/** So many entries: a tenant and a key are made, and the key is used from then on. */
export function uses(count: number): Uint8Array[] {
  const begun = [initialized({ request: 'r0' }), keyMade(KEY, 1, { request: 'r1', revision: 2 })]
  return Array.from({ length: count }, (_, at) =>
    encodeRecord(begun[at] ?? record({ request: `r${at}` })),
  )
}
