import { ecdsaVectors } from '../../../src/crypto/self-test-vectors.ts'
import { spki } from '../encode-key.ts'
import type { Expectation } from './tally.ts'
import type { WycheproofFile } from './wycheproof-file.ts'

/** Small vectors of the RFCs, in the shape of wycheproof, so that they run through the same drivers. */

type Fields = Readonly<Record<string, unknown>>

function file(
  algorithm: string,
  group: Fields & { readonly type: string },
  ...cases: Fields[]
): WycheproofFile {
  const tests = cases.map((each, position) => ({
    tcId: position + 1,
    result: 'valid' as Expectation,
    ...each,
  }))
  return { algorithm, testGroups: [{ ...group, tests }] }
}

function ascii(text: string): string {
  return Buffer.from(text).toString('hex')
}

const zeros = (count: number) => '00'.repeat(count)
const invalid = { result: 'invalid' } as const

/** The GCM specification, test case 2. */
const gcm128 = {
  key: zeros(16),
  iv: zeros(12),
  aad: '',
  msg: zeros(16),
  ct: '0388dace60b6a392f328c2b971b2fe78',
  tag: 'ab6e47d42cec13bdf53a67b21257bddf',
}

/** The GCM specification, test case 14. */
const gcm256 = {
  ...gcm128,
  key: zeros(32),
  ct: 'cea7403d4d606b6e074ec5d3baf39d18',
  tag: 'd0d1c8a799996bf0265b98b5d48ab919',
}

/** RFC 8439 section 2.8.2. */
const chacha = {
  key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
  iv: '070000004041424344454647',
  aad: '50515253c0c1c2c3c4c5c6c7',
  msg: ascii(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  ),
  ct: [
    'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b',
    '1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc',
    '3ff4def08e4b7a9de576d26586cec64b6116',
  ].join(''),
  tag: '1ae10b594f09e26a7e902ecbd0600691',
}

/** RFC 3394 sections 4.1 and 4.3. */
const wraps = [
  {
    key: '000102030405060708090a0b0c0d0e0f',
    msg: '00112233445566778899aabbccddeeff',
    ct: '1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5',
  },
  {
    key: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    msg: '00112233445566778899aabbccddeeff',
    ct: '64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7',
  },
]

/** RFC 5649 section 6, second example. */
const paddedWrap = {
  key: '5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8',
  msg: '466f7250617369',
  ct: 'afbeb0f07dfbf5419200f2ccb50bb24f',
}

/** RFC 4231 test case 1. */
function hmac(algorithm: string, tag: string): WycheproofFile {
  const values = { key: '0b'.repeat(20), msg: ascii('Hi There'), tag }
  const wrong = { ...values, ...invalid, msg: ascii('Hi there') }
  return file(algorithm, { type: 'MacTest' }, values, wrong)
}

/** RFC 8032 section 7.1, tests 1 and 3. */
function eddsa(point: string, msg: string, sig: string): WycheproofFile {
  const publicKeyDer = spki('Ed25519', Buffer.from(point, 'hex')).toString('hex')
  const group = { type: 'EddsaVerify', publicKey: { curve: 'edwards25519' }, publicKeyDer }
  const wrong = { msg: `${msg}00`, sig, ...invalid }
  return file('EDDSA', group, { msg, sig }, wrong, { msg, sig: sig.slice(2), ...invalid })
}

/** RFC 6979 appendix A.2.5, message "test" with SHA-256. */
const ecdsaSignature = [
  'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367',
  '019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
].join('')

export const inlineFiles: readonly (readonly [name: string, file: WycheproofFile])[] = [
  [
    'AES-128-GCM',
    file('AES-GCM', { type: 'AeadTest', keySize: 128 }, gcm128, {
      ...gcm128,
      tag: zeros(16),
      ...invalid,
    }),
  ],
  [
    'AES-256-GCM',
    file('AES-GCM', { type: 'AeadTest', keySize: 256 }, gcm256, {
      ...gcm256,
      aad: '00',
      ...invalid,
    }),
  ],
  [
    'ChaCha20-Poly1305',
    file('CHACHA20-POLY1305', { type: 'AeadTest', keySize: 256 }, chacha, {
      ...chacha,
      iv: zeros(12),
      ...invalid,
    }),
  ],
  [
    'AES-KW',
    file('AES-WRAP', { type: 'KeywrapTest' }, ...wraps, { ...wraps[0], ct: '', ...invalid }),
  ],
  [
    'AES-KWP',
    file('AES-KWP', { type: 'KeywrapTest' }, paddedWrap, {
      ...paddedWrap,
      ct: zeros(16),
      ...invalid,
    }),
  ],
  ['HMAC-SHA-224', hmac('HMACSHA224', '896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22')],
  [
    'HMAC-SHA-256',
    hmac('HMACSHA256', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'),
  ],
  [
    'HMAC-SHA-384',
    hmac(
      'HMACSHA384',
      'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6',
    ),
  ],
  [
    'HMAC-SHA-512',
    hmac(
      'HMACSHA512',
      [
        '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde',
        'daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
      ].join(''),
    ),
  ],
  [
    'Ed25519 (empty)',
    eddsa(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      [
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155',
        '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
      ].join(''),
    ),
  ],
  [
    'Ed25519',
    eddsa(
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      [
        '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac',
        '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
      ].join(''),
    ),
  ],
  [
    'ECDSA P-256',
    file(
      'ECDSA',
      {
        type: 'EcdsaP1363Verify',
        sha: 'SHA-256',
        publicKey: { curve: 'secp256r1' },
        publicKeyDer: spki('P-256', Buffer.from(ecdsaVectors['P-256'].point, 'hex')).toString(
          'hex',
        ),
      },
      { msg: ascii('test'), sig: ecdsaSignature },
      { msg: ascii('tests'), sig: ecdsaSignature, ...invalid },
      { msg: ascii('test'), sig: `${ecdsaSignature}00`, ...invalid },
      { msg: ascii('test'), sig: zeros(64), ...invalid },
    ),
  ],
  [
    'ECDH P-256',
    // RFC 5903 section 8.1.
    file(
      'ECDH',
      { type: 'EcdhTest', curve: 'secp256r1' },
      {
        public: spki(
          'P-256',
          Buffer.from(
            [
              '04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63',
              '56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab',
            ].join(''),
            'hex',
          ),
        ).toString('hex'),
        private: 'c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433',
        shared: 'd6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de',
      },
    ),
  ],
  [
    'X25519',
    // RFC 7748 section 6.1, from both sides, and a point of small order.
    file(
      'XDH',
      { type: 'XdhComp', curve: 'curve25519' },
      {
        public: 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
        private: '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
        shared: '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
      },
      {
        public: '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
        private: '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb',
        shared: '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
      },
      {
        public: zeros(32),
        private: '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
        shared: zeros(32),
        ...invalid,
      },
    ),
  ],
]
