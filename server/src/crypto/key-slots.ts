/**
 * Places for short-lived symmetric keys in the clear: 32 bytes each, in slabs that V8 neither moves nor copies, overwritten when they are
 * given back.
 */

const SLOT_BYTES = 32
const SLOTS_PER_SLAB = 128

const free: Buffer[] = []

/** A copy of a key of at most 32 bytes; give it back with {@link releaseKeySlot}. */
export function takeKeySlot(key: Uint8Array): Buffer {
  if (key.length > SLOT_BYTES) throw new RangeError('a slot holds 32 bytes')
  if (free.length === 0) {
    const slab = Buffer.alloc(SLOT_BYTES * SLOTS_PER_SLAB)
    for (let at = 0; at < slab.length; at += SLOT_BYTES)
      free.push(slab.subarray(at, at + SLOT_BYTES))
  }
  const slot = free.pop() ?? Buffer.alloc(0)
  slot.set(key)
  return slot.subarray(0, key.length)
}

/** Overwrites a key and takes its place back. */
export function releaseKeySlot(slot: Buffer): void {
  slot.fill(0)
  free.push(Buffer.from(slot.buffer, slot.byteOffset, SLOT_BYTES))
}
