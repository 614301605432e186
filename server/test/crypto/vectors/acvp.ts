import { createPrivateKey, decapsulate as nodeDecapsulate, verify as nodeVerify } from 'node:crypto'
import {
  aeadDecrypt,
  aeadEncrypt,
  encapsulate,
  findAlgorithm,
  openMaterial,
  openPublicKey,
  secretKey,
  sign,
  TAG_BYTES,
  verify,
  type OpenMaterial,
} from '#crypto'
import { expandedKey, pkcs8, seedKey, spki } from '../encode-key.ts'
import { hex, outcomeOf, verdictOf, type Outcome, type Tally } from './tally.ts'

/** Drives usnistgov/ACVP-Server's vectors: prompts with their expected results side by side. */

interface Case {
  readonly tcId: number
  readonly [field: string]: unknown
}

interface Group {
  readonly tests: readonly Case[]
  readonly [field: string]: unknown
}

export interface AcvpFile {
  readonly algorithm: string
  readonly mode?: string
  readonly testGroups: readonly Group[]
}

/** A case with its group's fields, its prompt and its expected results in one. */
type Merged = Readonly<Record<string, unknown>> & { readonly tcId: number; readonly first: boolean }

type Driver = (test: Merged) => Promise<Outcome> | Outcome

function text(test: Merged, field: string): string {
  const value = test[field]
  if (typeof value !== 'string') throw new TypeError(`case ${test.tcId} has no ${field}`)
  return value
}

function bytes(test: Merged, field: string): Buffer {
  return hex(text(test, field))
}

function skip(notDrivable: string): Outcome {
  return { notDrivable }
}

async function gcm(test: Merged): Promise<Outcome> {
  if (test['ivLen'] !== 96) return skip('nonces are 96 bits here')
  if (test['tagLen'] !== 128) return skip('tags are 128 bits here')
  const algorithm = findAlgorithm(`AES-${String(test['keyLen'])}-GCM`)
  const [key, nonce] = [secretKey(bytes(test, 'key')), bytes(test, 'iv')]
  const aad = [bytes(test, 'aad')]
  if (test['testPassed'] === false) {
    const sealed = Buffer.concat([bytes(test, 'ct'), bytes(test, 'tag')])
    const outcome = await outcomeOf(Buffer.alloc(0), () =>
      aeadDecrypt(algorithm, key, nonce, aad, sealed),
    )
    return outcome === 'refused' ? 'right' : 'wrong'
  }
  const plaintext = bytes(test, 'pt')
  const sealed = Buffer.concat([bytes(test, 'ct'), bytes(test, 'tag')])
  const out = Buffer.alloc(plaintext.length + TAG_BYTES)
  aeadEncrypt(algorithm, key, nonce, aad, plaintext, out, 0)
  if (!out.equals(sealed)) return 'wrong'
  return outcomeOf(plaintext, () => aeadDecrypt(algorithm, key, nonce, aad, sealed))
}

function publicKeyOfSeed(name: string, seed: Buffer): Buffer {
  const { publicKey } = openMaterial(findAlgorithm(name), seedKey(name, seed))
  return publicKey?.export({ format: 'raw-public' }) ?? Buffer.alloc(0)
}

function mlDsaKeyGen(test: Merged): Promise<Outcome> {
  return outcomeOf(bytes(test, 'pk'), () =>
    publicKeyOfSeed(text(test, 'parameterSet'), bytes(test, 'seed')),
  )
}

function mlKemKeyGen(test: Merged): Promise<Outcome> {
  const seed = Buffer.concat([bytes(test, 'd'), bytes(test, 'z')])
  return outcomeOf(bytes(test, 'ek'), () => publicKeyOfSeed(text(test, 'parameterSet'), seed))
}

async function mlDsaSigVer(test: Merged): Promise<Outcome> {
  const internal = test['signatureInterface'] !== 'external'
  if (internal && test['externalMu'] !== true)
    return skip('the internal interface is offered with a mu only')
  if (!internal && test['preHash'] !== 'pure') return skip('HashML-DSA is not offered')
  const name = text(test, 'parameterSet')
  const algorithm = findAlgorithm(name)
  const material: OpenMaterial = {
    algorithm,
    publicKey: openPublicKey(spki(name, bytes(test, 'pk')), algorithm),
  }
  const signature = bytes(test, 'signature')
  const verdict = internal
    ? await verdictOf(() => verify(material, 'ml-dsa', { mu: bytes(test, 'mu') }, signature))
    : await messageVerdict(material, test, signature)
  return (verdict === 'right') === test['testPassed'] ? 'right' : 'wrong'
}

function messageVerdict(
  material: OpenMaterial,
  test: Merged,
  signature: Buffer,
): Promise<Outcome> | Outcome {
  const [message, context] = [bytes(test, 'message'), bytes(test, 'context')]
  return context.length === 0
    ? verdictOf(() => verify(material, 'ml-dsa', { message }, signature))
    : contextVerdict(material, message, context, signature)
}

/** Our API has no context string; these cases ask OpenSSL itself, with the key that our functions opened. */
function contextVerdict(
  material: OpenMaterial,
  message: Buffer,
  context: Buffer,
  signature: Buffer,
): Outcome {
  const { publicKey } = material
  if (publicKey === undefined) return 'wrong'
  return nodeVerify(null, message, { key: publicKey, context }, signature) ? 'right' : 'refused'
}

function mlKemEncapDecap(test: Merged): Promise<Outcome> | Outcome {
  const name = text(test, 'parameterSet')
  const algorithm = findAlgorithm(name)
  const usable = () => {
    encapsulate({ algorithm, publicKey: openPublicKey(spki(name, bytes(test, 'ek')), algorithm) })
    return true
  }
  // Expanded keys are not taken by our functions, so OpenSSL itself is asked.
  const expanded = () =>
    createPrivateKey({ key: expandedKey(name, bytes(test, 'dk')), format: 'der', type: 'pkcs8' })
  switch (test['function']) {
    case 'encapsulation':
      return usable() ? skip('the randomness is our own; the key was taken') : 'wrong'
    case 'decapsulation':
      return outcomeOf(bytes(test, 'k'), () => nodeDecapsulate(expanded(), bytes(test, 'c')))
    case 'encapsulationKeyCheck':
      return succeeds(usable) === test['testPassed'] ? 'right' : 'wrong'
    case 'decapsulationKeyCheck':
      return succeeds(expanded) === test['testPassed'] ? 'right' : 'wrong'
    default:
      return 'wrong'
  }
}

function succeeds(act: () => unknown): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}

/** A private key carries its public half. The first of each set also signs, and verifying builds the root anew from the signature. */
async function slhDsaKeyGen(test: Merged): Promise<Outcome> {
  const name = text(test, 'parameterSet')
  const algorithm = findAlgorithm(name)
  const material = openMaterial(algorithm, pkcs8(name, bytes(test, 'sk')))
  const raw = material.publicKey?.export({ format: 'raw-public' })
  if (raw === undefined || !raw.equals(bytes(test, 'pk'))) return 'wrong'
  if (!test.first) return skip('only the first of a set signs, to be quick; the key was taken')
  const message = Buffer.from('the root follows from the seeds')
  const signature = await sign(material, 'slh-dsa', { message })
  return verdictOf(() => verify(material, 'slh-dsa', { message }, signature))
}

const drivers: Readonly<Record<string, Driver>> = {
  'ACVP-AES-GCM': gcm,
  'ML-DSA keyGen': mlDsaKeyGen,
  'ML-DSA sigVer': mlDsaSigVer,
  'ML-KEM keyGen': mlKemKeyGen,
  'ML-KEM encapDecap': mlKemEncapDecap,
  'SLH-DSA keyGen': slhDsaKeyGen,
}

/** Runs every case. @throws TypeError for an algorithm that nobody drives. */
export async function driveAcvp(prompt: AcvpFile, expected: AcvpFile, tally: Tally): Promise<void> {
  const driver =
    drivers[[prompt.algorithm, prompt.mode].filter((part) => part !== undefined).join(' ')]
  if (driver === undefined) throw new TypeError(`nobody drives ${prompt.algorithm}`)
  const results = new Map(
    expected.testGroups.flatMap(({ tests }) => tests.map((test) => [test.tcId, test])),
  )
  for (const { tests, ...group } of prompt.testGroups) {
    for (const [position, test] of tests.entries()) {
      const merged = { ...group, ...test, ...results.get(test.tcId), first: position === 0 }
      tally.count(`case ${test.tcId}`, 'valid', await driver(merged))
    }
  }
}
