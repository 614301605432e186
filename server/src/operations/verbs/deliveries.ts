import type { NoticeType } from '@claviger/contract'
import { newestRow } from '#keyring'
import { ClavigerError, deliveryId, type Delivery, type Subscription } from '#model'
import { deliveryRow, subscriptionRow } from '../rows/notices.ts'
import type { InternalVerb, Plan, PlannedRow } from '../verb.ts'
import type { Work } from '../work.ts'
import { own } from './own.ts'

/** What the server does by itself about notices: queue them, note how an attempt went, and give a receiver up. */

export interface Queued {
  readonly index: number
  readonly type: NoticeType
}

/**
 * Queues notices for a subscription, and moves its cursor past them in the same change: whatever happens to the server, each is queued
 * once.
 */
export const enqueueNotices: InternalVerb<{
  readonly subscription: string
  readonly notices: readonly Queued[]
  readonly cursor: number
}> = {
  kind: 'change',
  references: () => [],
  async run(input, work) {
    work.authorize()
    const found = await own<Subscription>(work, 'subscription', input.subscription)
    const { value, material, standing } = found
    const fresh = input.notices.filter(({ index }) => index >= value.cursor)
    if (value.state !== 'active' || fresh.length === 0)
      throw new ClavigerError('wrong_state', 'There is nothing to queue')
    const { tenant, id } = value
    const times = { createdAt: work.now, nextAt: work.now, attempts: 0 }
    return {
      additive: false,
      rows: [
        subscriptionRow({ ...value, cursor: Math.max(input.cursor, value.cursor) }, material),
        ...fresh.map(({ index, type }) =>
          deliveryRow('delivery', { tenant, subscription: id, notice: index, type, ...times }),
        ),
      ],
      unchanged: [standing],
      subject: id,
      detail: { notices: fresh.length, cursor: input.cursor },
      output: {},
    }
  },
}

/** How an attempt went. */
export interface Settled {
  readonly subscription: string
  readonly notice: number
  readonly result:
    | { readonly kind: 'taken'; readonly milliseconds: number }
    /** `retryAt` is absent where it is given up. */
    | { readonly kind: 'failed'; readonly reason: string; readonly retryAt?: number }
}

/** Notes how an attempt went: what was taken goes from the queue, what failed waits, or is a dead letter. */
export const settleNotice: InternalVerb<Settled> = {
  kind: 'change',
  references: () => [],
  async run({ subscription, notice, result }, work) {
    work.authorize()
    const id = deliveryId(subscription, notice)
    const row = await newestRow(work.parts.store, { kind: 'delivery', id })
    if (row === undefined) throw new ClavigerError('wrong_state', 'It does not wait any more')
    const delivery = work.parts.seals.open<Delivery>(row)
    const whose = await own<Subscription>(work, 'subscription', subscription)
    const standing = { kind: 'delivery' as const, id, revision: row.revision }
    const plan =
      result.kind === 'taken'
        ? taken(work, delivery, whose, result.milliseconds)
        : failed(work, delivery, whose, result)
    return {
      additive: false,
      ...plan,
      unchanged: [whose.standing, standing],
      subject: subscription,
      output: {},
    }
  },
}

type Whose = Awaited<ReturnType<typeof own<Subscription>>>
type Part = Pick<Plan<unknown>, 'rows' | 'removals' | 'detail'>

function taken(
  work: Work,
  { notice, type, subscription }: Delivery,
  { value, material }: Whose,
  milliseconds: number,
): Part {
  const { failingSince: _, ...rest } = value
  const last = { notice, type, at: work.now, milliseconds }
  return {
    rows: [subscriptionRow({ ...rest, last }, material)],
    removals: [{ kind: 'delivery', id: deliveryId(subscription, notice) }],
    detail: { notice, outcome: 'taken', milliseconds },
  }
}

function failed(
  work: Work,
  delivery: Delivery,
  { value, material }: Whose,
  { reason, retryAt }: { readonly reason: string; readonly retryAt?: number },
): Part {
  const { notice, subscription } = delivery
  const attempts = delivery.attempts + 1
  const { failingSince } = value
  // Where it is given up, the subscription's row goes along: whoever deletes that meanwhile takes the dead letter with it.
  const rows: PlannedRow[] =
    failingSince === undefined || retryAt === undefined
      ? [subscriptionRow({ ...value, failingSince: failingSince ?? work.now }, material)]
      : []
  const detail = { notice, attempts, reason, outcome: retryAt === undefined ? 'dead' : 'failed' }
  const next: Delivery = { ...delivery, attempts, reason, nextAt: retryAt ?? work.now }
  if (retryAt !== undefined) return { rows: [...rows, deliveryRow('delivery', next)], detail }
  return {
    rows: [...rows, deliveryRow('deadLetter', next)],
    removals: [{ kind: 'delivery', id: deliveryId(subscription, notice) }],
    detail,
  }
}

/** Sends nothing more to a receiver that wants nothing, or failed for too long; what waits stays, for when somebody lets it go on. */
export const disableSubscription: InternalVerb<{
  readonly subscription: string
  readonly reason: 'gone' | 'failing'
}> = {
  kind: 'change',
  references: () => [],
  async run({ subscription, reason }, work) {
    work.authorize()
    const found = await own<Subscription>(work, 'subscription', subscription)
    const { value, material, standing } = found
    if (value.state !== 'active') throw new ClavigerError('wrong_state', 'It is disabled already')
    return {
      additive: false,
      rows: [subscriptionRow({ ...value, state: 'disabled' }, material)],
      unchanged: [standing],
      subject: subscription,
      ...(value.scope.kind === 'tenant' ? {} : { key: value.scope.key }),
      detail: { reason },
      output: {},
    }
  },
}
