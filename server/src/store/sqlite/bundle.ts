import type { Entry } from '../store.ts'
import { damaged } from './columns.ts'

/** Entry bundles as C2SP tlog-tiles has them: for each entry its length as 16 bits, big-endian, then its bytes. */

/** @throws RangeError where the bundle does not hold exactly `count` entries. */
export function assertBundle(bundle: Uint8Array, count: number): void {
  let entries = 0
  let offset = 0
  for (; offset < bundle.length; entries += 1) offset += 2 + lengthAt(bundle, offset)
  if (entries !== count || offset !== bundle.length)
    throw new RangeError(`the bundle does not hold ${count} whole entries`)
}

/** Where each entry of a bundle lies: its bytes are those from `start` to before `end`, and its length the two before. */
export function forEachEntry(
  bundle: Uint8Array,
  count: number,
  visit: (position: number, start: number, end: number) => void,
): void {
  let offset = 0
  for (let position = 0; position < count; position += 1) {
    const start = offset + 2
    offset = start + lengthAt(bundle, offset)
    if (offset > bundle.length) throw damaged('a batch of the ledger is cut off')
    visit(position, start, offset)
  }
  if (offset !== bundle.length) throw damaged('a batch of the ledger holds more than its entries')
}

/** The entries of a bundle with an index from `from` to before `to`, as views into it. */
export function entriesOf(
  bundle: Uint8Array,
  firstIndex: number,
  count: number,
  from: number,
  to: number,
): Entry[] {
  const entries: Entry[] = []
  forEachEntry(bundle, count, (position, start, end) => {
    const index = firstIndex + position
    if (index >= from && index < to) entries.push({ index, bytes: bundle.subarray(start, end) })
  })
  return entries
}

function lengthAt(bundle: Uint8Array, offset: number): number {
  return ((bundle[offset] ?? 0) << 8) | (bundle[offset + 1] ?? 0)
}
