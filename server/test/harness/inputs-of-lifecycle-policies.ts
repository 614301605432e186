import type { TestHouse } from './house.ts'

/** Inputs of the operations on lifecycle policies. `keyOf` makes a key. */
export function lifecycleInputs(house: TestHouse, keyOf: () => Promise<string>) {
  const page = { limit: 10 }
  // Of a key of its own, so that it asks nothing of the others.
  const input = async () => ({
    name: 'not at once',
    scope: { kind: 'key', key: await keyOf() } as const,
    rules: { destructionDaysMin: 2 },
  })
  const made = async () => (await house.perform('lifecyclePolicy.create', await input())).id
  return {
    'lifecyclePolicy.create': input,
    'lifecyclePolicy.update': async () => ({
      policy: await made(),
      rules: { destructionDaysMin: 3 },
    }),
    'lifecyclePolicy.loosen': async () => ({
      policy: await made(),
      rules: {},
      reason: 'it asked too much',
    }),
    'lifecyclePolicy.delete': async () => ({ policy: await made(), reason: 'nobody needs it' }),
    'lifecyclePolicy.get': async () => ({ policy: await made() }),
    'lifecyclePolicy.list': async () => page,
    'policy.check': async () => page,
    'policy.simulate': async () => ({ preset: 'cnsa2' as const, ...page }),
  }
}
