import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { encodeRecord, type LedgerRecord } from '@claviger/contract/ledger'
import type { Finding } from '../../../sdk/src/ledger/index.ts'
import { RecordCheck } from '../../../sdk/src/ledger/record-check.ts'
import type { Authenticator } from '../harness/authenticator.ts'
import { PUBLIC_URL } from '../harness/house.ts'
import { addPasskey } from '../harness/passkey-person.ts'
import { signingScene } from '../harness/signing.ts'

/**
 * Whoever runs the server can write a ledger that is whole and signed, and says what it likes. What it cannot write is what the
 * approvers' passkeys did not sign: each of these ledgers is found wrong by the verifier, which asks nobody.
 */

type Record_ = LedgerRecord
type Change = (records: Record_[]) => Record_[]
type Detail = NonNullable<Record_['detail']>

const { house, ...a } = await signingScene()
const [one, two] = a.approvers
const asked = await a.ask()
const late = await addPasskey(house, one.token)
await a.approve(asked.id, one)
await a.approve(asked.id, two)
assert.equal(await a.suspend(asked.id), 'ok')
const records = (await house.entries()).map((entry): Record_ => {
  const { index: _, ...record } = entry
  return record
})
await house[Symbol.asyncDispose]()

function verify(story: readonly Record_[]): { findings: Finding[]; signatures: number } {
  const findings: Finding[] = []
  const check = new RecordCheck((finding) => findings.push(finding))
  for (const [index, record] of story.entries()) check.add(index, encodeRecord(record))
  const approvals = findings.filter(({ kind }) => kind === 'approval')
  return { findings: approvals, signatures: check.signedApprovals }
}

const approves = ({ event, principal }: Record_, person = one) =>
  event === 'approval.approve' && principal === person.id
const asks = ({ event }: Record_) => event === 'approval.request'
const does = ({ event, outcome }: Record_) => event === 'key.suspend' && outcome === 'ok'
const registers = ({ event, subject }: Record_, person = one) =>
  event === 'enrolment.complete' && subject === person.id

/** The same with something else in the detail of the records that pass. */
function withDetail(
  passes: (record: Record_) => boolean,
  change: (detail: Detail) => Detail,
): Change {
  return (story) =>
    story.map((record) =>
      passes(record) ? { ...record, detail: change(record.detail ?? {}) } : record,
    )
}

function without(passes: (record: Record_) => boolean): Change {
  return (story) => story.filter((record) => !passes(record))
}

/** Again, later, what was there before; with something else about it. */
function again(passes: (record: Record_) => boolean, more: Partial<Record_> = {}): Change {
  return (story) => [
    ...story,
    ...story.filter((record) => passes(record)).map((record) => ({ ...record, ...more })),
  ]
}

function lacking(detail: Detail, name: string): Detail {
  return Object.fromEntries(Object.entries(detail).filter(([key]) => key !== name))
}

function flipped(base64url: string | number | undefined): string {
  const bytes = Buffer.from(String(base64url), 'base64url')
  const at = bytes.byteLength - 10
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  return bytes.toString('base64url')
}

function digestOf(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url')
}

const detailOf = (passes: (record: Record_) => boolean) =>
  records.find((record) => passes(record))?.detail ?? {}
const theirs = detailOf((record) => approves(record, two))

/** What the passkey that was added later would have signed; with something wrong about it. */
function signedWith(authenticator: Authenticator, wrong: object = {}) {
  const rpId = new URL(PUBLIC_URL).hostname
  const asking = { origin: PUBLIC_URL, rpId, challenge: asked.digest }
  const { response } = authenticator.assert({ ...asking, ...wrong })
  const { clientDataJSON: clientData, authenticatorData, signature } = response
  return { clientData, authenticatorData, signature }
}

/** A statement that says something else, with its digest wherever there is one. */
function restated(change: (statement: Record<string, unknown>) => object): Change {
  const statement = JSON.stringify(change(JSON.parse(asked.statement) as Record<string, unknown>))
  const digest = digestOf(statement)
  return (story) =>
    withDetail(
      ({ event }) => event === 'approval.approve',
      (detail) => ({ ...detail, digest }),
    )(withDetail(asks, (detail) => ({ ...detail, statement, digest }))(story))
}

const both = detailOf(approves)
const attacks: readonly (readonly [name: string, change: Change])[] = [
  [
    'a signature of which a bit is flipped',
    withDetail(approves, (d) => ({ ...d, signature: flipped(d['signature']) })),
  ],
  [
    'authenticator data of which a bit is flipped',
    withDetail(approves, (d) => ({ ...d, authenticatorData: flipped(d['authenticatorData']) })),
  ],
  [
    'client data that was not signed',
    withDetail(approves, (d) => ({
      ...d,
      clientData: String(theirs['clientData']),
      authenticatorData: flipped(d['authenticatorData']),
    })),
  ],
  ['a signature without its key', withDetail(approves, (d) => lacking(d, 'publicKey'))],
  [
    "another approver's signature",
    withDetail(approves, (d) => ({ ...d, signature: String(theirs['signature']) })),
  ],
  ["another approver's passkey, whole", withDetail(approves, () => theirs)],
  [
    'another credential',
    withDetail(approves, (d) => ({ ...d, credential: String(theirs['credential']) })),
  ],
  [
    'another key than the registered one',
    withDetail(approves, (d) => ({ ...d, publicKey: String(theirs['publicKey']) })),
  ],
  ['a passkey whose registration is gone', without(registers)],
  [
    'a registration of another key',
    withDetail(registers, (d) => ({ ...d, publicKey: digestOf('another') })),
  ],
  [
    'a registration of another person',
    (story) =>
      story.map((record) => (registers(record) ? { ...record, subject: 'somebody' } : record)),
  ],
  ['a passkey that is registered twice', again(registers)],
  [
    'a passkey that was removed before',
    (story) =>
      story.flatMap((record) =>
        approves(record)
          ? [
              { ...record, event: 'factor.remove', subject: String(both['passkey']), detail: {} },
              record,
            ]
          : [record],
      ),
  ],
  [
    'a person who was reset before',
    (story) =>
      story.flatMap((record) =>
        approves(record)
          ? [{ ...record, event: 'person.reset', subject: one.id, detail: {} }, record]
          : [record],
      ),
  ],
  [
    'a user who was not verified',
    withDetail(approves, (d) => ({ ...d, ...signedWith(one.authenticator, { verified: false }) })),
  ],
  [
    'a signature for another site',
    withDetail(approves, (d) => ({
      ...d,
      ...signedWith(one.authenticator, { rpId: 'example.org' }),
    })),
  ],
  [
    'a signature over another digest',
    withDetail(approves, (d) => ({
      ...d,
      ...signedWith(one.authenticator, { challenge: digestOf('another') }),
    })),
  ],
  [
    'a passkey that is not the one it says',
    withDetail(approves, (d) => ({ ...d, ...signedWith(late.authenticator) })),
  ],
  [
    'a statement with another byte',
    withDetail(asks, (d) => ({ ...d, statement: `${String(d['statement'])} ` })),
  ],
  [
    'a statement about another operation, with its digest everywhere',
    restated((s) => ({ ...s, operation: 'key.destroy' })),
  ],
  [
    'a statement that asks for fewer, with its digest everywhere',
    restated((s) => ({
      ...s,
      needs: (s['needs'] as object[]).map((need) => ({ ...need, approvals: 1 })),
    })),
  ],
  [
    'a statement that is none',
    withDetail(asks, (d) => ({ ...d, statement: '{}', digest: digestOf('{}') })),
  ],
  ['a request that is not there', without(asks)],
  [
    'a request of another requester',
    (story) =>
      story.map((record) => (asks(record) ? { ...record, principal: 'somebody' } : record)),
  ],
  [
    'the requester who approves',
    (story) =>
      story.map((record) => (approves(record) ? { ...record, principal: a.requester.id } : record)),
  ],
  [
    'one who approves twice for two',
    (story) =>
      story.map((record) =>
        approves(record, two) ? { ...record, principal: one.id, detail: both } : record,
      ),
  ],
  ['one approval for two', without(approves)],
  ['no approval at all', without(({ event }) => event === 'approval.approve')],
  ['approvals without signatures', withDetail(approves, (d) => lacking(d, 'signature'))],
  ['an approval for no policy', withDetail(approves, (d) => ({ ...d, policies: '' }))],
  ['an approval that is used twice', again(does, { request: 'another' })],
  [
    'an approval that is used twice by one request',
    (story) => again(does)([...story, ...story.slice(0, 1)]),
  ],
  [
    'an approval that one request uses for something else, too',
    again(does, { event: 'key.destroy' }),
  ],
  [
    'another key',
    (story) => story.map((record) => (does(record) ? { ...record, key: 'k2' } : record)),
  ],
  [
    'what says that it is the rest of another change',
    again(does, { request: 'another', part: 'rest', revision: undefined }),
  ],
  [
    'an approval that was rejected',
    (story) =>
      story.flatMap((record) =>
        does(record)
          ? [{ ...record, event: 'approval.reject', subject: asked.id, detail: {} }, record]
          : [record],
      ),
  ],
  [
    'an approval that was withdrawn',
    (story) =>
      story.flatMap((record) =>
        does(record)
          ? [{ ...record, event: 'approval.withdraw', subject: asked.id, detail: {} }, record]
          : [record],
      ),
  ],
  [
    'an operation that another does',
    (story) => story.map((record) => (does(record) ? { ...record, principal: one.id } : record)),
  ],
  [
    'another operation',
    (story) => story.map((record) => (does(record) ? { ...record, event: 'key.revoke' } : record)),
  ],
  [
    'an operation after the end',
    (story) =>
      story.map((record) =>
        does(record) ? { ...record, time: '2999-01-01T00:00:00.000Z' } : record,
      ),
  ],
  [
    'an approval after the end',
    (story) =>
      story.map((record) =>
        approves(record) ? { ...record, time: '2999-01-01T00:00:00.000Z' } : record,
      ),
  ],
  ['an approval that nobody asked for', withDetail(does, (d) => ({ ...d, approval: 'another' }))],
]

test('what the server wrote holds', () => {
  assert.deepEqual(verify(records), { findings: [], signatures: 2 })
})

for (const [name, change] of attacks) {
  test(`found: ${name}`, () => {
    const { findings } = verify(change(records))
    assert.notEqual(findings.length, 0)
  })
}
