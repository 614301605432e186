import type { OutputOf, RotatedBy } from '@claviger/contract'
import type { RingKey } from '#keyring'
import {
  afterRotation,
  KeyError,
  isWithoutMaterial,
  keyRefusal,
  sameCryptoperiod,
  shownSince,
  type Key,
  type KeyVersion,
} from '#model'
import { aliasesOf } from '../aliases.ts'
import { assertChanged, datesCut, datesUnder } from '../lifecycle/govern.ts'
import { keyRow, standing, versionRow } from '../rows.ts'
import type { Plan } from '../verb.ts'
import { keyView } from '../views.ts'
import type { Work } from '../work.ts'
import type { ImportedMaterial } from './known-material.ts'
import { aheadRow, madeAhead } from './made-ahead.ts'
import { assertOrder, newVersion } from './new-version.ts'
import { together, withRelated } from './related.ts'

/** How a key gets its next version: made here, or imported; at once, or waiting for a rotation. Related keys get the same. */

interface Dates {
  readonly protectStopAt?: number | undefined
  readonly processStopAt?: number | undefined
}

interface NextVersion {
  /** Of the version that is used from now on; where one was made ahead, of the one after it. */
  readonly material: Uint8Array
  /** Of the one to be made ahead, where neither is there yet. */
  readonly after?: Uint8Array | undefined
  /** As they are given; or as long a life as the version before was to have, of each key its own. */
  readonly dates: Dates | 'same'
  readonly rotatedBy: RotatedBy
  readonly imported?: ImportedMaterial
  /** What the record says of its cause. */
  readonly detail?: Readonly<Record<string, string>>
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
  const members = await withRelated(work, ringKey)
  const parts: Parts[] = []
  for (const member of members) parts.push(await nextOf(work, member, next))
  return planOf(work, ringKey, parts, next.detail)
}

/** How one key goes over to its next version: to the one that was made ahead, where there is one. */
async function nextOf(work: Work, member: RingKey, next: NextVersion): Promise<Parts> {
  const { now } = work
  const ahead = madeAhead(member)
  const { pending, ...rest } = rescheduled(member, now)
  // What was made ahead and revoked is passed over: no number is given twice.
  const number = ahead?.version ?? (pending ?? rest.version) + 1
  const material = ahead === undefined ? next.after : next.material
  const publishes = material !== undefined && rest.rotation?.publishNext === true
  const { rotation } = rest
  const key: Key = {
    ...rest,
    version: number,
    ...(rotation === undefined
      ? {}
      : { rotation: shownSince(rotation, publishes ? now : undefined) }),
    ...(publishes ? { pending: number + 1 } : {}),
  }
  const version: KeyVersion = {
    ...newVersion(key.id, number, now, await endsOf(work, member, key, next)),
    ...(ahead === undefined ? {} : { createdAt: ahead.createdAt }),
    ...next.imported,
    rotatedBy: next.rotatedBy,
  }
  await assertTakesOver(work, member, key, version)
  const wrapped =
    ahead === undefined
      ? work.parts.ring.wrapVersion(key, number, next.material)
      : member.wrappedMaterial(number)
  const { rows, unchanged } = takingOver(member, key, version, wrapped)
  const after =
    key.pending === undefined || material === undefined
      ? []
      : [aheadRow(work, key, key.pending, material)]
  return {
    rows: [...rows, ...after],
    unchanged: pending === undefined ? unchanged : [...unchanged, ...standing(member, [pending])],
  }
}

/** Dates that somebody gives must not be too long; those of a version that follows another are cut to what is allowed. */
function endsOf(work: Work, before: RingKey, key: Key, { dates }: NextVersion): Promise<Dates> {
  const { now } = work
  return dates === 'same'
    ? datesCut(work, key, now, sameCryptoperiod(before.current, now))
    : datesUnder(work, key, now, dates)
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
    // What waited before and was revoked is passed over.
    const pending = (member.key.pending ?? member.key.version) + 1
    const key: Key = { ...member.key, pending }
    const version: KeyVersion = {
      ...newVersion(key.id, pending, now, {}),
      ...imported,
      state: 'pre-activation',
    }
    const wrapped = work.parts.ring.wrapVersion(key, pending, material)
    return {
      rows: [keyRow(key, member.current), versionRow(key, version, wrapped)],
      unchanged: standing(member),
    }
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
    const taken = takingOver(member, key, version, member.wrappedMaterial(version.version))
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

function rescheduled({ key, current }: RingKey, now: number): Key {
  if (key.rotation === undefined) return key
  return { ...key, rotation: afterRotation(key.rotation, current, now) }
}

/** The version before goes on processing, and no more (SP 800-57 part 1 section 7.4). */
function takingOver(member: RingKey, key: Key, next: KeyVersion, wrapped: Uint8Array | undefined) {
  const before = member.current
  const retired: KeyVersion[] =
    before.state === 'active' || before.state === 'pre-activation'
      ? [{ ...before, state: 'deactivated' }]
      : []
  return {
    rows: [
      keyRow(key, next),
      versionRow(key, next, wrapped),
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
  detail: Readonly<Record<string, string>> = {},
): Promise<Plan<OutputOf<'key.get'>>> {
  const values = parts[0]?.rows.map(({ value }) => value) ?? []
  const [key, version] = values as [Key, KeyVersion]
  const current = key.version === version.version ? version : ringKey.current
  return {
    additive: false,
    ...together(parts),
    key: key.id,
    version: version.version,
    ...(version.rotatedBy === undefined ? {} : { detail: { cause: version.rotatedBy, ...detail } }),
    output: keyView(key, current, await aliasesOf(work, key.id), work.parts.clock.now()),
  }
}
