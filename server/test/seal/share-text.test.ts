import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeBase32, encodeBase32 } from '#crypto'
import { createShares } from '#seal'
import { formatShare, parseShare } from '../../src/seal/share-text.ts'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const invalidShare = { name: 'ClavigerError', code: 'invalid_share' }

const example = {
  seal: '0123456789abcdef',
  threshold: 3,
  number: 200,
  payload: Buffer.from(Array.from({ length: 32 }, (_, at) => at)),
}
const exampleText = formatShare(example)

const anyShare = fc.record(
  {
    seal: fc
      .uint8Array({ minLength: 10, maxLength: 10 })
      .map((bytes) => encodeBase32(bytes).toString('latin1')),
    threshold: fc.integer({ min: 2, max: 255 }),
    number: fc.integer({ min: 1, max: 255 }),
    payload: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
  },
  { noNullPrototype: true },
)

test('a share has its documented form', () => {
  const body = Buffer.concat([
    Buffer.from('00443214c74254b635cf', 'hex'),
    Buffer.of(3, 200),
    example.payload,
  ])
  const checksum = createHash('sha256')
    .update('claviger/share/1\n')
    .update(body)
    .digest()
    .subarray(0, 6)
  let value = BigInt(`0x${Buffer.concat([body, checksum]).toString('hex')}`)
  let letters = ''
  for (let count = 0; count < 80; count += 1, value /= 32n)
    letters = `${ALPHABET[Number(value % 32n)]}${letters}`
  assert.equal(exampleText, `clvs1-${letters.match(/.{4}/g)?.join('-')}`)
  assert.ok(exampleText.startsWith('clvs1-0123-4567-89ab-cdef-'))
})

test('what is written can be read', () => {
  fc.assert(
    fc.property(anyShare, (share) => assert.deepEqual(parseShare(formatShare(share)), share)),
  )
})

test('case, white space, dashes and letters that look alike do not matter', () => {
  const variants = [
    exampleText.toUpperCase(),
    exampleText.replaceAll('-', ''),
    exampleText.replaceAll('-', ' '),
    exampleText.replaceAll('-', '\u2013'),
    exampleText.replaceAll('-', '\u2011'),
    exampleText.replaceAll('-', '\u00a0'),
    ` \t${exampleText}\r\n`,
    exampleText.replaceAll('0', 'O'),
    exampleText.replaceAll('0', 'o'),
    exampleText.replaceAll('1', 'I'),
    exampleText.replaceAll('1', 'l'),
    `${exampleText.slice(0, 50)}\n${exampleText.slice(50)}`,
  ]
  for (const variant of variants) assert.deepEqual(parseShare(variant), example, variant)
})

test('any one wrong character is found', async () => {
  const { shares } = await createShares({ threshold: 2, shares: 2 })
  for (const text of shares.slice(0, 1)) {
    for (const [at, right] of [...text].entries()) {
      if (right === '-') continue
      for (const wrong of ALPHABET) {
        if (wrong === right || (at < 5 && 'lL1'.includes(right) && wrong === '1')) continue
        assert.throws(
          () => parseShare(text.slice(0, at) + wrong + text.slice(at + 1)),
          invalidShare,
        )
      }
    }
  }
})

test('a missing, doubled or exchanged character is found', () => {
  for (let at = 0; at < exampleText.length; at += 1) {
    const [here = '', next = ''] = exampleText.slice(at, at + 2)
    if (here === '-') continue
    assert.throws(
      () => parseShare(exampleText.slice(0, at) + exampleText.slice(at + 1)),
      invalidShare,
    )
    assert.throws(
      () => parseShare(exampleText.slice(0, at) + here + exampleText.slice(at)),
      invalidShare,
    )
    if (next === '-' || next === here || next === '') continue
    assert.throws(
      () => parseShare(exampleText.slice(0, at) + next + here + exampleText.slice(at + 2)),
      invalidShare,
    )
  }
})

test('anything else is refused, and never repeated in the message', () => {
  const foreign = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary', maxLength: 600 }),
    fc.constantFrom(
      '',
      'clvs1',
      'clvs1-',
      exampleText.slice(6),
      `clvs2${exampleText.slice(5)}`,
      `${exampleText}u`,
      `${exampleText}00`,
      ' '.repeat(1_000) + exampleText,
    ),
  )
  fc.assert(
    fc.property(foreign, (text) => {
      assert.throws(
        () => parseShare(text),
        (error: Error & { code?: string }) =>
          error.code === 'invalid_share' && !(text.length > 12 && error.message.includes(text)),
      )
    }),
  )
})

test('every wrong share gets the same words, whatever is wrong with it', () => {
  const wrongs = [
    '',
    'x',
    exampleText.slice(0, -1),
    exampleText.replace('clvs1', 'clvs2'),
    exampleText.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
  ]
  const messages = wrongs.map((wrong) => {
    try {
      parseShare(wrong)
      return 'accepted'
    } catch (error) {
      return error instanceof Error ? error.message : ''
    }
  })
  assert.deepEqual(new Set(messages).size, 1)
  assert.notEqual(messages[0], 'accepted')
})

test('base32 has one spelling for each value, in lower case', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      const text = encodeBase32(bytes).toString('latin1')
      assert.equal(text.length, Math.ceil((bytes.length * 8) / 5))
      assert.deepEqual(decodeBase32(text), Buffer.from(bytes))
    }),
  )
  // Crockford's own letters, a character too many, spare bits that are set, and the letter that stands for nothing.
  assert.equal(encodeBase32(Buffer.from('ffffffffff', 'hex')).toString('latin1'), 'zzzzzzzz')
  for (const bad of ['0', '000', '01', 'zz0', 'u0', '0u', '0=', '0\u0130', '0\u212a'])
    assert.equal(decodeBase32(bad), undefined, bad)
})
