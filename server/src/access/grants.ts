import { randomBytes, sha256 } from '#crypto'
import { canonicalJson, type KeyGrant } from '#model'
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

  /** Every grant on a key. */
  on(key: string): readonly KeyGrant[] {
    return this.#byKey.get(key) ?? []
  }
}

const GRANT_ID_BYTES = 32
const NONCE_BYTES = 16

/** 64 hexadecimal digits. */
export function newGrantId(): string {
  return randomBytes(GRANT_ID_BYTES).toString('hex')
}

/** What makes each grant token different; no secret. */
export function newGrantNonce(): string {
  return randomBytes(NONCE_BYTES).toString('hex')
}

/**
 * What tells a grant from the others of its grantee: its id, or where it has a name, everything that was asked for, so that the same
 * request with the same name meets the grant that is there (AWS KMS API reference, CreateGrant, Name). 64 hexadecimal digits.
 */
export function grantSlot(grant: KeyGrant): string {
  const { id, name, key, granteeSession, retiringName, retiringSession, constraints } = grant
  if (name === undefined) return id
  const operations = grant.operations.toSorted()
  const asked = {
    key,
    name,
    granteeSession,
    retiringName,
    retiringSession,
    operations,
    equals: constraints?.equals,
    subset: constraints?.subset,
  }
  return sha256(Buffer.from(canonicalJson(asked))).toString('hex')
}

/**
 * Whether whoever holds `held` may hand on `given`: the same operations or fewer, under the same constraints or stricter ones (AWS KMS
 * Developer Guide, Granting CreateGrant permission).
 */
export function isNoWider(
  given: Pick<KeyGrant, 'operations' | 'constraints'>,
  held: Pick<KeyGrant, 'operations' | 'constraints'>,
): boolean {
  if (!given.operations.every((operation) => held.operations.includes(operation))) return false
  const { equals, subset } = given.constraints ?? {}
  const promised = equals ?? subset ?? {}
  const wanted = held.constraints ?? {}
  if (wanted.subset !== undefined && !matchesContext({ subset: wanted.subset }, promised)) {
    return false
  }
  return (
    wanted.equals === undefined ||
    (equals !== undefined && matchesContext({ equals: wanted.equals }, equals))
  )
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
  return !contextual.has(asked.operation) || matchesContext(constraints, asked.context)
}
