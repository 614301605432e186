import { verify as nodeVerify } from 'node:crypto'
import {
  decapsulate,
  encapsulate,
  findAlgorithm,
  openMaterial,
  sign,
  verify,
  type Algorithm,
  type OpenMaterial,
} from '#crypto'
import { expandedKey, publicMaterial, seedKey, spki } from '../encode-key.ts'
import { hex, outcomeOf, verdictOf, type Outcome } from './tally.ts'
import { bytes, skip, text, type Case, type Group, type WycheproofFile } from './wycheproof-file.ts'

/** Drives the files of ML-DSA and ML-KEM. */

function mlDsaOf(file: WycheproofFile): Algorithm {
  return findAlgorithm(file.algorithm)
}

/** Our API has no context string; those cases ask OpenSSL itself, with the key that our functions opened. */
function mlDsaVerdict(material: OpenMaterial, test: Case): Promise<Outcome> | Outcome {
  const [message, signature] = [bytes(test, 'msg'), bytes(test, 'sig')]
  const context = typeof test['ctx'] === 'string' ? hex(test['ctx']) : Buffer.alloc(0)
  if (context.length === 0)
    return verdictOf(() => verify(material, 'ml-dsa', { message }, signature))
  const { publicKey } = material
  if (publicKey === undefined) return 'wrong'
  try {
    return nodeVerify(null, message, { key: publicKey, context }, signature) ? 'right' : 'refused'
  } catch {
    return 'refused'
  }
}

export function mlDsaVerify(
  group: Group,
  test: Case,
  file: WycheproofFile,
): Promise<Outcome> | Outcome {
  const algorithm = mlDsaOf(file)
  try {
    return mlDsaVerdict(
      publicMaterial(algorithm, spki(algorithm.name, bytes(group, 'publicKey'))),
      test,
    )
  } catch {
    return 'refused'
  }
}

/** Signing is hedged (FIPS 204 section 3.4), so the given signature is verified under the key the seed makes, and one of ours too. */
export async function mlDsaSign(group: Group, test: Case, file: WycheproofFile): Promise<Outcome> {
  const algorithm = mlDsaOf(file)
  if (typeof group['privateSeed'] !== 'string') return mlDsaSignExpanded(group, test, algorithm)
  let material: OpenMaterial
  try {
    material = openMaterial(algorithm, seedKey(algorithm.name, bytes(group, 'privateSeed')))
  } catch {
    return 'refused'
  }
  if (test.result !== 'valid') return mlDsaInvalid(test)
  const raw = material.publicKey?.export({ format: 'raw-public' })
  if (raw === undefined || !raw.equals(bytes(group, 'publicKey'))) return 'wrong'
  const ofMu = typeof test['mu'] === 'string' ? await mlDsaMu(material, test) : 'right'
  if (ofMu !== 'right' || typeof test['msg'] !== 'string') return ofMu
  const message = bytes(test, 'msg')
  const own = await sign(material, 'ml-dsa', { message })
  if (!(await verify(material, 'ml-dsa', { message }, own))) return 'wrong'
  return mlDsaVerdict(material, test)
}

/** A mu made by others stands for message and context both. */
async function mlDsaMu(material: OpenMaterial, test: Case): Promise<Outcome> {
  const mu = bytes(test, 'mu')
  const own = await sign(material, 'ml-dsa', { mu })
  if (!(await verify(material, 'ml-dsa', { mu }, own))) return 'wrong'
  return verdictOf(() => verify(material, 'ml-dsa', { mu }, bytes(test, 'sig')))
}

function mlDsaInvalid(test: Case): Outcome {
  return typeof test['ctx'] === 'string' && test['ctx'].length > 510
    ? skip('there is no context string here, so none is too long')
    : 'wrong'
}

function mlDsaSignExpanded(group: Group, test: Case, algorithm: Algorithm): Outcome {
  try {
    openMaterial(algorithm, expandedKey(algorithm.name, bytes(group, 'privateKey')))
    return 'wrong'
  } catch {
    return test.result === 'invalid'
      ? 'refused'
      : skip('keys are taken with their seed, and it was refused')
  }
}

function mlKemOf(group: Group): Algorithm {
  return findAlgorithm(text(group, 'parameterSet'))
}

export function mlKemKeyGen(group: Group, test: Case): Promise<Outcome> {
  const algorithm = mlKemOf(group)
  return outcomeOf(bytes(test, 'ek'), () => {
    const { publicKey } = openMaterial(algorithm, seedKey(algorithm.name, bytes(test, 'seed')))
    return publicKey?.export({ format: 'raw-public' }) ?? Buffer.alloc(0)
  })
}

export function mlKemDecapsulate(group: Group, test: Case): Promise<Outcome> {
  const algorithm = mlKemOf(group)
  return outcomeOf(bytes(test, 'K'), () =>
    decapsulate(
      openMaterial(algorithm, seedKey(algorithm.name, bytes(test, 'seed'))),
      bytes(test, 'c'),
    ),
  )
}

/** The randomness of an encapsulation is our own, so a valid key must only be taken and used. */
export function mlKemEncapsulate(group: Group, test: Case): Outcome {
  const algorithm = mlKemOf(group)
  try {
    encapsulate(publicMaterial(algorithm, spki(algorithm.name, bytes(test, 'ek'))))
    return test.result === 'valid' ? skip('the randomness is our own; the key was taken') : 'wrong'
  } catch {
    return 'refused'
  }
}

export function mlKemExpanded(group: Group, test: Case): Outcome {
  const algorithm = mlKemOf(group)
  try {
    openMaterial(algorithm, expandedKey(algorithm.name, bytes(test, 'dk')))
    return 'wrong'
  } catch {
    return test.result === 'invalid'
      ? 'refused'
      : skip('keys are taken with their seed, and it was refused')
  }
}
