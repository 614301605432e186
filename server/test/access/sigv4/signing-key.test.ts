import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import {
  deriveSigningKey,
  SigningKeys,
  type SigningScope,
} from '../../../src/access/sigv4/index.ts'

const scope = (accessKey: string, region = 'r', date = '20261124'): SigningScope => ({
  accessKey,
  date,
  region,
  service: 'kms',
})
const key = deriveSigningKey(Buffer.from('secret'), scope('A'))

test('the chain of HMACs, and the secret as it was', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), fc.string(), fc.string(), (text, date, region) => {
      const secret = Buffer.from(text)
      const derived = deriveSigningKey(secret, { accessKey: 'A', date, region, service: 'kms' })
      const chain = [date, region, 'kms', 'aws4_request'].reduce(
        (parent, part) => hmac(sha256, parent, Buffer.from(part)),
        Uint8Array.from(Buffer.from(`AWS4${text}`)),
      )
      const code = hmac(sha256, chain, Buffer.from('text'))
      assert.equal(derived.hex('text'), Buffer.from(code).toString('hex'))
      assert.deepEqual(secret, Buffer.from(text))
    }),
  )
})

test('keys are found by all of their scope', () => {
  const keys = new SigningKeys()
  keys.keep(scope('A'), key)
  assert.equal(keys.find({ ...scope('A') }), key)
  for (const other of [
    scope('B'),
    scope('A', 'other'),
    scope('A', 'r', '20261125'),
    { ...scope('A'), service: 'sts' },
  ]) {
    assert.equal(keys.find(other), undefined)
  }
})

test('an access key is forgotten in every scope, and no other with it', () => {
  const keys = new SigningKeys()
  for (const name of ['A', 'AB', 'B']) {
    for (const region of ['one', 'two']) keys.keep(scope(name, region), key)
  }
  keys.forget('A')
  for (const region of ['one', 'two']) {
    assert.equal(keys.find(scope('A', region)), undefined)
    assert.equal(keys.find(scope('AB', region)), key)
    assert.equal(keys.find(scope('B', region)), key)
  }
  keys.clear()
  assert.equal(keys.find(scope('B', 'one')), undefined)
})

test('no more keys than there is room for: the oldest goes, and the same again takes no room', () => {
  const keys = new SigningKeys(2)
  for (const name of ['A', 'B', 'B', 'A']) keys.keep(scope(name), key)
  assert.deepEqual(
    ['A', 'B'].map((name) => keys.find(scope(name))),
    [key, key],
  )
  keys.keep(scope('C'), key)
  assert.deepEqual(
    ['A', 'B', 'C'].map((name) => keys.find(scope(name))),
    [undefined, key, key],
  )
})
