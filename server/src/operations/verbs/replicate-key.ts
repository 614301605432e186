import { newId, type RingKey } from '#keyring'
import { ClavigerError, KeyError, keyRefusal, type Key, type KeyVersion } from '#model'
import { keyRow, standing, versionRow } from '../rows.ts'
import type { ChangeVerb, PlannedRow } from '../verb.ts'
import { keyView } from '../views.ts'
import type { Work } from '../work.ts'
import { planChange } from './change-key.ts'
import { together, withRelated } from './next-version.ts'
import { policyOfNewKey } from './policies.ts'

/**
 * Multi-Region keys: related keys in several regions that have one id for ciphertexts and the same material, and each its own policy,
 * grants, names, labels and state.
 */

/** Only the primary key, in force, is copied or gives its place away. @throws KeyError wrong_usage, wrong_state */
function assertPrimary(key: Key): NonNullable<Key['multiRegion']> {
  const { multiRegion, region } = key
  if (multiRegion === undefined || multiRegion.primary !== region)
    throw new KeyError('wrong_usage', 'The key is not a multi-Region primary key', { key })
  const refused = keyRefusal(key)
  if (refused !== undefined) {
    throw new KeyError('wrong_state', `Refused: ${refused.reason}`, {
      key,
      hindrance: refused.hindrance,
    })
  }
  return multiRegion
}

/** The versions of a replica: the same, under its own wrap. Imported material does not travel; the same must be imported there. */
function copied(work: Work, from: RingKey, replica: Key): PlannedRow[] {
  return from.versions.map((version) => {
    const copy: KeyVersion = { ...version, key: replica.id }
    if (from.wrappedMaterial(version.version) === undefined)
      return versionRow(replica, copy, undefined)
    if (replica.origin === 'imported') {
      const { materialExpiresAt: _, ...waiting } = copy
      return versionRow(replica, { ...waiting, awaitsMaterial: true }, undefined)
    }
    const material = from.openMaterial(version.version)
    try {
      const wrapped = work.parts.ring.wrapVersion(replica, version.version, material)
      return versionRow(replica, copy, wrapped)
    } finally {
      material.fill(0)
    }
  })
}

export const replicateKey: ChangeVerb<'key.replicate'> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    const source = ringKey.key
    const multiRegion = assertPrimary(source)
    const labels = input.labels ?? {}
    work.authorize({ labels })
    if (multiRegion.members.some(({ region }) => region === input.region)) {
      throw new ClavigerError(
        'conflict',
        `There is a related key in ${input.region} already; choose another region`,
      )
    }
    const id = await work.once('id', () => Promise.resolve(newId()))
    const now = work.parts.clock.now()
    const members = [...multiRegion.members, { region: input.region, key: id }]
    const place = { id, labels, region: input.region, multiRegion: { ...multiRegion, members } }
    const replica: Key = {
      id,
      tenant: source.tenant,
      algorithm: source.algorithm,
      usage: source.usage,
      state: 'active',
      origin: source.origin,
      protection: source.protection,
      exportable: source.exportable,
      owner: source.owner,
      description: input.description ?? '',
      labels,
      version: source.version,
      createdAt: now,
      ...(source.pending === undefined ? {} : { pending: source.pending }),
      ...(source.rotation === undefined ? {} : { rotation: source.rotation }),
      region: input.region,
      multiRegion: place.multiRegion,
      ...(input.policy === undefined
        ? {}
        : { policy: policyOfNewKey(work, input.policy, { ...source, ...place }, input.bypassPolicyLockoutCheck) }),
    }
    const related = await withRelated(work, ringKey)
    const versions = copied(work, ringKey, replica)
    const all = ringKey.versions.map(({ version }) => version)
    const current = versions[source.version - 1]?.value as KeyVersion
    return {
      additive: false,
      ...together([
        { rows: [keyRow(replica), ...versions], unchanged: standing(ringKey, all) },
        ...related.map((member) => ({
          rows: [keyRow({ ...member.key, multiRegion: place.multiRegion })],
          unchanged: member === ringKey ? [] : standing(member),
        })),
      ]),
      absent: [{ kind: 'key', id }],
      key: source.id,
      subject: id,
      detail: { region: input.region },
      output: keyView(replica, current, [], now),
    }
  },
}

export const setPrimaryKey: ChangeVerb<'key.setPrimary'> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    const multiRegion = assertPrimary(ringKey.key)
    if (!multiRegion.members.some(({ region }) => region === input.region)) {
      throw new ClavigerError(
        'not_found',
        `There is no related key in ${input.region}; replicate the key there first`,
      )
    }
    const moved = { ...multiRegion, primary: input.region }
    const [first, ...others] = await withRelated(work, ringKey)
    const plan = await planChange(work, first ?? ringKey, {
      key: { ...ringKey.key, multiRegion: moved },
      detail: { region: input.region },
    })
    const rest = together(
      others.map((member) => ({
        rows: [keyRow({ ...member.key, multiRegion: moved })],
        unchanged: standing(member),
      })),
    )
    return {
      ...plan,
      rows: [...plan.rows, ...rest.rows],
      unchanged: [...(plan.unchanged ?? []), ...rest.unchanged],
    }
  },
}
