import { DAY_MS } from './durations.ts'
import type { KeyVersion } from './key.ts'

/**
 * The end of a version by its own dates, as dependents are told of it: some time before, and when it has come. Pure rules over dates,
 * which are milliseconds since 1970.
 */

/** How long before an end it is told. */
const AHEAD_MS = 30 * DAY_MS

export type EndDate = 'protectStop' | 'processStop'

/** What is told about an end, and when. */
export interface Telling {
  readonly at: number
  readonly what: 'ending' | EndDate
  readonly end: EndDate
  readonly endsAt: number
}

/** The ends that dependents would notice: a version that was replaced protects no more anyway, and one that was revoked does nothing. */
function endsOf(version: KeyVersion): readonly (readonly [EndDate, number])[] {
  const { state, protectStopAt, processStopAt, revocation, destroyedAt } = version
  const protects = state === 'active' || state === 'pre-activation'
  if (revocation !== undefined || destroyedAt !== undefined) return []
  if (!protects && state !== 'deactivated') return []
  const ends: [EndDate, number][] = []
  if (protects && protectStopAt !== undefined && protectStopAt !== processStopAt)
    ends.push(['protectStop', protectStopAt])
  if (processStopAt !== undefined) ends.push(['processStop', processStopAt])
  return ends
}

/**
 * Everything there is to tell of a version, in order, and no two at the same moment, so that a moment says what was told. A warning comes
 * before half of the time is over at the earliest, so that a version which lives shorter is not announced to end when it begins.
 */
function tellings(version: KeyVersion): readonly Telling[] {
  const { activatedAt } = version
  const all = endsOf(version).flatMap(([end, endsAt]): Telling[] => {
    const half = activatedAt + Math.ceil((endsAt - activatedAt) / 2)
    return [
      { at: Math.max(endsAt - AHEAD_MS, half), what: 'ending', end, endsAt },
      { at: endsAt, what: end, end, endsAt },
    ]
  })
  // What has come stands before what is only near.
  const isWarning = ({ what }: Telling) => (what === 'ending' ? 1 : 0)
  const sorted = all.toSorted((a, b) => a.at - b.at || isWarning(a) - isWarning(b))
  let last = -Infinity
  return sorted.map((telling) => {
    last = Math.max(telling.at, last + 1)
    return { ...telling, at: last }
  })
}

/** When something is to be told of a version next; undefined where there is nothing any more. */
export function nextTelling(version: KeyVersion): number | undefined {
  const { toldUntil = -Infinity } = version
  return tellings(version).find(({ at }) => at > toldUntil)?.at
}

/** What is to be told of a version now: each end once it has come, and a warning only while it is one. */
export function tellingDue(version: KeyVersion, now: number): Telling | undefined {
  const { toldUntil = -Infinity } = version
  return tellings(version).find(
    ({ at, what, endsAt }) => at > toldUntil && at <= now && (what !== 'ending' || now < endsAt),
  )
}
