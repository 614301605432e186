import { operations, type OperationName } from '@claviger/contract'
import type { Target } from '#access'
import { Question } from './question.ts'
import type { Work } from './work.ts'

/** What the caller could do, for operations that say something of others. */

/** Whether the caller could do another operation on a target, for what an operation says of the ones after it. */
export function mayDo(work: Work, operation: OperationName, on: Target): boolean {
  const question = new Question(work, { action: operations[operation].action, other: operation })
  return work.identity.decide(question, on, work.now) !== undefined
}

/** Whether a key policy denies the caller the operation, so that nothing can allow it. */
export function isDenied(work: Work, on: Target): boolean {
  return work.identity.isDenied(new Question(work, { action: work.action }), on)
}
