import { hash, sign, verify, createPublicKey, type KeyObject } from 'node:crypto'
import {
  equalBytes,
  leafHash,
  nodeHash,
  type Sha256,
  type SignatureVerifiers,
} from '@claviger/contract/ledger'

/** The real algorithms, and the definitions of RFC 6962 written down as they stand there. */

export const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer')

export function hex(bytes: Uint8Array): string {
  return bytes.toHex()
}

export const verifiers: SignatureVerifiers = {
  ed25519: (publicKey, message, signature) => holds('ed25519', publicKey, message, signature),
  'ml-dsa-44': (publicKey, message, signature) => holds('ml-dsa-44', publicKey, message, signature),
}

function holds(
  asymmetricKeyType: 'ed25519' | 'ml-dsa-44',
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const key = createPublicKey({
    key: Buffer.from(publicKey),
    format: 'raw-public',
    asymmetricKeyType,
  })
  return verify(null, message, key, signature)
}

export function rawPublic(key: KeyObject): Uint8Array {
  return key.export({ format: 'raw-public' })
}

export function signed(privateKey: KeyObject, message: Uint8Array): Uint8Array {
  return sign(null, message, privateKey)
}

/** Leaves that differ from each other. */
export function leavesOf(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) =>
    leafHash(sha256, new TextEncoder().encode(`entry ${at}`)),
  )
}

/** The largest power of two smaller than n, for n > 1. */
function splitOf(n: number): number {
  let split = 1
  while (split * 2 < n) split *= 2
  return split
}

/** MTH of RFC 6962 section 2.1, over leaf hashes. */
export function treeHash(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves
  if (only === undefined) return sha256(new Uint8Array())
  if (leaves.length === 1) return only
  const split = splitOf(leaves.length)
  return nodeHash(sha256, treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)))
}

/** PATH of RFC 6962 section 2.1.1. */
export function pathTo(index: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length <= 1) return []
  const split = splitOf(leaves.length)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return index < split
    ? [...pathTo(index, left), treeHash(right)]
    : [...pathTo(index - split, right), treeHash(left)]
}

/** PROOF of RFC 6962 section 2.1.2. */
export function proofBetween(first: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  return first === 0 ? [] : subproof(first, leaves, true)
}

function subproof(first: number, leaves: readonly Uint8Array[], whole: boolean): Uint8Array[] {
  if (first === leaves.length) return whole ? [] : [treeHash(leaves)]
  const split = splitOf(leaves.length)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return first <= split
    ? [...subproof(first, left, whole), treeHash(right)]
    : [...subproof(first - split, right, false), treeHash(left)]
}

/** Another value of the same length that differs in one bit. */
export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const at = Math.floor(bit / 8) % copy.length
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit % 8))
  if (equalBytes(copy, bytes)) throw new Error('nothing was flipped')
  return copy
}
