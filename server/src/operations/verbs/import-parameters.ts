import type { InputOf } from '@claviger/contract'
import {
  findAlgorithm,
  generateMaterial,
  newestRow,
  newId,
  openMaterial,
  privateKeyOf,
  publicKeyDer,
  unwrap,
  unwrapForImport,
  wrap,
  type ImportWrapping,
} from '#keyring'
import { ClavigerError, KeyError, keyRefusal, type Key } from '#model'
import type { Row } from '#store'
import type { ChangeVerb } from '../verb.ts'
import type { Work } from '../work.ts'

/** The key pairs that material is wrapped for on its way in. */

interface ImportParameters {
  readonly id: string
  readonly expiresAt: number
  readonly wrapping: ImportWrapping
  /** RSA bits of the pair. */
  readonly bits: number
  /** The only key it may be used for, and then as often as wanted; else it serves once. */
  readonly key?: string
}

const LIFETIME_MS = 24 * 3_600_000
/** Expired ones that go when a new one is made. */
const REMOVED_AT_ONCE = 100

function binding(tenant: string, id: string) {
  return { purpose: 'import wrapping key', tenant, id }
}

function rsa(bits: number) {
  return findAlgorithm(`RSA-${bits}`)
}

/** Only an imported key takes material, also while it is suspended. @throws KeyError wrong_usage, wrong_state */
export function assertTakesMaterial(key: Key): void {
  if (key.origin !== 'imported') {
    throw new KeyError('wrong_usage', 'The key was generated here; it takes no other material', {
      key,
    })
  }
  const refused = keyRefusal(key)
  if (refused === undefined || refused.hindrance === 'suspended') return
  throw new KeyError('wrong_state', `Refused: ${refused.reason}`, {
    key,
    hindrance: refused.hindrance,
  })
}

/** What nobody can use any more, the oldest first: ids begin with their time. */
async function expired(work: Work) {
  const rows = await work.parts.store.list({
    kind: 'importParameters',
    tenant: work.caller.tenant,
    facets: [],
    limit: REMOVED_AT_ONCE,
  })
  const now = work.parts.clock.now()
  return rows
    .filter((row) => work.parts.seals.open<ImportParameters>(row).expiresAt <= now)
    .map(({ kind, id }) => ({ kind, id }))
}

export const importParameters: ChangeVerb<'key.importParameters'> = {
  kind: 'change',
  references: (input) => (input.key === undefined ? [] : [input.key]),
  async run(input, work) {
    const key = input.key === undefined ? undefined : work.key(input.key).ringKey.key
    if (key === undefined) work.authorize()
    else assertTakesMaterial(key)
    const { tenant } = work.caller
    const { wrapping, bits } = input
    const algorithm = rsa(bits)
    const material = await work.once(
      'material',
      () => generateMaterial(algorithm),
      (bytes) => bytes.fill(0),
    )
    const id = await work.once('id', () => Promise.resolve(newId()))
    const expiresAt = work.parts.clock.now() + LIFETIME_MS
    const value: ImportParameters = {
      id,
      expiresAt,
      wrapping,
      bits,
      ...(key === undefined ? {} : { key: key.id }),
    }
    const tenantKey = work.parts.hierarchy.tenantWrappingKey(tenant)
    return {
      additive: true,
      rows: [
        {
          kind: 'importParameters',
          id,
          tenant,
          value,
          material: wrap(tenantKey, binding(tenant, id), material),
          facets: [],
        },
      ],
      removals: await expired(work),
      subject: id,
      ...(key === undefined ? {} : { key: key.id }),
      detail: { wrapping, bits },
      output: {
        id,
        wrapping,
        publicKey: publicKeyDer(openMaterial(algorithm, material)),
        expiresAt,
      },
    }
  },
}

/** Parameters as they stand in the store. */
export interface StoredParameters {
  readonly row: Row
  readonly value: ImportParameters
}

type Given = Pick<InputOf<'key.import'>, 'parameters' | 'wrapped' | 'unsafePlaintext'>

/** The parameters that the material is wrapped for, as they stand now; undefined for material in the clear. */
export async function parametersOf(
  { parameters, wrapped, unsafePlaintext }: Given,
  key: Key | undefined,
  work: Work,
): Promise<StoredParameters | undefined> {
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
  const value =
    row?.tenant === work.caller.tenant ? work.parts.seals.open<ImportParameters>(row) : undefined
  if (row === undefined || value === undefined || (value.key ?? key?.id) !== key?.id) {
    throw new ClavigerError(
      'not_found',
      'There are no import parameters of that id for this, or they were used; ask for new ones',
    )
  }
  if (value.expiresAt <= work.parts.clock.now()) {
    throw new ClavigerError('wrong_state', 'The import parameters have expired; ask for new ones')
  }
  return { row, value }
}

/** Parameters that serve once are used up by the change. */
export function usedUp(parameters: StoredParameters | undefined) {
  if (parameters === undefined || parameters.value.key !== undefined) return []
  const { kind, id, revision } = parameters.row
  return [{ kind, id, revision }]
}

/** Unwraps what was wrapped for the parameters; the caller overwrites it. @throws ClavigerError invalid_ciphertext, overloaded */
export async function unwrapped(
  { row, value }: StoredParameters,
  wrapped: Uint8Array,
  work: Work,
): Promise<Buffer> {
  if (row.material === undefined) throw new ClavigerError('internal', 'There is no wrapping key')
  const tenantKey = work.parts.hierarchy.tenantWrappingKey(row.tenant)
  const pair = unwrap(tenantKey, binding(row.tenant, row.id), row.material)
  try {
    const privateKey = privateKeyOf(openMaterial(rsa(value.bits), pair))
    return await unwrapForImport(privateKey, value.wrapping, wrapped)
  } finally {
    pair.fill(0)
  }
}
