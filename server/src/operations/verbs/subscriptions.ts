import type { InputOf, OutputOf } from '@claviger/contract'
import { everyRowOf, newId, newNoticeSecret, type NewNoticeSecret } from '#keyring'
import {
  ClavigerError,
  deliveryId,
  toldOf,
  type Delivery,
  type Dependent,
  type NoticeScope,
  type Subscription,
} from '#model'
import type { RowReference, RowStanding } from '#store'
import { givenNames } from '../given-names.ts'
import { recordAt } from '../notices.ts'
import { deliveryRow, subscriptionRow } from '../rows/notices.ts'
import type { ChangeVerb, PlannedRow, ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { own } from './own.ts'
import { page } from './page.ts'

/** Who is told of notices by webhook. */

/** Of one tenant. */
export const SUBSCRIPTIONS_MAX = 1_000
const HOUR_MS = 3_600_000

function view(subscription: Subscription, now: number): OutputOf<'subscription.update'> {
  const { id, name, url, scope, types, state, createdAt, signatures, publicKey } = subscription
  const { failingSince, previousSecretUntil, last } = subscription
  return {
    id,
    name,
    url,
    scope: { ...scope },
    types: [...types],
    state,
    createdAt,
    signature: signatures[0] ?? 'v1',
    ...(publicKey === undefined ? {} : { publicKey }),
    ...(failingSince === undefined ? {} : { failingSince }),
    ...(previousSecretUntil === undefined || previousSecretUntil <= now
      ? {}
      : { previousSecretUntil }),
    ...(last === undefined ? {} : { last: { ...last } }),
  }
}

/**
 * By id, so that a name pointed elsewhere later does not move it; the caller may do this to its key, or in the tenant. With it, the
 * condition that what is to hear still stands.
 */
async function scopeOf(
  work: Work,
  scope: InputOf<'subscription.create'>['scope'],
): Promise<{ readonly scope: NoticeScope; readonly unchanged: readonly RowStanding[] }> {
  if (scope.kind === 'tenant') {
    work.authorize()
    return { scope, unchanged: [] }
  }
  if (scope.kind === 'key') {
    const { key } = work.key(scope.key).ringKey
    return { scope: { kind: 'key', key: key.id }, unchanged: [] }
  }
  const found = await own<Dependent>(work, 'dependent', scope.dependent).catch((error: unknown) => {
    work.authorize()
    throw error
  })
  await work.locate([found.value.key])
  work.key(found.value.key)
  const { id: dependent, key } = found.value
  return { scope: { kind: 'dependent', dependent, key }, unchanged: [found.standing] }
}

/** A subscription that the caller may do this to. @throws ClavigerError not_found, forbidden */
async function reachable(work: Work, id: string) {
  const found = await own<Subscription>(work, 'subscription', id).catch((error: unknown) => {
    work.authorize()
    throw error
  })
  const { scope } = found.value
  if (scope.kind === 'tenant') work.authorize()
  else {
    await work.locate([scope.key])
    work.key(scope.key)
  }
  return found
}

/** For the record: the key that it is about, where there is one. */
function about({ id, scope }: Subscription) {
  return { subject: id, ...(scope.kind === 'tenant' ? {} : { key: scope.key }) }
}

/** What of a new secret stands on the subscription. */
function signingOf({ signatures, publicKey }: NewNoticeSecret) {
  return { signatures, ...(publicKey === undefined ? {} : { publicKey }) }
}

/** What of it is shown this once. */
function secretOf({ secret }: NewNoticeSecret) {
  return secret === undefined ? {} : { secret }
}

export const createSubscription: ChangeVerb<'subscription.create'> = {
  kind: 'change',
  references: ({ scope }) => (scope.kind === 'key' ? [scope.key] : []),
  async run(input, work) {
    const { scope, unchanged } = await scopeOf(work, input.scope)
    const { tenant } = work.caller
    const { store, hierarchy } = work.parts
    const there = await store.list({
      kind: 'subscription',
      tenant,
      facets: [],
      limit: SUBSCRIPTIONS_MAX,
    })
    if (there.length >= SUBSCRIPTIONS_MAX)
      throw new ClavigerError('conflict', 'The tenant has as many subscriptions as it can')
    const id = newId()
    const made = await newNoticeSecret(hierarchy, { tenant, subscription: id }, input.signature)
    const subscription: Subscription = {
      id,
      tenant,
      name: input.name,
      url: input.url,
      scope,
      types: [...new Set(input.types)],
      state: 'active',
      cursor: (await store.head()).next,
      createdAt: work.now,
      ...signingOf(made),
    }
    return {
      // Whoever removes what is to hear removes this with it.
      additive: false,
      rows: [subscriptionRow(subscription, made.wrapped)],
      absent: [{ kind: 'subscription', id: subscription.id }],
      unchanged,
      ...about(subscription),
      output: { ...view(subscription, work.now), ...secretOf(made) },
    }
  },
}

export const updateSubscription: ChangeVerb<'subscription.update'> = {
  kind: 'change',
  async run({ subscription, ...changes }, work) {
    const { value, material, standing } = await reachable(work, subscription)
    const { failingSince, ...rest } = value
    const next: Subscription = {
      ...rest,
      name: changes.name ?? value.name,
      url: changes.url ?? value.url,
      types: changes.types === undefined ? value.types : [...new Set(changes.types)],
      state: changes.state ?? value.state,
      // Who changes where it goes, or lets it go on, has seen to what failed.
      ...(failingSince === undefined || changes.url !== undefined || changes.state === 'active'
        ? {}
        : { failingSince }),
    }
    return {
      additive: false,
      rows: [subscriptionRow(next, material)],
      unchanged: [standing],
      ...about(next),
      detail: {
        changed: givenNames(changes),
        ...(changes.state === undefined ? {} : { state: changes.state }),
      },
      output: view(next, work.now),
    }
  },
}

export const rotateSubscriptionSecret: ChangeVerb<'subscription.rotateSecret'> = {
  kind: 'change',
  async run(input, work) {
    const { value, material, standing } = await reachable(work, input.subscription)
    const { publicKey: _before, ...rest } = value
    const { tenant, id, signatures } = rest
    const made = await newNoticeSecret(
      work.parts.hierarchy,
      { tenant, subscription: id },
      input.signature ?? signatures[0] ?? 'v1',
      material === undefined ? undefined : { wrapped: material, signatures },
    )
    const previousSecretUntil = work.now + input.overlapHours * HOUR_MS
    const next: Subscription = { ...rest, previousSecretUntil, ...signingOf(made) }
    return {
      additive: false,
      rows: [subscriptionRow(next, made.wrapped)],
      unchanged: [standing],
      ...about(next),
      detail: { overlapHours: input.overlapHours, signature: made.signatures[0] ?? 'v1' },
      output: { ...view(next, work.now), ...secretOf(made) },
    }
  },
}

/** What goes with a subscription: itself, and what waits or was given up. */
export async function removalsOf(work: Work, subscription: string) {
  const { tenant } = work.caller
  const removals: RowReference[] = [{ kind: 'subscription', id: subscription }]
  for (const kind of ['delivery', 'deadLetter'] as const) {
    const query = { kind, tenant, facets: [['subscription', subscription]] as const }
    for await (const { id } of everyRowOf(work.parts.store, query)) removals.push({ kind, id })
  }
  return removals
}

export const deleteSubscription: ChangeVerb<'subscription.delete'> = {
  kind: 'change',
  async run(input, work) {
    const { value, standing } = await reachable(work, input.subscription)
    return {
      additive: false,
      rows: [],
      removals: await removalsOf(work, value.id),
      unchanged: [standing],
      ...about(value),
      output: {},
    }
  },
}

export const listSubscriptions: ReadVerb<'subscription.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return page(work, { kind: 'subscription', facets: [], input }, (row) =>
      view(work.parts.seals.open<Subscription>(row), work.now),
    )
  },
}

export const listDeliveries: ReadVerb<'subscription.deliveries'> = {
  kind: 'read',
  async run(input, work) {
    const { value } = await reachable(work, input.subscription)
    const kind = input.state === 'dead' ? ('deadLetter' as const) : ('delivery' as const)
    const facets = [['subscription', value.id]] as const
    return page(work, { kind, facets, input }, (row) => {
      const { notice, type, attempts, createdAt, nextAt, reason } =
        work.parts.seals.open<Delivery>(row)
      return {
        notice,
        type,
        attempts,
        createdAt,
        ...(kind === 'delivery' ? { nextAt } : {}),
        ...(reason === undefined ? {} : { reason }),
      }
    })
  },
}

export const replayNotices: ChangeVerb<'subscription.replay'> = {
  kind: 'change',
  async run(input, work) {
    const { value, material, standing } = await reachable(work, input.subscription)
    // Its own row goes along: whoever deletes it meanwhile takes with it what is queued here.
    const rows: PlannedRow[] = [subscriptionRow(value, material)]
    const { store } = work.parts
    const notices = [...new Set(input.notices)]
    for (const notice of notices) {
      const record = await recordAt(store, notice)
      const type = record === undefined ? undefined : toldOf(value, record)
      if (type === undefined)
        throw new ClavigerError('not_found', 'The subscription is told of no notice of that index')
      const times = { createdAt: work.now, nextAt: work.now }
      const whose = { tenant: value.tenant, subscription: value.id }
      rows.push(deliveryRow('delivery', { ...whose, ...times, notice, type, attempts: 0 }))
    }
    const dead = notices.map((notice) => ({
      kind: 'deadLetter' as const,
      id: deliveryId(value.id, notice),
    }))
    const there = await store.rows(dead)
    return {
      additive: false,
      rows,
      removals: dead.filter((_, at) => there[at] !== undefined),
      unchanged: [standing],
      ...about(value),
      detail: { notices: notices.length },
      output: { queued: notices.length },
    }
  },
}
