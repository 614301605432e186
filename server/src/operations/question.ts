import type { OperationName } from '@claviger/contract'
import type { Asked, ConditionValues, Target } from '#access'
import type { RingKey } from '#keyring'
import type { Purpose } from '#model'
import { conditionValues } from './conditions.ts'
import { contextOf } from './encryption-context.ts'
import { kmsOperation } from './kms-operations.ts'
import type { Origin, Subject } from './parts.ts'

/** Of an operation under way, or imagined, what policies may ask about. */
export interface Situation {
  readonly name: string
  /** The input, or one item of a batch. */
  readonly subject: Subject
  readonly origin: Partial<Pick<Origin, 'source' | 'door' | 'region' | 'kmsOperation' | 'secure'>>
  /** Milliseconds since 1970. */
  readonly now: number
  /** The length of the message where there is none, since it is imagined. */
  readonly bytes?: number | undefined
  readonly caller: { readonly account: string }
  /** A key by the reference it was looked up by. */
  found(reference: string): RingKey | undefined
  /** The names of a key whose policy asks for them. */
  aliasesOf(key: string): readonly string[] | undefined
}

/** One action in a situation. */
export interface Aspect {
  readonly action: string
  readonly purpose?: Purpose | undefined
  /** Another operation than the one under way. */
  readonly other?: OperationName | undefined
  /** What the key was named by. */
  readonly reference?: string | undefined
}

/** What an operation asks of the access rules, worked out only as far as they want to know it. */
export class Question implements Asked {
  readonly #situation: Situation
  readonly #aspect: Aspect

  constructor(situation: Situation, aspect: Aspect) {
    this.#situation = situation
    this.#aspect = aspect
  }

  get action(): string {
    return this.#aspect.action
  }

  get operation(): string {
    const { origin, name, subject } = this.#situation
    const { other, purpose } = this.#aspect
    if (other !== undefined) return kmsOperation(other, subject, purpose)
    // Re-encryption is two operations to policies, and one to clients.
    if (origin.kmsOperation !== undefined && origin.kmsOperation !== 'ReEncrypt')
      return origin.kmsOperation
    return kmsOperation(name as OperationName, subject, purpose)
  }

  values(target: Target): ConditionValues {
    return conditionValues(this.#situation, this.#aspect, target)
  }

  get context(): Readonly<Record<string, string>> {
    return contextOf(this.#situation.subject, this.#aspect.purpose)
  }

  get source(): string | undefined {
    return this.#situation.origin.source
  }

  get door(): string | undefined {
    return this.#situation.origin.door
  }

  /** Of what is decrypted, the ciphertext is what is known before. */
  get bytes(): number | undefined {
    const { subject, bytes } = this.#situation
    const text = subject['plaintext'] ?? subject['message'] ?? subject['ciphertext']
    return text instanceof Uint8Array ? text.length : bytes
  }

  aliasesOf(key: string): readonly string[] | undefined {
    return this.#situation.aliasesOf(key)
  }
}
