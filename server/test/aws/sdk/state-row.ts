import type { CreateKeyRequest, KMS } from '@aws-sdk/client-kms'
import type { MadeKey, State } from './keys-in-states.ts'

/** A row of the table of key states. */

/**
 * `ok`, or the footnote of AWS's table (developer guide, Key states of AWS KMS keys) by which an operation is refused: 1 disabled, 3
 * pending deletion, 4 not pending deletion, 5 pending import, 6 of an imported key, 9 not of an imported key.
 */
export type Told = 'ok' | 1 | 3 | 4 | 5 | 6 | 9

/** In the order of {@link states}: enabled, disabled, pending deletion, pending replica deletion, pending import. */
export type Tolds = readonly [Told, Told, Told, Told, Told]

export interface StateRow {
  readonly operation: string
  /** The key that it is tried on. */
  readonly key?: CreateKeyRequest
  readonly told: Tolds
  /** What is got ready while the key is enabled. */
  readonly prepare?: (
    kms: KMS,
    key: MadeKey,
    state: State,
  ) => Promise<string | Uint8Array | undefined>
  readonly ask: (
    kms: KMS,
    KeyId: string,
    prepared: string | Uint8Array | undefined,
  ) => Promise<unknown>
}

export const use: Tolds = ['ok', 1, 3, 3, 5]
const arns = new WeakMap<KMS, string>()
/** Tells who a client is, for rows that give grants: those to oneself will do. */
export function sayWho(kms: KMS, arn: string): void {
  arns.set(kms, arn)
}
export function ownArn(kms: KMS): string {
  return arns.get(kms) ?? ''
}
