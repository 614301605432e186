import type { RingKey } from '#keyring'
import { lookedAt, type CompromiseCase } from '#model'
import { standing } from '../../rows.ts'
import { caseRow } from '../../rows/compromise.ts'
import type { Plan } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { own } from '../own.ts'

/**
 * How long after the last re-wrap run the server waits before it goes on, in milliseconds: programs get to the end of what they had read
 * before it was re-wrapped, and decrypt it while it can be.
 */
export const SETTLING_MS = 30_000

/**
 * Adds to a plan that the server looks at the open cases of a key once it is done: they may have waited for just that. The key's row must
 * stand as it was read, since a case is opened by writing it; and the case's, so that a look that saw nothing of this does not count.
 */
export async function wakingCases<Output>(
  work: Work,
  ringKey: RingKey,
  plan: Plan<Output>,
  afterMs = 0,
): Promise<Plan<Output>> {
  const contained = [ringKey.key, ...ringKey.versions].flatMap(({ containment }) =>
    containment === undefined ? [] : [containment.case],
  )
  const cases = await Promise.all(
    [...new Set(contained)].map((id) => own<CompromiseCase>(work, 'compromiseCase', id)),
  )
  const open = cases.filter(({ value }) => value.closedAt === undefined)
  return {
    ...plan,
    rows: [...plan.rows, ...open.map(({ value }) => caseRow(lookedAt(value, work.now + afterMs)))],
    unchanged: [
      ...(plan.unchanged ?? []),
      ...standing(ringKey),
      ...open.map((found) => found.standing),
    ],
  }
}
