import type { NoticeType } from '@claviger/contract'
import type { Logger } from 'pino'
import { randomBytes } from '#crypto'
import { Deliveries, type Job } from '#jobs'
import type { Hierarchy, RowSeals } from '#keyring'
import type { Ledger } from '#ledger'
import type { Clock } from '#model'
import { Networks, post, trusting, type Message } from '#notice'
import {
  activeSubscriptions,
  dueDeliveries,
  messageOf,
  noticesBetween,
  recordAt,
  waitingDelivery,
  type Gate,
} from '#operations'
import type { Store } from '#store'
import { errorFields } from './log.ts'

/** Telling subscriptions of notices: what the job is made of. */

export interface NoticeOptions {
  /** Networks (CIDR) that webhooks may be sent to although they are not public. */
  readonly webhookNetworks?: readonly string[]
  /** Certificates in PEM that vouch for receivers, beside those that Node trusts. */
  readonly webhookAuthorities?: Uint8Array | undefined
  /** Told how long a notice took from its record in the ledger to the receiver's answer. */
  readonly observeNotice?: (type: NoticeType, milliseconds: number) => void
}

interface Foundation {
  readonly store: Store
  readonly seals: RowSeals
  readonly hierarchy: Hierarchy
  readonly clock: Clock
  readonly ledger: Ledger
}

/** The job, and its end: what is under way is cut off, and sent again when the server is back. */
export function composeDeliveries(
  foundation: Foundation,
  gate: Gate,
  log: Logger,
  options: NoticeOptions,
): { readonly job: Job; close(): Promise<void> } {
  const { store, seals, clock, ledger } = foundation
  const networks = new Networks(options.webhookNetworks ?? [])
  const { webhookAuthorities } = options
  // What an operator gave is read at once; to read all that Node trusts takes time, and may never be needed.
  let trust = webhookAuthorities === undefined ? undefined : trusting(webhookAuthorities)
  const stopping = new AbortController()
  const reportFailure = (cause: unknown) => {
    // What the end of the server cuts off is sent again; it is no failure.
    if (stopping.signal.aborted) return
    log.error({ job: 'deliveries', ...errorFields(cause) }, 'a notice could not be dealt with')
  }
  const job = new Deliveries<Message>({
    now: () => clock.now(),
    random: () => randomBytes(4).readUInt32BE() / 2 ** 32,
    head: () => ({ next: ledger.entries, revision: ledger.revision }),
    subscriptions: () => activeSubscriptions(store, seals, reportFailure),
    notices: (from, to) => noticesBetween(store, from, to),
    due: (until, after, limit) => dueDeliveries(store, until, after, limit),
    load: (id) => waitingDelivery(store, seals, id),
    message: (delivery) => messageOf(foundation, delivery),
    send: (message) =>
      post(message, { networks, trust: (trust ??= trusting(undefined)), signal: stopping.signal }),
    async recordedAt(notice) {
      const record = await recordAt(store, notice)
      return record === undefined ? undefined : Date.parse(record.time)
    },
    async enqueue({ id: subscription, tenant }, notices, cursor) {
      await gate.performAsSystem('notice.enqueue', tenant, { subscription, notices, cursor })
    },
    async settle({ tenant, subscription, notice }, result) {
      await gate.performAsSystem('notice.settle', tenant, { subscription, notice, result })
    },
    async disable({ id: subscription, tenant }, reason) {
      await gate.performAsSystem('subscription.disable', tenant, { subscription, reason })
    },
    observe: (type, milliseconds) => options.observeNotice?.(type, milliseconds),
    reportFailure,
  })
  return {
    job,
    async close() {
      stopping.abort()
      await job.settled()
    },
  }
}
