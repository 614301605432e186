import type { CaseStep, OperationName } from '@claviger/contract'
import { ClavigerError, dueOfCase, type CompromiseCase } from '#model'
import { caseRow } from '../../rows/compromise.ts'
import type { InternalVerb, Plan } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { planClosing } from './close.ts'
import { planOrderedDestruction } from './destroy.ts'
import { leftOf, nextOf, waitsFor } from './left.ts'
import { noticesOf } from './notices.ts'
import { planAssessment, planEnd, planRewraps, type Found, type StepPlan } from './steps.ts'
import { admittedCase } from './view.ts'

/**
 * What the server does in a case by itself: the next step, wherever nobody else has to act or to decide. Each step is one change on the
 * condition that the case still stands as it was read, so it is taken once, whoever else takes it and wherever a crash falls.
 */

interface Looked {
  /** Whether a step was taken, so that another may follow. */
  readonly more: boolean
}

interface OwnStep {
  /** The record is one of the step, as if somebody had called it. */
  readonly event: OperationName
  /** What made the step come now. */
  readonly cause: string
  readonly plan: StepPlan
}

async function ownStep(work: Work, found: Found, step: CaseStep): Promise<OwnStep> {
  const { destroyDays } = found.value
  switch (step) {
    case 'assess':
      return {
        event: 'compromise.assess',
        cause: 'opened',
        plan: await planAssessment(work, found),
      }
    case 'rewrap':
      return { event: 'compromise.rewrap', cause: 'stores', plan: await planRewraps(work, found) }
    case 'revoke': {
      const plan = await planEnd(work, found, undefined)
      return { event: 'compromise.revoke', cause: 'rewrapped', plan }
    }
    case 'destroy': {
      if (destroyDays === undefined) break
      const plan = await planOrderedDestruction(work, found, destroyDays)
      return { event: 'compromise.destroy', cause: 'ordered', plan }
    }
    case 'close': {
      const plan = await planClosing(work, found, undefined)
      return { event: 'compromise.close', cause: 'acknowledged', plan }
    }
    case 'wait':
    case 'acknowledge':
    case 'closed':
      break
    default:
      return step satisfies never
  }
  throw new ClavigerError('internal', `The server cannot take the step ${step} by itself`)
}

/** The server looks no more until somebody has done something, and the ledger says what it waits for. */
function planRest(
  { value: { lookAt: _look, ...one }, standing }: Found,
  detail: Readonly<Record<string, string | number>>,
): Plan<Looked> {
  return {
    additive: true,
    rows: [caseRow(one satisfies CompromiseCase)],
    unchanged: [standing],
    key: one.key,
    subject: one.id,
    detail,
    output: { more: false },
  }
}

export const lookAtCase: InternalVerb<{ readonly case: string }, Looked> = {
  kind: 'change',
  references: () => [],
  async run(input, work) {
    const found = await admittedCase(work, input.case)
    const { value: one } = found
    if (!dueOfCase(one).some(({ at = Infinity }) => at <= work.now))
      throw new ClavigerError('wrong_state', 'There is nothing to look at in the case')
    const left = await leftOf(work, one, await noticesOf(work, one))
    const step = nextOf(one, left)
    const turn = waitsFor(step, one, left)
    if (turn !== 'server') {
      const count = step === 'acknowledge' ? left.silent.length : left.rewraps.length
      return planRest(found, { waitsFor: turn, next: step, left: count })
    }
    const { event, cause, plan } = await ownStep(work, found, step)
    return { ...plan, event, detail: { ...plan.detail, cause }, output: { more: true } }
  },
}
