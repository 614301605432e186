import { operations, type OperationName } from '@claviger/contract'
import type { Grant, Target } from '#access'
import { Question } from './question.ts'
import type { Work } from './work.ts'

/** What the caller could do, for operations that say something of others. */

/** What would let the caller do another operation on a target. */
export function grantFor(work: Work, operation: OperationName, on: Target): Grant | undefined {
  const question = new Question(work, { action: operations[operation].action, other: operation })
  return work.identity.decide(question, on, work.now)
}

/** Whether the caller could do another operation on a target, for what an operation says of the ones after it. */
export function mayDo(work: Work, operation: OperationName, on: Target): boolean {
  return grantFor(work, operation, on) !== undefined
}

/** Whether a key policy denies the caller the operation, so that nothing can allow it. */
export function isDenied(work: Work, on: Target): boolean {
  return work.identity.isDenied(new Question(work, { action: work.action }), on)
}
