import { newId, type RingKey } from '#keyring'
import {
  ClavigerError,
  isWithoutMaterial,
  KeyError,
  keyRefusal,
  type Key,
  type KeyVersion,
} from '#model'
import { assertMade } from '../lifecycle/govern.ts'
import { keyRow, standing, versionRow } from '../rows.ts'
import { target } from '../target.ts'
import { holds } from '../until-recorded.ts'
import type { ChangeVerb } from '../verb.ts'
import { keyView } from '../views.ts'
import type { Work } from '../work.ts'
import { planChange } from './change-key.ts'
import { fingerprintOf } from './known-material.ts'
import { policyOfNewKey } from './policies.ts'
import { familyOf, planMembers, together } from './related.ts'

/**
 * Multi-Region keys: related keys in several regions that have one id for ciphertexts and the same material, and each its own policy,
 * grants, names, labels and state.
 */

/** Related keys, each of which is written whenever one of them changes for all. */
const MEMBERS_MAX = 100

/** A key in force, with material: only such a one is copied, gives its place away or takes it. @throws KeyError wrong_state */
function assertReady({ key, current }: RingKey, now: number): void {
  const refused =
    keyRefusal(key) ??
    (isWithoutMaterial(current, now)
      ? ({
          hindrance: 'awaiting-material',
          reason: 'the material of the key is to be imported first',
        } as const)
      : undefined)
  if (refused === undefined) return
  throw new KeyError('wrong_state', `Refused: ${refused.reason}`, {
    key,
    hindrance: refused.hindrance,
  })
}

/** How a primary key is related to others. @throws KeyError wrong_usage, wrong_state */
function primaryOf(ringKey: RingKey, work: Work): NonNullable<Key['multiRegion']> {
  const { multiRegion, region } = ringKey.key
  if (multiRegion === undefined || multiRegion.primary !== region) {
    throw new KeyError('wrong_usage', 'The key is not a multi-Region primary key', {
      key: ringKey.key,
    })
  }
  assertReady(ringKey, work.now)
  return multiRegion
}

interface Copy {
  readonly version: KeyVersion
  readonly wrapped: Uint8Array | undefined
}

/**
 * The versions of a replica: the same, under its own wrap. Imported material does not travel; the same must be imported there. Of a
 * version that is destroyed there is its record.
 */
function copied(work: Work, from: RingKey, replica: Key): readonly Copy[] {
  return from.versions.map((original): Copy => {
    const number = original.version
    const version: KeyVersion = { ...original, key: replica.id }
    if (version.destroyedAt !== undefined) return { version, wrapped: undefined }
    if (replica.origin === 'imported') {
      const { materialExpiresAt: _end, ...rest } = version
      const fingerprint = fingerprintOf(work, from, original)
      const known = fingerprint === undefined ? {} : { fingerprint }
      return { version: { ...rest, awaitsMaterial: true, ...known }, wrapped: undefined }
    }
    const material = from.openMaterial(number)
    try {
      return { version, wrapped: work.parts.ring.wrapVersion(replica, number, material) }
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
    const multiRegion = primaryOf(ringKey, work)
    const labels = input.labels ?? {}
    // Whoever may copy this key need not be allowed to make keys.
    work.authorize({ labels }, 'key.create')
    if (multiRegion.members.some(({ region }) => region === input.region)) {
      throw new ClavigerError(
        'conflict',
        `There is a related key in ${input.region} already; choose another region`,
      )
    }
    if (multiRegion.members.length >= MEMBERS_MAX) {
      throw new ClavigerError('conflict', `A key has at most ${MEMBERS_MAX} related keys`)
    }
    const id = await work.once('id', () => Promise.resolve(newId()))
    const { region } = input
    const family = { ...multiRegion, members: [...multiRegion.members, { region, key: id }] }
    const { policy: _policy, ...shared } = source
    const bare: Key = {
      ...shared,
      id,
      state: 'active',
      description: input.description ?? '',
      labels,
      createdAt: work.now,
      region,
      multiRegion: family,
    }
    const replica: Key =
      input.policy === undefined
        ? bare
        : {
            ...bare,
            policy: policyOfNewKey(work, input.policy, bare, input.bypassPolicyLockoutCheck),
          }
    const { keys, origin } = await familyOf(work, ringKey)
    const copies = copied(work, ringKey, replica)
    const current = copies[source.version - 1]?.version ?? ringKey.current
    await assertMade(work, { key: replica, versions: copies.map(({ version }) => version) })
    const rows = [
      keyRow(replica, current),
      ...copies.map(({ version, wrapped }) => versionRow(replica, version, wrapped)),
    ]
    const all = ringKey.versions.map(({ version }) => version)
    return {
      additive: false,
      ...together([
        { rows, unchanged: standing(ringKey, all) },
        planMembers([...keys, origin], family),
      ]),
      absent: [{ kind: 'key', id }],
      key: source.id,
      subject: id,
      detail: { region },
      output: keyView(replica, current, [], work.now),
    }
  },
}

/** The related key in a region, which the caller must be allowed to make the primary one, too. */
async function nextPrimary(work: Work, keys: readonly RingKey[], region: string): Promise<RingKey> {
  const next = keys.find(({ key }) => key.region === region)
  if (next === undefined) {
    throw new ClavigerError(
      'not_found',
      `There is no related key in ${region}; replicate the key there first`,
    )
  }
  await holds(work, async () => {
    // As it stands each time; policies and bindings may ask for its names.
    const ringKey = await work.parts.ring.load(next.key.id)
    await work.seeAliases(next.key.id)
    const on = ringKey && target(ringKey, work.caller, work.origin)
    const grant = on && work.may(on)
    if (on === undefined || grant === undefined)
      throw new ClavigerError('forbidden', 'The principal may not do this to the related key')
    work.assertMet(work.action, on, grant)
  })
  assertReady(next, work.now)
  return next
}

export const setPrimaryKey: ChangeVerb<'key.setPrimary'> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    const multiRegion = primaryOf(ringKey, work)
    const { keys, origin } = await familyOf(work, ringKey)
    const next = await nextPrimary(work, keys, input.region)
    if (next === ringKey) {
      throw new ClavigerError('conflict', `The key in ${input.region} is the primary one already`)
    }
    const moved = { ...multiRegion, primary: input.region }
    const plan = await planChange(work, ringKey, {
      key: { ...ringKey.key, multiRegion: moved },
      detail: { region: input.region },
    })
    // What happened was told to the primary key alone, and now it is another that is to be rotated for it.
    const { rotation } = ringKey.key
    const others = together([
      planMembers(keys.slice(1), moved, (key) =>
        rotation === undefined ? key : { ...key, rotation },
      ),
      planMembers([origin], moved),
    ])
    return { ...plan, ...together([plan, others]) }
  },
}
