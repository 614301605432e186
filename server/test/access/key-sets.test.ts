import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { ClavigerError } from '#model'
import { assertKeySet, parseKeySet } from '../../src/access/identity/key-set.ts'
import { Issuer } from '../harness/issuer.ts'

/** JSON Web Key Sets as issuers publish them, and as nobody should. */

const rsa = new Issuer('x', 'RS256')
const ec = new Issuer('x', 'ES256')
const ed = new Issuer('x', 'EdDSA')

function set(...keys: readonly unknown[]): string {
  return JSON.stringify({ keys })
}

function rsaOf(modulusLength: number, publicExponent = 65_537) {
  return generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey.export({
    format: 'jwk',
  })
}

test('which algorithms each key may verify', () => {
  const all = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
  for (const [jwk, algorithms] of [
    [rsa.jwk(), all],
    [rsa.jwk({ alg: 'PS384', use: 'sig', key_ops: ['verify'] }), ['PS384']],
    [ec.jwk(), ['ES256']],
    [new Issuer('x', 'ES384').jwk({ alg: 'ES384' }), ['ES384']],
    [ed.jwk(), ['EdDSA', 'Ed25519']],
    [ed.jwk({ alg: 'EdDSA' }), ['EdDSA']],
  ] as const) {
    assert.deepEqual(
      parseKeySet(set(jwk)).map((key) => key.algorithms),
      [algorithms],
    )
  }
})

/** Members of real sets that are for something else, which stand beside one that verifies. */
const passedOver: readonly (readonly [what: string, jwk: unknown])[] = [
  ['a key for encryption', rsa.jwk({ use: 'enc', alg: 'RSA-OAEP' })],
  ['a key that only encrypts', rsa.jwk({ key_ops: ['encrypt'] })],
  ['an algorithm that is not known', rsa.jwk({ alg: 'RS1' })],
  ['an algorithm of another kind of key', ec.jwk({ alg: 'RS256' })],
  ['a curve that is not known', { ...ec.jwk(), crv: 'secp256k1' }],
  ['a kind that is not known', { kty: 'XYZ', x: 'AAAA' }],
  ['a kind of no text', { kty: { toString: 'RSA' } }],
]

for (const [what, jwk] of passedOver) {
  test(`${what} is passed over, and alone is not enough`, async () => {
    assert.equal(parseKeySet(set(jwk, ed.jwk())).length, 1)
    await assertKeySet(set(jwk, ed.jwk()))
    assert.throws(() => parseKeySet(set(jwk)), /no key that can verify/)
  })
}

const refused: readonly (readonly [what: string, text: string, reason: RegExp])[] = [
  ['no JSON', 'SECRET', /is not JSON/],
  ['a list', '[]', /is not an object/],
  ['no list of keys', '{}', /member 'keys'/],
  ['an empty list', set(), /no key that can verify/],
  ['a key that is no object', set('SECRET'), /is not an object/],
  ['too many keys', set(...Array.from({ length: 65 }, () => ed.jwk())), /at most 64/],
  ['a secret key', set({ kty: 'oct', k: 'SECRET', alg: 'HS256' }, ed.jwk()), /secret or private/],
  ['a private RSA key', set(rsa.privateJwk()), /secret or private/],
  ['a private EC key', set(ec.privateJwk()), /secret or private/],
  ['a private Ed25519 key', set(ed.jwk(), ed.privateJwk()), /secret or private/],
  ['a private key for encryption', set({ ...rsa.privateJwk(), use: 'enc' }), /secret or private/],
  ['RSA-1024', set(rsaOf(1_024)), /less than 2048/],
  ['RSA-2047', set(rsaOf(2_047)), /less than 2048/],
  ['a huge RSA key', set(rsa.jwk({ n: Buffer.alloc(2_049, 0xff).toString('base64url') })), /8192/],
  ['RSA with exponent 3', set(rsaOf(2_048, 3)), /exponent/],
  ['RSA with exponent 1', set(rsa.jwk({ e: 'AQ' })), /exponent/],
  ['RSA with an even exponent', set(rsa.jwk({ e: 'AQAC' })), /exponent/],
  ['RSA without a modulus', set(rsa.jwk({ n: undefined })), /modulus/],
  ['RSA padded with zeros', set(rsa.jwk({ n: `AAAA${String(rsaOf(1_024).n)}` })), /less than 2048/],
  ['a kid that is no text', set(ed.jwk({ kid: 7 })), /kid/],
  ['an endless kid', set(ed.jwk({ kid: 'x'.repeat(513) })), /kid/],
  ['a point that is not on its curve', set(ec.jwk({ y: 'A'.repeat(43) })), /cannot be read/],
  ['a point of another length', set(ed.jwk({ x: 'AAAA' })), /cannot be read/],
]

for (const [what, text, reason] of refused) {
  test(`refused whole: ${what}`, async () => {
    await assert.rejects(assertKeySet(text), (error) => {
      assert.ok(error instanceof ClavigerError)
      assert.equal(error.code, 'invalid_key_material')
      assert.match(error.message, reason)
      assert.equal(error.message.includes('SECRET'), false)
      assert.equal(error.cause, undefined)
      return true
    })
  })
}
