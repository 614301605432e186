import type { RingKey } from '#keyring'
import { ClavigerError, DAY_MS, keysOfCase, type CompromiseCase } from '#model'
import { assertWindow, windowUnder } from '../../lifecycle/govern.ts'
import type { ChangeVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { planChange } from '../change-key.ts'
import { planVersions } from '../destroy-version.ts'
import { isGone, together, withRelated } from '../related.ts'
import { planNext, planSame, type Found, type StepPlan } from './steps.ts'
import { admittedCase } from './view.ts'

/** The step of a case that schedules the destruction of what is revoked. */

/** The keys of a case that have material still, on their way to the end of their window; one that is on its way goes when it was to. */
async function planKeys(work: Work, ringKey: RingKey, destroyAt: number) {
  const members = (await withRelated(work, ringKey)).filter((member) => !isGone(member))
  const plans = await Promise.all(
    members.map((member) => {
      // Those that stand go together; none waits longer for the others.
      const { destroyDays: _days, ...key } = member.key
      return planChange(work, member, { key: { ...key, destroyAt: key.destroyAt ?? destroyAt } })
    }),
  )
  return together(plans)
}

/** The same of the one version of a case. */
async function planVersion(work: Work, ringKey: RingKey, number: number, destroyAt: number) {
  // The key of the case may be destroyed, and others that have the version in common with it not.
  const members = await withRelated(work, ringKey)
  const left = members.find((member) => member.version(number).destroyedAt === undefined)
  if (left === undefined) return together([])
  return together([
    await planVersions(work, left, number, {
      change: (each) => ({ ...each, destroyAt: each.destroyAt ?? destroyAt }),
      keepsMaterial: true,
    }),
  ])
}

/** @throws ClavigerError wrong_state */
export async function planDestruction(work: Work, found: Found, days: number): Promise<StepPlan> {
  const { value: one, ringKey } = found
  if (one.destroyAt !== undefined) return planSame(work, found)
  if (one.revokedAt === undefined)
    throw new ClavigerError('wrong_state', 'The key is not revoked yet; do compromise.revoke first')
  const wanted = work.now + days * DAY_MS
  const { version } = one
  const { rows, unchanged, removals } =
    version === undefined
      ? await planKeys(work, ringKey, wanted)
      : await planVersion(work, ringKey, version, wanted)
  // Where everything is gone already, it went before now.
  const ends = rows.map(({ value }) => (value as { readonly destroyAt?: number }).destroyAt ?? 0)
  const next: CompromiseCase = { ...one, destroyAt: Math.max(work.now, ...ends) }
  const own = await planNext(work, found, next)
  return {
    additive: false,
    rows: [...rows, ...own.rows],
    removals,
    unchanged: [...unchanged, ...(own.unchanged ?? [])],
    key: one.key,
    alsoOf: keysOfCase(one).slice(1),
    ...(version === undefined ? {} : { version }),
    subject: one.id,
    detail: { days },
    output: own.output,
  }
}

export const destroyCase: ChangeVerb<'compromise.destroy'> = {
  kind: 'change',
  async run(input, work) {
    const found = await admittedCase(work, input.case)
    // A window that was begun stays what it was, whatever is asked by now.
    if (found.value.destroyAt !== undefined) return planSame(work, found)
    // The step that the server was ordered to take may be taken sooner, and is then what the server would have done.
    if (found.value.destroyDays === input.days)
      return planOrderedDestruction(work, found, input.days)
    for (const { key } of await withRelated(work, found.ringKey))
      await assertWindow(work, key, input.days)
    return planDestruction(work, found, input.days)
  },
}

/** As it was ordered when the case was opened; a policy that asks for a longer window gets it, and holds up nothing. */
export async function planOrderedDestruction(
  work: Work,
  found: Found,
  ordered: number,
): Promise<StepPlan> {
  let days = ordered
  for (const { key } of await withRelated(work, found.ringKey))
    days = await windowUnder(work, key, days)
  return planDestruction(work, found, days)
}
