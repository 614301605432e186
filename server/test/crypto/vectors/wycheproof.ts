import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { RsaPadding, SignatureScheme } from '@claviger/contract'
import {
  aeadDecrypt,
  aeadEncrypt,
  aesUnwrap,
  aesWrap,
  agree,
  findAlgorithm,
  hkdfSha512,
  mac,
  oaepDecrypt,
  openMaterial,
  openPublicKey,
  secretKey,
  TAG_BYTES,
  verify,
  verifyMac,
  type OpenMaterial,
} from '#crypto'
import { ecPrivateKey, pkcs8, publicMaterial, spki } from '../encode-key.ts'
import { hex, outcomeOf, verdictOf, type Outcome, type Tally } from './tally.ts'
import {
  bytes,
  skip,
  text,
  type Case,
  type Driver,
  type Group,
  type WycheproofFile,
} from './wycheproof-file.ts'
import {
  mlDsaSign,
  mlDsaVerify,
  mlKemDecapsulate,
  mlKemEncapsulate,
  mlKemExpanded,
  mlKemKeyGen,
} from './wycheproof-lattice.ts'

/** Drives C2SP/wycheproof's `testvectors_v1` through the production functions. */

const NOT_OFFERED = 'not an algorithm of the table'

const ciphers: Readonly<Record<string, string>> = {
  'AES-GCM 128': 'AES-128-GCM',
  'AES-GCM 256': 'AES-256-GCM',
  'AES-GCM-SIV 256': 'AES-256-GCM-SIV',
  'CHACHA20-POLY1305 256': 'ChaCha20-Poly1305',
}

async function aead(group: Group, test: Case, file: WycheproofFile): Promise<Outcome> {
  const name = ciphers[`${file.algorithm} ${String(group['keySize'])}`]
  if (name === undefined) return skip(NOT_OFFERED)
  const algorithm = findAlgorithm(name)
  const key = secretKey(bytes(test, 'key'))
  const [nonce, aad, plaintext] = [bytes(test, 'iv'), [bytes(test, 'aad')], bytes(test, 'msg')]
  const sealed = Buffer.concat([bytes(test, 'ct'), bytes(test, 'tag')])
  const decrypted = await outcomeOf(plaintext, () =>
    aeadDecrypt(algorithm, key, nonce, aad, sealed),
  )
  if (nonce.length !== 12) {
    return decrypted === 'refused' ? skip('nonces are 96 bits here, and it was refused') : 'wrong'
  }
  if (test.result !== 'valid') return decrypted
  const out = Buffer.alloc(plaintext.length + TAG_BYTES)
  aeadEncrypt(algorithm, key, nonce, aad, plaintext, out, 0)
  return out.equals(sealed) ? decrypted : 'wrong'
}

async function keyWrap(_group: Group, test: Case, file: WycheproofFile): Promise<Outcome> {
  const mode = file.algorithm === 'AES-KWP' ? 'kwp' : 'kw'
  const key = secretKey(bytes(test, 'key'))
  const [material, wrapped] = [bytes(test, 'msg'), bytes(test, 'ct')]
  const unwrapped = await outcomeOf(material, () => aesUnwrap(mode, key, wrapped))
  if (test.result !== 'valid') return unwrapped
  return aesWrap(mode, key, material).equals(wrapped) ? unwrapped : 'wrong'
}

const hmacs: Readonly<Record<string, string>> = {
  HMACSHA224: 'HMAC-SHA-224',
  HMACSHA256: 'HMAC-SHA-256',
  HMACSHA384: 'HMAC-SHA-384',
  HMACSHA512: 'HMAC-SHA-512',
}

/** The keys are of many lengths, where `openMaterial` takes few; so they are put in place without it. */
function hmac(_group: Group, test: Case, file: WycheproofFile): Outcome {
  const name = hmacs[file.algorithm]
  if (name === undefined) return skip(NOT_OFFERED)
  const material = { algorithm: findAlgorithm(name), secret: secretKey(bytes(test, 'key')) }
  const [message, tag] = [bytes(test, 'msg'), bytes(test, 'tag')]
  const whole = mac(material, message)
  if (tag.length === whole.length) return verifyMac(material, message, tag) ? 'right' : 'refused'
  // Truncated codes are never accepted here; the computation is compared all the same.
  if (verifyMac(material, message, tag)) return 'wrong'
  return whole.subarray(0, tag.length).equals(tag) ? 'right' : 'refused'
}

async function hkdf(_group: Group, test: Case, file: WycheproofFile): Promise<Outcome> {
  if (file.algorithm !== 'HKDF-SHA-512') return skip('only HKDF with SHA-512 is used')
  const [key, salt, info] = [bytes(test, 'ikm'), bytes(test, 'salt'), bytes(test, 'info')]
  const { size = 0 } = test
  // More than 255 blocks is a mistake of the caller, a RangeError.
  if (size > HKDF_BYTES_MAX) {
    return throwsRangeError(() => hkdfSha512(key, salt, info, size)) ? 'refused' : 'wrong'
  }
  return outcomeOf(bytes(test, 'okm'), () => hkdfSha512(key, salt, info, size))
}

/** RFC 5869 section 2.3. */
const HKDF_BYTES_MAX = 255 * 64

function throwsRangeError(act: () => unknown): boolean {
  try {
    act()
    return false
  } catch (thrown) {
    return thrown instanceof RangeError
  }
}

const hashes: Readonly<Record<string, string>> = {
  'SHA-256': 'sha-256',
  'SHA-384': 'sha-384',
  'SHA-512': 'sha-512',
}

/** Verifies the message and, apart from it, its digest; both must say the same. */
async function messageAndDigest(
  material: OpenMaterial,
  scheme: string,
  test: Case,
  hash: string,
  format: 'der' | 'p1363' = 'der',
): Promise<Outcome> {
  const [message, signature] = [bytes(test, 'msg'), bytes(test, 'sig')]
  const digest = createHash(hash.replace('-', '')).update(message).digest()
  const asked = scheme as SignatureScheme
  const [ofMessage, ofDigest] = await Promise.all([
    verdictOf(() => verify(material, asked, { message }, signature, format)),
    verdictOf(() => verify(material, asked, { digest }, signature, format)),
  ])
  return ofMessage === ofDigest ? ofMessage : 'wrong'
}

function ecdsa(format: 'der' | 'p1363'): Driver {
  return (group, test) => {
    const hash = hashes[text(group, 'sha')]
    const curve = (group['publicKey'] as { curve: string }).curve
    if (hash === undefined) return skip('the hash is not one of the schemes')
    const material = publicMaterial(findAlgorithm(curve), bytes(group, 'publicKeyDer'))
    return messageAndDigest(material, `ecdsa-${hash}`, test, hash, format)
  }
}

function eddsa(group: Group, test: Case): Promise<Outcome> | Outcome {
  if ((group['publicKey'] as { curve: string }).curve !== 'edwards25519') return skip(NOT_OFFERED)
  const material = publicMaterial(findAlgorithm('Ed25519'), bytes(group, 'publicKeyDer'))
  return verdictOf(() =>
    verify(material, 'ed25519', { message: bytes(test, 'msg') }, bytes(test, 'sig')),
  )
}

function rsaSignature(kind: 'pss' | 'pkcs1'): Driver {
  return (group, test) => {
    const hash = hashes[text(group, 'sha')]
    const algorithm = findAlgorithm(`RSA-${String(group['keySize'])}`)
    const der = bytes(group, 'publicKeyDer')
    if (hash === undefined) return skip('the hash is not one of the schemes')
    if (der.subarray(-3).equals(EXPONENT_3)) {
      assert.throws(() => openPublicKey(der, algorithm), { code: 'invalid_key_material' })
      return skip('the exponent is 3, and the key was refused')
    }
    const verdict = messageAndDigest(
      publicMaterial(algorithm, der),
      `rsa-${kind}-${hash}`,
      test,
      hash,
    )
    const salted = kind === 'pkcs1' || group['sLen'] === Number(hash.slice(4)) / 8
    return salted ? verdict : otherSalt(verdict)
  }
}

/** The end of an RSAPublicKey with that exponent. */
const EXPONENT_3 = Buffer.of(0x02, 0x01, 0x03)

/** Even a valid signature is refused when its salt has another length. */
async function otherSalt(verdict: Promise<Outcome>): Promise<Outcome> {
  return (await verdict) === 'refused'
    ? skip('the salt is as long as the digest here, and it was refused')
    : 'wrong'
}

const paddings: Readonly<Record<string, RsaPadding>> = {
  'SHA-256 SHA-256': 'rsa-oaep-sha-256',
  'SHA-1 SHA-1': 'rsa-oaep-sha-1',
}

async function oaep(group: Group, test: Case): Promise<Outcome> {
  const padding = paddings[`${text(group, 'sha')} ${text(group, 'mgfSha')}`]
  if (padding === undefined) return skip('OAEP is with SHA-256 or SHA-1 here')
  const { privateKey } = openMaterial(
    findAlgorithm(`RSA-${String(group['keySize'])}`),
    bytes(group, 'privateKeyPkcs8'),
  )
  if (privateKey === undefined) return 'wrong'
  const opened = await outcomeOf(bytes(test, 'msg'), () =>
    oaepDecrypt(privateKey, bytes(test, 'ct'), padding),
  )
  if (text(test, 'label') === '') return opened
  return opened === 'refused' ? skip('the label is empty here, and it was refused') : 'wrong'
}

function ecdh(group: Group, test: Case): Promise<Outcome> | Outcome {
  const algorithm = findAlgorithm(text(group, 'curve'))
  if (!algorithm.usages.includes('agree'))
    return skip(`${algorithm.name} is not for key agreement here`)
  return outcomeOf(bytes(test, 'shared'), () => {
    const own = openMaterial(algorithm, ecPrivateKey(algorithm.name, bytes(test, 'private')))
    return agree(own, openPublicKey(bytes(test, 'public'), algorithm))
  })
}

function xdh(encoding: 'raw' | 'asn'): Driver {
  return (group, test) => {
    if (text(group, 'curve') !== 'curve25519') return skip(NOT_OFFERED)
    const algorithm = findAlgorithm('X25519')
    const [theirs, ours] = [bytes(test, 'public'), bytes(test, 'private')]
    return outcomeOf(bytes(test, 'shared'), () => {
      const der = encoding === 'raw' ? pkcs8('X25519', Buffer.concat([hex('0420'), ours])) : ours
      const own = openMaterial(algorithm, der)
      return agree(
        own,
        openPublicKey(encoding === 'raw' ? spki('X25519', theirs) : theirs, algorithm),
      )
    })
  }
}

/** By the type of the group. */
const drivers: Readonly<Record<string, Driver>> = {
  AeadTest: aead,
  KeywrapTest: keyWrap,
  MacTest: hmac,
  HkdfTest: hkdf,
  EcdsaVerify: ecdsa('der'),
  EcdsaP1363Verify: ecdsa('p1363'),
  EddsaVerify: eddsa,
  RsassaPkcs1Verify: rsaSignature('pkcs1'),
  RsassaPssVerify: rsaSignature('pss'),
  RsaesOaepDecrypt: oaep,
  EcdhTest: ecdh,
  XdhComp: xdh('raw'),
  XdhAsnComp: xdh('asn'),
  MlDsaVerify: mlDsaVerify,
  MlDsaSign: mlDsaSign,
  MLKEMKeyGen: mlKemKeyGen,
  MLKEMTest: mlKemDecapsulate,
  MLKEMEncapsTest: mlKemEncapsulate,
  MLKEMDecapsValidationTest: mlKemExpanded,
}

/** Cases in flight at once: the pool and the worker work while the loop prepares. */
const CASES_AT_ONCE = 32

/** Runs every case of a file. @throws TypeError for a type of group that nobody drives. */
export async function driveWycheproof(file: WycheproofFile, tally: Tally): Promise<void> {
  const cases = file.testGroups.flatMap((group) =>
    group.tests.map((test) => [group, test] as const),
  )
  for (let start = 0; start < cases.length; start += CASES_AT_ONCE) {
    await Promise.all(
      cases.slice(start, start + CASES_AT_ONCE).map(async ([group, test]) => {
        const driver = drivers[group.type]
        if (driver === undefined) throw new TypeError(`nobody drives ${group.type}`)
        tally.count(`case ${test.tcId}`, test.result, await driver(group, test, file))
      }),
    )
  }
}
