import { createHash } from 'node:crypto'
import { aeadDecrypt, aeadEncrypt, TAG_BYTES } from './aead.ts'
import { hkdfSha512, hmacSha256, sha256 } from './digest.ts'
import { findAlgorithm } from './find-algorithm.ts'
import { fitsGcm, gcmOpen, gcmSeal } from './gcm.ts'
import { mac } from './mac.ts'
import { randomSecret, secretKey } from './random.ts'
import { changed, counting, fails, hex, YES, yes, type SelfTest } from './self-test-helpers.ts'
import { tasks } from './tasks.ts'
import { aesUnwrap, aesWrap } from './wrapping.ts'

/** Self-tests of ciphers, hashes, codes, derivations, key wrapping and random bytes. */

interface AeadVector {
  readonly algorithm: string
  readonly key: string
  readonly nonce: string
  readonly aad: string
  readonly plaintext: string
  readonly sealed: string
}

const mcgrewViega = {
  nonce: 'cafebabefacedbaddecaf888',
  aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
  plaintext:
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
}

/** McGrew and Viega, "The Galois/Counter Mode", test cases 4 and 16; RFC 8452 appendix C.2; RFC 8439 section 2.8.2. */
const aeadVectors: readonly AeadVector[] = [
  {
    algorithm: 'AES-128-GCM',
    key: 'feffe9928665731c6d6a8f9467308308',
    ...mcgrewViega,
    sealed:
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47',
  },
  {
    algorithm: 'AES-256-GCM',
    key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
    ...mcgrewViega,
    sealed:
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b',
  },
  {
    algorithm: 'AES-256-GCM-SIV',
    key: `01${'00'.repeat(31)}`,
    nonce: `03${'00'.repeat(11)}`,
    aad: '01',
    plaintext: '0200000000000000',
    sealed: '1de22967237a813291213f267e3b452f02d01ae33e4ec854',
  },
  {
    algorithm: 'ChaCha20-Poly1305',
    key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
    nonce: '070000004041424344454647',
    aad: '50515253c0c1c2c3c4c5c6c7',
    plaintext: Buffer.from(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    ).toString('hex'),
    sealed:
      'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691',
  },
]

function aeadTests(vector: AeadVector): SelfTest[] {
  const algorithm = findAlgorithm(vector.algorithm)
  const [nonce, sealed] = [hex(vector.nonce), hex(vector.sealed)]
  const open = (bytes: Uint8Array) =>
    aeadDecrypt(algorithm, secretKey(hex(vector.key)), nonce, [hex(vector.aad)], bytes)
  return [
    {
      name: `${vector.algorithm} encrypts`,
      expected: vector.sealed,
      compute() {
        const plaintext = hex(vector.plaintext)
        const out = Buffer.alloc(plaintext.length + TAG_BYTES)
        aeadEncrypt(
          algorithm,
          secretKey(hex(vector.key)),
          nonce,
          [hex(vector.aad)],
          plaintext,
          out,
          0,
        )
        return out
      },
    },
    {
      name: `${vector.algorithm} decrypts`,
      expected: vector.plaintext,
      compute: () => open(sealed),
    },
    {
      name: `${vector.algorithm} refuses a changed tag`,
      expected: YES,
      compute() {
        return yes(fails('invalid_ciphertext', () => open(changed(sealed))))
      },
    },
  ]
}

/** The same answers from the functions for short messages. */
function gcmTests(vector: AeadVector): SelfTest[] {
  const [key, nonce, aad, plaintext] = [vector.key, vector.nonce, vector.aad, vector.plaintext].map(
    hex,
  ) as [Buffer, Buffer, Buffer, Buffer]
  const open = (bytes: Uint8Array) => {
    const out = Buffer.alloc(plaintext.length)
    return gcmOpen(key, nonce, [aad], bytes, out) ? out : undefined
  }
  return [
    {
      name: `${vector.algorithm} encrypts a short message`,
      expected: vector.sealed,
      compute() {
        const out = Buffer.alloc(plaintext.length + TAG_BYTES)
        gcmSeal(key, nonce, [aad], plaintext, out, 0)
        return out
      },
    },
    {
      name: `${vector.algorithm} decrypts a short message`,
      expected: vector.plaintext,
      compute: () => open(hex(vector.sealed)) ?? Buffer.alloc(0),
    },
    {
      name: `${vector.algorithm} refuses a changed tag of a short message`,
      expected: YES,
      compute: () => yes(open(changed(hex(vector.sealed))) === undefined),
    },
  ]
}

/** FIPS 180-4 examples; RFC 4231 test case 2; RFC 5869 test case 1 with SHA-512. */
const digestTests: readonly SelfTest[] = [
  {
    name: 'SHA-256',
    expected: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    compute: () => sha256(Buffer.from('abc')),
  },
  {
    name: 'SHA-384',
    expected:
      'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
    compute: () => createHash('sha384').update('abc').digest(),
  },
  {
    name: 'SHA-512',
    expected:
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    compute: () => createHash('sha512').update('abc').digest(),
  },
  hmacTest('HMAC-SHA-224', 'a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44'),
  hmacTest('HMAC-SHA-256', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'),
  hmacTest(
    'HMAC-SHA-384',
    'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
  ),
  hmacTest(
    'HMAC-SHA-512',
    '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
  ),
  {
    name: 'HMAC-SHA-256 of the house',
    expected: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    compute: () => hmacSha256(Buffer.from('Jefe'), Buffer.from('what do ya want for nothing?')),
  },
  {
    name: 'HKDF-SHA-512',
    expected:
      '832390086cda71fb47625bb5ceb168e4c8e26a1a16ed34d9fc7fe92c1481579338da362cb8d9f925d7cb',
    compute: () =>
      hkdfSha512(Buffer.alloc(22, 0x0b), counting(13), hex('f0f1f2f3f4f5f6f7f8f9'), 42),
  },
  {
    name: 'argon2id',
    expected: '446e3ca11702e3856fdc3c667b48dbb4b25c210af8052acdfe5feef1a3721f20',
    compute: () =>
      tasks
        .argon2id({
          passphrase: secretKey(Buffer.from('a passphrase of no account')),
          salt: counting(16),
          cost: { memoryKiB: 64, passes: 2, parallelism: 2 },
        })
        .export(),
  },
]

function hmacTest(name: string, expected: string): SelfTest {
  return {
    name,
    expected,
    compute: () =>
      mac(
        { algorithm: findAlgorithm(name), secret: secretKey(Buffer.from('Jefe')) },
        Buffer.from('what do ya want for nothing?'),
      ),
  }
}

/** RFC 3394 section 4.6; RFC 5649 section 6. */
const wrappingTests: readonly SelfTest[] = [
  ...wrapTests(
    'kw',
    counting(32),
    hex('00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f'),
    '28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21',
  ),
  ...wrapTests(
    'kwp',
    hex('5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8'),
    hex('c37b7e6492584340bed12207808941155068f738'),
    '138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a',
  ),
]

function wrapTests(mode: 'kw' | 'kwp', key: Buffer, plain: Buffer, wrapped: string): SelfTest[] {
  const name = `AES-${mode.toUpperCase()}`
  return [
    {
      name: `${name} wraps`,
      expected: wrapped,
      compute: () => aesWrap(mode, secretKey(key), plain),
    },
    {
      name: `${name} unwraps`,
      expected: plain.toString('hex'),
      compute: () => aesUnwrap(mode, secretKey(key), hex(wrapped)),
    },
    {
      name: `${name} refuses what was changed`,
      expected: YES,
      compute() {
        const wrong = changed(hex(wrapped))
        return yes(fails('invalid_ciphertext', () => aesUnwrap(mode, secretKey(key), wrong)))
      },
    },
  ]
}

/** The DRBG's own tests are OpenSSL's; here only a catastrophe shows: two draws that are equal, or zeros. */
const randomTests: readonly SelfTest[] = [
  {
    name: 'random bytes differ',
    expected: YES,
    compute() {
      const [first, second, zeros] = [randomSecret(32), randomSecret(32), Buffer.alloc(32)]
      return yes(!first.equals(second) && !first.equals(zeros) && !second.equals(zeros))
    },
  },
]

export const symmetricTests: readonly SelfTest[] = [
  ...randomTests,
  ...digestTests,
  ...aeadVectors.flatMap(aeadTests),
  ...aeadVectors
    .filter(({ algorithm }) => fitsGcm(findAlgorithm(algorithm), 0, 0))
    .flatMap(gcmTests),
  ...wrappingTests,
]
