import type { OutputOf, RotationTriggers } from '@claviger/contract'
import { aliasId, findAlgorithm, findUsage, generateMaterial, newId } from '#keyring'
import { assertCalendar, ClavigerError, type Key, type KeyVersion, type Rotation } from '#model'
import { assertMade, datesUnder, withAsked } from '../lifecycle/govern.ts'
import { limitsAfter } from '../limits.ts'
import { assertOwner } from '../owner.ts'
import { aliasRow, keyRow, versionRow } from '../rows.ts'
import type { ChangeVerb, Plan } from '../verb.ts'
import { keyView } from '../views.ts'
import type { Work } from '../work.ts'
import type { ImportedMaterial } from './known-material.ts'
import { aheadRow } from './made-ahead.ts'
import { newVersion } from './new-version.ts'
import { policyOfNewKey } from './policies.ts'
import { notGenerated } from './set-rotation.ts'

/** What creating and importing have in common. */
export interface NewKey {
  readonly algorithm: string
  readonly usage?: string | undefined
  readonly exportable: boolean
  readonly alias?: string | undefined
  readonly description?: string | undefined
  readonly labels?: Record<string, string> | undefined
  readonly owner?: string | undefined
  readonly activateAt?: number | undefined
  readonly protectStopAt?: number | undefined
  readonly processStopAt?: number | undefined
  readonly region?: string | undefined
  readonly multiRegion?: boolean | undefined
  readonly policy?: string | undefined
  readonly bypassPolicyLockoutCheck?: boolean | undefined
  readonly rotation?: RotationTriggers | undefined
  readonly usesMax?: number | undefined
  readonly bytesMax?: number | undefined
  readonly wrapsMax?: number | undefined
}

/** A key that is to be made and its first version, before there is any material: it keeps to every policy. */
export interface DraftKey {
  readonly key: Key
  readonly version: KeyVersion
}

/**
 * @param awaits whether the material comes later, and the periods of the version with it
 * @throws ClavigerError algorithm_refused, wrong_usage, invalid_request, forbidden; PolicyError; PolicyViolated
 */
export async function draftKey(
  work: Work,
  input: NewKey,
  about: { readonly id: string; readonly origin: Key['origin']; readonly awaits: boolean },
): Promise<DraftKey> {
  const { id, origin, awaits } = about
  const { now } = work
  // Whoever may make keys need not be allowed to name them.
  if (input.alias !== undefined) work.authorize({ labels: input.labels ?? {} }, 'alias.create')
  const algorithm = findAlgorithm(input.algorithm)
  const { tenant, principal } = work.caller
  const key: Key = {
    id,
    tenant,
    algorithm: algorithm.name,
    usage: findUsage(algorithm, input.usage),
    state: 'active',
    origin,
    protection: 'software',
    exportable: input.exportable,
    owner: input.owner ?? principal,
    description: input.description ?? '',
    labels: input.labels ?? {},
    version: 1,
    createdAt: now,
    ...(input.rotation === undefined ? {} : { rotation: rotationOf(input.rotation, origin, now) }),
    ...placeOf(work, input, id),
    ...limitsAfter(undefined, input),
  }
  const policy =
    input.policy === undefined
      ? {}
      : { policy: policyOfNewKey(work, input.policy, key, input.bypassPolicyLockoutCheck) }
  const made = await withAsked(work, { ...key, ...policy })
  const activatedAt = input.activateAt ?? now
  const ends = awaits ? input : await datesUnder(work, made, activatedAt, input)
  const version: KeyVersion = {
    ...newVersion(id, 1, now, { ...input, ...ends }),
    ...(awaits ? { awaitsMaterial: true } : {}),
  }
  await assertMade(work, { key: made, versions: [version] })
  return { key: made, version }
}

/**
 * The plan that adds a key with its first version and, where asked, its first name. The material stays the caller's to overwrite; without
 * any, the key waits for it.
 */
export function planKey(
  work: Work,
  draft: DraftKey,
  alias: string | undefined,
  material: Uint8Array | undefined,
  imported?: ImportedMaterial,
): Plan<OutputOf<'key.create'>> {
  const { key } = draft
  const version: KeyVersion = { ...draft.version, ...imported }
  const { id, tenant, createdAt } = key
  const wrapped = material && work.parts.ring.wrapVersion(key, 1, material)
  return {
    additive: true,
    rows: [
      keyRow(key, version),
      versionRow(key, version, wrapped),
      ...(alias === undefined ? [] : [aliasRow(tenant, { alias, key: id, createdAt })]),
    ],
    absent: [
      { kind: 'key', id },
      ...(alias === undefined ? [] : [{ kind: 'alias' as const, id: aliasId(tenant, alias) }]),
    ],
    taken: 'The alias points at another key; choose another or use alias update',
    key: id,
    version: 1,
    detail: { algorithm: key.algorithm, usage: key.usage, origin: key.origin },
    output: keyView(key, version, alias === undefined ? [] : [alias], createdAt),
  }
}

/** What makes the next version by itself, counted from now. @throws ClavigerError invalid_request, wrong_usage */
function rotationOf(triggers: RotationTriggers, origin: Key['origin'], now: number): Rotation {
  assertCalendar(triggers, now)
  if (origin !== 'generated') throw notGenerated()
  return { triggers, since: now }
}

/** Where a new key is seen: in the region named, or in that of the door it is made at. */
function placeOf(work: Work, input: NewKey, id: string): Pick<Key, 'region' | 'multiRegion'> {
  const region = input.region ?? work.origin.region
  if (region === undefined) {
    if (input.multiRegion !== true) return {}
    throw new ClavigerError('invalid_request', 'A multi-Region key needs a region', {
      field: 'region',
    })
  }
  return input.multiRegion === true
    ? { region, multiRegion: { id, primary: region, members: [{ region, key: id }] } }
    : { region }
}

export const createKey: ChangeVerb<'key.create'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize({ labels: input.labels ?? {} })
    const algorithm = findAlgorithm(input.algorithm)
    findUsage(algorithm, input.usage)
    newVersion('', 1, work.now, input)
    await assertOwner(work, input.owner)
    const id = await work.once('id', () => Promise.resolve(newId()))
    const origin = input.origin ?? 'generated'
    const awaits = origin === 'imported'
    // What is refused is refused before anything slow is done.
    const draft = await draftKey(work, input, { id, origin, awaits })
    if (awaits) return planKey(work, draft, input.alias, undefined)
    const generate = (name: string) =>
      work.once(
        name,
        () => generateMaterial(algorithm),
        (bytes) => bytes.fill(0),
      )
    const material = await generate('material')
    if (draft.key.rotation?.publishNext !== true) return planKey(work, draft, input.alias, material)
    const key: Key = { ...draft.key, pending: 2 }
    const plan = planKey(work, { ...draft, key }, input.alias, material)
    return { ...plan, rows: [...plan.rows, aheadRow(work, key, 2, await generate('after'))] }
  },
}
