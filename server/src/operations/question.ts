import type { OperationName } from '@claviger/contract'
import type { Asked, ConditionValues, Target } from '#access'
import type { Purpose } from '#model'
import { conditionValues } from './conditions.ts'
import { contextOf } from './encryption-context.ts'
import { kmsOperation } from './kms-operations.ts'

/** Of an operation under way, or imagined, what policies may ask about. */
export interface Situation {
  readonly name: string
  /** The input, or one item of a batch. */
  readonly subject: Readonly<Record<string, unknown>>
  readonly origin: {
    /** The caller's address. */
    readonly source?: string
    readonly region?: string
    readonly kmsOperation?: string
  }
  /** Milliseconds since 1970. */
  readonly now: number
}

/** What an operation asks of the access rules, worked out only as far as they want to know it. */
export class Question implements Asked {
  readonly action: string
  readonly #situation: Situation
  readonly #purpose: Purpose | undefined
  /** Another operation than the one under way. */
  readonly #other: OperationName | undefined

  constructor(
    situation: Situation,
    action: string,
    purpose: Purpose | undefined,
    other?: OperationName,
  ) {
    this.#situation = situation
    this.action = action
    this.#purpose = purpose
    this.#other = other
  }

  get operation(): string {
    const { origin, name, subject } = this.#situation
    if (this.#other !== undefined) return kmsOperation(this.#other, subject, this.#purpose)
    return origin.kmsOperation ?? kmsOperation(name as OperationName, subject, this.#purpose)
  }

  values(target: Target): ConditionValues {
    return conditionValues(this.#situation, this.#purpose, target)
  }

  get context(): Readonly<Record<string, string>> {
    return contextOf(this.#situation.subject, this.#purpose)
  }
}
