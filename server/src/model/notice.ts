import type { LedgerRecord, NoticeType } from '@claviger/contract'
import { noticeTypeOf } from '@claviger/contract/notice'

/** Who is told of notices, and what is on its way, as it is stored. Dates are milliseconds since 1970. */

export type NoticeScope =
  | { readonly kind: 'tenant' }
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'dependent'; readonly dependent: string; readonly key: string }

/** How a delivery is signed (Standard Webhooks 1.0): with a shared secret (HMAC-SHA-256), or a key pair (Ed25519). */
export type NoticeSignature = 'v1' | 'v1a'

/** Its row's material is the secret and, once it was changed, the one from before, under the tenant's key. */
export interface Subscription {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly url: string
  readonly scope: NoticeScope
  /** All where there is none. */
  readonly types: readonly NoticeType[]
  readonly state: 'active' | 'disabled'
  /** The index of the ledger that is looked at next: what stands before it is queued already. */
  readonly cursor: number
  readonly createdAt: number
  /** What each of the secrets signs, newest first: one or two. */
  readonly signatures: readonly NoticeSignature[]
  /** Of the newest secret, where it is a key pair: `whpk_…`. */
  readonly publicKey?: string
  readonly previousSecretUntil?: number
  /** Since when every attempt failed. */
  readonly failingSince?: number
  readonly last?: {
    readonly notice: number
    readonly type: NoticeType
    readonly at: number
    readonly milliseconds: number
  }
}

/** A notice on its way to a subscription (kind `delivery`), or given up (kind `deadLetter`). Its row id is `<subscription>/<notice>`. */
export interface Delivery {
  readonly tenant: string
  readonly subscription: string
  readonly notice: number
  readonly type: NoticeType
  readonly attempts: number
  readonly createdAt: number
  readonly nextAt: number
  readonly reason?: string
}

export function deliveryId(subscription: string, notice: number): string {
  return `${subscription}/${notice}`
}

/** The id of the message: the same at each attempt, and after a restart, so that a receiver knows what it has seen. */
export function messageId({ subscription, notice }: Pick<Delivery, 'subscription' | 'notice'>) {
  return `msg_${subscription.replaceAll('-', '')}_${notice}`
}

/** The type of what a subscription is told of a record, or undefined. */
export function toldOf(
  { tenant, scope, types }: Pick<Subscription, 'tenant' | 'scope' | 'types'>,
  record: LedgerRecord,
): NoticeType | undefined {
  if (record.tenant !== tenant) return undefined
  if (scope.kind !== 'tenant' && record.key !== scope.key) return undefined
  const type = noticeTypeOf(record)
  return type === undefined || (types.length > 0 && !types.includes(type)) ? undefined : type
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** After which pauses a delivery is tried again (the example schedule of Standard Webhooks 1.0): about three days in all. */
const PAUSES_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]
/** How much longer a pause is at most, so that what failed together does not come again together. */
const JITTER = 0.2
/** How long every attempt may fail before nothing is sent any more. */
export const FAILING_MAX_MS = 5 * 24 * HOUR

/** The pause after so many failed attempts; undefined where it is given up. `random` is from 0 to 1. */
export function pauseAfter(attempts: number, random: number): number | undefined {
  const pause = PAUSES_MS[attempts - 1]
  return pause === undefined ? undefined : Math.round(pause * (1 + JITTER * random))
}
