import type { CompromiseCase } from './compromise.ts'
import { nextTelling } from './end-dates.ts'
import { hasReplicas, isReplica, type Counters, type Key, type KeyVersion } from './key.ts'
import type { Delivery } from './notice.ts'
import type { Occurrence } from './occurrence.ts'
import { nextRotation } from './rotation.ts'
import type { Approval } from './rules.ts'
import { keyRefusal } from './state.ts'

/** What jobs have to do with keys, cases, approvals and deliveries, and when: written with its rows, so that a job finds it by an index. */

export type DueJob =
  | 'compromise'
  | 'deliveries'
  | 'destruction'
  | 'endDates'
  | 'execution'
  | 'expiry'
  | 'occurrence'
  | 'rotation'

/** Milliseconds since 1970, or as soon as a counter of a version has come so far. */
export interface DueWork {
  readonly job: DueJob
  readonly at?: number
  readonly counters?: Partial<Counters> & { readonly version: number }
}

/** Nothing is due about a key that is suspended or ended: what puts it back into force writes its row, and this with it. */
export function dueOfKey(key: Key, current: KeyVersion): readonly DueWork[] {
  return [...dueDestruction(key), ...dueRotation(key, current)]
}

/** A primary key waits for its replicas. */
function dueDestruction(key: Key): readonly DueWork[] {
  const { destroyAt } = key
  if (destroyAt === undefined || hasReplicas(key)) return []
  return [{ job: 'destruction', at: destroyAt }]
}

/** Related keys are rotated at the times of the primary one; each counts its own uses. */
function dueRotation(key: Key, current: KeyVersion): readonly DueWork[] {
  const { rotation } = key
  if (rotation === undefined || keyRefusal(key) !== undefined) return []
  const at = isReplica(key) ? undefined : nextRotation(key, current)
  // A counter that waits has come as far as it can.
  const { uses, bytes, wraps } = rotation.reached === undefined ? rotation.triggers : {}
  const limits = {
    ...(uses === undefined ? {} : { uses }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(wraps === undefined ? {} : { wraps }),
  }
  const isCounted = Object.keys(limits).length > 0
  if (at === undefined && !isCounted) return []
  return [
    {
      job: 'rotation',
      ...(at === undefined ? {} : { at }),
      ...(isCounted ? { counters: { version: key.version, ...limits } } : {}),
    },
  ]
}

/**
 * Imported material is forgotten at its end, a version that is to be destroyed alone goes when its window has ended, and dependents are
 * told of end dates.
 */
export function dueOfVersion(version: KeyVersion): readonly DueWork[] {
  const { materialExpiresAt, destroyAt } = version
  const tellAt = nextTelling(version)
  return [
    ...(materialExpiresAt === undefined ? [] : [{ job: 'expiry' as const, at: materialExpiresAt }]),
    ...(destroyAt === undefined ? [] : [{ job: 'destruction' as const, at: destroyAt }]),
    ...(tellAt === undefined ? [] : [{ job: 'endDates' as const, at: tellAt }]),
  ]
}

/** The server goes on with an open case once it is to look at it. */
export function dueOfCase({ closedAt, lookAt }: CompromiseCase): readonly DueWork[] {
  if (closedAt !== undefined || lookAt === undefined) return []
  return [{ job: 'compromise', at: lookAt }]
}

/** What waits to be sent is, at its time. */
export function dueOfDelivery({ nextAt }: Delivery): readonly DueWork[] {
  return [{ job: 'deliveries', at: nextAt }]
}

/** What was approved is done at once, where the server is to do it. */
export function dueOfApproval({ state, automatic, decisions }: Approval): readonly DueWork[] {
  if (state !== 'approved' || automatic !== true) return []
  return [{ job: 'execution', at: decisions.at(-1)?.at ?? 0 }]
}

/** What happened is told to the keys from its time on. */
export function dueOfOccurrence({ at }: Pick<Occurrence, 'at'>): readonly DueWork[] {
  return [{ job: 'occurrence', at }]
}
