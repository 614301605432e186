import type { CaseStep, CaseWait } from '@claviger/contract'
import {
  keysOfCase,
  leavesNothingUnder,
  replacementIn,
  type CompromiseCase,
  type Dependent,
  type RewrapRun,
} from '#model'
import { runsOf } from '../../left-behind.ts'
import { rowsOfKey } from '../../rows-of-key.ts'
import type { Work } from '../../work.ts'
import type { Notices } from './notices.ts'

/** What is left to do in a case, in words for people, and the facts behind it. */

export interface Left {
  readonly runs: readonly RewrapRun[]
  readonly dependents: readonly Dependent[]
  /** What the key is still needed for. */
  readonly rewraps: readonly string[]
  /** Whether a declared store has no run in the case yet. */
  readonly isUnbegun: boolean
  /** Whether programs can still bring about that nothing needs it. */
  readonly isInHand: boolean
  /** Who has not said that the notice was acted on. */
  readonly silent: readonly string[]
  /** Everything that is left but the re-wraps. */
  readonly others: readonly string[]
}

/** Whether a run goes to what took the place of its key in the case. */
export function isOf(one: CompromiseCase, { key, into, startedAt }: RewrapRun): boolean {
  return startedAt >= one.openedAt && into.key === replacementIn(one, key).key
}

/** Whether a run of the case has left nothing in its place that only the compromised key reads. */
function isThrough(one: CompromiseCase, run: RewrapRun): boolean {
  if (run.outcome !== 'complete') return false
  if (one.version !== undefined) return leavesNothingUnder(run, one.version)
  return run.startedAt >= one.openedAt && !keysOfCase(one).includes(run.into.key)
}

/** Everything of a kind that belongs to the keys of a case. */
async function ofKeys<Value>(
  one: CompromiseCase,
  read: (key: string) => Promise<readonly Value[]>,
): Promise<readonly Value[]> {
  const found: Value[] = []
  for (const key of keysOfCase(one)) found.push(...(await read(key)))
  return found
}

/** What is declared to depend on a key. */
export async function dependentsOf(work: Work, key: string): Promise<readonly Dependent[]> {
  const rows = await rowsOfKey(work, 'dependent', key)
  return rows.map((row) => work.parts.seals.open<Dependent>(row))
}

export async function leftOf(work: Work, one: CompromiseCase, notices: Notices): Promise<Left> {
  const runs = await ofKeys(one, (key) => runsOf(work, key))
  const dependents = await ofKeys(one, (key) => dependentsOf(work, key))
  const through = runs.filter((run) => isThrough(one, run))
  const stores = dependents.filter(({ kind }) => kind === 'store')
  const begun = runs.filter((run) => isOf(one, run))
  const underWay = [
    ...runs
      .filter(({ finishedAt }) => finishedAt === undefined)
      .map(({ source }) => `the re-wrap of ${source} is under way`),
    ...stores
      .filter(({ id }) => !through.some((run) => run.dependent === id))
      .map(({ name }) => `the declared store ${name} was not re-wrapped to its end`),
  ]
  const unknown =
    stores.length === 0 && through.length === 0 && (await mayProtect(work, one))
      ? ['nobody has said where what it protects is: declare its stores, or re-wrap it']
      : []
  const rewraps = [...underWay, ...unknown]
  const isOver = rewraps.length > 0 && work.now >= one.decryptsUntil
  const silent = dependents
    .filter(
      ({ key, acknowledged }) => !acknowledged.some((made) => made.notice === notices.get(key)),
    )
    .map(({ key, name }) => `the dependent ${name} has not acknowledged notice ${notices.get(key)}`)
  const others = [
    ...(one.assessedAt === undefined ? ['its uses were not looked at (compromise assess)'] : []),
    ...(one.revokedAt === undefined ? ['it is not revoked (compromise revoke)'] : []),
    ...(one.destroyDays !== undefined && one.destroyAt === undefined
      ? ['its destruction is ordered, and not scheduled yet (compromise destroy)']
      : []),
    ...silent,
  ]
  return {
    runs,
    dependents,
    rewraps: isOver
      ? [...rewraps, 'it decrypts for nobody any more, so that nothing can be re-wrapped']
      : rewraps,
    isUnbegun: stores.some(({ id }) => !begun.some((run) => run.dependent === id)),
    isInHand: underWay.length > 0 && !isOver,
    silent,
    others,
  }
}

/** What comes next in a case. */
export function nextOf(one: CompromiseCase, { rewraps, silent, isUnbegun }: Left): CaseStep {
  if (one.closedAt !== undefined) return 'closed'
  if (one.assessedAt === undefined) return 'assess'
  if (one.revokedAt === undefined) {
    if (one.rewrapsAt === undefined || isUnbegun) return 'rewrap'
    return rewraps.length > 0 ? 'wait' : 'revoke'
  }
  if (one.destroyAt === undefined) return 'destroy'
  return silent.length > 0 ? 'acknowledge' : 'close'
}

/** Who is to do it: the server goes on by itself wherever nobody else has to act or decide. */
export function waitsFor(step: CaseStep, one: CompromiseCase, { isInHand }: Left): CaseWait {
  switch (step) {
    case 'assess':
    case 'rewrap':
    case 'revoke':
    case 'close':
      return 'server'
    case 'wait':
      return isInHand ? 'stores' : 'order'
    case 'destroy':
      return one.destroyDays === undefined ? 'order' : 'server'
    case 'acknowledge':
      return 'dependents'
    case 'closed':
      return 'nobody'
    default:
      return step satisfies never
  }
}

/** Whether there can be ciphertexts of it. */
async function mayProtect(work: Work, one: CompromiseCase): Promise<boolean> {
  for (const key of keysOfCase(one)) {
    const ringKey = await work.parts.ring.load(key)
    if (ringKey?.key.usage !== 'encrypt') continue
    const counters = (await work.parts.store.key(key))?.counters
    const versions =
      one.version === undefined ? ringKey.versions.map((each) => each.version) : [one.version]
    if (versions.some((version) => (counters?.get(version)?.uses ?? 0) > 0)) return true
  }
  return false
}
