import type { TestHouse } from './house.ts'
import type { Inputs } from './inputs.ts'

/** Inputs of the operations about what depends on keys, and what it is told. */

type Named = Extract<
  keyof Inputs,
  | `dependent.${string}`
  | `subscription.${string}`
  | 'notice.list'
  | 'key.dependents'
  | 'key.sources'
>

function dependent(key: string) {
  return { key, name: 'orders', kind: 'service' as const, contact: '', description: '' }
}

export function dependentInputs(
  house: TestHouse,
  keyOf: () => Promise<string>,
): Pick<Inputs, Named> {
  const dependentOf = async () =>
    (await house.perform('dependent.create', dependent(await keyOf()))).id
  const page = { limit: 10 }
  const subscription = {
    name: 'pager',
    url: 'https://receiver.test/hook',
    scope: { kind: 'tenant' as const },
    types: [],
    signature: 'v1a' as const,
  }
  const subscriptionOf = async () => (await house.perform('subscription.create', subscription)).id
  return {
    'key.dependents': async () => ({ key: await keyOf() }),
    'key.sources': async () => ({ key: await keyOf() }),
    'dependent.create': async () => dependent(await keyOf()),
    'dependent.update': async () => ({ dependent: await dependentOf(), contact: 'on call' }),
    'dependent.remove': async () => ({ dependent: await dependentOf() }),
    'dependent.get': async () => ({ dependent: await dependentOf() }),
    'dependent.list': async () => page,
    'dependent.acknowledge': async () => {
      const key = await keyOf()
      const { id } = await house.perform('dependent.create', dependent(key))
      await house.perform('key.suspend', { key })
      const [found] = (
        await house.perform('ledger.search', {
          key,
          event: 'key.suspend',
          order: 'descending',
          limit: 1,
        })
      ).items
      return { dependent: id, notice: found?.index ?? 0 }
    },
    'notice.list': async () => page,
    'subscription.create': async () => subscription,
    'subscription.update': async () => ({ subscription: await subscriptionOf(), name: 'x' }),
    'subscription.rotateSecret': async () => ({
      subscription: await subscriptionOf(),
      overlapHours: 1,
    }),
    'subscription.delete': async () => ({ subscription: await subscriptionOf() }),
    'subscription.list': async () => page,
    'subscription.deliveries': async () => ({
      subscription: await subscriptionOf(),
      state: 'dead' as const,
      ...page,
    }),
    'subscription.replay': async () => {
      const id = await subscriptionOf()
      const key = await keyOf()
      await house.perform('key.suspend', { key })
      const search = { key, event: 'key.suspend', order: 'descending' as const, limit: 1 }
      const [found] = (await house.perform('ledger.search', search)).items
      return { subscription: id, notices: [found?.index ?? 0] }
    },
  }
}
