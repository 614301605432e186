import {
  findAlgorithm,
  generateMaterial,
  openMaterial,
  publicKeyDer,
  secretBuffer,
  sha256,
  sign,
  type OpenMaterial,
} from '#crypto'
import { createLogKeys, type LogKey, type LogKeys, type LogPrimitives } from '#ledger'
import type { Row } from '#store'
import { NO_TENANT } from './custody.ts'
import type { Hierarchy } from './hierarchy.ts'
import type { RowContent, RowSeals } from './row-seals.ts'
import { unwrap, wrap } from './wrapping.ts'

/** The ledger's signing keys: made once, kept wrapped by the root key, opened with it. */

export const LOG_ROW = { kind: 'system', id: 'log' } as const

const names = { ed25519: 'Ed25519', 'ml-dsa-44': 'ML-DSA-44' } as const
/** How long the bare public key is at the end of its SubjectPublicKeyInfo (RFC 8410 section 4, FIPS 204 table 2). */
const publicBytes = { ed25519: 32, 'ml-dsa-44': 1_312 } as const
type LogAlgorithm = keyof typeof names
/** A private key with the bytes it was made from, which are kept only until they are wrapped. */
interface Held {
  readonly material: OpenMaterial
  readonly bytes: Buffer
}

const binding = { purpose: 'log signing keys' }

function open(name: LogAlgorithm, bytes: Buffer): LogKey<Held> {
  const material = openMaterial(findAlgorithm(names[name]), bytes)
  const publicKey = publicKeyDer(material).subarray(-publicBytes[name])
  return { privateKey: { material, bytes }, publicKey }
}

export const logPrimitives: LogPrimitives<Held> = {
  sha256,
  async generate(name) {
    return open(name, await generateMaterial(findAlgorithm(names[name])))
  },
  async sign(name, { material }, message) {
    const scheme = name === 'ed25519' ? 'ed25519' : 'ml-dsa'
    return sign(material, scheme, { message }, 'der')
  },
}

/** Two keys in one wrap: each as 32 bits of length and its bytes. */
function pack(keys: LogKeys<Held>): Buffer {
  const parts = [keys.ed25519.privateKey.bytes, keys.mlDsa44.privateKey.bytes]
  const packed = secretBuffer(parts.reduce((sum, part) => sum + 4 + part.length, 0))
  let offset = 0
  for (const part of parts) {
    offset = packed.writeUInt32BE(part.length, offset)
    packed.set(part, offset)
    offset += part.length
    part.fill(0)
  }
  return packed
}

/** Makes the signing keys of a new log, and the row that keeps them. */
export async function createLogRow(hierarchy: Hierarchy, origin: string): Promise<RowContent> {
  const packed = pack(await createLogKeys(logPrimitives))
  try {
    const material = wrap(hierarchy.rootWrappingKey(), binding, packed)
    return { ...LOG_ROW, tenant: NO_TENANT, value: { origin }, material }
  } finally {
    packed.fill(0)
  }
}

/** Opens the row: the log's name and its keys. */
export function openLogRow(
  hierarchy: Hierarchy,
  seals: RowSeals,
  row: Row,
): { readonly origin: string; readonly keys: LogKeys<Held> } {
  const { origin } = seals.open<{ origin: string }>(row)
  const packed = unwrap(hierarchy.rootWrappingKey(), binding, row.material ?? new Uint8Array(0))
  try {
    const first = packed.readUInt32BE(0)
    const ed25519 = open('ed25519', packed.subarray(4, 4 + first))
    const mlDsa44 = open('ml-dsa-44', packed.subarray(8 + first))
    return { origin, keys: { ed25519, mlDsa44 } }
  } finally {
    packed.fill(0)
  }
}

/** The row with its keys wrapped by a successor's root key. */
export function rewrapLogRow(
  hierarchy: Hierarchy,
  successor: Hierarchy,
  seals: RowSeals,
  row: Row,
): RowContent {
  const value = seals.open(row)
  const packed = unwrap(hierarchy.rootWrappingKey(), binding, row.material ?? new Uint8Array(0))
  try {
    return {
      ...LOG_ROW,
      tenant: NO_TENANT,
      value,
      material: wrap(successor.rootWrappingKey(), binding, packed),
    }
  } finally {
    packed.fill(0)
  }
}
