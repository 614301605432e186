import { digestOf } from '#access'
import { canonicalJson, ClavigerError, type CompromiseCase } from '#model'
import { caseRow } from '../../rows/compromise.ts'
import { proven } from '../../statement.ts'
import type { ChangeVerb, ReadVerb } from '../../verb.ts'
import { leftOf, type Left } from './left.ts'
import { assertNothingLeft } from './steps.ts'
import { admittedCase, caseView, noticeOf } from './view.ts'

/** The end of a case: a report of what happened and what was done, whose digest stands in the ledger. */

function iso(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : new Date(milliseconds).toISOString()
}

/** The report, in canonical JSON. */
function reportOf(
  one: CompromiseCase,
  left: Left,
  notice: number | undefined,
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
    opened: { at: iso(one.openedAt), by: one.openedBy, notice },
    containment: { until: iso(one.decryptsUntil), principals: one.principals },
    replacement: one.replacement,
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
    dependents: left.dependents.map(({ id, name, kind, acknowledged }) => ({
      dependent: id,
      name,
      kind,
      acknowledgedAt: iso(acknowledged.find((made) => made.notice === notice)?.at),
    })),
    revoked: { at: iso(one.revokedAt), anyway: one.revokedAnyway },
    destroyAt: iso(one.destroyAt),
    closed: { at: iso(one.closedAt), by: one.closedBy, anyway: one.closedAnyway },
    left: reasons,
  })
}

export const closeCase: ChangeVerb<'compromise.close'> = {
  kind: 'change',
  async run(input, work) {
    const found = await admittedCase(work, input.case)
    const { value: one } = found
    const same = { additive: true, unchanged: [found.standing], key: one.key, subject: one.id }
    if (one.closedAt !== undefined) return { ...same, rows: [], output: await caseView(work, one) }
    const notice = await noticeOf(work, one)
    const left = await leftOf(work, one, notice)
    const reasons = [...left.rewraps, ...left.others]
    assertNothingLeft(reasons, input.anyway)
    const closing: CompromiseCase = {
      ...one,
      closedAt: work.now,
      closedBy: work.caller.principal,
      ...(input.anyway === undefined ? {} : { closedAnyway: input.anyway }),
    }
    const report = reportOf(closing, left, notice, reasons)
    const closed: CompromiseCase = { ...closing, report }
    return {
      ...same,
      rows: [caseRow(closed)],
      detail: {
        report: digestOf(report),
        ...(input.anyway === undefined ? {} : { anyway: input.anyway, left: reasons.length }),
      },
      output: await caseView(work, closed),
    }
  },
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
