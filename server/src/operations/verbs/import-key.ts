import type { InputOf, OutputOf } from '@claviger/contract'
import {
  findAlgorithm,
  findUsage,
  importMaterial,
  materialFingerprint,
  materialId,
  newId,
  RingKey,
  secretBuffer,
} from '#keyring'
import { ClavigerError, isWithoutMaterial, KeyError, type Key, type KeyVersion } from '#model'
import { aliasesOf } from '../aliases.ts'
import { assertChanged, datesUnder } from '../lifecycle/govern.ts'
import { assertOwner } from '../owner.ts'
import { keyRow, standing, versionRow } from '../rows.ts'
import type { ChangeVerb, Plan } from '../verb.ts'
import { keyView } from '../views.ts'
import type { Work } from '../work.ts'
import { draftKey, planKey, type DraftKey } from './create-key.ts'
import { assertThere, versionOf } from './delete-material.ts'
import {
  assertTakesMaterial,
  parametersOf,
  unwrapped,
  usedUp,
  type StoredParameters,
} from './import-parameters.ts'
import { isOf, type ImportedMaterial } from './known-material.ts'
import { assertRotatable, planPendingVersion, planVersion } from './next-version.ts'
import { assertNotReplica } from './related.ts'

/**
 * Material from outside: as a new key, into a key that waits for it, or as the next version of one. A version only ever has one material:
 * what is imported again must be the same.
 */

type Input = InputOf<'key.import'>

/** The material in the clear, the caller's to overwrite. */
async function materialOf(
  input: Input,
  parameters: StoredParameters | undefined,
  work: Work,
): Promise<Buffer> {
  if (input.unsafePlaintext !== undefined) {
    const material = secretBuffer(input.unsafePlaintext.length)
    material.set(input.unsafePlaintext)
    return material
  }
  if (parameters === undefined || input.wrapped === undefined)
    throw new ClavigerError('internal', 'There is no material')
  return unwrapped(parameters, input.wrapped, work)
}

function unfit(field: keyof Input, message: string): ClavigerError {
  return new ClavigerError('invalid_request', `${field}: ${message}`, { field })
}

/** What a new key is described by; a key that is there already has it, and it would be passed over in silence. */
const ofNewKeys = [
  'usage',
  'alias',
  'description',
  'labels',
  'owner',
  'activateAt',
  'region',
  'multiRegion',
  'policy',
  'bypassPolicyLockoutCheck',
] as const
/** What says where among a key's versions the material belongs. */
const ofOldKeys = ['materialId', 'pending', 'existing'] as const

function assertFits(key: Key | undefined, input: Input, now: number): void {
  const { materialExpiresAt } = input
  if (materialExpiresAt !== undefined && materialExpiresAt <= now)
    throw unfit('materialExpiresAt', 'must be in the future')
  if (key === undefined) {
    const field = ofOldKeys.find((name) => input[name] !== undefined)
    if (field !== undefined) throw unfit(field, 'is for a key that is there')
    return
  }
  const given = ofNewKeys.find((name) => input[name] !== undefined)
  const exportable = input.exportable && !key.exportable ? 'exportable' : undefined
  const other =
    input.algorithm !== undefined && findAlgorithm(input.algorithm).name !== key.algorithm
  const field = given ?? exportable ?? (other ? 'algorithm' : undefined)
  if (field !== undefined)
    throw unfit(field, 'is for a new key; a new version keeps what its key has')
}

/** A version begins its periods when it is first used, and so what waits, or is there, is given none. */
function assertUndated(input: Input): void {
  const field = (['protectStopAt', 'processStopAt'] as const).find((name) => input[name])
  if (field !== undefined) throw unfit(field, 'is for a version that is used from now on')
}

function importedOf(
  { materialExpiresAt, materialDescription }: Input,
  algorithm: string,
  material: Uint8Array,
  work: Work,
): ImportedMaterial {
  const { tenant } = work.caller
  return {
    fingerprint: materialFingerprint(work.parts.hierarchy, { tenant, algorithm }, material),
    ...(materialExpiresAt === undefined ? {} : { materialExpiresAt }),
    ...(materialDescription === undefined ? {} : { description: materialDescription }),
  }
}

function otherMaterial(key: Key, message: string): KeyError {
  return new KeyError('conflict', message, { key })
}

/**
 * The version that the material belongs to; undefined for a new one.
 *
 * @throws ClavigerError not_found; KeyError conflict for other material than the version had, wrong_state while another one waits.
 */
function placeOf(
  input: Input,
  ringKey: RingKey,
  fingerprint: string,
  work: Work,
): KeyVersion | undefined {
  const { key, current } = ringKey
  const isNew = (version: KeyVersion) =>
    version.awaitsMaterial === true && version.fingerprint === undefined
  if (input.materialId !== undefined) {
    const named = versionOf(ringKey, input.materialId)
    if (isNew(named) || isOf(work, ringKey, named, fingerprint)) return named
    throw otherMaterial(key, 'This is not the material of that id; import the same again')
  }
  const known = ringKey.versions.findLast((version) => isOf(work, ringKey, version, fingerprint))
  if (known !== undefined && (input.pending !== true || known.version === key.pending)) return known
  if (known !== undefined) throw otherMaterial(key, 'The key has this material already')
  if (isNew(current)) return current
  const isLost = isWithoutMaterial(current, work.parts.clock.now())
  if (input.existing === true || (isLost && input.pending !== true))
    throw otherMaterial(key, 'This is not material the key had; import the same again')
  if (key.pending === undefined || ringKey.version(key.pending).revocation !== undefined)
    return undefined
  throw new KeyError(
    'wrong_state',
    `New key material cannot be imported, because another key material (id: ${materialId(key, key.pending)}) is pending rotation`,
    { key, version: key.pending },
  )
}

/** The plan that gives a version its material, for the first time or again. */
async function planMaterial(
  work: Work,
  ringKey: RingKey,
  version: KeyVersion,
  material: Uint8Array,
  imported: ImportedMaterial,
): Promise<Plan<OutputOf<'key.get'>>> {
  const { key } = ringKey
  assertThere(key, version)
  if (version.revocation !== undefined) {
    throw new KeyError('wrong_state', `Version ${version.version} of the key is revoked`, {
      key,
      version: version.version,
      hindrance: 'revoked',
    })
  }
  const now = work.parts.clock.now()
  const isFirst = version.fingerprint === undefined && version.awaitsMaterial === true
  const { awaitsMaterial: _waited, materialExpiresAt: _end, ...rest } = version
  const activatedAt = Math.max(version.activatedAt, now)
  // The periods of a version that waited begin with its material.
  const begun = isFirst
    ? { activatedAt, ...(await datesUnder(work, key, activatedAt, rest)) }
    : undefined
  const whole: KeyVersion = { ...rest, ...begun, ...imported }
  const { versions } = ringKey
  // What had its material before breaks nothing that it did not break then, though it may be overdue by now.
  if (isFirst)
    await assertChanged(
      work,
      { key, versions },
      { key, versions: versions.map((each) => (each === version ? whole : each)) },
    )
  const { version: number } = version
  const current = number === key.version ? whole : ringKey.current
  return {
    additive: false,
    rows: [
      keyRow(key, current),
      versionRow(key, whole, work.parts.ring.wrapVersion(key, number, material)),
    ],
    unchanged: standing(ringKey, [number]),
    key: key.id,
    version: number,
    output: keyView(key, current, await aliasesOf(work, key.id), now),
  }
}

/** The plan that puts material where it belongs in a key that is there. */
function planInto(
  work: Work,
  ringKey: RingKey,
  input: Input,
  material: Uint8Array,
  imported: ImportedMaterial,
): Promise<Plan<OutputOf<'key.get'>>> {
  const place = placeOf(input, ringKey, imported.fingerprint, work)
  if (place !== undefined || input.pending === true) assertUndated(input)
  if (place !== undefined) return planMaterial(work, ringKey, place, material, imported)
  assertNotReplica(ringKey.key)
  if (input.pending === true) return planPendingVersion(work, ringKey, material, imported)
  assertRotatable(ringKey.key)
  return planVersion(work, ringKey, { material, dates: input, rotatedBy: 'import', imported })
}

/** A new key, before its material is looked at. */
async function draftOf(input: Input, algorithm: string, work: Work): Promise<DraftKey> {
  findUsage(findAlgorithm(algorithm), input.usage)
  await assertOwner(work, input.owner)
  const id = await work.once('id', () => Promise.resolve(newId()))
  return draftKey(work, { ...input, algorithm }, { id, origin: 'imported', awaits: false })
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
    assertFits(existing?.key, input, work.parts.clock.now())
    const place = existing ?? (await draftOf(input, name, work))
    if (existing !== undefined) assertTakesMaterial(existing.key)
    // Read at each attempt: whoever was quicker has used the parameters up, and this caller is told so.
    const parameters = await parametersOf(input, existing?.key, work)
    const given = await work.once(
      'given',
      () => materialOf(input, parameters, work),
      (bytes) => {
        bytes.fill(0)
        // Not before: an approval is of the whole input, and is looked at again where the verb runs again.
        input.unsafePlaintext?.fill(0)
      },
    )
    // Refuses what is too short, of another kind, on a curve that is not named, or not a pair.
    const material = await work.once(
      'material',
      () => importMaterial(algorithm, given),
      (bytes) => bytes.fill(0),
    )
    const imported = importedOf(input, algorithm.name, material, work)
    const plan =
      place instanceof RingKey
        ? await planInto(work, place, input, material, imported)
        : planKey(work, place, input.alias, material, imported)
    const used = usedUp(parameters)
    return {
      ...plan,
      additive: false,
      removals: [...(plan.removals ?? []), ...used.map(({ kind, id: row }) => ({ kind, id: row }))],
      unchanged: [...(plan.unchanged ?? []), ...used],
      output: {
        ...plan.output,
        materialId:
          existing === undefined
            ? plan.output.materialId
            : materialId(existing.key, plan.version ?? existing.key.version),
      },
    }
  },
}
