import type { LedgerRecord, NoticeType } from '@claviger/contract'
import { FAILING_MAX_MS, pauseAfter, toldOf, type Delivery, type Subscription } from '#model'
import { forEachDue, type Job } from './job.ts'

/** How often the ledger is looked at for notices, and the queue for what is due, in milliseconds. */
const DELIVERY_INTERVAL_MS = 250
/** Messages under way at once: over all receivers, for one tenant, and to one subscription. What hangs holds up nobody else. */
const UNDER_WAY_MAX = 128
const UNDER_WAY_PER_TENANT_MAX = 16
const UNDER_WAY_PER_SUBSCRIPTION_MAX = 4
/** Of what is due, rows of the index read at once, and reads in one round: the next one goes on from there. */
const DUE_PER_READ = 1_000
const READS_PER_ROUND = 10
/** After every id of a delivery: they begin with a UUID. */
const LAST_ID = 'z'
/** Notices queued in one change. */
const QUEUED_AT_ONCE = 100

type Outcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly reason: string; readonly restMs?: number }

/** A delivery that waits, as the index of what is due has it. */
export interface WaitingDelivery extends Position {
  readonly subscription: string
}

/** Where the index was read to. */
interface Position {
  readonly at: number
  readonly id: string
}

type NoticesFound = readonly { readonly index: number; readonly record: LedgerRecord }[]

export interface DeliveryParts<Message> {
  readonly now: () => number
  /** From 0 to 1. */
  readonly random: () => number
  /** Where the ledger stands: entries that are durable, and the revision, which every notice raises. */
  readonly head: () => { readonly next: number; readonly revision: number }
  readonly subscriptions: () => Promise<readonly Subscription[]>
  /** Notices from an index on and before another, or before `end` where they are many. */
  readonly notices: (
    from: number,
    to: number,
  ) => Promise<{ readonly notices: NoticesFound; readonly end: number }>
  /** What is due by a time, over all tenants, the longest first, after a position. */
  readonly due: (
    until: number,
    after: Position | undefined,
    limit: number,
  ) => Promise<readonly WaitingDelivery[]>
  /** A delivery by its row's id, unless it does not wait any more. */
  readonly load: (id: string) => Promise<Delivery | undefined>
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

/** Tells subscriptions of notices: queues what the ledger has, sends what is due, and tries again what failed. */
export class Deliveries<Message> implements Job {
  readonly name = 'deliveries'
  readonly intervalMs = DELIVERY_INTERVAL_MS
  readonly #parts: DeliveryParts<Message>
  readonly #underWay = new Map<string, Promise<void>>()
  /** How many of them a tenant has, and a subscription, by id. */
  readonly #held = new Map<string, number>()
  /** How far the ledger was looked at for a subscription, where nothing was found and so nothing is written. */
  readonly #looked = new Map<string, number>()
  /** When a subscription took something last: it does not fail since before, whatever its row said when an attempt began. */
  readonly #taken = new Map<string, number>()
  #revision = -1
  /** When the next delivery is due. */
  #nextAt = 0
  /** How far what is due was looked at, where a round did not look at all of it. */
  #position: Position | undefined
  /** Whether an attempt ended since. */
  #isStale = false

  constructor(parts: DeliveryParts<Message>) {
    this.#parts = parts
  }

  async run(): Promise<void> {
    const head = this.#parts.head()
    const isNew = head.revision !== this.#revision
    if (!isNew && !this.#isStale && this.#parts.now() < this.#nextAt) return
    this.#isStale = false
    this.#nextAt = Number.MAX_SAFE_INTEGER
    try {
      const active = await this.#parts.subscriptions()
      const ids = new Set(active.map(({ id }) => id))
      for (const known of [this.#looked, this.#taken])
        for (const id of known.keys()) if (!ids.has(id)) known.delete(id)
      await this.#deal(active, head, isNew)
    } catch (thrown) {
      // What was not read is read the next time, whatever else happens until then.
      this.#isStale = true
      throw thrown
    }
  }

  async #deal(
    active: readonly Subscription[],
    head: ReturnType<DeliveryParts<Message>['head']>,
    isNew: boolean,
  ): Promise<void> {
    try {
      if (active.length > 0 && isNew && !(await this.#queue(active, head.next))) {
        // The rest is for the next round, so that what is queued leaves meanwhile.
        this.#isStale = true
        return
      }
      this.#revision = head.revision
    } finally {
      // What waits is sent, whatever became of what is new.
      if (active.length > 0) await this.#sendDue(active)
    }
  }

  /** Waits for what is under way: the sender ends it. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay.values())
  }

  #positionOf({ id, cursor }: Subscription): number {
    return Math.max(cursor, this.#looked.get(id) ?? 0)
  }

  /**
   * Queues what is new for each, in stretches that are read once for all who stand there: who was away for long holds up nobody else.
   *
   * @returns whether everything was looked at.
   */
  async #queue(active: readonly Subscription[], to: number): Promise<boolean> {
    let behind = active.filter((each) => this.#positionOf(each) < to)
    let isDone = true
    const failures: unknown[] = []
    while (behind.length > 0) {
      const from = Math.min(...behind.map((each) => this.#positionOf(each)))
      const { notices, end } = await this.#parts.notices(from, to)
      const here = behind.filter((each) => this.#positionOf(each) < end)
      behind = behind.filter((each) => this.#positionOf(each) >= end)
      await forEachDue(here, (each) => this.#queueFor(each, notices, end)).catch(
        (failure: unknown) => failures.push(failure),
      )
      isDone &&= end === to
    }
    if (failures.length > 0) throw failures[0]
    return isDone
  }

  async #queueFor(to: Subscription, notices: NoticesFound, end: number): Promise<void> {
    const position = this.#positionOf(to)
    const mine = notices.flatMap(({ index, record }) => {
      const type = index < position ? undefined : toldOf(to, record)
      return type === undefined ? [] : [{ index, type }]
    })
    for (let at = 0; at < mine.length; at += QUEUED_AT_ONCE) {
      const some = mine.slice(at, at + QUEUED_AT_ONCE)
      const isLast = at + QUEUED_AT_ONCE >= mine.length
      const cursor = isLast ? end : (some.at(-1)?.index ?? 0) + 1
      await this.#parts.enqueue(to, some, cursor)
    }
    this.#looked.set(to.id, end)
  }

  async #sendDue(active: readonly Subscription[]): Promise<void> {
    const receivers = new Map(active.map((subscription) => [subscription.id, subscription]))
    const now = this.#parts.now()
    for (let reads = 0; reads < READS_PER_ROUND; reads += 1) {
      const due = await this.#parts.due(now, this.#position, DUE_PER_READ)
      for (const { id, subscription } of due) {
        const to = receivers.get(subscription)
        if (to !== undefined && !this.#underWay.has(id) && this.#isRoomFor(to)) this.#start(id, to)
      }
      this.#position = due.length < DUE_PER_READ ? undefined : due.at(-1)
      // What there was no room for is looked at when an attempt has ended.
      if (this.#position === undefined) {
        this.#nextAt = await this.#next(now)
        return
      }
    }
    this.#nextAt = now
  }

  /** When something is due after a time. */
  async #next(time: number): Promise<number> {
    const [next] = await this.#parts.due(Number.MAX_SAFE_INTEGER, { at: time, id: LAST_ID }, 1)
    return next?.at ?? Number.MAX_SAFE_INTEGER
  }

  #isRoomFor({ id, tenant }: Subscription): boolean {
    return (
      this.#underWay.size < UNDER_WAY_MAX &&
      (this.#held.get(tenant) ?? 0) < UNDER_WAY_PER_TENANT_MAX &&
      (this.#held.get(id) ?? 0) < UNDER_WAY_PER_SUBSCRIPTION_MAX
    )
  }

  #hold({ id, tenant }: Subscription, more: 1 | -1): void {
    for (const holder of [id, tenant]) {
      const held = (this.#held.get(holder) ?? 0) + more
      if (held === 0) this.#held.delete(holder)
      else this.#held.set(holder, held)
    }
  }

  #start(id: string, to: Subscription): void {
    this.#hold(to, 1)
    const doing = this.#attempt(id, to)
      .catch((cause: unknown) => this.#parts.reportFailure(cause))
      .finally(() => {
        this.#underWay.delete(id)
        this.#hold(to, -1)
        this.#isStale = true
      })
    this.#underWay.set(id, doing)
  }

  async #attempt(id: string, to: Subscription): Promise<void> {
    const parts = this.#parts
    const delivery = await parts.load(id)
    const message = delivery && (await parts.message(delivery))
    if (delivery === undefined || message === undefined) return
    const outcome = await parts.send(message)
    if (outcome.kind === 'taken') {
      this.#taken.set(to.id, parts.now())
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
    const restMs = outcome.kind === 'gone' ? 0 : (outcome.restMs ?? 0)
    const retryAt = pause === undefined ? {} : { retryAt: parts.now() + Math.max(pause, restMs) }
    await parts.settle(delivery, { kind: 'failed', reason, ...retryAt })
    const { failingSince = parts.now() } = to
    const since = Math.max(failingSince, this.#taken.get(to.id) ?? 0)
    if (outcome.kind === 'gone') await parts.disable(to, 'gone')
    else if (parts.now() - since >= FAILING_MAX_MS) await parts.disable(to, 'failing')
  }
}
