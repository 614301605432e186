import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { findRecoveryCode, newRecoveryCodes } from '#access'

/** Recovery codes as they are shown, kept, and typed again. */

const hashOf = (letters: string) =>
  createHash('sha256').update(`claviger/recovery/1 ${letters}`).digest('base64')

test('ten codes of 80 bits, of which only the hashes are kept', () => {
  const { shown, codes } = newRecoveryCodes()
  assert.equal(new Set(shown).size, 10)
  for (const [at, code] of shown.entries()) {
    assert.match(code, /^[0-9a-hjkmnp-tv-z]{4}(?:-[0-9a-hjkmnp-tv-z]{4}){3}$/)
    assert.deepEqual(codes[at], { hash: hashOf(code.replaceAll('-', '')) })
    assert.equal(findRecoveryCode(code, codes), at)
  }
})

test('a code may be typed as people read it, and nothing else is one', () => {
  const codes = [{ hash: hashOf('0123456789abcde1') }, { hash: hashOf('zzzzzzzzzzzzzzzz') }]
  for (const typed of [
    '0123-4567-89ab-cde1',
    '0123 4567 89AB CDE1',
    'o123456789abcdeL',
    'OI23–4567–89ab–cdei\n',
  ])
    assert.equal(findRecoveryCode(typed, codes), 0, typed)
  for (const typed of [
    '',
    '-',
    '0123-4567-89ab-cde',
    '0123-4567-89ab-cde10',
    '0123-4567-89ab-cdeu',
    '0123.4567.89ab.cde1',
    '0123-4567-89ab-cde2',
    'é123-4567-89ab-cde1',
  ])
    assert.equal(findRecoveryCode(typed, codes), -1, typed)
  const used = codes.map((code) => ({ ...code, usedAt: 1 }))
  assert.equal(findRecoveryCode('zzzz-zzzz-zzzz-zzzz', codes), 1)
  assert.equal(findRecoveryCode('zzzz-zzzz-zzzz-zzzz', used), -1)
})
