import assert from 'node:assert/strict'
import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { encodeContext, envelopeSuites, type EnvelopeSuite } from '@claviger/contract'
import { parseEnvelope } from '@claviger/contract/envelope'
import { assert as check, constantFrom, dictionary, property, string, uint8Array } from 'fast-check'
import { algorithms } from '#crypto'
import { ClavigerError } from '#model'
import { EnvelopeKey, SALT_LIMITS, type SaltLimits } from '../../src/keyring/envelope.ts'
import { SubkeyCache } from '../../src/keyring/subkey-cache.ts'

const suites = Object.values(envelopeSuites)
const key = '01990a3c-5d2e-7f10-8a4b-9c6d3e2f1a0b'
const message = Buffer.from('the bearer of the keys')
const context = encodeContext({ purpose: 'test' })
const noContext = encodeContext({})

function keyBytes(suite: EnvelopeSuite): number {
  return algorithms.find((row) => row.envelopeSuite === suite)?.keyBytes ?? 0
}

function newSecret(suite: EnvelopeSuite): KeyObject {
  return createSecretKey(randomBytes(keyBytes(suite)))
}

function envelopeKey(
  suite: EnvelopeSuite,
  more: {
    secret?: KeyObject
    version?: number
    clock?: { now(): number }
    limits?: SaltLimits
    cache?: SubkeyCache
  } = {},
): EnvelopeKey {
  const defaults = { secret: newSecret(suite), version: 1, clock: { now: () => 0 } }
  return new EnvelopeKey({ suite, key, ...defaults, ...more })
}

function assertRefused(envelope: EnvelopeKey, ciphertext: Uint8Array, of = context): void {
  assert.throws(
    () => envelope.open(ciphertext, of),
    (thrown: unknown) => {
      assert.ok(thrown instanceof ClavigerError)
      assert.equal(thrown.code, 'invalid_ciphertext')
      // The same words for every reason, and no cause to read more from.
      assert.equal(thrown.message, 'The ciphertext does not decrypt under this key and context')
      assert.equal(thrown.cause, undefined)
      return true
    },
  )
}

function saltOf(ciphertext: Uint8Array): string {
  return Buffer.from(parseEnvelope(ciphertext)?.salt ?? '').toString('hex')
}

test('the suites of the contract are those of the table of algorithms', () => {
  const rows = algorithms.filter((row) => row.envelopeSuite !== undefined)
  assert.deepEqual(Object.fromEntries(rows.map((row) => [row.name, row.envelopeSuite])), {
    ...envelopeSuites,
  })
})

test('what one process seals, another opens', () => {
  const secrets = new Map(suites.map((suite) => [suite, newSecret(suite)]))
  const pair = (suite: EnvelopeSuite) => {
    const secret = secrets.get(suite) ?? newSecret(suite)
    return [envelopeKey(suite, { secret }), envelopeKey(suite, { secret })] as const
  }
  const pairs = new Map(suites.map((suite) => [suite, pair(suite)]))
  check(
    property(
      constantFrom(...suites),
      uint8Array({ maxLength: 2_000 }),
      dictionary(string(), string(), { maxKeys: 3 }),
      (suite, plaintext, pairsOfContext) => {
        const [ours, theirs] = pairs.get(suite) ?? pair(suite)
        const encoded = encodeContext(pairsOfContext)
        const ciphertext = ours.seal(plaintext, encoded)
        assert.equal(ciphertext.length, plaintext.length + 98)
        assert.deepEqual(new Uint8Array(theirs.open(ciphertext, encoded)), plaintext)
      },
    ),
  )
})

test('the longest message of the contract, and none longer than the format allows', () => {
  const envelope = envelopeKey(1)
  const longest = randomBytes(65_536)
  assert.deepEqual(envelope.open(envelope.seal(longest, context), context), longest)
  assert.throws(() => envelope.seal(Buffer.alloc(16_777_217), context), RangeError)
})

test('a decrypted message lies in one place, so that overwriting it is enough, and is nobody else’s', () => {
  for (const suite of suites) {
    const envelope = envelopeKey(suite)
    const sealed = envelope.seal(message, context)
    const opened = envelope.open(sealed, context)
    const another = envelope.open(sealed, context)
    assert.notEqual(opened.buffer, Buffer.from('x').buffer)
    const around = Buffer.from(opened.buffer)
    opened.fill(0)
    assert.ok(another.equals(message))
    another.fill(0)
    assert.equal(around.includes(message), false)
  }
})

test('the ciphertext names its key, and hides the message', () => {
  const ciphertext = envelopeKey(1, { version: 9 }).seal(message, context)
  const parts = parseEnvelope(ciphertext)
  assert.equal(parts?.suite, 1)
  assert.equal(parts?.key, key)
  assert.equal(parts?.version, 9)
  assert.equal(ciphertext.includes(message), false)
})

for (const suite of suites) {
  test(`suite ${suite}: any bit that is flipped is noticed`, () => {
    const envelope = envelopeKey(suite)
    const ciphertext = envelope.seal(message, context)
    for (let bit = 0; bit < ciphertext.length * 8; bit += 1) {
      const at = bit >> 3
      assertRefused(envelope, ciphertext.with(at, (ciphertext[at] ?? 0) ^ (1 << (bit & 7))))
    }
  })

  test(`suite ${suite}: any length but the right one is noticed`, () => {
    const envelope = envelopeKey(suite)
    const ciphertext = envelope.seal(message, context)
    for (let length = 0; length < ciphertext.length; length += 1) {
      assertRefused(envelope, ciphertext.subarray(0, length))
    }
    for (const more of [1, 16, 98]) {
      assertRefused(envelope, Buffer.concat([ciphertext, randomBytes(more)]))
    }
  })

  test(`suite ${suite}: another context is noticed`, () => {
    const envelope = envelopeKey(suite)
    const ciphertext = envelope.seal(message, context)
    assertRefused(envelope, ciphertext, noContext)
    assertRefused(envelope, ciphertext, encodeContext({ purpose: 'tests' }))
    assertRefused(envelope, ciphertext, encodeContext({ purpose: 'test', a: '' }))
    assertRefused(envelope, envelope.seal(message, noContext))
  })

  test(`suite ${suite}: another key, and another version of the key, is refused`, () => {
    const secret = newSecret(suite)
    const ciphertext = envelopeKey(suite, { secret }).seal(message, context)
    assertRefused(envelopeKey(suite), ciphertext)
    assertRefused(envelopeKey(suite, { secret, version: 2 }), ciphertext)
    // Relabelled as that version, the commitment is wrong: the subkey is derived for the version.
    assertRefused(envelopeKey(suite, { secret, version: 2 }), ciphertext.with(21, 2))
    const other = new EnvelopeKey({
      suite,
      key: key.replace('0b', '0c'),
      version: 1,
      secret,
      clock: { now: () => 0 },
    })
    assertRefused(other, ciphertext)
    assertRefused(other, ciphertext.with(17, 0x0c))
  })
}

test('a salt serves its number of messages, then another is drawn', () => {
  const envelope = envelopeKey(1, { limits: { messages: 3, milliseconds: 60_000 } })
  const salts = Array.from({ length: 7 }, () => saltOf(envelope.seal(message, context)))
  const [a, , , b, , , c] = salts
  assert.deepEqual(salts, [a, a, a, b, b, b, c])
  assert.equal(new Set([a, b, c]).size, 3)
})

test('a salt serves for 60 seconds, and not longer where the clock is set back', () => {
  assert.deepEqual(SALT_LIMITS, { messages: 16_777_216, milliseconds: 60_000 })
  let now = 1_000_000
  const envelope = envelopeKey(1, { clock: { now: () => now } })
  const saltAt = (time: number) => {
    now = time
    return saltOf(envelope.seal(message, context))
  }
  const first = saltAt(1_000_000)
  assert.equal(saltAt(1_059_999), first)
  const second = saltAt(1_060_000)
  assert.notEqual(second, first)
  assert.equal(saltAt(1_119_999), second)
  assert.notEqual(saltAt(1_059_999), second)
})

test('every process has salts of its own, and every message a nonce of its own', () => {
  const secret = newSecret(1)
  const [ours, theirs] = [envelopeKey(1, { secret }), envelopeKey(1, { secret })]
  assert.notEqual(saltOf(ours.seal(message, context)), saltOf(theirs.seal(message, context)))
  const nonces = Array.from({ length: 2_000 }, () =>
    ours.seal(message, context).toString('hex', 70, 82),
  )
  assert.equal(new Set(nonces).size, nonces.length)
})

test('only subkeys of genuine salts are kept', () => {
  const cache = new SubkeyCache()
  const envelope = envelopeKey(1, { cache, limits: { messages: 1, milliseconds: 60_000 } })
  const ciphertexts = Array.from({ length: 5 }, () => envelope.seal(message, context))
  for (const ciphertext of ciphertexts) {
    envelope.open(ciphertext, context)
    envelope.open(ciphertext, context)
  }
  assert.equal(cache.size, 5)
  for (const [at, ciphertext] of ciphertexts.entries()) {
    assertRefused(envelope, ciphertext.with(22 + at, (ciphertext[22 + at] ?? 0) ^ 1))
    assertRefused(envelope, ciphertext.with(38 + at, (ciphertext[38 + at] ?? 0) ^ 1))
  }
  assert.equal(cache.size, 5)
})

test('what was dropped does nothing any more, and keeps nothing', () => {
  const cache = new SubkeyCache()
  const envelope = envelopeKey(1, { cache })
  const ciphertext = envelope.seal(message, context)
  envelope.open(ciphertext, context)
  assert.equal(cache.size, 1)
  envelope.drop()
  assert.equal(cache.size, 0)
  assert.throws(() => envelope.seal(message, context), /dropped/)
  assert.throws(() => envelope.open(ciphertext, context), /dropped/)
})
