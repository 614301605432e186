import {
  findAlgorithm,
  findUsage,
  generateMaterial,
  importMaterial,
  newId,
  openMaterial,
  privateKeyOf,
  publicKeyDer,
  rsaAesUnwrap,
  secretBuffer,
  unwrap,
  wrap,
} from '#keyring'
import { ClavigerError } from '#model'
import type { InputOf } from '@claviger/contract'
import type { RowReference } from '#store'
import type { ChangeVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { assertOwner, planKey } from './create-key.ts'
import { assertRotatable, planVersion } from './rotate-key.ts'

/** The one-time key pair that material is wrapped for. */
interface ImportParameters {
  readonly id: string
  readonly expiresAt: number
}

const WRAPPING_ALGORITHM = 'RSA-3072'
const LIFETIME_MS = 24 * 3_600_000

function binding(tenant: string, id: string) {
  return { purpose: 'import wrapping key', tenant, id }
}

export const importParameters: ChangeVerb<'key.importParameters'> = {
  kind: 'change',
  async run(_input, work) {
    work.authorize()
    const { tenant } = work.caller
    const algorithm = findAlgorithm(WRAPPING_ALGORITHM)
    const material = await work.once('material', () => generateMaterial(algorithm), (bytes) => bytes.fill(0))
    const id = await work.once('id', () => Promise.resolve(newId()))
    const expiresAt = work.parts.clock.now() + LIFETIME_MS
    const value: ImportParameters = { id, expiresAt }
    return {
      additive: true,
      rows: [
        {
          kind: 'importParameters',
          id,
          tenant,
          value,
          material: wrap(work.parts.hierarchy.tenantWrappingKey(tenant), binding(tenant, id), material),
          facets: [],
        },
      ],
      subject: id,
      output: {
        id,
        wrapping: 'rsa-oaep-sha-256+aes-256-kwp',
        publicKey: publicKeyDer(openMaterial(algorithm, material)),
        expiresAt,
      },
    }
  },
}

interface Given {
  readonly material: Buffer
  /** What the plan removes and requires, so that parameters serve once. */
  readonly used: readonly (RowReference & { readonly revision: number })[]
}

async function materialOf(input: InputOf<'key.import'>, work: Work): Promise<Given> {
  if (input.unsafePlaintext !== undefined && input.parameters === undefined && input.wrapped === undefined) {
    const material = secretBuffer(input.unsafePlaintext.length)
    material.set(input.unsafePlaintext)
    input.unsafePlaintext.fill(0)
    return { material, used: [] }
  }
  if (input.unsafePlaintext !== undefined || input.parameters === undefined || input.wrapped === undefined) {
    throw new ClavigerError('invalid_request', 'Give parameters and wrapped, or unsafePlaintext alone', { field: 'wrapped' })
  }
  const { tenant } = work.caller
  const [row] = await work.parts.store.rows([{ kind: 'importParameters', id: input.parameters }])
  if (row === undefined || row.tenant !== tenant || row.material === undefined) {
    throw new ClavigerError('not_found', 'There are no import parameters of that id, or they were used; ask for new ones')
  }
  const parameters = work.parts.seals.open<ImportParameters>(row)
  if (parameters.expiresAt <= work.parts.clock.now()) {
    throw new ClavigerError('wrong_state', 'The import parameters have expired; ask for new ones')
  }
  const pair = unwrap(work.parts.hierarchy.tenantWrappingKey(tenant), binding(tenant, row.id), row.material)
  try {
    const wrapping = openMaterial(findAlgorithm(WRAPPING_ALGORITHM), pair)
    const material = await rsaAesUnwrap(privateKeyOf(wrapping), input.wrapped)
    return { material, used: [{ kind: 'importParameters', id: row.id, revision: row.revision }] }
  } finally {
    pair.fill(0)
  }
}

export const importKey: ChangeVerb<'key.import'> = {
  kind: 'change',
  references: (input) => (input.key === undefined ? [] : [input.key]),
  async run(input, work) {
    const existing = input.key === undefined ? undefined : work.key(input.key).ringKey
    if (existing === undefined) work.authorize({ labels: input.labels ?? {} })
    const name = existing?.key.algorithm ?? input.algorithm
    if (name === undefined) throw new ClavigerError('invalid_request', 'Name the algorithm of the new key', { field: 'algorithm' })
    const algorithm = findAlgorithm(name)
    if (existing === undefined) {
      findUsage(algorithm, input.usage)
      await assertOwner(work, input.owner)
    } else {
      assertRotatable(existing.key)
      if (existing.key.origin !== 'imported') throw new ClavigerError('wrong_state', 'The key was generated here; rotate it instead')
    }
    const given = await work.once('given', () => materialOf(input, work), ({ material }) => material.fill(0))
    // Refuses what is too short, of another kind, on a curve that is not named, or not a pair.
    const material = await work.once('material', () => importMaterial(algorithm, given.material), (bytes) => bytes.fill(0))
    const id = await work.once('id', () => Promise.resolve(newId()))
    const plan =
      existing === undefined
        ? planKey(work, { ...input, algorithm: name }, 'imported', id, material)
        : await planVersion(work, existing, material, input)
    return {
      ...plan,
      additive: false,
      removals: given.used.map(({ kind, id: used }) => ({ kind, id: used })),
      unchanged: [...(plan.unchanged ?? []), ...given.used],
    }
  },
}

