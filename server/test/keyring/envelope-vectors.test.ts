import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { encodeContext, type EnvelopeParts, type EnvelopeSuite } from '@claviger/contract'
import { envelopeInfo, parseEnvelope } from '@claviger/contract/envelope'
import { gcm, gcmsiv } from '@noble/ciphers/aes.js'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { ClavigerError } from '#model'
import { EnvelopeKey } from '../../src/keyring/envelope.ts'

/** The vectors of docs/envelope.md, and the whole construction a second time, with other people's code. */

interface Vector {
  readonly comment: string
  readonly algorithm: string
  readonly suite: EnvelopeSuite
  readonly key: string
  readonly version: number
  readonly keyMaterial: string
  readonly context: Record<string, string>
  readonly plaintext: string
  readonly salt: string
  readonly nonce: string
  readonly contextEncoding: string
  readonly info: string
  readonly subkey: string
  readonly commitment: string
  readonly ciphertext: string
}

const { vectors, invalid } = JSON.parse(
  readFileSync(new URL('../vectors/envelope-1.json', import.meta.url), 'utf8'),
) as {
  vectors: [Vector, ...Vector[]]
  invalid: { comment: string; ciphertext: string }[]
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const unhex = (text: string) => Buffer.from(text, 'hex')

function envelopeKey({ suite, key, version, keyMaterial }: Vector): EnvelopeKey {
  const secret = createSecretKey(unhex(keyMaterial))
  return new EnvelopeKey({ suite, key, version, secret, clock: { now: () => 0 } })
}

const ciphers = { 1: gcm, 2: gcm, 3: gcmsiv, 4: chacha20poly1305 }

/** The second opinion: what the specification says, on @noble. */
function secondOpinion(keyMaterial: Uint8Array, parts: EnvelopeParts, context: Uint8Array) {
  const info = Buffer.concat([Buffer.from('claviger/envelope/1'), parts.header.subarray(1, 22)])
  const derived = hkdf(sha512, keyMaterial, parts.salt, info, 64)
  const aad = Buffer.concat([parts.header, context])
  const cipher = ciphers[parts.suite](
    derived.slice(0, parts.suite === 2 ? 16 : 32),
    Uint8Array.from(parts.nonce),
    Uint8Array.from(aad),
  )
  return { info, subkey: derived.subarray(0, 32), commitment: derived.subarray(32), cipher }
}

function parsed(ciphertext: Uint8Array): EnvelopeParts {
  const parts = parseEnvelope(ciphertext)
  assert.ok(parts)
  return parts
}

for (const vector of vectors) {
  test(`${vector.algorithm}: ${vector.comment}`, () => {
    const context = encodeContext(vector.context)
    assert.equal(hex(context), vector.contextEncoding)
    assert.equal(hex(envelopeInfo(vector)), vector.info)
    const parts = parsed(unhex(vector.ciphertext))
    const second = secondOpinion(unhex(vector.keyMaterial), parts, context)
    assert.equal(hex(second.info), vector.info)
    assert.equal(hex(second.subkey), vector.subkey)
    assert.equal(hex(second.commitment), vector.commitment)
    const { header, nonce } = parts
    const sealed = second.cipher.encrypt(Uint8Array.from(unhex(vector.plaintext)))
    assert.equal(hex(Buffer.concat([header, nonce, sealed])), vector.ciphertext)
    const opened = envelopeKey(vector).open(unhex(vector.ciphertext), context)
    assert.equal(hex(opened), vector.plaintext)
  })

  test(`${vector.algorithm}: what the keyring seals, the second opinion opens (${vector.comment})`, () => {
    const context = encodeContext(vector.context)
    const parts = parsed(envelopeKey(vector).seal(unhex(vector.plaintext), context))
    const second = secondOpinion(unhex(vector.keyMaterial), parts, context)
    assert.deepEqual(Buffer.from(parts.commitment), Buffer.from(second.commitment))
    assert.equal(hex(second.cipher.decrypt(Uint8Array.from(parts.sealed))), vector.plaintext)
  })

  test(`${vector.algorithm}: a true tag under a false commitment is refused (${vector.comment})`, () => {
    const ciphertext = unhex(vector.ciphertext)
    ciphertext[69] = (ciphertext[69] ?? 0) ^ 1
    const context = encodeContext(vector.context)
    const parts = parsed(ciphertext)
    // The tag covers the false commitment, so that nothing but the comparison can notice it.
    const { cipher } = secondOpinion(unhex(vector.keyMaterial), parts, context)
    ciphertext.set(cipher.encrypt(Uint8Array.from(unhex(vector.plaintext))), 82)
    assert.equal(hex(cipherAgain(parts, context, vector)), vector.plaintext)
    assertRefused(vector, ciphertext)
  })
}

function cipherAgain(parts: EnvelopeParts, context: Uint8Array, vector: Vector): Uint8Array {
  const { cipher } = secondOpinion(unhex(vector.keyMaterial), parts, context)
  return cipher.decrypt(Uint8Array.from(parts.sealed))
}

function assertRefused(vector: Vector, ciphertext: Uint8Array): void {
  assert.throws(
    () => envelopeKey(vector).open(ciphertext, encodeContext(vector.context)),
    (thrown) => thrown instanceof ClavigerError && thrown.code === 'invalid_ciphertext',
  )
}

test('every invalid vector is refused', () => {
  assert.ok(invalid.length > 10)
  for (const { ciphertext } of invalid) assertRefused(vectors[0], unhex(ciphertext))
})

test('the example in docs/envelope.md is the first vector', () => {
  const page = readFileSync(new URL('../../../docs/envelope.md', import.meta.url), 'utf8')
  const [{ key, keyMaterial, salt, nonce, plaintext, info, subkey, commitment, ciphertext }] =
    vectors
  const digits = page.replaceAll(/\s/g, '')
  const values = [key, keyMaterial, salt, nonce, plaintext, info, subkey, commitment, ciphertext]
  for (const value of values) assert.ok(digits.includes(value), value)
})
