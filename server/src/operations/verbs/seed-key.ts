import {
  aliasId,
  findAlgorithm,
  generateMaterial,
  importMaterial,
  materialFingerprint,
} from '#keyring'
import { aliasRow } from '../rows.ts'
import type { InternalVerb } from '../verb.ts'
import { draftKey, planKey } from './create-key.ts'
import { findOwner } from './owner-token.ts'

/** A key of a development server whose id is known beforehand, and its material where that is given. */
export interface SeedKey {
  /** A lower-case UUID. */
  readonly id: string
  readonly algorithm: string
  readonly usage?: string | undefined
  /** Raw bytes of a symmetric key, PKCS#8 DER of a private one; made here unless given. */
  readonly material?: Uint8Array | undefined
  readonly aliases: readonly string[]
  readonly labels?: Record<string, string> | undefined
  readonly description?: string | undefined
  readonly policy?: string | undefined
  readonly region?: string | undefined
  readonly multiRegion?: boolean | undefined
}

/**
 * Makes a key as {@link planKey} does, for an owner of the tenant.
 *
 * @throws ClavigerError conflict where the id or a name is taken; invalid_key_material, algorithm_refused, wrong_usage; PolicyError
 */
export const seedKey: InternalVerb<SeedKey> = {
  kind: 'change',
  references: () => [],
  async run(input, work) {
    work.authorize()
    const { principal: owner, standing } = await findOwner(work)
    const { id, aliases, material: given, ...about } = input
    const algorithm = findAlgorithm(input.algorithm)
    const material = await work.once(
      'material',
      () => (given === undefined ? generateMaterial(algorithm) : importMaterial(algorithm, given)),
      (bytes) => bytes.fill(0),
    )
    const { tenant } = work.caller
    const origin = given === undefined ? 'generated' : 'imported'
    const draft = await draftKey(
      work,
      { ...about, exportable: false, owner: owner.id },
      { id, origin, awaits: false },
    )
    const plan = planKey(
      work,
      draft,
      undefined,
      material,
      given && {
        fingerprint: materialFingerprint(
          work.parts.hierarchy,
          { tenant, algorithm: algorithm.name },
          material,
        ),
      },
    )
    const createdAt = work.now
    return {
      ...plan,
      rows: [
        ...plan.rows,
        ...aliases.map((alias) => aliasRow(tenant, { alias, key: id, createdAt })),
      ],
      absent: [
        ...(plan.absent ?? []),
        ...aliases.map((alias) => ({ kind: 'alias' as const, id: aliasId(tenant, alias) })),
      ],
      unchanged: [standing],
      taken: 'Another key has this id, or one of these aliases',
      output: undefined,
    }
  },
}
