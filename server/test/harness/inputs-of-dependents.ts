import type { TestHouse } from './house.ts'
import type { Inputs } from './inputs.ts'

/** Inputs of the operations about what depends on keys, and what it is told. */

type Named = Extract<keyof Inputs, `dependent.${string}` | 'key.dependents' | 'key.sources'>

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
  }
}
