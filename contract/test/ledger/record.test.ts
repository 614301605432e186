import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeRecord,
  LedgerFormatError,
  parseRecord,
  utf8,
  type LedgerRecord,
} from '@claviger/contract/ledger'
import * as fc from 'fast-check'

const record: LedgerRecord = {
  v: 1,
  time: '2026-01-02T03:04:05.678Z',
  event: 'encrypt',
  outcome: 'ok',
  principal: 'system',
  door: 'rest',
  request: 'r1',
  key: 'k',
  version: 1,
  detail: { reason: 'naïve \u{1f511}', days: 3 },
}
const spelt = new TextDecoder().decode(encodeRecord(record))

test('a record is JSON in the order of its fields, whatever order it was made in', () => {
  const backwards = Object.fromEntries(Object.entries(record).toReversed()) as LedgerRecord
  assert.equal(new TextDecoder().decode(encodeRecord(backwards)), spelt)
  assert.deepEqual(Object.keys(JSON.parse(spelt) as object), Object.keys(record))
  assert.deepEqual(parseRecord(utf8(spelt)), record)
})

test('a record has one spelling: every other is refused', () => {
  const bad = [
    '',
    'null',
    '[]',
    '{}',
    spelt.slice(0, -1),
    `${spelt} `,
    ` ${spelt}`,
    `\ufeff${spelt}`,
    spelt.replace('"v":1', '"v":2'),
    spelt.replace('"v":1', '"v":1.0'),
    spelt.replace('"v":1', '"v": 1'),
    spelt.replace('"key":"k"', '"key":"a","key":"k"'),
    spelt.replace('"key":"k"', '"key":"\\u006b"'),
    spelt.replace('"key":"k","version":1', '"version":1,"key":"k"'),
    spelt.replace('"key":"k"', '"key":"k","secret":"s"'),
    spelt.replace('"key":"k"', '"key":null'),
    spelt.replace('"version":1', '"version":1.5'),
    spelt.replace('"version":1', '"version":-0'),
    spelt.replace('"version":1', '"version":1e400'),
    spelt.replace('"outcome":"ok"', '"outcome":"perhaps"'),
    spelt.replace('"days":3', '"days":3,"__proto__":"x"'),
    spelt.replace('2026-01-02', '2026-13-02'),
    '['.repeat(60_000),
  ]
  for (const text of bad) {
    assert.notEqual(text, spelt)
    assert.throws(() => parseRecord(utf8(text)), LedgerFormatError, text.slice(0, 100))
  }
  assert.throws(() => parseRecord(Uint8Array.of(0xc3, 0x28)), LedgerFormatError)
})

test('a record that no entry can hold is refused', () => {
  const long = { ...record, detail: { reason: 'x'.repeat(65_535) } }
  assert.throws(() => encodeRecord(long), LedgerFormatError)
  assert.throws(() => parseRecord(utf8(JSON.stringify(long))), LedgerFormatError)
  assert.throws(() => encodeRecord({ ...record, v: 2 } as never), LedgerFormatError)
})

test('whatever the entry, it is a record or refused', () => {
  const changed = fc
    .tuple(fc.nat(spelt.length), fc.string({ unit: 'binary', maxLength: 2 }))
    .map(([at, put]) => utf8(spelt.slice(0, at) + put + spelt.slice(at + 1)))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fc.json().map(utf8), changed), (entry) => {
      try {
        assert.deepEqual(encodeRecord(parseRecord(entry)), entry)
      } catch (error) {
        assert.ok(error instanceof LedgerFormatError)
      }
    }),
    { numRuns: 1_000 },
  )
})
