import type { KeyGrant } from '#model'
import type { Asked } from './asked.ts'
import { matchesContext } from './policy/index.ts'

/** The grants of one principal, by key. A grant only allows; revoking it drops the session that holds this. */

export class CompiledGrants {
  readonly #byKey = new Map<string, KeyGrant[]>()

  constructor(grants: readonly KeyGrant[]) {
    for (const grant of grants) this.#byKey.getOrInsertComputed(grant.key, () => []).push(grant)
  }

  /** The grant that allows an operation on a key, or undefined. */
  decide(key: string, asked: Asked): KeyGrant | undefined {
    return this.#byKey
      .get(key)
      ?.find((grant) => grant.operations.includes(asked.operation) && holds(grant, asked))
  }
}

/** Operations that have an encryption context; constraints do not hold back the others (AWS KMS, CreateGrant). */
const contextual: ReadonlySet<string> = new Set([
  'Encrypt',
  'Decrypt',
  'ReEncryptFrom',
  'ReEncryptTo',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
])

function holds(grant: KeyGrant, asked: Asked): boolean {
  const { constraints } = grant
  if (constraints === undefined) return true
  // Requests on behalf of an AWS resource carry its ARN; nobody can do that here.
  if (constraints.sourceArn !== undefined) return false
  return !contextual.has(asked.operation) || matchesContext(constraints, asked.context)
}
