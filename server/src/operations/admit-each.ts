import { refusal } from '#model'
import type { Admitted } from './admitted.ts'
import { hindranceByCase } from './containment.ts'
import type { Work } from './work.ts'

/**
 * The versions of a key that may process for the caller, newest first: for signatures and codes, which do not say which version made
 * them. Only the named one, where one is named.
 *
 * @throws ClavigerError forbidden, not_found, wrong_state where not one of them may.
 */
export function admitEach(work: Work, reference: string, version?: number): readonly Admitted[] {
  if (version !== undefined) return [work.admit(reference, 'process', version)]
  const { ringKey } = work.key(reference, work.action, 'process')
  const { now, action } = work
  const asking = { principal: work.caller.principal, action, now }
  const admitted = ringKey.versions
    .filter(
      (candidate) =>
        refusal(ringKey.key, candidate, 'process', now) === undefined &&
        // The case of a version says nothing of the others.
        hindranceByCase(ringKey, candidate.version, asking) === undefined,
    )
    .map((candidate) => candidate.version)
    .toReversed()
    .map((number) => work.admit(reference, 'process', number))
  return admitted.length > 0 ? admitted : [work.admit(reference, 'process')]
}
