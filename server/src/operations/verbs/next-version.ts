import type { OutputOf } from '@claviger/contract'
import type { RingKey } from '#keyring'
import { KeyError, isWithoutMaterial, keyRefusal, type Key, type KeyVersion } from '#model'
import { aliasesOf } from '../aliases.ts'
import { assertChanged, datesUnder } from '../lifecycle/govern.ts'
import { keyRow, standing, versionRow } from '../rows.ts'
import type { Plan, PlannedRow } from '../verb.ts'
import { keyView } from '../views.ts'
import type { Work } from '../work.ts'
import type { ImportedMaterial } from './known-material.ts'
import { assertOrder, newVersion } from './new-version.ts'
import { together, withRelated } from './related.ts'

/** How a key gets its next version: made here, or imported; at once, or waiting for a rotation. Related keys get the same. */

interface Dates {
  readonly protectStopAt?: number | undefined
  readonly processStopAt?: number | undefined
}

interface NextVersion {
  readonly material: Uint8Array
  readonly dates: Dates
  readonly rotatedBy: NonNullable<KeyVersion['rotatedBy']>
  readonly imported?: ImportedMaterial
}

/** Only a key in force gets a new version. @throws KeyError wrong_state */
export function assertRotatable(key: Key): void {
  const refused = keyRefusal(key)
  if (refused === undefined) return
  throw new KeyError('wrong_state', `No new version: ${refused.reason}`, {
    key,
    hindrance: refused.hindrance,
  })
}

type Parts = Pick<Plan<unknown>, 'rows' | 'unchanged' | 'removals'>

/** The plan that adds a version, which is used from now on. */
export async function planVersion(
  work: Work,
  ringKey: RingKey,
  next: NextVersion,
): Promise<Plan<OutputOf<'key.get'>>> {
  const now = work.parts.clock.now()
  const members = await withRelated(work, ringKey)
  const parts = []
  for (const member of members) {
    const key = { ...rescheduled(member.key, next.rotatedBy, now), version: member.key.version + 1 }
    const version = {
      ...newVersion(key.id, key.version, now, await datesUnder(work, key, now, next.dates)),
      ...next.imported,
      rotatedBy: next.rotatedBy,
    }
    await assertTakesOver(work, member, key, version)
    const wrapped = work.parts.ring.wrapVersion(key, key.version, next.material)
    parts.push(takingOver(member, key, versionRow(key, version, wrapped)))
  }
  return planOf(work, ringKey, parts)
}

/** The plan that adds a version that waits for a rotation. */
export async function planPendingVersion(
  work: Work,
  ringKey: RingKey,
  material: Uint8Array,
  imported: ImportedMaterial,
): Promise<Plan<OutputOf<'key.get'>>> {
  const now = work.parts.clock.now()
  const members = await withRelated(work, ringKey)
  const parts = members.map((member): Parts => {
    const pending = member.key.version + 1
    const key: Key = { ...member.key, pending }
    const version: KeyVersion = {
      ...newVersion(key.id, pending, now, {}),
      ...imported,
      state: 'pre-activation',
    }
    const wrapped = work.parts.ring.wrapVersion(key, pending, material)
    return { rows: [keyRow(key), versionRow(key, version, wrapped)], unchanged: standing(member) }
  })
  return planOf(work, ringKey, parts)
}

/** The plan that puts the version that waits into use. @throws KeyError wrong_state where there is none */
export async function planTakeover(
  work: Work,
  ringKey: RingKey,
  dates: Dates,
): Promise<Plan<OutputOf<'key.get'>>> {
  const now = work.parts.clock.now()
  assertOrder(now, dates)
  const members = await withRelated(work, ringKey)
  const parts = []
  for (const member of members) {
    const { pending, ...rest } = member.key
    const waiting = pending === undefined ? undefined : member.version(pending)
    if (
      waiting === undefined ||
      waiting.revocation !== undefined ||
      isWithoutMaterial(waiting, now)
    ) {
      throw new KeyError('wrong_state', 'No available key material pending rotation for the key', {
        key: ringKey.key,
      })
    }
    const key: Key = { ...rest, version: waiting.version }
    const version: KeyVersion = {
      ...waiting,
      state: 'active',
      activatedAt: now,
      rotatedBy: 'demand',
      ...(await datesUnder(work, key, now, dates)),
    }
    await assertTakesOver(work, member, key, version)
    const row = versionRow(key, version, member.wrappedMaterial(version.version))
    const taken = takingOver(member, key, row)
    parts.push({
      ...taken,
      unchanged: [...taken.unchanged, ...standing(member, [version.version])],
    })
  }
  return planOf(work, ringKey, parts)
}

/** The key with its next version breaks no policy that it did not break before. @throws PolicyViolated */
function assertTakesOver(work: Work, member: RingKey, key: Key, next: KeyVersion): Promise<void> {
  const others = member.versions.filter(({ version }) => version !== next.version)
  return assertChanged(work, member, { key, versions: [...others, next] })
}

/** A rotation by the calendar begins the count anew. */
function rescheduled(key: Key, rotatedBy: NextVersion['rotatedBy'], now: number): Key {
  if (key.rotation === undefined || rotatedBy !== 'schedule') return key
  return { ...key, rotation: { ...key.rotation, since: now } }
}

/** The version before goes on processing, and no more (SP 800-57 part 1 section 7.4). */
function takingOver(member: RingKey, key: Key, next: PlannedRow) {
  const before = member.current
  const retired: KeyVersion[] =
    before.state === 'active' || before.state === 'pre-activation'
      ? [{ ...before, state: 'deactivated' }]
      : []
  return {
    rows: [
      keyRow(key),
      next,
      ...retired.map((old) => versionRow(key, old, member.wrappedMaterial(old.version))),
    ],
    unchanged: standing(
      member,
      retired.map((old) => old.version),
    ),
  }
}

/** The parts of a key and of those related to it, with what the record and the caller are told of the first. */
async function planOf(
  work: Work,
  ringKey: RingKey,
  parts: readonly Parts[],
): Promise<Plan<OutputOf<'key.get'>>> {
  const values = parts[0]?.rows.map(({ value }) => value) ?? []
  const [key, version] = values as [Key, KeyVersion]
  const current = key.version === version.version ? version : ringKey.current
  return {
    additive: false,
    ...together(parts),
    key: key.id,
    version: version.version,
    output: keyView(key, current, await aliasesOf(work, key.id), work.parts.clock.now()),
  }
}
