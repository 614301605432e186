import type { OperationName } from '@claviger/contract'
import type { Asked, ConditionValues } from '#access'
import type { Purpose } from '#model'
import { conditionValues } from './conditions.ts'
import { contextOf } from './encryption-context.ts'
import { kmsOperation } from './kms-operations.ts'
import type { Work } from './work.ts'

/** What an operation asks of the access rules, worked out only as far as they want to know it. */
export class Question implements Asked {
  readonly action: string
  readonly #work: Work
  readonly #purpose: Purpose | undefined
  /** Another operation than the one under way. */
  readonly #other: OperationName | undefined

  constructor(work: Work, action: string, purpose: Purpose | undefined, other?: OperationName) {
    this.#work = work
    this.action = action
    this.#purpose = purpose
    this.#other = other
  }

  get operation(): string {
    const { origin, name, subject } = this.#work
    if (this.#other !== undefined) return kmsOperation(this.#other, subject, this.#purpose)
    return origin.kmsOperation ?? kmsOperation(name as OperationName, subject, this.#purpose)
  }

  get values(): ConditionValues {
    return conditionValues(this.#work, this.#purpose)
  }

  get context(): Readonly<Record<string, string>> {
    return contextOf(this.#work.subject, this.#purpose)
  }
}
