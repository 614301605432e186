import type { OutputOf } from '@claviger/contract'
import { aliasId, findAlgorithm, findUsage, generateMaterial, newId } from '#keyring'
import { ClavigerError, type Key, type KeyVersion } from '#model'
import { assertOwner } from '../owner.ts'
import { aliasRow, keyRow, versionRow } from '../rows.ts'
import type { ChangeVerb, Plan } from '../verb.ts'
import { keyView } from '../views.ts'
import type { Work } from '../work.ts'
import type { ImportedMaterial } from './known-material.ts'
import { newVersion } from './new-version.ts'
import { policyOfNewKey } from './policies.ts'

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
}

/**
 * The plan that adds a key with its first version and, where asked, its first name. The material stays the caller's to overwrite; without
 * any, the key waits for it.
 */
export function planKey(
  work: Work,
  input: NewKey,
  origin: Key['origin'],
  id: string,
  material: Uint8Array | undefined,
  imported?: ImportedMaterial,
): Plan<OutputOf<'key.create'>> {
  const now = work.parts.clock.now()
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
    ...placeOf(work, input, id),
  }
  const policy =
    input.policy === undefined
      ? {}
      : { policy: policyOfNewKey(work, input.policy, key, input.bypassPolicyLockoutCheck) }
  const made: Key = { ...key, ...policy }
  const version: KeyVersion = {
    ...newVersion(id, 1, now, input),
    ...(material === undefined ? { awaitsMaterial: true } : imported),
  }
  const wrapped = material && work.parts.ring.wrapVersion(made, 1, material)
  const alias = input.alias
  return {
    additive: true,
    rows: [
      keyRow(made),
      versionRow(made, version, wrapped),
      ...(alias === undefined ? [] : [aliasRow(tenant, { alias, key: id, createdAt: now })]),
    ],
    absent: [
      { kind: 'key', id },
      ...(alias === undefined ? [] : [{ kind: 'alias' as const, id: aliasId(tenant, alias) }]),
    ],
    taken: 'The alias points at another key; choose another or use alias update',
    key: id,
    version: 1,
    detail: { algorithm: key.algorithm, usage: key.usage, origin },
    output: keyView(made, version, alias === undefined ? [] : [alias], now),
  }
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
    newVersion('', 1, work.parts.clock.now(), input)
    await assertOwner(work, input.owner)
    const id = await work.once('id', () => Promise.resolve(newId()))
    // What is refused is refused before anything slow is done.
    placeOf(work, input, id)
    if (input.origin === 'imported') return planKey(work, input, 'imported', id, undefined)
    const material = await work.once(
      'material',
      () => generateMaterial(algorithm),
      (bytes) => bytes.fill(0),
    )
    return planKey(work, input, 'generated', id, material)
  },
}
