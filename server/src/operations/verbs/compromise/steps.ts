import { newId } from '#keyring'
import { ClavigerError, type CompromiseCase, type RewrapRun } from '#model'
import { runsOf, storesOf } from '../../left-behind.ts'
import { assertWindow } from '../../lifecycle/govern.ts'
import { caseRow } from '../../rows/compromise.ts'
import { rewrapRow } from '../../rows/rewrap.ts'
import type { ChangeVerb, Plan } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { planChange } from '../change-key.ts'
import { planVersions } from '../destroy-version.ts'
import { planRevocation } from '../revoke-key.ts'
import { usesOf } from './assess.ts'
import { leftOf } from './left.ts'
import { admittedCase, caseView, noticeOf, type CaseView } from './view.ts'

/** The steps of a case. Each may be taken again: where it is done, the case is given as it stands. */

type Found = Awaited<ReturnType<typeof admittedCase>>

const DAY_MS = 86_400_000

/** The case as it stands. */
async function planSame(work: Work, { value, standing }: Found): Promise<Plan<CaseView>> {
  return {
    additive: true,
    rows: [],
    unchanged: [standing],
    key: value.key,
    subject: value.id,
    output: await caseView(work, value),
  }
}

/** The plan that writes what a case becomes. */
async function planNext(
  work: Work,
  { standing }: Found,
  next: CompromiseCase,
): Promise<Plan<CaseView>> {
  return {
    additive: true,
    rows: [caseRow(next)],
    unchanged: [standing],
    key: next.key,
    subject: next.id,
    output: await caseView(work, next),
  }
}

export const assessCase: ChangeVerb<'compromise.assess'> = {
  kind: 'change',
  async run(input, work) {
    const found = await admittedCase(work, input.case)
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
  },
}

/** One run for each store that has none in this case. */
function runsToBegin(
  work: Work,
  { value: one, ringKey }: Found,
  stores: Awaited<ReturnType<typeof storesOf>>,
  known: readonly RewrapRun[],
): RewrapRun[] {
  const { replacement: into } = one
  return stores
    .filter(({ id }) => !known.some((run) => run.dependent === id && run.into.key === into.key))
    .map(({ id, name }) => ({
      id: newId(),
      tenant: one.tenant,
      key: one.key,
      sourceVersion: ringKey.key.version,
      source: name,
      dependent: id,
      into,
      done: 0,
      already: 0,
      failed: 0,
      startedAt: work.now,
      startedBy: work.caller.principal,
    }))
}

export const rewrapCase: ChangeVerb<'compromise.rewrap'> = {
  kind: 'change',
  async run(input, work) {
    const found = await admittedCase(work, input.case)
    const { value: one } = found
    if (one.closedAt !== undefined || one.revokedAt !== undefined) return planSame(work, found)
    const known = (await runsOf(work, one.key)).filter((run) => run.startedAt >= one.openedAt)
    const begun = runsToBegin(work, found, await storesOf(work, one.key), known)
    const next: CompromiseCase = {
      ...one,
      runs: [...new Set([...one.runs, ...known.map(({ id }) => id), ...begun.map(({ id }) => id)])],
      rewrapsAt: one.rewrapsAt ?? work.now,
    }
    const plan = await planNext(work, found, next)
    return {
      ...plan,
      rows: [...plan.rows, ...begun.map(rewrapRow)],
      detail: { begun: begun.length, runs: next.runs.length },
    }
  },
}

/** What keeps a step from being taken, where nobody orders it anyway. @throws ClavigerError conflict */
export function assertNothingLeft(reasons: readonly string[], anyway: string | undefined): void {
  if (reasons.length === 0 || anyway !== undefined) return
  throw new ClavigerError(
    'conflict',
    `Something is left: ${reasons.join('; ')}. See to it, or say why it is done anyway`,
  )
}

export const revokeCase: ChangeVerb<'compromise.revoke'> = {
  kind: 'change',
  async run(input, work) {
    const found = await admittedCase(work, input.case)
    const { value: one, ringKey } = found
    if (one.closedAt !== undefined || one.revokedAt !== undefined) return planSame(work, found)
    const { rewraps } = await leftOf(work, one, await noticeOf(work, one))
    assertNothingLeft(rewraps, input.anyway)
    const now = work.now
    const { version } = one
    const before =
      version === undefined ? ringKey.key.revocation : ringKey.version(version).revocation
    const next: CompromiseCase = {
      ...one,
      revokedAt: before?.revokedAt ?? now,
      ...(input.anyway === undefined ? {} : { revokedAnyway: input.anyway }),
    }
    const detail = {
      reason: 'keyCompromise',
      compromisedAt: new Date(one.since).toISOString(),
      ...(input.anyway === undefined ? {} : { anyway: input.anyway, left: rewraps.length }),
    }
    const own = await planNext(work, found, next)
    const revocation = {
      reason: 'keyCompromise',
      revokedAt: now,
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
  },
}

export const destroyCase: ChangeVerb<'compromise.destroy'> = {
  kind: 'change',
  async run(input, work) {
    const found = await admittedCase(work, input.case)
    const { value: one, ringKey } = found
    if (one.destroyAt !== undefined) return planSame(work, found)
    if (one.revokedAt === undefined)
      throw new ClavigerError(
        'wrong_state',
        'The key is not revoked yet; do compromise.revoke first',
      )
    await assertWindow(work, ringKey.key, input.days)
    const { version } = one
    const scheduled =
      version === undefined ? ringKey.key.destroyAt : ringKey.version(version).destroyAt
    const destroyAt = scheduled ?? work.now + input.days * DAY_MS
    const plan =
      version === undefined
        ? await planChange(work, ringKey, { key: { ...ringKey.key, destroyAt } })
        : await planVersions(work, ringKey, version, {
            change: (each) => ({ ...each, destroyAt }),
            keepsMaterial: true,
          })
    const own = await planNext(work, found, { ...one, destroyAt })
    return {
      ...plan,
      rows: [...plan.rows, ...own.rows],
      unchanged: [...(plan.unchanged ?? []), ...(own.unchanged ?? [])],
      subject: one.id,
      detail: { days: input.days },
      output: own.output,
    }
  },
}
