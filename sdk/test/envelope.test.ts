import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ClavigerCiphertextError, openEnvelopeOffline } from '@claviger/sdk'

/** The same vectors as the server's, so that what it makes can be read without it. */

interface Vector {
  readonly algorithm: string
  readonly comment: string
  readonly keyMaterial: string
  readonly context: Record<string, string>
  readonly plaintext: string
  readonly ciphertext: string
}

const { vectors, invalid } = JSON.parse(
  readFileSync(new URL('../../server/test/vectors/envelope-1.json', import.meta.url), 'utf8'),
) as { vectors: [Vector, ...Vector[]]; invalid: { comment: string; ciphertext: string }[] }

const unhex = (text: string) => Buffer.from(text, 'hex')

function flipped(bytes: string): string {
  const [first = 0, ...rest] = unhex(bytes)
  return Buffer.from([first ^ 1, ...rest]).toString('hex')
}

function open(vector: Vector, changes: Partial<Vector> = {}): string {
  const { ciphertext, context, keyMaterial } = { ...vector, ...changes }
  return openEnvelopeOffline({
    ciphertext: unhex(ciphertext),
    context,
    keyMaterial: unhex(keyMaterial),
  }).toString('hex')
}

function refusal(vector: Vector, changes: Partial<Vector>): string {
  try {
    open(vector, changes)
  } catch (thrown) {
    assert.ok(thrown instanceof ClavigerCiphertextError)
    return thrown.failure
  }
  assert.fail('it was decrypted')
}

for (const vector of vectors) {
  test(`${vector.algorithm}: ${vector.comment}`, () => {
    assert.equal(open(vector), vector.plaintext)
    const otherKey = flipped(vector.keyMaterial)
    assert.equal(refusal(vector, { keyMaterial: otherKey }), 'not-authentic')
    assert.equal(refusal(vector, { keyMaterial: `${vector.keyMaterial}00` }), 'not-authentic')
    assert.equal(refusal(vector, { context: { ...vector.context, more: '' } }), 'not-authentic')
  })
}

test('a context that is left out is empty', () => {
  const [{ ciphertext, keyMaterial, plaintext }] = vectors
  const opened = openEnvelopeOffline({
    ciphertext: unhex(ciphertext),
    keyMaterial: unhex(keyMaterial),
  })
  assert.equal(opened.toString('hex'), plaintext)
})

test('every invalid vector is refused, and what is no envelope is called so', () => {
  const [vector] = vectors
  for (const { comment, ciphertext } of invalid) {
    const unreadable = /another format|a suite that there is not|version 0|shorter than/.test(
      comment,
    )
    const want = unreadable ? 'not-claviger' : 'not-authentic'
    assert.equal(refusal(vector, { ciphertext }), want, comment)
  }
})
