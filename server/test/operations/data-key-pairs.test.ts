import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { ml_kem512, ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js'
import { base64, bytes } from '../rest/client.ts'
import { startRestHouse } from '../rest/house.ts'

/** Data key pairs of every kind that the clouds know by name: PKCS#8 and SubjectPublicKeyInfo that others read. */

const { owner } = await startRestHouse()
const { id: key } = await owner.call('key.create', {})

const pairs = [
  ['RSA_2048', 'rsa', { modulusLength: 2048, publicExponent: 65_537n }],
  ['RSA_3072', 'rsa', { modulusLength: 3072, publicExponent: 65_537n }],
  ['RSA_4096', 'rsa', { modulusLength: 4096, publicExponent: 65_537n }],
  ['ECC_NIST_P256', 'ec', { namedCurve: 'prime256v1' }],
  ['ECC_NIST_P384', 'ec', { namedCurve: 'secp384r1' }],
  ['ECC_NIST_P521', 'ec', { namedCurve: 'secp521r1' }],
  ['ECC_SECG_P256K1', 'ec', { namedCurve: 'secp256k1' }],
  ['ECC_NIST_EDWARDS25519', 'ed25519', {}],
  ['ML_KEM_512', 'ml-kem-512', {}],
  ['ML_KEM_768', 'ml-kem-768', {}],
  ['ML_KEM_1024', 'ml-kem-1024', {}],
] as const

for (const [algorithm, type, details] of pairs) {
  test(`a data key pair for ${algorithm}`, async () => {
    const made = await owner.call('datakeyPair', { key, algorithm })
    const { privateKey = '', publicKey, ciphertext } = made
    const outside = createPrivateKey({ key: bytes(privateKey), format: 'der', type: 'pkcs8' })
    assert.equal(outside.asymmetricKeyType, type)
    assert.deepEqual({ ...outside.asymmetricKeyDetails }, details)
    const open = createPublicKey({ key: bytes(publicKey), format: 'der', type: 'spki' })
    assert.ok(createPublicKey(outside).equals(open))
    assert.equal((await owner.call('decrypt', { ciphertext })).plaintext, privateKey)
    const input = { key, algorithm, withoutPlaintext: true }
    const wrapped = await owner.call('datakeyPair', input)
    assert.equal('privateKey' in wrapped, false)
    assert.notEqual(wrapped.publicKey, publicKey)
  })
}

for (const [name, arc, kem] of [
  ['ML-KEM-512', '01', ml_kem512],
  ['ML-KEM-768', '02', ml_kem768],
  ['ML-KEM-1024', '03', ml_kem1024],
] as const) {
  test(`${name}: the private key is its seed in PKCS#8 (RFC 9935 section 6), as others make keys of it`, async () => {
    const made = await owner.call('datakeyPair', { key, algorithm: name })
    const der = bytes(made.privateKey ?? '')
    const frame = `3054020100300b06096086480165030404${arc}04428040`
    assert.equal(der.subarray(0, 22).toString('hex'), frame)
    const seed = der.subarray(22)
    assert.equal(seed.length, 64)
    const theirs = kem.keygen(seed)
    const spki = bytes(made.publicKey)
    assert.deepEqual(spki.subarray(-theirs.publicKey.length), Buffer.from(theirs.publicKey))
    // What they encapsulate for the public half, the private half opens.
    const { cipherText, sharedSecret } = kem.encapsulate(theirs.publicKey)
    assert.deepEqual(kem.decapsulate(cipherText, theirs.secretKey), sharedSecret)
    const imported = await owner.call('key.import', {
      algorithm: name,
      unsafePlaintext: base64(der),
    })
    const encapsulation = base64(cipherText)
    const opened = await owner.call('decapsulate', { key: imported.id, encapsulation })
    assert.deepEqual(bytes(opened.sharedSecret), Buffer.from(sharedSecret))
  })
}
