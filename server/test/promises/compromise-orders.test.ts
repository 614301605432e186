import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OutputOf } from '@claviger/contract'
import * as fc from 'fast-check'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { verifyHouse } from '../harness/read-ledger.ts'

/**
 * Whatever people, programs and the server do in a case, and in whichever order: it waits for nobody who has done his part, each end comes
 * once, and none comes while something is left that nobody ordered.
 */

const RUNS = 60
const DOINGS_MAX = 20
const HALF_MINUTE_MS = 30_000

type Case = OutputOf<'compromise.get'>

const doings = [
  'look',
  'finish',
  'fail',
  'again',
  'acknowledge',
  'remove',
  'declare store',
  'declare service',
  'pass',
  'assess',
  'rewrap',
  'revoke',
  'destroy',
  'close',
] as const
type Doing = (typeof doings)[number]

/** What leads on comes more often, so that an order gets far. */
const often: readonly Doing[] = ['look', 'look', 'look', 'finish', 'finish', 'acknowledge', 'pass']
const doing = fc.constantFrom(...doings, ...often)

/** What is refused because it is not its time; nothing else may be. */
const untimely = new Set(['ok', 'conflict', 'wrong_state'])

/** Orders that lead to the dependents, and to the end. */
const far: readonly [('service' | 'store')[], Doing[]][] = [
  [['service'], ['look', 'finish', 'pass', 'look']],
  [[], ['look', 'finish', 'pass', 'look', 'acknowledge', 'look']],
]

class Play {
  readonly #house: TestHouse
  readonly #clock: DrivenClock
  readonly #key: string
  readonly #case: string

  constructor(house: TestHouse, clock: DrivenClock, key: string, of: string) {
    this.#house = house
    this.#clock = clock
    this.#key = key
    this.#case = of
  }

  view(): Promise<Case> {
    return this.#house.perform('compromise.get', { case: this.#case })
  }

  async dependents() {
    const { items } = await this.#house.perform('dependent.list', { key: this.#key, limit: 100 })
    return items
  }

  async openRuns() {
    const input = { key: this.#key, state: 'open', limit: 100 } as const
    return (await this.#house.perform('rewrap.list', input)).items
  }

  async declare(kind: 'service' | 'store'): Promise<void> {
    const declared = { key: this.#key, name: kind, kind, contact: '', description: '' } as const
    await this.#house.perform('dependent.create', declared)
  }

  /** One doing of somebody's, which may come too early or too late. */
  async do(what: Doing): Promise<void> {
    const house = this.#house
    const id = { case: this.#case }
    const [dependent] = await this.dependents()
    const [run] = await this.openRuns()
    const steps = {
      assess: () => house.codeOf('compromise.assess', id),
      rewrap: () => house.codeOf('compromise.rewrap', id),
      revoke: () => house.codeOf('compromise.revoke', id),
      destroy: () => house.codeOf('compromise.destroy', { ...id, days: 9 }),
      close: () => house.codeOf('compromise.close', id),
    }
    if (what in steps) {
      const code = await steps[what as keyof typeof steps]()
      assert.ok(untimely.has(code), `${what}: ${code}`)
    } else if (what === 'look') await house.runJob('compromise')
    else if (what === 'pass') this.#clock.advance(HALF_MINUTE_MS)
    else if (what === 'declare store') await this.declare('store')
    else if (what === 'declare service') await this.declare('service')
    else if (what === 'finish' && run !== undefined) await this.#end(run.id, 0)
    else if (what === 'fail' && run !== undefined) await this.#end(run.id, 1)
    else if (what === 'again' && dependent?.kind === 'store') await this.#goThrough(dependent.id)
    else if (what === 'acknowledge' && dependent !== undefined)
      await this.#acknowledge(dependent.id)
    else if (what === 'remove' && dependent !== undefined)
      await house.perform('dependent.remove', { dependent: dependent.id })
  }

  /** Everybody does what is left of his part, and nobody more than that. */
  async settle(): Promise<void> {
    const { revokedAt, notice } = await this.view()
    if (revokedAt === undefined) {
      for (const { id } of await this.openRuns()) await this.#end(id, 0)
      const { left } = await this.view()
      const stores = (await this.dependents()).filter(({ kind }) => kind === 'store')
      // Of several, each is called the same.
      const isLeft = left.some((each) => each.includes('was not re-wrapped to its end'))
      if (isLeft) for (const { id } of stores) await this.#goThrough(id)
    }
    for (const { id, acknowledged } of await this.dependents())
      if (!acknowledged.some((made) => made.notice === notice)) await this.#acknowledge(id)
    this.#clock.advance(HALF_MINUTE_MS)
    await this.#house.runJob('compromise')
  }

  async #end(run: string, failed: number): Promise<void> {
    await this.#house.perform('rewrap.finish', { run, done: 1, already: 0, failed })
  }

  async #goThrough(dependent: string): Promise<void> {
    const start = { key: this.#key, source: 'a place', dependent }
    const { id } = await this.#house.perform('rewrap.start', start)
    await this.#end(id, 0)
  }

  async #acknowledge(dependent: string): Promise<void> {
    const { notice = -1 } = await this.view()
    await this.#house.perform('dependent.acknowledge', { dependent, notice })
  }
}

test('in any order of doings each end comes once, and the case is closed when everybody has done his part', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const reached = new Set<Case['next']>()
  const play = async (before: readonly ('service' | 'store')[], order: readonly Doing[]) => {
    const { id: key } = await house.createKey()
    await house.perform('encrypt', { key, plaintext: Buffer.from('x') })
    for (const kind of ['store', ...before] as const)
      await house.perform('dependent.create', {
        key,
        name: kind,
        kind,
        contact: '',
        description: '',
      })
    const since = clock.now()
    const opening = { key, since, reason: 'stolen', hours: 72, destroyDays: 7 }
    const { id } = await house.perform('compromise.open', opening)
    const player = new Play(house, clock, key, id)
    const { next } = await house.store.head()
    for (const what of order) {
      const stood = await player.view()
      await player.do(what)
      const stands = await player.view()
      const isEnd = stood.revokedAt === undefined && stands.revokedAt !== undefined
      if (isEnd) assert.notEqual(stood.next, 'wait', `${what} ended what was needed`)
    }
    // A store that was declared and removed leaves nobody who says where the data is: it is declared again.
    const view = await player.view()
    const stores = (await player.dependents()).filter(({ kind }) => kind === 'store')
    if (view.revokedAt === undefined && stores.length === 0) await player.declare('store')
    reached.add(view.next)
    await player.settle()
    const ended = await player.view()
    assert.deepEqual([ended.next, ended.waitsFor, ended.left], ['closed', 'nobody', []])
    const entries = (await house.entries(next)).filter(
      ({ subject, outcome }) => subject === id && outcome === 'ok',
    )
    // Where a step was taken, something was written; asked again, nothing was.
    const taken = entries.filter(({ changed = [] }) => changed.length > 0)
    for (const event of ['compromise.revoke', 'compromise.destroy', 'compromise.close'])
      assert.equal(taken.filter((entry) => entry.event === event).length, 1, event)
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('service' as const, 'store' as const), { maxLength: 2 }),
      fc.array(doing, { maxLength: DOINGS_MAX, size: 'max' }),
      play,
    ),
    { numRuns: RUNS, endOnFailure: true, examples: [...far] },
  )
  for (const step of ['acknowledge', 'closed'] as const)
    assert.ok(reached.has(step), `no order led to ${step}`)
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
  assert.deepEqual((await verifyHouse(house)).findings, [])
})
