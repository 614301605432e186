import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { makeGrantToken, readGrantToken } from '#model'

const hex = (digits: number) =>
  fc.uint8Array({ minLength: digits / 2, maxLength: digits / 2 }).map((bytes) => bytes.toHex())

test('a grant token says its key and its grant, and fits where AWS has it', () => {
  fc.assert(
    fc.property(fc.uuid(), hex(64), hex(32), (key, grant, nonce) => {
      const token = makeGrantToken({ key, grant }, nonce)
      assert.deepEqual(readGrantToken(token), { key, grant })
      // AWS KMS API reference, GrantTokenType: 1 to 8,192 characters.
      assert.ok(token.length <= 8_192)
      assert.match(token, /^[A-Za-z0-9+/]+={0,2}$/)
    }),
  )
})

test('whatever is no token is read as none', () => {
  const good = makeGrantToken(
    { key: '1234abcd-12ab-34cd-56ef-1234567890ab', grant: '0'.repeat(64) },
    'ab',
  )
  const plain = atob(good)
  for (const wrong of [
    '',
    'x',
    '****',
    plain,
    btoa(plain.slice(0, -1)).slice(1),
    btoa(plain.replace('clvg1', 'clvg2')),
    btoa(plain.replaceAll('0', 'Z')),
    btoa(`${plain}.`),
    btoa(` ${plain}`),
    btoa(`${plain}\n`),
  ]) {
    assert.equal(readGrantToken(wrong), undefined, wrong)
  }
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
      assert.equal(readGrantToken(text), undefined)
    }),
  )
})
