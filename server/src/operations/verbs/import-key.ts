import type { InputOf } from '@claviger/contract'
import {
  findAlgorithm,
  findUsage,
  generateMaterial,
  importMaterial,
  newestRow,
  newId,
  openMaterial,
  privateKeyOf,
  publicKeyDer,
  rsaAesUnwrap,
  secretBuffer,
  unwrap,
  wrap,
} from '#keyring'
import { ClavigerError, type Key } from '#model'
import type { Row } from '#store'
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
    const material = await work.once(
      'material',
      () => generateMaterial(algorithm),
      (bytes) => bytes.fill(0),
    )
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
          material: wrap(
            work.parts.hierarchy.tenantWrappingKey(tenant),
            binding(tenant, id),
            material,
          ),
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

type Input = InputOf<'key.import'>

/** The row of the parameters that the material is wrapped for, as it stands now; undefined for material in the clear. */
async function parametersRow(input: Input, work: Work): Promise<Row | undefined> {
  const { parameters, wrapped, unsafePlaintext } = input
  if (unsafePlaintext !== undefined && parameters === undefined && wrapped === undefined)
    return undefined
  if (unsafePlaintext !== undefined || parameters === undefined || wrapped === undefined) {
    throw new ClavigerError(
      'invalid_request',
      'Give parameters and wrapped, or unsafePlaintext alone',
      { field: 'wrapped' },
    )
  }
  const row = await newestRow(work.parts.store, { kind: 'importParameters', id: parameters })
  if (row === undefined || row.tenant !== work.caller.tenant || row.material === undefined) {
    throw new ClavigerError(
      'not_found',
      'There are no import parameters of that id, or they were used; ask for new ones',
    )
  }
  if (work.parts.seals.open<ImportParameters>(row).expiresAt <= work.parts.clock.now()) {
    throw new ClavigerError('wrong_state', 'The import parameters have expired; ask for new ones')
  }
  return row
}

/** The material in the clear, the caller's to overwrite. */
async function materialOf(input: Input, row: Row | undefined, work: Work): Promise<Buffer> {
  if (input.unsafePlaintext !== undefined) {
    const material = secretBuffer(input.unsafePlaintext.length)
    material.set(input.unsafePlaintext)
    input.unsafePlaintext.fill(0)
    return material
  }
  if (row?.material === undefined || input.wrapped === undefined)
    throw new ClavigerError('internal', 'There is no material')
  const { tenant } = work.caller
  const pair = unwrap(
    work.parts.hierarchy.tenantWrappingKey(tenant),
    binding(tenant, row.id),
    row.material,
  )
  try {
    return await rsaAesUnwrap(
      privateKeyOf(openMaterial(findAlgorithm(WRAPPING_ALGORITHM), pair)),
      input.wrapped,
    )
  } finally {
    pair.fill(0)
  }
}

/** What a new key is described by; a key that is there already has it, and it would be passed over in silence. */
const ofNewKeys = ['usage', 'alias', 'description', 'labels', 'owner', 'activateAt'] as const

/** A new version is for an imported key in force, and says nothing of what the key is. */
function assertTakesVersion(key: Key, input: Input): void {
  const given = ofNewKeys.find((field) => input[field] !== undefined)
  const exportable = input.exportable && !key.exportable ? 'exportable' : undefined
  const other =
    input.algorithm !== undefined && findAlgorithm(input.algorithm).name !== key.algorithm
  const field = given ?? exportable ?? (other ? 'algorithm' : undefined)
  if (field !== undefined) {
    throw new ClavigerError(
      'invalid_request',
      `${field}: is for a new key; a new version keeps what its key has`,
      { field },
    )
  }
  assertRotatable(key)
  if (key.origin !== 'imported')
    throw new ClavigerError('wrong_state', 'The key was generated here; rotate it instead')
}

export const importKey: ChangeVerb<'key.import'> = {
  kind: 'change',
  references: (input) => (input.key === undefined ? [] : [input.key]),
  async run(input, work) {
    const existing = input.key === undefined ? undefined : work.key(input.key).ringKey
    if (existing === undefined) work.authorize({ labels: input.labels ?? {} })
    const name = existing?.key.algorithm ?? input.algorithm
    if (name === undefined)
      throw new ClavigerError('invalid_request', 'Name the algorithm of the new key', {
        field: 'algorithm',
      })
    const algorithm = findAlgorithm(name)
    if (existing === undefined) {
      findUsage(algorithm, input.usage)
      await assertOwner(work, input.owner)
    } else assertTakesVersion(existing.key, input)
    // Read at each attempt: whoever was quicker has used the parameters up, and this caller is told so.
    const parameters = await parametersRow(input, work)
    const given = await work.once(
      'given',
      () => materialOf(input, parameters, work),
      (bytes) => bytes.fill(0),
    )
    // Refuses what is too short, of another kind, on a curve that is not named, or not a pair.
    const material = await work.once(
      'material',
      () => importMaterial(algorithm, given),
      (bytes) => bytes.fill(0),
    )
    const id = await work.once('id', () => Promise.resolve(newId()))
    const plan =
      existing === undefined
        ? planKey(work, { ...input, algorithm: name }, 'imported', id, material)
        : await planVersion(work, existing, material, input)
    const used =
      parameters === undefined
        ? []
        : [{ kind: parameters.kind, id: parameters.id, revision: parameters.revision }]
    return {
      ...plan,
      additive: false,
      removals: used.map(({ kind, id: removed }) => ({ kind, id: removed })),
      unchanged: [...(plan.unchanged ?? []), ...used],
    }
  },
}
