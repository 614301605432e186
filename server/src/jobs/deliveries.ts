import type { LedgerRecord, NoticeType } from '@claviger/contract'
import { FAILING_MAX_MS, pauseAfter, toldOf, type Delivery, type Subscription } from '#model'
import { forEachDue, type Job } from './job.ts'

/** How often the ledger is looked at for notices, and the queue for what is due, in milliseconds. */
const DELIVERY_INTERVAL_MS = 250
/** Messages under way at once, over all receivers and to one of them: one that hangs holds up nobody else. */
const UNDER_WAY_MAX = 64
const UNDER_WAY_PER_SUBSCRIPTION_MAX = 4
/** Notices queued in one change. */
const QUEUED_AT_ONCE = 100

type Outcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly reason: string }

export interface DeliveryParts<Message> {
  readonly now: () => number
  /** From 0 to 1. */
  readonly random: () => number
  /** Where the ledger stands: entries that are durable, and the revision, which every notice raises. */
  readonly head: () => { readonly next: number; readonly revision: number }
  readonly subscriptions: () => Promise<readonly Subscription[]>
  readonly notices: (
    from: number,
    to: number,
  ) => Promise<readonly { readonly index: number; readonly record: LedgerRecord }[]>
  readonly waiting: () => Promise<readonly Delivery[]>
  readonly message: (delivery: Delivery) => Promise<Message | undefined>
  readonly send: (message: Message) => Promise<Outcome>
  /** When the record of a notice was made. */
  readonly recordedAt: (notice: number) => Promise<number | undefined>
  /** Each through the gate. */
  readonly enqueue: (
    to: Subscription,
    notices: readonly { readonly index: number; readonly type: NoticeType }[],
    cursor: number,
  ) => Promise<void>
  readonly settle: (
    delivery: Delivery,
    result:
      | { readonly kind: 'taken'; readonly milliseconds: number }
      | { readonly kind: 'failed'; readonly reason: string; readonly retryAt?: number },
  ) => Promise<void>
  readonly disable: (to: Subscription, reason: 'gone' | 'failing') => Promise<void>
  /** How long a notice took from its record to the receiver's answer. */
  readonly observe: (type: NoticeType, milliseconds: number) => void
  readonly reportFailure: (cause: unknown) => void
}

export interface Deliveries extends Job {
  /** Waits for what is under way: the sender ends it. */
  settled(): Promise<void>
}

/** Tells subscriptions of notices: queues what the ledger has, sends what is due, and tries again what failed. */
export function deliveries<Message>(parts: DeliveryParts<Message>): Deliveries {
  const underWay = new Map<string, Promise<void>>()
  const perSubscription = new Map<string, number>()
  /** How far the ledger was looked at for a subscription, where nothing was found and so nothing is written. */
  const looked = new Map<string, number>()
  let revision = -1
  /** When the next delivery is due, as far as the queue was read. */
  let nextAt = 0
  /** Whether an attempt ended since. */
  let isStale = false

  const positionOf = ({ id, cursor }: Subscription) => Math.max(cursor, looked.get(id) ?? 0)

  async function queue(active: readonly Subscription[], to: number): Promise<void> {
    const from = Math.min(...active.map(positionOf))
    const found = from < to ? await parts.notices(from, to) : []
    await forEachDue(active, async (subscription) => {
      const position = positionOf(subscription)
      const mine = found.flatMap(({ index, record }) => {
        const type = index < position ? undefined : toldOf(subscription, record)
        return type === undefined ? [] : [{ index, type }]
      })
      for (let at = 0; at < mine.length; at += QUEUED_AT_ONCE) {
        const some = mine.slice(at, at + QUEUED_AT_ONCE)
        const isLast = at + QUEUED_AT_ONCE >= mine.length
        await parts.enqueue(subscription, some, isLast ? to : (some.at(-1)?.index ?? 0) + 1)
      }
      looked.set(subscription.id, Math.max(position, to))
    })
  }

  async function attempt(delivery: Delivery, to: Subscription): Promise<void> {
    const message = await parts.message(delivery)
    if (message === undefined) return
    const outcome = await parts.send(message)
    if (outcome.kind === 'taken') {
      const recordedAt = (await parts.recordedAt(delivery.notice)) ?? parts.now()
      const milliseconds = Math.max(0, parts.now() - recordedAt)
      parts.observe(delivery.type, milliseconds)
      await parts.settle(delivery, { kind: 'taken', milliseconds })
      return
    }
    // The server stops: nothing is known of it, and it is sent again.
    if (outcome.kind === 'failed' && outcome.reason === 'stopped') return
    const pause = pauseAfter(delivery.attempts + 1, parts.random())
    const reason = outcome.kind === 'gone' ? 'status-410' : outcome.reason
    await parts.settle(delivery, {
      kind: 'failed',
      reason,
      ...(pause === undefined ? {} : { retryAt: parts.now() + pause }),
    })
    const { failingSince = parts.now() } = to
    if (outcome.kind === 'gone') await parts.disable(to, 'gone')
    else if (parts.now() - failingSince >= FAILING_MAX_MS) await parts.disable(to, 'failing')
  }

  function start(delivery: Delivery, to: Subscription): void {
    const name = `${delivery.subscription}/${delivery.notice}`
    const count = perSubscription.get(to.id) ?? 0
    perSubscription.set(to.id, count + 1)
    const doing = attempt(delivery, to)
      .catch((cause: unknown) => parts.reportFailure(cause))
      .finally(() => {
        underWay.delete(name)
        perSubscription.set(to.id, (perSubscription.get(to.id) ?? 1) - 1)
        isStale = true
      })
    underWay.set(name, doing)
  }

  async function sendDue(active: readonly Subscription[]): Promise<void> {
    const receivers = new Map(active.map((subscription) => [subscription.id, subscription]))
    let next = Number.MAX_SAFE_INTEGER
    for (const delivery of await parts.waiting()) {
      const to = receivers.get(delivery.subscription)
      if (to === undefined || underWay.has(`${delivery.subscription}/${delivery.notice}`)) continue
      const isFree =
        underWay.size < UNDER_WAY_MAX &&
        (perSubscription.get(to.id) ?? 0) < UNDER_WAY_PER_SUBSCRIPTION_MAX
      if (delivery.nextAt <= parts.now() && isFree) start(delivery, to)
      else next = Math.min(next, delivery.nextAt)
    }
    nextAt = next
  }

  return {
    name: 'deliveries',
    intervalMs: DELIVERY_INTERVAL_MS,
    async run() {
      const head = parts.head()
      const isNew = head.revision !== revision
      if (!isNew && !isStale && parts.now() < nextAt) return
      isStale = false
      const active = await parts.subscriptions()
      nextAt = Number.MAX_SAFE_INTEGER
      if (active.length > 0) {
        if (isNew) await queue(active, head.next)
        await sendDue(active)
      }
      revision = head.revision
    },
    async settled() {
      await Promise.all(underWay.values())
    },
  }
}
