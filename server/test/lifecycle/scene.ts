import type { InputOf, LifecycleRules, OutputOf } from '@claviger/contract'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'

/** A house with a clock that the test drives, and policies in it. */

export const DAY_MS = 86_400_000

type Scope = InputOf<'lifecyclePolicy.create'>['scope']

export interface Scene extends AsyncDisposable {
  readonly house: TestHouse
  readonly clock: DrivenClock
  /** Asks something of keys, of the whole tenant unless told. */
  ask(rules: LifecycleRules, scope?: Scope): Promise<OutputOf<'lifecyclePolicy.create'>>
  /** The versions of a key, with their dates counted in days from now. */
  datesOf(key: string): Promise<{ protect: number | undefined; process: number | undefined }[]>
}

export async function startScene(): Promise<Scene> {
  const clock = new DrivenClock()
  const house = await startHouse({ clock })
  const inDays = (at: number | undefined) =>
    at === undefined ? undefined : (at - clock.now()) / DAY_MS
  return {
    house,
    clock,
    ask: (rules, scope = { kind: 'tenant' }) =>
      house.perform('lifecyclePolicy.create', { name: 'what is asked', scope, rules }),
    async datesOf(key) {
      const { items } = await house.perform('key.versions', { key, limit: 100 })
      return items.map(({ protectStopAt, processStopAt }) => ({
        protect: inDays(protectStopAt),
        process: inDays(processStopAt),
      }))
    },
    [Symbol.asyncDispose]: () => house.close(),
  }
}
