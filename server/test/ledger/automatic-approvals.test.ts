import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { encodeRecord, type LedgerRecord } from '@claviger/contract/ledger'
import type { Finding } from '../../../sdk/src/ledger/index.ts'
import { RecordCheck } from '../../../sdk/src/ledger/record-check.ts'
import { automaticScene } from '../harness/automatic.ts'

/**
 * What the server did for somebody is in the ledger under that principal and the approval. Whoever runs the server could write such records
 * of anything: the verifier believes them only where others approved that the server does it.
 */

const { house, ...a } = await automaticScene()
const id = await a.approved()
await house.runJob('execution')
const records = (await house.entries()).map((entry): LedgerRecord => {
  const { index: _, ...record } = entry
  return record
})
await house[Symbol.asyncDispose]()

type Change = (story: readonly LedgerRecord[]) => readonly LedgerRecord[]

function verify(story: readonly LedgerRecord[]): string[] {
  const findings: Finding[] = []
  const check = new RecordCheck((finding) => findings.push(finding))
  for (const [index, record] of story.entries()) check.add(index, encodeRecord(record))
  return findings.filter(({ kind }) => kind === 'approval').map(({ why }) => why)
}

const isDone = ({ detail, outcome }: LedgerRecord) =>
  outcome === 'ok' && detail?.['approval'] === id

/** The same with something else about the records that pass. */
function where(
  passes: (record: LedgerRecord) => boolean,
  change: (record: LedgerRecord) => LedgerRecord,
): Change {
  return (story) => story.map((record) => (passes(record) ? change(record) : record))
}

/** The statement with something else in it, and its digest wherever there is one. */
function restated(change: (statement: Record<string, unknown>) => object): Change {
  return (story) => {
    const asked = story.find(({ event }) => event === 'approval.request')
    const before = JSON.parse(String(asked?.detail?.['statement'])) as Record<string, unknown>
    const statement = JSON.stringify(change(before))
    const digest = createHash('sha256').update(statement).digest('base64url')
    return story.map((record) => {
      const { event, detail } = record
      if (event === 'approval.request')
        return { ...record, detail: { ...detail, statement, digest } }
      return event === 'approval.approve' ? { ...record, detail: { ...detail, digest } } : record
    })
  }
}

const attacks: readonly (readonly [name: string, why: RegExp, change: Change])[] = [
  [
    'a statement that leaves it to who asked',
    /leaves it to who asked/,
    restated((statement) => ({ ...statement, automatic: undefined })),
  ],
  [
    'no approval in the record',
    /names no approval/,
    where(isDone, (record) => ({ ...record, detail: {} })),
  ],
  [
    'the credential of another approval',
    /names no approval/,
    where(isDone, (record) => ({ ...record, credential: 'another' })),
  ],
  [
    'an operation that nobody approved',
    /names no approval/,
    (story) => [
      ...story,
      ...story
        .filter(isDone)
        .map((record): LedgerRecord => ({ ...record, event: 'key.revoke', detail: {} })),
    ],
  ],
  [
    'one approval of two',
    /1 of 2 approved it/,
    (story) => {
      const first = story.findIndex(({ event }) => event === 'approval.approve')
      return story.filter((_record, index) => index !== first)
    },
  ],
  [
    'done again',
    /used before/,
    (story) => [
      ...story,
      ...story.filter(isDone).map((record) => ({ ...record, request: 'another' })),
    ],
  ],
  [
    'done after it was given up',
    /was given up/,
    (story) =>
      story.flatMap((record) =>
        isDone(record)
          ? [{ ...record, event: 'approval.fail', subject: id, factors: [], detail: {} }, record]
          : [record],
      ),
  ],
]

test('what the server did for who asked holds', () => {
  assert.equal(records.filter(isDone).length, 1)
  assert.deepEqual(verify(records), [])
})

for (const [name, why, change] of attacks) {
  test(`found: ${name}`, () => {
    const findings = verify(change(records))
    assert.ok(
      findings.some((finding) => why.test(finding)),
      findings.join('\n'),
    )
  })
}
