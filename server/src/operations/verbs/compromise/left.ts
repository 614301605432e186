import type { CaseStep } from '@claviger/contract'
import { leavesNothingUnder, type CompromiseCase, type Dependent, type RewrapRun } from '#model'
import { runsOf } from '../../left-behind.ts'
import { rowsOfKey } from '../../rows-of-key.ts'
import type { Work } from '../../work.ts'

/** What is left to do in a case, in words for people, and the facts behind it. */

export interface Left {
  readonly runs: readonly RewrapRun[]
  readonly dependents: readonly Dependent[]
  /** What the key is still needed for. */
  readonly rewraps: readonly string[]
  /** Who has not said that the notice was acted on. */
  readonly silent: readonly string[]
  /** Everything that is left but the re-wraps. */
  readonly others: readonly string[]
}

/** Whether a run of the case has left nothing in its place that only the compromised key reads. */
function isThrough(one: CompromiseCase, run: RewrapRun): boolean {
  if (run.outcome !== 'complete' || run.key !== one.key) return false
  if (one.version !== undefined) return leavesNothingUnder(run, one.version)
  return run.startedAt >= one.openedAt && run.into.key !== one.key
}

export async function leftOf(
  work: Work,
  one: CompromiseCase,
  notice: number | undefined,
): Promise<Left> {
  const runs = await runsOf(work, one.key)
  const rows = await rowsOfKey(work, 'dependent', one.key)
  const dependents = rows.map((row) => work.parts.seals.open<Dependent>(row))
  const through = runs.filter((run) => isThrough(one, run))
  const open = runs.filter(({ finishedAt }) => finishedAt === undefined)
  const stores = dependents.filter(({ kind }) => kind === 'store')
  const rewraps = [
    ...open.map(({ source }) => `the re-wrap of ${source} is under way`),
    ...stores
      .filter(({ id }) => !through.some((run) => run.dependent === id))
      .map(({ name }) => `the declared store ${name} was not re-wrapped to its end`),
    ...(stores.length === 0 && through.length === 0 && (await mayProtect(work, one))
      ? ['nobody has said where what it protects is: declare its stores, or re-wrap it']
      : []),
  ]
  const silent = dependents
    .filter(({ acknowledged }) => !acknowledged.some((made) => made.notice === notice))
    .map(({ name }) => `the dependent ${name} has not acknowledged notice ${notice}`)
  const others = [
    ...(one.assessedAt === undefined ? ['its uses were not looked at (compromise assess)'] : []),
    ...(one.revokedAt === undefined ? ['it is not revoked (compromise revoke)'] : []),
    ...silent,
  ]
  return { runs, dependents, rewraps, silent, others }
}

/** What comes next in a case. */
export function nextOf(one: CompromiseCase, { rewraps, silent }: Left): CaseStep {
  if (one.assessedAt === undefined) return 'assess'
  if (one.revokedAt === undefined) {
    if (one.rewrapsAt === undefined) return 'rewrap'
    return rewraps.length > 0 ? 'wait' : 'revoke'
  }
  if (one.destroyAt === undefined) return 'destroy'
  return silent.length > 0 ? 'acknowledge' : 'close'
}

/** Whether there can be ciphertexts of it. */
async function mayProtect(work: Work, one: CompromiseCase): Promise<boolean> {
  const ringKey = await work.parts.ring.load(one.key)
  if (ringKey?.key.usage !== 'encrypt') return false
  const counters = (await work.parts.store.key(one.key))?.counters
  const versions =
    one.version === undefined ? ringKey.versions.map((v) => v.version) : [one.version]
  return versions.some((version) => (counters?.get(version)?.uses ?? 0) > 0)
}
