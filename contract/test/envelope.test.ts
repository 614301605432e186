import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeContext,
  ENVELOPE_CIPHERTEXT_AT,
  ENVELOPE_HEADER_BYTES,
  ENVELOPE_MESSAGE_BYTES_MAX,
  ENVELOPE_OVERHEAD_BYTES,
  envelopeInfo,
  envelopeSuites,
  type EnvelopeVersion,
  parseEnvelope,
  writeEnvelopeHeader,
} from '@claviger/contract/envelope'
import {
  assert as check,
  constantFrom,
  dictionary,
  integer,
  property,
  string,
  uint8Array,
  uuid,
} from 'fast-check'

const version: EnvelopeVersion = {
  suite: 1,
  key: '01990a3c-5d2e-7f10-8a4b-9c6d3e2f1a0b',
  version: 258,
}

function envelope(of: EnvelopeVersion, salt: Uint8Array, commitment: Uint8Array, rest: Uint8Array) {
  const bytes = new Uint8Array(ENVELOPE_HEADER_BYTES + rest.length)
  writeEnvelopeHeader(bytes, of, salt, commitment)
  bytes.set(rest, ENVELOPE_HEADER_BYTES)
  return bytes
}

const bytesOf = (length: number) => uint8Array({ minLength: length, maxLength: length })
const versions = [
  constantFrom(...Object.values(envelopeSuites)),
  uuid(),
  integer({ min: 1, max: 4_294_967_295 }),
] as const

test('the layout is the one of the specification', () => {
  const bytes = envelope(
    version,
    new Uint8Array(16).fill(0xaa),
    new Uint8Array(32).fill(0xbb),
    new Uint8Array(28).fill(0xcc),
  )
  assert.equal(
    bytes.toHex(),
    `c10101990a3c5d2e7f108a4b9c6d3e2f1a0b00000102${'aa'.repeat(16)}${'bb'.repeat(32)}${'cc'.repeat(28)}`,
  )
  assert.equal(ENVELOPE_HEADER_BYTES, 70)
  assert.equal(ENVELOPE_CIPHERTEXT_AT, 82)
  assert.equal(ENVELOPE_OVERHEAD_BYTES, 98)
  assert.equal(
    envelopeInfo(version).toHex(),
    `${Buffer.from('claviger/envelope/1').toString('hex')}0101990a3c5d2e7f108a4b9c6d3e2f1a0b00000102`,
  )
})

test('what is written is what is parsed, in views of the same memory', () => {
  check(
    property(
      ...versions,
      bytesOf(16),
      bytesOf(32),
      uint8Array({ minLength: 28, maxLength: 99 }),
      (suite, key, number, salt, commitment, rest) => {
        const bytes = envelope({ suite, key, version: number }, salt, commitment, rest)
        const parts = parseEnvelope(bytes)
        assert.deepEqual(parts, {
          suite,
          key,
          version: number,
          salt,
          commitment,
          nonce: rest.subarray(0, 12),
          header: bytes.subarray(0, 70),
          sealed: rest.subarray(12),
        })
        for (const part of [parts?.salt, parts?.commitment, parts?.nonce, parts?.sealed]) {
          assert.equal(part?.buffer, bytes.buffer)
        }
      },
    ),
  )
})

test('what is not an envelope is not parsed', () => {
  const good = envelope(version, new Uint8Array(16), new Uint8Array(32), new Uint8Array(28))
  const changed = (at: number, byte: number) => good.with(at, byte)
  const cases: [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['too short for an empty message', good.subarray(0, 97)],
    ['another format', changed(0, 0xc2)],
    ['suite 0', changed(1, 0)],
    ['suite 5', changed(1, 5)],
    ['version 0', changed(20, 0).with(21, 0)],
    ['longer than the format allows', longest(1)],
  ]
  assert.ok(parseEnvelope(good))
  assert.ok(parseEnvelope(longest(0)))
  for (const [name, bytes] of cases) assert.equal(parseEnvelope(bytes), undefined, name)

  function longest(more: number): Uint8Array {
    const bytes = new Uint8Array(ENVELOPE_OVERHEAD_BYTES + ENVELOPE_MESSAGE_BYTES_MAX + more)
    bytes.set(good)
    return bytes
  }
})

test('the parser takes anything without throwing', () => {
  check(
    property(uint8Array({ maxLength: 200 }), (bytes) => {
      bytes[0] = 0xc1
      const parts = parseEnvelope(bytes)
      assert.equal(parts === undefined, bytes.length < 98 || !isSuite(bytes[1]) || isZero(bytes))
    }),
  )

  function isSuite(byte: number | undefined): boolean {
    return byte !== undefined && byte >= 1 && byte <= 4
  }
  function isZero(bytes: Uint8Array): boolean {
    return bytes.subarray(18, 22).every((byte) => byte === 0)
  }
})

test('a header that the format cannot say is not written', () => {
  const out = new Uint8Array(70)
  const [salt, commitment] = [new Uint8Array(16), new Uint8Array(32)]
  const cases: [Partial<Record<keyof EnvelopeVersion, unknown>>, Uint8Array, Uint8Array][] = [
    [{ suite: 5 }, salt, commitment],
    [{ key: version.key.toUpperCase() }, salt, commitment],
    [{ key: 'x' }, salt, commitment],
    [{ version: 0 }, salt, commitment],
    [{ version: 1.5 }, salt, commitment],
    [{ version: 4_294_967_296 }, salt, commitment],
    [{}, new Uint8Array(15), commitment],
    [{}, salt, new Uint8Array(33)],
  ]
  for (const [wrong, itsSalt, itsCommitment] of cases) {
    const header = { ...version, ...wrong } as EnvelopeVersion
    assert.throws(() => writeEnvelopeHeader(out, header, itsSalt, itsCommitment), RangeError)
  }
})

/** Reads an encoded context back: what can be read back uniquely was encoded injectively. */
function decodeContext(bytes: Uint8Array): Record<string, string> {
  const view = Buffer.from(bytes)
  let offset = 4
  function text(): string {
    const start = offset + 4
    offset = start + view.readUInt32BE(offset)
    return view.toString('utf8', start, offset)
  }
  const context = Object.create(null) as Record<string, string>
  for (let count = view.readUInt32BE(0); count > 0; count -= 1) context[text()] = text()
  assert.equal(offset, bytes.length)
  return context
}

/** Every kind of character, and few of them, so that contexts often nearly coincide. */
const text = string({
  unit: constantFrom('', '\0', 'a', 'b', 'é', '\uFFFD', '\uFF5E', '\u{1F511}'),
  maxLength: 3,
})
const contexts = dictionary(text, text, { maxKeys: 4, noNullPrototype: false })

test('a context is encoded injectively: it can be read back', () => {
  check(
    property(contexts, (context) => {
      assert.deepEqual({ ...decodeContext(encodeContext(context)) }, { ...context })
    }),
  )
})

test('two contexts have the same encoding exactly when they are the same', () => {
  check(
    property(contexts, contexts, (left, right) => {
      const same = Buffer.compare(encodeContext(left), encodeContext(right)) === 0
      const entries = (context: Record<string, string>) =>
        new Set(Object.entries(context).map(String))
      assert.equal(same, entries(left).symmetricDifference(entries(right)).size === 0)
    }),
  )
})

test('pairs stand in the order of the UTF-8 of their keys, however they were given', () => {
  check(
    property(contexts, (context) => {
      const keys = Object.keys(decodeContext(encodeContext(context)))
      const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      // An object gives keys that are array indices first, so that the order is looked at in the bytes.
      assert.deepEqual(keys, sorted)
      const reversed = Object.fromEntries(Object.entries(context).toReversed())
      assert.deepEqual(encodeContext(reversed), encodeContext(context))
    }),
  )
})

test('contexts that a careless encoding would confuse', () => {
  const contexts: Record<string, string>[] = [
    {},
    { a: '' },
    { '': 'a' },
    { a: 'b', c: 'd' },
    { a: 'bcd' },
    { ab: 'cd' },
    { a: 'd', c: 'b' },
    { a: 'b\0\0\0\u0001c\0\0\0\u0001d' },
    JSON.parse('{"__proto__":"a"}') as Record<string, string>,
  ]
  const encodings = contexts.map((context) => Buffer.from(encodeContext(context)).toString('hex'))
  assert.equal(new Set(encodings).size, contexts.length)
  assert.equal(encodings[0], '00000000')
  assert.equal(encodings[3], '000000020000000161000000016200000001630000000164')
})

test('a lone surrogate is refused, in a key and in a value', () => {
  for (const context of [{ '\ud800': 'a' }, { a: '\udc00' }, { a: 'é\ud83d' }]) {
    assert.throws(() => encodeContext(context), RangeError)
  }
})
