import { equalBytes } from './bytes.ts'

/**
 * The Merkle tree of RFC 6962 section 2.1, over SHA-256. Sizes and indices are JavaScript numbers up to 2^53 - 1, so halving is a
 * division and never a 32-bit shift.
 */

/** SHA-256 of the bytes, 32 bytes long. Handed in, so that this folder runs in any place that has one. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array

export const HASH_BYTES = 32

/** The hash of an entry: SHA-256(0x00 || entry). The prefix keeps an entry from passing for an inner node. */
export function leafHash(sha256: Sha256, entry: Uint8Array): Uint8Array {
  const input = new Uint8Array(entry.length + 1)
  input.set(entry, 1)
  return sha256(input)
}

/** The hash of an inner node: SHA-256(0x01 || left || right). */
export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + 2 * HASH_BYTES)
  input[0] = 1
  input.set(left, 1)
  input.set(right, 1 + HASH_BYTES)
  return sha256(input)
}

/** The root of the tree without entries: SHA-256 of nothing. */
export function emptyRoot(sha256: Sha256): Uint8Array {
  return sha256(new Uint8Array(0))
}

/**
 * A tree that grows at its right edge in memory of one hash per level (a compact range). It keeps the roots of the perfect subtrees
 * from left to right, whose heights fall.
 */
export class RangeBuilder {
  readonly #sha256: Sha256
  readonly #subtrees: { readonly height: number; readonly hash: Uint8Array }[] = []
  #size = 0

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  /** Leaves so far. */
  get size(): number {
    return this.#size
  }

  /**
   * Adds a leaf hash, or the root of a perfect subtree of 2^height leaves.
   *
   * @throws RangeError where such a subtree cannot stand at this place.
   */
  append(hash: Uint8Array, height = 0): void {
    const leaves = 2 ** height
    if (this.#size % leaves !== 0 || !Number.isSafeInteger(this.#size + leaves)) {
      throw new RangeError('a subtree stands at a multiple of its own size')
    }
    this.#size += leaves
    let subtree = { height, hash }
    for (
      let left = this.#subtrees.at(-1);
      left?.height === subtree.height;
      left = this.#subtrees.at(-1)
    ) {
      this.#subtrees.pop()
      subtree = { height: left.height + 1, hash: nodeHash(this.#sha256, left.hash, subtree.hash) }
    }
    this.#subtrees.push(subtree)
  }

  /** The root hash over the leaves so far. */
  root(): Uint8Array {
    if (this.#subtrees.length === 0) return emptyRoot(this.#sha256)
    return this.#subtrees
      .map(({ hash }) => hash)
      .reduceRight((right, left) => nodeHash(this.#sha256, left, right))
  }

  /** A second tree that stands where this one stands and grows on its own. */
  clone(): RangeBuilder {
    const copy = new RangeBuilder(this.#sha256)
    copy.#subtrees.push(...this.#subtrees)
    copy.#size = this.#size
    return copy
  }
}

/** The root over leaf hashes. */
export function rootOfLeaves(sha256: Sha256, leaves: Iterable<Uint8Array>): Uint8Array {
  const range = new RangeBuilder(sha256)
  for (const leaf of leaves) range.append(leaf)
  return range.root()
}

export interface InclusionClaim {
  readonly index: number
  readonly size: number
  readonly leaf: Uint8Array
  readonly root: Uint8Array
  /** From the leaf's sibling up to the root's child. */
  readonly proof: readonly Uint8Array[]
}

/** Says whether the leaf stands at the index of the tree with this root (RFC 9162 section 2.1.3.2). */
export function verifyInclusion(sha256: Sha256, claim: InclusionClaim): boolean {
  const { index, size, leaf, root, proof } = claim
  if (!isSize(index) || !isSize(size) || index >= size || ![leaf, root, ...proof].every(isHash))
    return false
  let node = index
  let last = size - 1
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sha256, sibling, hash)
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)]
    } else {
      hash = nodeHash(sha256, hash, sibling)
    }
    ;[node, last] = [half(node), half(last)]
  }
  return last === 0 && equalBytes(hash, root)
}

export interface ConsistencyClaim {
  readonly first: number
  readonly second: number
  readonly firstRoot: Uint8Array
  readonly secondRoot: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/**
 * Says whether the second tree begins with the whole first one (RFC 9162 section 2.1.4.2). Every tree begins with the empty one, for
 * which the proof is empty, as it is between a tree and itself.
 */
export function verifyConsistency(sha256: Sha256, claim: ConsistencyClaim): boolean {
  const { first, second, firstRoot, secondRoot, proof } = claim
  if (
    !isSize(first) ||
    !isSize(second) ||
    first > second ||
    ![firstRoot, secondRoot, ...proof].every(isHash)
  )
    return false
  if (first === second) return proof.length === 0 && equalBytes(firstRoot, secondRoot)
  if (first === 0) return proof.length === 0 && equalBytes(firstRoot, emptyRoot(sha256))
  let node = first - 1
  let last = second - 1
  while (node % 2 === 1) [node, last] = [half(node), half(last)]
  // Where the first tree is perfect it is itself the node that the proof starts from, and is not sent.
  const [start, ...path] = node === 0 ? [firstRoot, ...proof] : proof
  if (start === undefined) return false
  let firstHash = start
  let secondHash = start
  for (const sibling of path) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      firstHash = nodeHash(sha256, sibling, firstHash)
      secondHash = nodeHash(sha256, sibling, secondHash)
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)]
    } else {
      secondHash = nodeHash(sha256, secondHash, sibling)
    }
    ;[node, last] = [half(node), half(last)]
  }
  return last === 0 && equalBytes(firstHash, firstRoot) && equalBytes(secondHash, secondRoot)
}

function half(value: number): number {
  return Math.floor(value / 2)
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function isHash(value: Uint8Array): boolean {
  return value.length === HASH_BYTES
}
