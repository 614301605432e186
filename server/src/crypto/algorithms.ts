import type { KeyUsage, SignatureScheme } from '@claviger/contract'

/**
 * All that is known of an algorithm stands in one frozen row of this table; the code below it receives rows, never names. Strengths
 * follow SP 800-57 part 1 revision 5 section 5.6.1 and FIPS 203, 204 and 205; end dates follow section 5.6.3 and NIST IR 8547.
 */

export type AlgorithmFamily =
  | 'aead'
  | 'hmac'
  | 'rsa'
  | 'ec'
  | 'edwards'
  | 'montgomery'
  | 'ml-kem'
  | 'ml-dsa'
  | 'slh-dsa'

export type HashName = 'sha224' | 'sha256' | 'sha384' | 'sha512'

/** Where work is done: on the event loop, in libuv's pool, or in the crypto worker thread. */
export type Place = 'loop' | 'pool' | 'worker'

export interface Status {
  /** `approved` by NIST for this use, or `allowed`: sound and published, but on no list of NIST. */
  readonly kind: 'approved' | 'allowed'
  /** RFC 3339 date of the last day on which protection may be applied. */
  readonly disallowedAfter?: string
  /** Where that is said. */
  readonly source: string
}

export interface KeyPairKind {
  /** Node's `asymmetricKeyType`, also what generates it. */
  readonly type: string
  /** OpenSSL's name of the curve, for `ec`. */
  readonly curve?: string
  /** Bytes of a coordinate, for `ec`: half a P1363 signature (SEC 1 section 2.3.5). */
  readonly coordinateBytes?: number
  /** Bits of the modulus, for `rsa`. */
  readonly modulusBits?: number
  /** The DER of the AlgorithmIdentifier, in hex: what a key on the wire must say, to the bit. */
  readonly identifier: string
  /** Bytes of the seed that a private key is kept as (FIPS 203 section 7.1, FIPS 204 section 6.1). */
  readonly seedBytes?: number
  /** Bytes of an encapsulation (FIPS 203 table 3). */
  readonly encapsulationBytes?: number
}

export interface Algorithm {
  readonly name: string
  readonly synonyms: readonly string[]
  readonly family: AlgorithmFamily
  /** The first is the default. */
  readonly usages: readonly [KeyUsage, ...KeyUsage[]]
  /** `classical` in bits; `quantum` is the NIST security category, 0 for what a quantum computer breaks. */
  readonly strength: { readonly classical: number; readonly quantum: 0 | 1 | 2 | 3 | 4 | 5 }
  readonly status: Status
  /** The number in the envelope's second byte. */
  readonly envelopeSuite?: 1 | 2 | 3 | 4
  /** Length of a symmetric key. */
  readonly keyBytes?: number
  /** The most that a symmetric key made elsewhere may have, where that is more than `keyBytes`. */
  readonly keyBytesMax?: number
  /** OpenSSL's name, for `aead`. */
  readonly cipher?: string
  /** For `hmac`. */
  readonly hash?: HashName
  /** For everything with a private key. */
  readonly pair?: KeyPairKind
  /** The first is the default; empty where the algorithm does not sign. */
  readonly schemes: readonly SignatureScheme[]
  /** Where generation, private-key and public-key operations run: what was measured to take more than 0.2 ms leaves the event loop. */
  readonly where: { readonly generate: Place; readonly private: Place; readonly public: Place }
}

const onLoop = { generate: 'loop', private: 'loop', public: 'loop' } as const
const inPool = { generate: 'pool', private: 'pool', public: 'pool' } as const
const inWorker = { generate: 'worker', private: 'worker', public: 'worker' } as const

const ecdsa = ['ecdsa-sha-256', 'ecdsa-sha-384', 'ecdsa-sha-512'] as const
const rsaSchemes = [
  'rsa-pss-sha-256',
  'rsa-pss-sha-384',
  'rsa-pss-sha-512',
  'rsa-pkcs1-sha-256',
  'rsa-pkcs1-sha-384',
  'rsa-pkcs1-sha-512',
] as const

/** NIST IR 8547 (initial public draft) tables 2 and 4: what a quantum computer breaks ends in 2035. */
function quantumVulnerable(standard: string): Status {
  return {
    kind: 'approved',
    disallowedAfter: '2035-12-31',
    source: `${standard}; NIST IR 8547 ipd`,
  }
}

function approved(source: string): Status {
  return { kind: 'approved', source }
}

function allowed(source: string): Status {
  return { kind: 'allowed', source }
}

/** FIPS 180-4 figure 1: bytes of a block. A key of HMAC that is longer is hashed first (FIPS 198-1 section 4). */
const hmacBlockBytes = { 224: 64, 256: 64, 384: 128, 512: 128 } as const

function hmac(bits: 224 | 256 | 384 | 512): Algorithm {
  const names = [`HMAC-${bits}`, `HMAC-SHA2-${bits}`, `HMAC-SIGN-SHA${bits}`]
  return {
    name: `HMAC-SHA-${bits}`,
    // JOSE has no name for SHA-224 (RFC 7518 section 3.2).
    synonyms: bits === 224 ? names : [...names, `HS${bits}`],
    family: 'hmac',
    usages: ['mac'],
    // SHA-224 is counted by its weakest property, collisions, although HMAC does not rest on it.
    strength: bits === 224 ? { classical: 112, quantum: 1 } : { classical: 256, quantum: 5 },
    status:
      bits === 224
        ? {
            kind: 'approved',
            disallowedAfter: '2030-12-31',
            source: 'FIPS 198-1; SP 800-131A revision 3 ipd (retirement of 224-bit hashes)',
          }
        : approved('FIPS 198-1; SP 800-131A revision 2 section 10'),
    keyBytes: bits / 8,
    keyBytesMax: hmacBlockBytes[bits],
    hash: `sha${bits}`,
    schemes: [],
    where: onLoop,
  }
}

function rsa(bits: 2048 | 3072 | 4096): Algorithm {
  return {
    name: `RSA-${bits}`,
    synonyms: [`RSA${bits}`, `RSAES-${bits}`, `RSA-${bits}-bit`],
    family: 'rsa',
    usages: ['sign', 'encrypt'],
    strength: { classical: bits < 3072 ? 112 : 128, quantum: 0 },
    status:
      bits < 3072
        ? {
            kind: 'approved',
            disallowedAfter: '2030-12-31',
            source: 'FIPS 186-5; SP 800-57 part 1 revision 5 table 4 (112 bits)',
          }
        : quantumVulnerable('FIPS 186-5; SP 800-56B revision 2'),
    pair: { type: 'rsa', modulusBits: bits, identifier: '300d06092a864886f70d0101010500' },
    schemes: rsaSchemes,
    where: { generate: 'worker', private: 'pool', public: 'loop' },
  }
}

const mlKemSizes = {
  512: [1, 128, 768, '01'],
  768: [3, 192, 1088, '02'],
  1024: [5, 256, 1568, '03'],
} as const

function mlKem(set: 512 | 768 | 1024): Algorithm {
  const [quantum, classical, encapsulationBytes, arc] = mlKemSizes[set]
  return {
    name: `ML-KEM-${set}`,
    synonyms: [],
    family: 'ml-kem',
    usages: ['encapsulate'],
    strength: { classical, quantum },
    status: approved('FIPS 203'),
    pair: {
      type: `ml-kem-${set}`,
      identifier: `300b06096086480165030404${arc}`,
      seedBytes: 64,
      encapsulationBytes,
    },
    schemes: [],
    where: onLoop,
  }
}

const mlDsaSizes = { 44: [2, 128, '11'], 65: [3, 192, '12'], 87: [5, 256, '13'] } as const

function mlDsa(set: 44 | 65 | 87): Algorithm {
  const [quantum, classical, arc] = mlDsaSizes[set]
  return {
    name: `ML-DSA-${set}`,
    synonyms: [`PQ-SIGN-ML-DSA-${set}`],
    family: 'ml-dsa',
    usages: ['sign'],
    strength: { classical, quantum },
    status: approved('FIPS 204'),
    pair: { type: `ml-dsa-${set}`, identifier: `300b06096086480165030403${arc}`, seedBytes: 32 },
    schemes: ['ml-dsa'],
    where: inPool,
  }
}

const slhDsaCategories = { 128: 1, 192: 3, 256: 5 } as const

function slhDsa(
  hash: 'SHA2' | 'SHAKE',
  bits: 128 | 192 | 256,
  variant: 's' | 'f',
  arc: string,
): Algorithm {
  const set = `${hash}-${bits}${variant}`
  return {
    name: `SLH-DSA-${set}`,
    synonyms: [`PQ-SIGN-SLH-DSA-${set}`],
    family: 'slh-dsa',
    usages: ['sign'],
    strength: { classical: bits, quantum: slhDsaCategories[bits] },
    status: approved('FIPS 205'),
    pair: {
      type: `slh-dsa-${set.toLowerCase()}`,
      identifier: `300b06096086480165030403${arc}`,
    },
    schemes: ['slh-dsa'],
    where: inWorker,
  }
}

/** Every algorithm of the house, the default one first. */
export const algorithms: readonly Algorithm[] = [
  {
    name: 'AES-256-GCM',
    synonyms: [
      'AES',
      'AES-256',
      'AES256-GCM96',
      'A256GCM',
      'SYMMETRIC_DEFAULT',
      'GOOGLE_SYMMETRIC_ENCRYPTION',
    ],
    family: 'aead',
    usages: ['encrypt'],
    strength: { classical: 256, quantum: 5 },
    status: approved('SP 800-38D; FIPS 197'),
    envelopeSuite: 1,
    keyBytes: 32,
    cipher: 'aes-256-gcm',
    schemes: [],
    where: onLoop,
  },
  {
    name: 'AES-128-GCM',
    synonyms: ['AES-128', 'AES128-GCM96', 'A128GCM'],
    family: 'aead',
    usages: ['encrypt'],
    strength: { classical: 128, quantum: 1 },
    status: approved('SP 800-38D; FIPS 197'),
    envelopeSuite: 2,
    keyBytes: 16,
    cipher: 'aes-128-gcm',
    schemes: [],
    where: onLoop,
  },
  {
    name: 'AES-256-GCM-SIV',
    synonyms: ['AES-GCM-SIV', 'A256GCMSIV'],
    family: 'aead',
    usages: ['encrypt'],
    strength: { classical: 256, quantum: 5 },
    status: allowed('RFC 8452'),
    envelopeSuite: 3,
    keyBytes: 32,
    cipher: 'aes-256-gcm-siv',
    schemes: [],
    where: onLoop,
  },
  {
    name: 'ChaCha20-Poly1305',
    synonyms: ['ChaCha20', 'C20P'],
    family: 'aead',
    usages: ['encrypt'],
    strength: { classical: 256, quantum: 5 },
    status: allowed('RFC 8439'),
    envelopeSuite: 4,
    keyBytes: 32,
    cipher: 'chacha20-poly1305',
    schemes: [],
    where: onLoop,
  },
  hmac(224),
  hmac(256),
  hmac(384),
  hmac(512),
  rsa(2048),
  rsa(3072),
  rsa(4096),
  {
    name: 'P-256',
    synonyms: [
      'ECC_NIST_P256',
      'NIST-P256',
      'ECDSA-P256',
      'EC-P256',
      'ECDH-P256',
      'prime256v1',
      'secp256r1',
      'ES256',
    ],
    family: 'ec',
    usages: ['sign', 'agree'],
    strength: { classical: 128, quantum: 0 },
    status: quantumVulnerable('FIPS 186-5; SP 800-186'),
    pair: {
      type: 'ec',
      curve: 'prime256v1',
      coordinateBytes: 32,
      identifier: '301306072a8648ce3d020106082a8648ce3d030107',
    },
    schemes: ecdsa,
    where: onLoop,
  },
  {
    name: 'P-384',
    synonyms: [
      'ECC_NIST_P384',
      'NIST-P384',
      'ECDSA-P384',
      'EC-P384',
      'ECDH-P384',
      'secp384r1',
      'ES384',
    ],
    family: 'ec',
    usages: ['sign', 'agree'],
    strength: { classical: 192, quantum: 0 },
    status: quantumVulnerable('FIPS 186-5; SP 800-186'),
    pair: {
      type: 'ec',
      curve: 'secp384r1',
      coordinateBytes: 48,
      identifier: '301006072a8648ce3d020106052b81040022',
    },
    schemes: ['ecdsa-sha-384', 'ecdsa-sha-512', 'ecdsa-sha-256'],
    where: inPool,
  },
  {
    name: 'P-521',
    synonyms: [
      'ECC_NIST_P521',
      'NIST-P521',
      'ECDSA-P521',
      'EC-P521',
      'ECDH-P521',
      'secp521r1',
      'ES512',
    ],
    family: 'ec',
    usages: ['sign', 'agree'],
    strength: { classical: 256, quantum: 0 },
    status: quantumVulnerable('FIPS 186-5; SP 800-186'),
    pair: {
      type: 'ec',
      curve: 'secp521r1',
      coordinateBytes: 66,
      identifier: '301006072a8648ce3d020106052b81040023',
    },
    schemes: ['ecdsa-sha-512', 'ecdsa-sha-384', 'ecdsa-sha-256'],
    where: inPool,
  },
  {
    name: 'secp256k1',
    synonyms: ['ECC_SECG_P256K1', 'ECDSA-SECP256K1', 'EC-SECP256K1', 'P-256K', 'P256K1', 'ES256K'],
    family: 'ec',
    usages: ['sign'],
    strength: { classical: 128, quantum: 0 },
    status: {
      kind: 'allowed',
      disallowedAfter: '2035-12-31',
      source: 'SP 800-186 appendix H.2 (blockchain use only); NIST IR 8547 ipd',
    },
    pair: {
      type: 'ec',
      curve: 'secp256k1',
      coordinateBytes: 32,
      identifier: '301006072a8648ce3d020106052b8104000a',
    },
    schemes: ecdsa,
    where: inPool,
  },
  {
    name: 'Ed25519',
    synonyms: ['EdDSA', 'ECC_NIST_EDWARDS25519', 'EC_SIGN_ED25519', 'edwards25519'],
    family: 'edwards',
    usages: ['sign'],
    strength: { classical: 128, quantum: 0 },
    status: quantumVulnerable('FIPS 186-5; RFC 8032'),
    pair: { type: 'ed25519', identifier: '300506032b6570' },
    schemes: ['ed25519', 'ed25519ph'],
    where: onLoop,
  },
  {
    name: 'X25519',
    synonyms: ['curve25519', 'ECDH-X25519'],
    family: 'montgomery',
    usages: ['agree'],
    strength: { classical: 128, quantum: 0 },
    status: {
      kind: 'allowed',
      disallowedAfter: '2035-12-31',
      source: 'RFC 7748; NIST IR 8547 ipd',
    },
    pair: { type: 'x25519', identifier: '300506032b656e' },
    schemes: [],
    where: onLoop,
  },
  mlKem(512),
  mlKem(768),
  mlKem(1024),
  mlDsa(44),
  mlDsa(65),
  mlDsa(87),
  slhDsa('SHA2', 128, 's', '14'),
  slhDsa('SHA2', 128, 'f', '15'),
  slhDsa('SHA2', 192, 's', '16'),
  slhDsa('SHA2', 192, 'f', '17'),
  slhDsa('SHA2', 256, 's', '18'),
  slhDsa('SHA2', 256, 'f', '19'),
  slhDsa('SHAKE', 128, 's', '1a'),
  slhDsa('SHAKE', 128, 'f', '1b'),
  slhDsa('SHAKE', 192, 's', '1c'),
  slhDsa('SHAKE', 192, 'f', '1d'),
  slhDsa('SHAKE', 256, 's', '1e'),
  slhDsa('SHAKE', 256, 'f', '1f'),
].map((row) => deepFreeze(row as Algorithm))

function deepFreeze<Value extends object>(value: Value): Value {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member)
  }
  return Object.freeze(value)
}
