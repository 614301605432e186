import type { Target } from './decision.ts'
import type { ConditionValues } from './policy/index.ts'

/** What is asked of the access rules: one action, in the words of each of the rules that may know it. */
export interface Asked {
  /** The contract's action, which roles allow. */
  readonly action: string
  /** AWS's name, which key policies and grants know, without `kms:`. */
  readonly operation: string
  /** Values of condition keys; asked only where a policy has conditions. */
  values(target: Target): ConditionValues
  /** The encryption context, for the constraints of grants. */
  readonly context: Readonly<Record<string, string>>
  /** The address it is asked from, where that is known. */
  readonly source: string | undefined
  /** The door it came through, where that is known. */
  readonly door: string | undefined
  /** The length of the message; of a batch, that of the item under way. */
  readonly bytes: number | undefined
  /** The names of a key, where they were looked up. */
  aliasesOf(key: string): readonly string[] | undefined
}
