import type { InputOf } from '@claviger/contract'
import type { TestHouse } from '../harness/house.ts'
import type { Receiver } from './receiver.ts'

/** What tests of subscriptions do to a house. */

export function subscribe(
  to: Receiver,
  more: Partial<InputOf<'subscription.create'>>,
  of: TestHouse,
) {
  const scope = { kind: 'tenant' as const }
  const input = { name: 'x', url: to.url, scope, types: [], signature: 'v1' as const }
  return of.perform('subscription.create', { ...input, ...more })
}

/** Lets the job come round until something holds. */
export async function until(holds: () => boolean | Promise<boolean>, of: TestHouse) {
  while (!(await holds())) {
    await of.runJob('deliveries')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** What waits for a subscription, or was given up. */
export async function queued(subscription: string, state: 'waiting' | 'dead', of: TestHouse) {
  return (await of.perform('subscription.deliveries', { subscription, state, limit: 100 })).items
}
