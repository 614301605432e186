import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeBase64 } from '#http'

/** The fast decoder takes what the strict one of the language takes, without white space, and nothing else. */

function strictly(text: string): Uint8Array | undefined {
  if (/[\t\n\f\r ]/.test(text)) return undefined
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' })
  } catch {
    return undefined
  }
}

function assertSame(text: string): void {
  const expected = strictly(text)
  const decoded = decodeBase64(text)
  assert.deepEqual(decoded && new Uint8Array(decoded), expected, JSON.stringify(text))
}

test('bytes of any length come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
      assert.deepEqual(new Uint8Array(decodeBase64(bytes.toBase64()) ?? [1]), bytes)
    }),
  )
})

test('whatever the strict decoder refuses is refused', () => {
  const character = fc.constantFrom(...'ABCZabcz019+/=-_ \n\t\r.\0é€\u{1f600}')
  fc.assert(fc.property(fc.string({ unit: character, maxLength: 12 }), assertSame), {
    numRuns: 20_000,
  })
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), assertSame))
  for (const text of [
    '',
    'AA==',
    'AB==',
    'AAA=',
    'AAB=',
    'AA',
    'AAA',
    'A',
    '=',
    '====',
    'AA=='.repeat(2),
    '-_-_',
  ])
    assertSame(text)
})

test('each is its own: what one caller overwrites is nobody else’s', () => {
  const texts = Array.from({ length: 1_000 }, (_, at) => Buffer.alloc(at % 300, at).toBase64())
  const decoded = texts.map((text) => decodeBase64(text))
  for (const [at, bytes] of decoded.entries()) {
    assert.equal(bytes?.toBase64(), texts[at])
    assert.notEqual(bytes?.buffer, Buffer.from('x').buffer)
    bytes?.fill(0)
  }
})
