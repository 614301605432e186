import type { Store } from '#store'
import type { Finding } from '../../../sdk/src/ledger/index.ts'
import { RecordCheck } from '../../../sdk/src/ledger/record-check.ts'

const ENTRIES_PER_READ = 1_000

/** What the verifier says of the records of a ledger: of an honest one, nothing. */
export async function findingsIn(store: Store): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const check = new RecordCheck((finding) => findings.push(finding))
  const { next } = await store.head()
  for (let index = 0; index < next;) {
    const read = await store.entries(index, ENTRIES_PER_READ)
    if (read.length === 0) throw new Error('the ledger ends before its sequencer')
    for (const { bytes } of read) {
      check.add(index, bytes)
      index += 1
    }
  }
  return findings
}
