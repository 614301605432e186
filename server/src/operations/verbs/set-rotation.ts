import { rotationTriggers, type InputOf } from '@claviger/contract'
import { versionId, type RingKey } from '#keyring'
import {
  assertCalendar,
  ClavigerError,
  KeyError,
  keyRefusal,
  shownSince,
  type Key,
  type Rotation,
} from '#model'
import { aliasesOf } from '../aliases.ts'
import { assertChanged } from '../lifecycle/govern.ts'
import { keyRow, standing } from '../rows.ts'
import type { ChangeVerb } from '../verb.ts'
import { keyView } from '../views.ts'
import type { Work } from '../work.ts'
import { aheadRow, freshMaterial, madeAhead, numberAhead, withoutWaiting } from './made-ahead.ts'
import { assertNotReplica, together, withRelated } from './related.ts'

/** What makes the next version of a key by itself. Related keys share it. */

export function notGenerated(key?: Key): ClavigerError {
  const message = 'Only material that is made here is rotated by itself; the key is imported'
  return key === undefined
    ? new ClavigerError('wrong_usage', message)
    : new KeyError('wrong_usage', message, { key })
}

/** @throws KeyError wrong_usage, wrong_state */
export function assertRotatesItself(key: Key): void {
  if (key.origin !== 'generated') throw notGenerated(key)
  const refused = keyRefusal(key)
  if (refused !== undefined) {
    const { hindrance } = refused
    throw new KeyError('wrong_state', `Refused: ${refused.reason}`, { key, hindrance })
  }
  assertNotReplica(key)
}

/** The plan that gives a key, and those related to it, another rotation, or none. A version made ahead comes and goes with it. */
export async function planRotationOf(
  work: Work,
  ringKey: RingKey,
  rotation: Rotation | undefined,
  detail: Readonly<Record<string, string | number>>,
) {
  const publishes = rotation?.publishNext === true
  const isNone = madeAhead(ringKey) === undefined
  const isNew = publishes && isNone
  // What waited and was revoked stays, so that nothing else ever has its number.
  const stays = publishes || isNone
  const ahead = isNew ? numberAhead(ringKey.key) : ringKey.key.pending
  const material = isNew ? await freshMaterial(work, ringKey) : undefined
  const changed = ({ rotation: _before, ...rest }: Key): Key => ({
    ...(stays ? rest : withoutWaiting(rest)),
    ...(rotation === undefined
      ? {}
      : { rotation: isNew ? shownSince(rotation, work.now) : rotation }),
    ...(stays && ahead !== undefined ? { pending: ahead } : {}),
  })
  const members = await withRelated(work, ringKey)
  for (const member of members) {
    const key = changed(member.key)
    const { pending } = member.key
    // What goes is asked nothing: it would look like a version in use that has no dates.
    const versions = member.versions.filter(({ version }) => stays || version !== pending)
    await assertChanged(work, member, { key, versions })
  }
  const parts = members.map((member) => {
    const key = changed(member.key)
    const { pending } = member.key
    const goes = pending !== undefined && !stays
    return {
      rows: [
        keyRow(key, member.current),
        ...(material === undefined || ahead === undefined
          ? []
          : [aheadRow(work, key, ahead, material)]),
      ],
      removals: goes ? [{ kind: 'version' as const, id: versionId(key.id, pending) }] : [],
      unchanged: standing(member, goes ? [pending] : []),
    }
  })
  const { key, current } = ringKey
  return {
    additive: false,
    ...together(parts),
    key: key.id,
    detail,
    output: keyView(changed(key), current, await aliasesOf(work, key.id), work.now),
  }
}

type Input = InputOf<'key.setRotation'>

/** The rotation asked for; undefined for none. @throws ClavigerError invalid_request, wrong_usage */
function rotationOf(
  { key: _key, off, publishNext, prePublishDays: days, ...given }: Input,
  ringKey: RingKey,
  now: number,
) {
  const { key } = ringKey
  const isGiven = Object.values({ ...given, days }).some((trigger) => trigger !== undefined)
  if (off === true) {
    if (!isGiven && publishNext !== true) return undefined
    throw new ClavigerError('invalid_request', 'off: give what rotates the key, or off', {
      field: 'off',
    })
  }
  const parsed = rotationTriggers.safeParse(given)
  if (!parsed.success) {
    const { message = '', path = [] } = parsed.error.issues[0] ?? {}
    const field = String(path[0] ?? 'everyDays')
    throw new ClavigerError('invalid_request', `${field}: ${message}`, { field })
  }
  const triggers = parsed.data
  assertCalendar(triggers, now)
  assertShownFirst(triggers, days)
  const publishes = publishNext === true || days !== undefined
  if (publishes && key.usage !== 'sign') {
    throw new KeyError('wrong_usage', 'Only signature keys have a public key to show ahead', {
      key,
    })
  }
  return {
    triggers,
    since: sinceWhen(triggers, key.rotation, now),
    ...(publishes ? { publishNext: true } : {}),
    ...(days === undefined ? {} : { prePublish: prePublishOf(ringKey, days) }),
    ...(key.rotation?.raised === undefined ? {} : { raised: key.rotation.raised }),
  } satisfies Rotation
}

/** A key is not rotated more often than its public keys are shown for. @throws ClavigerError invalid_request */
function assertShownFirst({ everyDays }: Rotation['triggers'], days = 0): void {
  if (everyDays === undefined || everyDays >= days) return
  throw new ClavigerError(
    'invalid_request',
    'prePublishDays: must not be more than everyDays, since the next public key is made when the current one begins to sign',
    { field: 'prePublishDays' },
  )
}

/** The next public key may be shown for a while already. */
function prePublishOf(ringKey: RingKey, days: number): NonNullable<Rotation['prePublish']> {
  const waiting = madeAhead(ringKey)
  return waiting === undefined ? { days } : { days, since: waiting.createdAt }
}

/** Asked again for the same days and calendar, it goes on counting, so that whoever asks every day does not put it off for ever. */
function sinceWhen(
  triggers: Rotation['triggers'],
  before: Rotation | undefined,
  now: number,
): number {
  const names = ['everyDays', 'calendar', 'timeZone'] as const
  return before !== undefined && names.every((name) => triggers[name] === before.triggers[name])
    ? before.since
    : now
}

/** What the record says: the triggers as they were given. */
function detailOf(rotation: Rotation | undefined): Readonly<Record<string, string | number>> {
  if (rotation === undefined) return { rotation: 'off' }
  const said = {
    ...rotation.triggers,
    ...(rotation.publishNext === true ? { publishNext: 1 } : {}),
    ...(rotation.prePublish === undefined ? {} : { prePublishDays: rotation.prePublish.days }),
  }
  return Object.fromEntries(
    Object.entries(said).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'object' ? value.join(' ') : value]],
    ),
  )
}

export const setRotation: ChangeVerb<'key.setRotation'> = {
  kind: 'change',
  references: (input) => [input.key],
  run(input, work) {
    const { ringKey } = work.key(input.key)
    assertRotatesItself(ringKey.key)
    const rotation = rotationOf(input, ringKey, work.now)
    return planRotationOf(work, ringKey, rotation, detailOf(rotation))
  },
}
