import { digestOf } from '#access'
import { canonicalJson, ClavigerError, type CompromiseCase } from '#model'
import { caseRow } from '../../rows/compromise.ts'
import { proven } from '../../statement.ts'
import type { ChangeVerb, ReadVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { leftOf, type Left } from './left.ts'
import { noticesOf, type Notices } from './notices.ts'
import { assertNothingLeft, planSame, type Found, type StepPlan } from './steps.ts'
import { admittedCase, caseView } from './view.ts'

/** The end of a case: a report of what happened and what was done, whose digest stands in the ledger. */

function iso(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : new Date(milliseconds).toISOString()
}

/** The report, in canonical JSON. */
function reportOf(
  one: CompromiseCase,
  left: Left,
  notices: Notices,
  reasons: readonly string[],
): string {
  return canonicalJson({
    format: 'claviger/compromise-report/1',
    case: one.id,
    tenant: one.tenant,
    key: one.key,
    version: one.version,
    reason: one.reason,
    since: iso(one.since),
    opened: { at: iso(one.openedAt), by: one.openedBy, notice: notices.get(one.key) },
    containment: { until: iso(one.decryptsUntil), principals: one.principals },
    replacement: one.replacement,
    related: one.related?.map((each) => ({ ...each, notice: notices.get(each.key) })),
    aliases: one.aliases,
    assessedAt: iso(one.assessedAt),
    uses: one.uses.map((use) => ({ ...use, first: iso(use.first), last: iso(use.last) })),
    usesMore: one.usesMore,
    rewraps: left.runs
      .filter((run) => run.startedAt >= one.openedAt)
      .map(({ id, source, dependent, into, done, already, failed, outcome, ...run }) => ({
        run: id,
        source,
        dependent,
        into,
        done,
        already,
        failed,
        outcome,
        startedAt: iso(run.startedAt),
        finishedAt: iso(run.finishedAt),
      })),
    dependents: left.dependents.map(({ id, key, name, kind, acknowledged }) => ({
      dependent: id,
      name,
      kind,
      acknowledgedAt: iso(acknowledged.find((made) => made.notice === notices.get(key))?.at),
    })),
    revoked: { at: iso(one.revokedAt), anyway: one.revokedAnyway },
    destroyDays: one.destroyDays,
    destroyAt: iso(one.destroyAt),
    closed: { at: iso(one.closedAt), by: one.closedBy, anyway: one.closedAnyway },
    left: reasons,
  })
}

export async function planClosing(
  work: Work,
  found: Found,
  anyway: string | undefined,
): Promise<StepPlan> {
  const { value: one, standing } = found
  if (one.closedAt !== undefined) return planSame(work, found)
  const notices = await noticesOf(work, one)
  const left = await leftOf(work, one, notices)
  const reasons = [...left.rewraps, ...left.others]
  // Once it is revoked, what was not re-wrapped was given up by somebody's order, and the report says so.
  assertNothingLeft(one.revokedAt === undefined ? reasons : left.others, anyway)
  const { lookAt: _, ...rest } = one
  const closing: CompromiseCase = {
    ...rest,
    closedAt: work.now,
    closedBy: work.caller.principal,
    ...(anyway === undefined ? {} : { closedAnyway: anyway }),
  }
  const report = reportOf(closing, left, notices, reasons)
  const closed: CompromiseCase = { ...closing, report }
  return {
    additive: true,
    rows: [caseRow(closed)],
    unchanged: [standing],
    key: one.key,
    subject: one.id,
    detail: {
      report: digestOf(report),
      ...(anyway === undefined ? {} : { anyway, left: reasons.length }),
    },
    output: await caseView(work, closed),
  }
}

export const closeCase: ChangeVerb<'compromise.close'> = {
  kind: 'change',
  run: async (input, work) => planClosing(work, await admittedCase(work, input.case), input.anyway),
}

export const caseReport: ReadVerb<'compromise.report'> = {
  kind: 'read',
  async run(input, work) {
    const { value: one } = await admittedCase(work, input.case)
    const { report } = one
    if (report === undefined)
      throw new ClavigerError(
        'wrong_state',
        'The case is open; its report is there once it is closed',
      )
    const wanted = { event: 'compromise.close', key: one.key, member: 'report' }
    return proven(work, report, { ...wanted, digest: digestOf(report) })
  },
}
