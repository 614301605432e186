import type { RotationTriggers } from '@claviger/contract'
import {
  alarmSeverities,
  type AlarmSeverity,
  type RotationEvent,
} from '@claviger/contract/rotation-names'
import type { Key, KeyVersion } from './key.ts'
import { isInScope, type Scope } from './principal.ts'
import type { Rotation } from './rotation.ts'

/**
 * What happens in a tenant that its keys may be rotated for: somebody leaves, or there is an alarm. It is written with the change that it
 * comes with, and waits as a row of its own until each key that asks for it was told. Pure rules over values.
 */

/** Every alarm there is, and how bad it is. Which event of the ledger it comes with, docs/rotation.md says. */
export const alarms = Object.freeze({
  /** So many failed proofs that a person is locked out for a while. Strangers can cause it. */
  'login.locked': 'low',
  /** Somebody took a right for emergencies. */
  'breakGlass.open': 'high',
  /** A review found that there was no emergency. */
  'breakGlass.unjustified': 'critical',
  /** The material of a key, or of a version, is known to others. */
  'key.compromised': 'critical',
} as const satisfies Record<string, AlarmSeverity>)
export type Alarm = keyof typeof alarms

/** In which ways a right lets somebody see material: that of the key itself, or of data keys under it. */
export type Revealing = 'export' | 'dataKey'

/** Which keys something concerns: those in the scope that can be seen in one of the ways; without ways, all of them. */
export interface Reach {
  readonly scope: Scope
  readonly ways?: readonly Revealing[]
}

/** As it is stored, until every key was told. Dates are milliseconds since 1970. */
export interface Occurrence {
  readonly id: string
  readonly tenant: string
  readonly event: 'member-left' | 'alarm'
  readonly alarm?: Alarm
  readonly at: number
  /** The event of the ledger that it came with. */
  readonly because: string
  /** The principal, group or role it is about. */
  readonly who?: string
  /** Every key of the tenant, where it is absent. */
  readonly reach?: readonly Reach[]
  /** The binding that ends by its date, whose reach is found out then. */
  readonly binding?: string
  /** Keys that have their next version, or another key in their place, by the same change. */
  readonly except?: readonly string[]
  /** Keys up to this one were told. */
  readonly after?: string
}

/** What a key remembers of what it is to be rotated for, until it is. */
export interface Raised {
  readonly event: RotationEvent | 'alarm'
  readonly at: number
  /** For the record of the rotation: the row it came from, the event of the ledger, the alarm, and whom it is about. */
  readonly occurrence?: string
  readonly because?: string
  readonly alarm?: Alarm
  readonly who?: string
}

/** Nothing comes after it: the key has no next version any more. A suspended one may be resumed, and one to be destroyed restored. */
function isOver({ state, revocation, containment }: Key): boolean {
  return (
    revocation !== undefined ||
    containment !== undefined ||
    (state !== 'active' && state !== 'pre-activation' && state !== 'suspended')
  )
}

/** What a key's row is found by, so that only keys are looked at that ask for such a thing at all. */
export function asksForEvents(key: Key): string[] {
  if (key.rotation === undefined || isOver(key)) return []
  const { on = [], alarm } = key.rotation.triggers
  return [...on, ...(alarm === undefined ? [] : ['alarm'])]
}

/** How bad, as a number to compare. */
export function severityRank(severity: AlarmSeverity): number {
  return alarmSeverities.indexOf(severity)
}

function asksFor(triggers: RotationTriggers, { event, alarm }: Occurrence): boolean {
  if (event === 'member-left') return triggers.on?.includes('member-left') === true
  return (
    alarm !== undefined &&
    triggers.alarm !== undefined &&
    severityRank(alarms[alarm]) >= severityRank(triggers.alarm)
  )
}

/** Data keys come from keys that encrypt; the material of a key only leaves where it was made to. */
function isSeenIn(way: Revealing, { exportable, usage }: Key): boolean {
  return way === 'export' ? exportable : usage === 'encrypt'
}

/** Whether a key is in reach. Of a scope by alias `hasName` says so. */
export function isReached(
  key: Key,
  { reach }: Pick<Occurrence, 'reach'>,
  hasName: (pattern: string) => boolean,
): boolean {
  if (reach === undefined) return true
  return reach.some(
    ({ scope, ways }) =>
      (ways === undefined || ways.some((way) => isSeenIn(way, key))) &&
      isInScope(scope, { key: key.id, labels: key.labels }, () =>
        scope.kind === 'alias' ? hasName(scope.pattern) : false,
      ),
  )
}

/** Whether a key is to hear of something, as far as the key alone tells. */
export function isToHear(key: Key, occurrence: Occurrence): boolean {
  const { rotation, id } = key
  return (
    rotation !== undefined &&
    occurrence.except?.includes(id) !== true &&
    !isOver(key) &&
    asksFor(rotation.triggers, occurrence)
  )
}

/** A version that came later serves it already: nobody who left has seen anything of it. */
export function isServed({ activatedAt }: KeyVersion, { at }: Pick<Occurrence, 'at'>): boolean {
  return activatedAt > at
}

/** The key that is to be rotated for it. What it is to be rotated for already is served by the same rotation. */
export function raisedFor(rotation: Rotation, occurrence: Occurrence): Rotation {
  if (rotation.raised !== undefined) return rotation
  const { id, event, at, because, alarm, who } = occurrence
  return {
    ...rotation,
    raised: {
      event,
      at,
      occurrence: id,
      because,
      ...(alarm === undefined ? {} : { alarm }),
      ...(who === undefined ? {} : { who }),
    },
  }
}
