import { newId } from '#keyring'
import {
  ClavigerError,
  keysOfCase,
  lookedAt,
  replacementIn,
  type CompromiseCase,
  type RewrapRun,
} from '#model'
import { runsOf, storesOf } from '../../left-behind.ts'
import { caseRow } from '../../rows/compromise.ts'
import { rewrapRow } from '../../rows/rewrap.ts'
import type { ChangeVerb, Plan } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { planRevocation } from '../revoke-key.ts'
import { usesOf } from './assess.ts'
import { isOf, leftOf } from './left.ts'
import { noticesOf } from './notices.ts'
import { admittedCase, caseView, type CaseView } from './view.ts'

/**
 * The steps of a case. Each may be taken again: where it is done, the case is given as it stands. Whoever takes one, the server looks
 * afterwards whether it can go on from there.
 */

export type Found = Awaited<ReturnType<typeof admittedCase>>
export type StepPlan = Plan<CaseView>

/** The case as it stands. Where it is one of a version, the record says so: it tells nothing of the whole key. */
export async function planSame(
  work: Work,
  { value, standing }: Pick<Found, 'value' | 'standing'>,
): Promise<StepPlan> {
  const { version } = value
  return {
    additive: true,
    rows: [],
    unchanged: [standing],
    key: value.key,
    ...(version === undefined ? {} : { version }),
    subject: value.id,
    output: await caseView(work, value),
  }
}

/** The plan that writes what a case becomes. */
export async function planNext(
  work: Work,
  { standing }: Pick<Found, 'standing'>,
  next: CompromiseCase,
): Promise<StepPlan> {
  const one = lookedAt(next, work.now)
  return {
    additive: true,
    rows: [caseRow(one)],
    unchanged: [standing],
    key: one.key,
    subject: one.id,
    output: await caseView(work, one),
  }
}

export async function planAssessment(work: Work, found: Found): Promise<StepPlan> {
  if (found.value.closedAt !== undefined) return planSame(work, found)
  // Looked at anew each time: uses of others than the case's may have come since.
  const { uses, more } = await work.once('uses', () => usesOf(work, found.value))
  const { usesMore: _before, ...one } = found.value
  const next: CompromiseCase = {
    ...one,
    assessedAt: work.now,
    uses,
    ...(more ? { usesMore: true } : {}),
  }
  return { ...(await planNext(work, found, next)), detail: { principals: uses.length } }
}

/** One run for each store that has none in this case. */
async function runsToBegin(
  work: Work,
  { value: one, ringKey }: Found,
  known: readonly RewrapRun[],
): Promise<RewrapRun[]> {
  const begun: RewrapRun[] = []
  for (const key of keysOfCase(one)) {
    const into = replacementIn(one, key)
    for (const { id, name } of await storesOf(work, key)) {
      if (known.some((run) => run.dependent === id && isOf(one, run))) continue
      begun.push({
        id: newId(),
        tenant: one.tenant,
        key,
        // Related keys have their versions in common.
        sourceVersion: ringKey.key.version,
        source: name,
        dependent: id,
        into,
        done: 0,
        already: 0,
        failed: 0,
        startedAt: work.now,
        startedBy: work.caller.principal,
      })
    }
  }
  return begun
}

export async function planRewraps(work: Work, found: Found): Promise<StepPlan> {
  const { value: one } = found
  if (one.closedAt !== undefined || one.revokedAt !== undefined) return planSame(work, found)
  const known: RewrapRun[] = []
  for (const key of keysOfCase(one))
    known.push(...(await runsOf(work, key)).filter((run) => run.startedAt >= one.openedAt))
  const begun = await runsToBegin(work, found, known)
  const next: CompromiseCase = {
    ...one,
    runs: [...new Set([...one.runs, ...[...known, ...begun].map(({ id }) => id)])],
    rewrapsAt: one.rewrapsAt ?? work.now,
  }
  const plan = await planNext(work, found, next)
  return {
    ...plan,
    rows: [...plan.rows, ...begun.map(rewrapRow)],
    detail: { begun: begun.length, runs: next.runs.length },
  }
}

/** What keeps a step from being taken, where nobody orders it anyway. @throws ClavigerError conflict */
export function assertNothingLeft(reasons: readonly string[], anyway: string | undefined): void {
  if (reasons.length === 0 || anyway !== undefined) return
  throw new ClavigerError(
    'conflict',
    `Something is left: ${reasons.join('; ')}. See to it, or say why it is done anyway`,
  )
}

export async function planEnd(
  work: Work,
  found: Found,
  anyway: string | undefined,
): Promise<StepPlan> {
  const { value: one, ringKey } = found
  if (one.revokedAt !== undefined) return planSame(work, found)
  // Nobody is to believe that it is revoked now, or reads so in the ledger.
  if (one.closedAt !== undefined)
    throw new ClavigerError(
      'wrong_state',
      'The case was closed without revoking the key; revoke it with key.revoke, for keyCompromise',
    )
  const { rewraps } = await leftOf(work, one, await noticesOf(work, one))
  assertNothingLeft(rewraps, anyway)
  const { version } = one
  const before = (version === undefined ? ringKey.key : ringKey.version(version)).revocation
  const next: CompromiseCase = {
    ...one,
    revokedAt: before?.revokedAt ?? work.now,
    ...(anyway === undefined ? {} : { revokedAnyway: anyway }),
  }
  const detail = {
    reason: 'keyCompromise',
    compromisedAt: new Date(one.since).toISOString(),
    ...(anyway === undefined ? {} : { anyway, left: rewraps.length }),
  }
  const own = await planNext(work, found, next)
  const revocation = {
    reason: 'keyCompromise',
    revokedAt: work.now,
    compromisedAt: one.since,
  } as const
  const plan = await planRevocation(work, ringKey, { version, revocation, detail })
  return {
    ...plan,
    rows: [...plan.rows, ...own.rows],
    unchanged: [...plan.unchanged, ...(own.unchanged ?? [])],
    subject: one.id,
    output: own.output,
  }
}

export const assessCase: ChangeVerb<'compromise.assess'> = {
  kind: 'change',
  run: async (input, work) => planAssessment(work, await admittedCase(work, input.case)),
}

export const rewrapCase: ChangeVerb<'compromise.rewrap'> = {
  kind: 'change',
  run: async (input, work) => planRewraps(work, await admittedCase(work, input.case)),
}

export const revokeCase: ChangeVerb<'compromise.revoke'> = {
  kind: 'change',
  run: async (input, work) => planEnd(work, await admittedCase(work, input.case), input.anyway),
}
