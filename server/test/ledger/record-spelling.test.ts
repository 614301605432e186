import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeRecord as encodeBySchema,
  outcomes,
  parseRecord,
  utf8,
  type LedgerRecord,
} from '@claviger/contract/ledger'
import * as fc from 'fast-check'
import { encodeRecord } from '../../src/ledger/record.ts'

/** The gate writes records by concatenation; the public reader accepts one spelling only. They must be the same. */

const id = fc.uuid()
const bare = fc.stringMatching(/^[A-Za-z0-9._/+=:-]{1,40}$/)
const words = fc.string({ unit: 'binary', maxLength: 40 })

const draft = fc.record(
  {
    event: bare,
    outcome: fc.constantFrom(...outcomes),
    reason: bare,
    tenant: id,
    principal: id,
    credential: id,
    factors: fc.array(bare, { maxLength: 3 }),
    // The names of key policies' statements are their writers'.
    binding: fc.oneof(
      id,
      words.map((name) => `policy:${name}`),
    ),
    door: bare,
    source: bare,
    request: bare,
    key: id,
    version: fc.integer({ min: 1, max: 4_294_967_295 }),
    part: fc.constantFrom('source' as const, 'destination' as const),
    count: fc.nat(1_000),
    bytes: fc.nat(),
    subject: words,
    detail: fc.dictionary(
      fc.stringMatching(/^[a-z][A-Za-z]{0,9}$/),
      fc.oneof(words, fc.integer()),
      {
        noNullPrototype: true,
      },
    ),
  },
  { requiredKeys: ['event', 'outcome', 'principal', 'door', 'request'], noNullPrototype: true },
)

const change = fc.record(
  {
    revision: fc.integer({ min: 1, max: 2 ** 40 }),
    changed: fc.array(
      fc.oneof(
        fc.record({ kind: bare, id: words, digest: bare }, { noNullPrototype: true }),
        fc.record({ kind: bare, id: words }, { noNullPrototype: true }),
      ),
      { maxLength: 4 },
    ),
  },
  { noNullPrototype: true },
)

test('what the gate writes is what the schema writes and the verifier reads', () => {
  fc.assert(
    fc.property(
      draft,
      fc.option(change, { nil: undefined }),
      fc.nat(2 ** 41),
      (one, made, time) => {
        const record = {
          v: 1,
          time: new Date(time).toISOString(),
          ...one,
          ...made,
        } as LedgerRecord
        const text = encodeRecord(one, time, made)
        assert.equal(text, new TextDecoder().decode(encodeBySchema(record)))
        assert.deepEqual(parseRecord(utf8(text)), record)
      },
    ),
    { numRuns: 300 },
  )
})

test('neighbours that have all but one field in common are each written as they are', () => {
  const fields = [
    'event',
    'outcome',
    'reason',
    'tenant',
    'principal',
    'credential',
    'factors',
    'binding',
  ]
  const others = [
    'door',
    'source',
    'request',
    'key',
    'version',
    'part',
    'count',
    'bytes',
    'subject',
  ]
  fc.assert(
    fc.property(
      draft,
      fc.array(fc.tuple(draft, fc.constantFrom(...fields, ...others)), { maxLength: 12 }),
      fc.nat(2 ** 41),
      (first, changes, time) => {
        let one: typeof first = first
        for (const [other, field] of changes) {
          const name = field as keyof typeof first
          // A field that the other has not keeps what it was, which is a neighbour that is quite the same.
          if (other[name] !== undefined) one = { ...one, [name]: other[name] }
          const record = { v: 1, time: new Date(time).toISOString(), ...one } as LedgerRecord
          const text = encodeRecord(one, time)
          assert.equal(text, new TextDecoder().decode(encodeBySchema(record)))
        }
      },
    ),
    { numRuns: 300 },
  )
})
