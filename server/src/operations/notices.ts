import { noticeTypeOf, operations, type LedgerRecord, type OutputOf } from '@claviger/contract'
import { internalEvents } from '@claviger/contract/ledger'
import { everyRow, newestRow, signNotice, type Hierarchy, type RowSeals } from '#keyring'
import { messageId, type Clock, type Delivery, type Subscription } from '#model'
import type { Store } from '#store'

/** Notices as the jobs see them: what the ledger has, who is to be told, and what is sent. Only what is durable is ever seen here. */

const BATCHES_PER_READ = 32
/** Notices of one event that are held at once: who was away for long is told of them piece by piece. */
const NOTICES_READ_MAX = 1_000
/** So few entries are read as they stand; more are searched through the index of each event. */
const ENTRIES_READ_MAX = 256

export interface Notice {
  readonly index: number
  readonly record: LedgerRecord
}

/** Events that can be notices, by which the ledger is searched: uses are many, and are passed over. */
const events: readonly string[] = [...Object.keys(operations), ...internalEvents].filter(
  (event) => noticeTypeOf({ event, outcome: 'ok' }) !== undefined,
)

const decoder = new TextDecoder()

/** What stands in an entry that this server wrote. */
function recordIn(bytes: Uint8Array): LedgerRecord {
  return JSON.parse(decoder.decode(bytes)) as LedgerRecord
}

/** The record of an entry. */
export async function recordAt(store: Store, index: number): Promise<LedgerRecord | undefined> {
  const [entry] = await store.entries(index, 1)
  return entry?.index === index ? recordIn(entry.bytes) : undefined
}

/** Notices of a stretch of the ledger, all of them, in order; and where it ends. */
export interface NoticesRead {
  readonly notices: readonly Notice[]
  readonly end: number
}

/**
 * Every notice of the ledger from an index on and before another, or before an earlier one where they are many: how far they were read is
 * `end`. `most` of each kind are held at once.
 */
export function noticesBetween(
  store: Store,
  from: number,
  to: number,
  most = NOTICES_READ_MAX,
): Promise<NoticesRead> {
  return to - from > ENTRIES_READ_MAX ? searched(store, from, to, most) : read(store, from, to)
}

/** One question to the store, which is what everybody asks who follows the ledger's end. */
async function read(store: Store, from: number, to: number): Promise<NoticesRead> {
  const notices: Notice[] = []
  for (let next = from; next < to;) {
    const entries = await store.entries(next, to - next)
    for (const { index, bytes } of entries) {
      const record = recordIn(bytes)
      if (noticeTypeOf(record) !== undefined) notices.push({ index, record })
    }
    if (entries.length === 0) break
    next += entries.length
  }
  return { notices, end: to }
}

async function searched(
  store: Store,
  from: number,
  to: number,
  most: number,
): Promise<NoticesRead> {
  const found: Notice[] = []
  let end = to
  for (const event of events) {
    const ofEvent = await searchedFor(store, event, { from, to: end, most })
    found.push(...ofEvent.notices)
    // Beyond this not all are known any more.
    end = ofEvent.end
  }
  const notices = found.filter(({ index }) => index < end).toSorted((a, b) => a.index - b.index)
  return { notices, end }
}

/** The notices of one event. */
async function searchedFor(
  store: Store,
  event: string,
  { from, to, most }: { readonly from: number; readonly to: number; readonly most: number },
): Promise<NoticesRead> {
  const notices: Notice[] = []
  for (let after = from - 1; ;) {
    const entries = await store.candidates({
      facets: [`event=${event}`],
      order: 'ascending',
      batches: BATCHES_PER_READ,
      ...(after < 0 ? {} : { after }),
    })
    for (const { index, bytes } of entries) {
      if (index >= to) return { notices, end: to }
      const record = recordIn(bytes)
      if (record.event !== event || noticeTypeOf(record) === undefined) continue
      notices.push({ index, record })
      if (notices.length === most) return { notices, end: index + 1 }
    }
    const last = entries.at(-1)?.index
    if (last === undefined || last >= to - 1) return { notices, end: to }
    after = last
  }
}

/**
 * The subscriptions that are told of notices now. A row that does not bear its seal keeps its own from being told and nobody else's:
 * whoever can write to one row could silence all of them otherwise.
 *
 * @param refused told why a row was left out: `integrity_failed`
 */
export async function activeSubscriptions(
  store: Store,
  seals: RowSeals,
  refused: (cause: unknown) => void,
): Promise<Subscription[]> {
  const found: Subscription[] = []
  for await (const row of everyRow(store, 'subscription')) {
    try {
      const subscription = seals.open<Subscription>(row)
      if (subscription.state === 'active') found.push(subscription)
    } catch (cause) {
      refused(cause)
    }
  }
  return found
}

/** What is due to be sent by a time, over all tenants, the longest first, after a position: from the index, which has no row's content. */
export async function dueDeliveries(
  store: Store,
  until: number,
  after: { readonly at: number; readonly id: string } | undefined,
  limit: number,
) {
  const kind = 'delivery' as const
  const position = after === undefined ? {} : { after: { at: after.at, id: after.id, kind } }
  const rows = await store.due({ job: 'deliveries', until, limit, ...position })
  return rows.map(({ at, id }) => ({ at, id, subscription: id.slice(0, id.indexOf('/')) }))
}

/** A delivery that waits, or undefined where it does not any more. */
export async function waitingDelivery(
  store: Store,
  seals: RowSeals,
  id: string,
): Promise<Delivery | undefined> {
  const row = await newestRow(store, { kind: 'delivery', id })
  return row && seals.open<Delivery>(row)
}

/** What is told of a notice: what happened to what, and nothing secret. Receivers ask for more with rights of their own. */
export function noticeOf(
  { tenant, notice, type }: Pick<Delivery, 'tenant' | 'notice' | 'type'>,
  { key, version, subject, detail, time }: LedgerRecord,
  dependent?: string,
): OutputOf<'notice.list'>['items'][number] {
  const data = {
    notice,
    tenant,
    ...(key === undefined ? {} : { key }),
    ...(version === undefined ? {} : { version }),
    ...(subject === undefined ? {} : { subject }),
    ...(dependent === undefined ? {} : { dependent }),
    ...(detail === undefined ? {} : { detail }),
  }
  return { type, timestamp: time, data }
}

/** The message of a delivery, signed now; undefined where there is nobody to send it to any more. */
export async function messageOf(
  parts: {
    readonly store: Store
    readonly seals: RowSeals
    readonly hierarchy: Hierarchy
    readonly clock: Clock
  },
  delivery: Delivery,
) {
  const { store, seals, hierarchy, clock } = parts
  const row = await newestRow(store, { kind: 'subscription', id: delivery.subscription })
  const record = await recordAt(store, delivery.notice)
  if (row?.material === undefined || record === undefined) return undefined
  const { id, tenant, url, state, scope, previousSecretUntil, signatures } =
    seals.open<Subscription>(row)
  if (state !== 'active') return undefined
  const now = clock.now()
  const timestamp = Math.floor(now / 1_000)
  const dependent = scope.kind === 'dependent' ? scope.dependent : undefined
  const body = JSON.stringify(noticeOf(delivery, record, dependent))
  const withPrevious = previousSecretUntil !== undefined && previousSecretUntil > now
  const signing = withPrevious ? signatures : signatures.slice(0, 1)
  const whose = { tenant, subscription: id, wrapped: row.material, signatures: signing }
  return {
    url,
    body,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'claviger',
      'webhook-id': messageId(delivery),
      'webhook-timestamp': String(timestamp),
      'webhook-signature': await signNotice(
        hierarchy,
        whose,
        `${messageId(delivery)}.${timestamp}.${body}`,
      ),
    },
  }
}
