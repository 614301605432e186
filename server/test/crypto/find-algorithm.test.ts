import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { keyUsages, signatureSchemes } from '@claviger/contract'
import fc from 'fast-check'
import { algorithms, findAlgorithm, findScheme, findUsage } from '#crypto'
import { generatorInput } from '../../src/crypto/tasks.ts'
import { element } from './encode-key.ts'

const names = algorithms.flatMap((row) =>
  [row.name, ...row.synonyms].map((name) => [name, row] as const),
)

test('a name is found in any case and with any punctuation', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.constantFrom('', '-', '_', ' ', '.', '/'),
      fc.infiniteStream(fc.boolean()),
      ([name, row], separator, upper) => {
        const written = [...name]
          .map((letter) => (/[^A-Za-z0-9]/.test(letter) ? separator : letter))
          .map((letter) =>
            upper.next().value === true ? letter.toUpperCase() : letter.toLowerCase(),
          )
        assert.equal(findAlgorithm(written.join('')), row)
      },
    ),
  )
})

test('no name leads to two rows, and the table cannot be changed', () => {
  const rows = new Map<string, string>()
  for (const [name, row] of names) {
    const bare = name.toUpperCase().replace(/[^A-Z0-9]/g, '')
    assert.equal(rows.get(bare) ?? row.name, row.name, name)
    rows.set(bare, row.name)
  }
  for (const row of algorithms) {
    for (const value of [
      row,
      row.status,
      row.strength,
      row.usages,
      row.schemes,
      row.where,
      row.pair ?? row,
    ]) {
      assert.ok(Object.isFrozen(value), row.name)
    }
  }
})

test('the names that clouds, Vault and JOSE use', () => {
  const cases = [
    ['SYMMETRIC_DEFAULT', 'AES-256-GCM'],
    ['aes256-gcm96', 'AES-256-GCM'],
    ['ECC_NIST_P256', 'P-256'],
    ['ecdsa-p521', 'P-521'],
    ['prime256v1', 'P-256'],
    ['ECC_SECG_P256K1', 'secp256k1'],
    ['ECC_NIST_EDWARDS25519', 'Ed25519'],
    ['RSA_4096', 'RSA-4096'],
    ['HMAC_384', 'HMAC-SHA-384'],
    ['hmac-sha256', 'HMAC-SHA-256'],
    ['ML_DSA_65', 'ML-DSA-65'],
    ['ML_KEM_768', 'ML-KEM-768'],
    ['slh-dsa-sha2-128s', 'SLH-DSA-SHA2-128s'],
    ['chacha20-poly1305', 'ChaCha20-Poly1305'],
  ] as const
  for (const [given, want] of cases) assert.equal(findAlgorithm(given).name, want)
})

test('what nobody should use is refused with the reason', () => {
  const cases = [
    ['RSA-1024', /2048/],
    ['RSA_512', /2048/],
    ['3DES', /triple DES/],
    ['DESede', /triple DES/],
    ['DES', /DES is broken/],
    ['RC4', /RC4/],
    ['HMAC-SHA1', /SHA-1/],
    ['MD5', /MD5/],
    ['AES-256-ECB', /ECB/],
    ['aes-256-cbc', /authenticate/],
    ['DSA-2048', /FIPS 186-5/],
    ['secp224r1', /below P-256/],
    ['P-192', /below P-256/],
    ['Blowfish', /64-bit/],
    // What became a standard is not what was submitted, and neither understands the other.
    ['Kyber768', /ML-KEM/],
    ['CRYSTALS-Kyber', /ML-KEM/],
    ['Dilithium3', /ML-DSA/],
    ['SPHINCS+-SHA2-128s', /SLH-DSA/],
    // Not offered, and yet not weak, nor of short blocks.
    ['RSA-7680', /Offered/],
    ['RSA-15360', /Offered/],
    ['SEED', /Offered/],
  ] as const
  for (const [given, message] of cases) {
    assert.throws(() => findAlgorithm(given), { code: 'algorithm_refused', message }, given)
  }
  assert.throws(() => findAlgorithm('rot13'), {
    code: 'algorithm_refused',
    message: /Offered: AES-256-GCM/,
  })
})

test('no text makes the search fail in another way', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (name) => {
      try {
        assert.ok(algorithms.includes(findAlgorithm(name)))
      } catch (thrown) {
        assert.equal((thrown as { code: string }).code, 'algorithm_refused')
        // What an outsider sent is not repeated: it may forge lines in a log.
        if (name.length > 30) assert.ok(!(thrown as Error).message.includes(name))
      }
    }),
  )
})

test('usages', () => {
  const cases = [
    ['AES-256-GCM', undefined, 'encrypt'],
    ['AES-256-GCM', 'ENCRYPT_DECRYPT', 'encrypt'],
    ['RSA-3072', undefined, 'sign'],
    ['RSA-3072', 'encrypt', 'encrypt'],
    ['P-256', 'SIGN_VERIFY', 'sign'],
    ['P-256', 'KEY_AGREEMENT', 'agree'],
    ['HMAC-SHA-256', 'GENERATE_VERIFY_MAC', 'mac'],
    ['Ed25519', 'sign-verify', 'sign'],
    ['ML-KEM-768', 'encapsulate/decapsulate', 'encapsulate'],
  ] as const
  for (const [name, asked, want] of cases) assert.equal(findUsage(findAlgorithm(name), asked), want)
  for (const [name, asked] of [
    ['AES-256-GCM', 'sign'],
    ['secp256k1', 'agree'],
    ['Ed25519', 'encrypt'],
    ['P-256', ''],
    ['P-256', 'everything'],
  ] as const) {
    assert.throws(
      () => findUsage(findAlgorithm(name), asked),
      { code: 'wrong_usage' },
      `${name} ${asked}`,
    )
  }
})

test('every row is whole', () => {
  const suites = algorithms.flatMap((row) =>
    row.envelopeSuite === undefined ? [] : [row.envelopeSuite],
  )
  assert.deepEqual(new Set(suites), new Set([1, 2, 3, 4]))
  assert.equal(suites.length, 4)
  for (const row of algorithms) {
    assert.ok(row.usages.every((usage) => keyUsages.includes(usage)))
    assert.ok(row.schemes.every((scheme) => signatureSchemes.includes(scheme)))
    assert.equal(row.schemes.length > 0, row.usages.includes('sign'), row.name)
    assert.equal(
      row.usages.includes('encrypt'),
      row.cipher !== undefined || row.family === 'rsa',
      row.name,
    )
    assert.notEqual(row.keyBytes === undefined, row.pair === undefined, row.name)
    assert.ok(row.strength.classical >= 112, row.name)
    // What falls to a quantum computer has an end.
    if (row.strength.quantum === 0)
      assert.match(row.status.disallowedAfter ?? '', /^20(30|35)-12-31$/, row.name)
  }
})

test('the identifiers are those OpenSSL writes', () => {
  for (const { name, pair } of algorithms) {
    if (pair === undefined || pair.type.endsWith('s')) continue
    const { type, options } = generatorInput(
      pair.modulusBits === undefined ? pair : { ...pair, modulusBits: 2048 },
    )
    const { privateKey } = generateKeyPairSync(type as 'ec', options as { namedCurve: string })
    const der = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
    const identifier = Buffer.from(pair.identifier, 'hex')
    const body = der.subarray(der.indexOf(identifier))
    assert.ok(der.equals(element(0x30, body)), name)
  }
})

test('schemes: the first unless asked, and no other', () => {
  assert.equal(findScheme(findAlgorithm('P-384'), undefined).name, 'ecdsa-sha-384')
  assert.equal(findScheme(findAlgorithm('RSA-2048'), undefined).name, 'rsa-pss-sha-256')
  for (const [name, asked] of [
    ['P-256', 'ed25519'],
    ['RSA-2048', 'ecdsa-sha-256'],
    ['Ed25519', 'ml-dsa'],
    ['AES-256-GCM', undefined],
  ] as const) {
    assert.throws(() => findScheme(findAlgorithm(name), asked), { code: 'wrong_usage' })
  }
})
