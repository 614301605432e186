import assert from 'node:assert/strict'
import { test } from 'node:test'
import { p256, p521 } from '@noble/curves/nist.js'
import fc from 'fast-check'
import { readSequence, writeElement, writeUnsigned } from '../../src/crypto/der.ts'
import { derToP1363, p1363ToDer } from '../../src/crypto/ecdsa-format.ts'

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex')
}

test('what is not DER is refused', () => {
  const cases = [
    ['', 'nothing'],
    ['30', 'no length'],
    ['3001', 'no content'],
    ['300000', 'trailing byte'],
    ['3080 0000', 'indefinite length'],
    ['308100', 'a length that fits one byte, in two'],
    ['30817f' + '00'.repeat(127), 'again'],
    ['3082007f' + '00'.repeat(127), 'a length with a leading zero'],
    ['308300ffff', 'a length of three bytes'],
    ['3003 1f 01 00', 'a tag of two bytes'],
    ['3003 02 02 00', 'a member longer than what is left'],
    ['3102 0201', 'a SET'],
    [`3016${'0500'.repeat(11)}`, 'too many members'],
  ] as const
  for (const [given, why] of cases) assert.throws(() => readSequence(hex(given)), RangeError, why)
})

test('reading gives what was written', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 10 }), (contents) => {
      const members = contents.map((content) => writeElement(0x04, content))
      const read = readSequence(writeElement(0x30, Buffer.concat(members)))
      assert.deepEqual(
        read.map(({ content }) => Buffer.from(content)),
        contents.map((content) => Buffer.from(content)),
      )
    }),
  )
  assert.throws(() => writeElement(0x04, Buffer.alloc(65_536)), RangeError)
})

test('no bytes make the reader fail in another way', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        readSequence(Buffer.concat([Buffer.of(0x30), bytes]))
      } catch (thrown) {
        assert.ok(thrown instanceof RangeError)
      }
    }),
    { numRuns: 500 },
  )
})

for (const [curve, width] of [
  [p256, 32],
  [p521, 66],
] as const) {
  test(`ECDSA signatures of ${width * 2} bytes change their form as another implementation changes it`, () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: width - 2, maxLength: width - 2 }),
        fc.nat(255),
        (digits, last) => {
          // Short numbers, and numbers with leading zeros and high bits.
          const raw = Buffer.alloc(2 * width)
          raw.set(digits, last % 3)
          raw[2 * width - 1] = last | 1
          raw[0] = width === 66 ? 0 : (raw[0] ?? 0) & 0xfe
          raw[width - 1] = 1
          const der = p1363ToDer(raw, width)
          assert.deepEqual(
            der,
            Buffer.from(curve.Signature.fromBytes(raw, 'compact').toBytes('der')),
          )
          assert.deepEqual(derToP1363(der, width), raw)
        },
      ),
    )
  })
}

test('numbers', () => {
  for (const [digits, want] of [
    ['00', '020100'],
    ['000001', '020101'],
    ['80', '02020080'],
    ['7f', '02017f'],
    ['00ff', '020200ff'],
  ] as const) {
    assert.equal(writeUnsigned(hex(digits)).toString('hex'), want)
  }
})

test('signatures that are not DER, or too long, are refused', () => {
  for (const given of [
    '3006 020101 0201ff',
    '3003 020101',
    '3009 020101 020101 020101',
    '3007 02020001 020101',
    '3006 020101 040101',
    '3005 0200 020101',
    `3026 0221 01${'00'.repeat(32)} 020101`,
  ]) {
    assert.throws(() => derToP1363(hex(given), 32), RangeError, given)
  }
  assert.throws(() => p1363ToDer(Buffer.alloc(63), 32), RangeError)
})
