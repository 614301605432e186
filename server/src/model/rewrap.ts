import type { rewrapOutcomes } from '@claviger/contract'

/** One place that is gone through until everything a key protects there is under a newer version or another key. */
export interface RewrapRun {
  readonly id: string
  readonly tenant: string
  readonly key: string
  /** The key's version when the run began: what is protected later may be under it, and was perhaps not seen. */
  readonly sourceVersion: number
  /** What whoever goes through it calls the place. */
  readonly source: string
  /** The declared store that the place is. */
  readonly dependent?: string
  /** Where everything goes: this version of the key, or a later one. */
  readonly into: { readonly key: string; readonly version: number }
  readonly done: number
  readonly already: number
  readonly failed: number
  readonly total?: number
  readonly bytes?: number
  /** Where to go on, in the words of whoever reported it. */
  readonly position?: string
  readonly startedAt: number
  readonly startedBy: string
  readonly reportedAt?: number
  readonly finishedAt?: number
  readonly outcome?: (typeof rewrapOutcomes)[number]
}

/**
 * Whether a run, once complete, has left nothing behind in its place that only the version could read: it took everything to a later
 * version, or to another key when the version protected nothing new any more.
 */
export function leavesNothingUnder(
  run: Pick<RewrapRun, 'key' | 'into' | 'sourceVersion' | 'outcome'>,
  version: number,
): boolean {
  if (run.outcome !== 'complete') return false
  return run.into.key === run.key ? run.into.version > version : run.sourceVersion > version
}
