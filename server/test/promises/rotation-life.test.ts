import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { temporaryFolder } from '../harness/server-process.ts'
import { storeWith } from '../harness/store-with.ts'
import { KeyModel, type Triggers } from './rotation-model.ts'

/**
 * Years of a key's life under any triggers, end dates and crashes, beside a model: no version applies after its protect-stop date, none
 * processes after its process-stop date, no trigger is lost, and none fires twice.
 */

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const triggers: fc.Arbitrary<Triggers> = fc
  .record(
    {
      everyDays: fc.integer({ min: 1, max: 400 }),
      calendar: fc.constant('0 0 1 * *' as const),
      uses: fc.integer({ min: 1, max: 6 }),
      beforeExpiryDays: fc.integer({ min: 1, max: 60 }),
      on: fc.constant<['compromise']>(['compromise']),
    },
    { requiredKeys: [] },
  )
  .filter((given) => Object.keys(given).length > 0)

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.nat(5_000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('use' as const), times: fc.nat(4) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('run' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      commit: fc.integer({ min: 1, max: 3 }),
      reached: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('set' as const), triggers }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('off', 'compromise', 'demand') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('suspend', 'resume') }) },
)

const life = fc.record({
  triggers: maybe(triggers),
  protectDays: maybe(fc.integer({ min: 1, max: 300 })),
  moreDays: fc.nat(300),
  isEnding: fc.boolean(),
  steps: fc.array(step, { minLength: 5, maxLength: 20 }),
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** The house, which loses its power now and then. */
class World implements AsyncDisposable {
  readonly #path: string
  readonly clock: DrivenClock
  readonly model: KeyModel
  house: TestHouse
  key = ''
  readonly #ciphertexts = new Map<number, Uint8Array>()
  #commitsLeft = Number.POSITIVE_INFINITY
  #reached = false
  #broken = false

  private constructor(path: string, clock: DrivenClock, model: KeyModel, house: TestHouse) {
    this.#path = path
    this.clock = clock
    this.model = model
    this.house = house
  }

  static async begin(
    path: string,
    given: {
      readonly protectDays: number | undefined
      readonly processDays: number | undefined
      readonly triggers: Triggers | undefined
    },
  ): Promise<World> {
    const clock = new DrivenClock()
    const model = new KeyModel(clock.now(), given.protectDays, given.processDays)
    const world = new World(path, clock, model, await startHouse({ path, clock }))
    await world.restart()
    const { protectStopAt, processStopAt } = model.current
    const made = await world.house.createKey({
      protectStopAt,
      processStopAt,
      ...(given.triggers === undefined ? {} : { rotation: given.triggers }),
    })
    if (given.triggers !== undefined) model.setTriggers(given.triggers)
    world.key = made.id
    return world
  }

  /** The next start after a power cut: what was not durable is gone. */
  async restart(): Promise<void> {
    const { shares } = this.house
    await this.house.close().catch(() => undefined)
    await this.house.store.close().catch(() => undefined)
    this.#broken = false
    this.#commitsLeft = Number.POSITIVE_INFINITY
    this.house = await startHouse({
      path: this.#path,
      clock: this.clock,
      shares,
      wrapStore: (store) =>
        storeWith(store, {
          commit: async (batch) => {
            if (this.#broken) throw new Error('the power is gone')
            this.#commitsLeft -= 1
            if (this.#commitsLeft > 0) return store.commit(batch)
            this.#broken = true
            if (this.#reached) await store.commit(batch)
            throw new Error('the power is gone')
          },
          recover: async () => {
            if (this.#broken) throw new Error('the power is gone')
            return store.recover()
          },
        }),
    })
  }

  async take(given: Step): Promise<void> {
    const { house, model, key } = this
    switch (given.do) {
      case 'wait':
        this.clock.advance(given.hours * 3_600_000)
        model.now = this.clock.now()
        await house.renewToken()
        break
      case 'use':
        for (let used = 0; used < given.times; used += 1) await this.#encrypt()
        break
      case 'run':
        await this.#run()
        break
      case 'crash':
        this.#commitsLeft = given.commit
        this.#reached = given.reached
        await house.runJob('rotation').catch(() => undefined)
        await this.restart()
        await this.#run()
        break
      case 'set':
        if (model.isSuspended) break
        await house.perform('key.setRotation', { key, ...given.triggers })
        model.setTriggers(given.triggers)
        break
      case 'off':
        if (model.isSuspended) break
        await house.perform('key.setRotation', { key, off: true })
        model.setTriggers(undefined)
        break
      case 'compromise': {
        if (model.current.isRevoked) break
        const version = model.versions.length
        await house.perform('key.revoke', { key, version, reason: 'keyCompromise' })
        model.compromise()
        break
      }
      case 'demand':
        if (model.isSuspended) break
        await house.perform('key.rotate', { key })
        model.rotate('demand')
        break
      case 'suspend':
        if (!model.isSuspended) await house.perform('key.suspend', { key })
        model.isSuspended = true
        break
      case 'resume':
        if (model.isSuspended) await house.perform('key.resume', { key })
        model.isSuspended = false
        break
    }
  }

  /** The job comes round; again, it finds nothing. */
  async #run(): Promise<void> {
    const cause = this.model.due()
    if (cause !== undefined) this.model.rotate(cause)
    await this.house.runJob('rotation')
    await this.house.runJob('rotation')
  }

  async #encrypt(): Promise<void> {
    const input = { key: this.key, plaintext: Buffer.from('x') }
    if (!this.model.mayApply()) {
      assert.equal(await this.house.codeOf('encrypt', input), 'wrong_state')
      return
    }
    const { ciphertext, version } = await this.house.perform('encrypt', input)
    this.model.current.uses += 1
    this.#ciphertexts.set(version, ciphertext)
  }

  async assertAlike(): Promise<void> {
    const { house, model, key } = this
    const { items } = await house.perform('key.versions', { key, limit: 1_000 })
    assert.deepEqual(
      items.map((each) => [each.rotatedBy, each.activatedAt, each.protectStopAt, each.uses]),
      model.versions.map((each) => [
        each.rotatedBy,
        each.activatedAt,
        each.protectStopAt,
        each.uses,
      ]),
    )
    for (const [number, ciphertext] of this.#ciphertexts) {
      const code = await house.codeOf('decrypt', { ciphertext })
      assert.equal(code, model.mayProcess(number) ? 'ok' : 'wrong_state')
      const version = model.versions[number - 1]
      if (code === 'ok' && version !== undefined) version.uses += 1
    }
    await this.#encrypt()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.house.close()
  }
}

test('whatever happens in the life of a key, it is rotated when it should be, once, and no version outlives its dates', async () => {
  await fc.assert(
    fc.asyncProperty(life, async ({ protectDays, moreDays, isEnding, steps, triggers: first }) => {
      await using folder = await temporaryFolder()
      const processDays = isEnding && protectDays !== undefined ? protectDays + moreDays : undefined
      const path = `${folder.path}/claviger.db`
      await using world = await World.begin(path, { protectDays, processDays, triggers: first })
      for (const each of steps) {
        await world.take(each)
        await world.assertAlike()
      }
      assert.deepEqual((await world.house.perform('system.doctor', {})).findings, [])
      const fired = (await world.house.entries()).filter(({ event }) => event === 'key.rotateDue')
      assert.deepEqual(
        fired.map(({ detail }) => detail?.['cause']),
        world.model.versions
          .map(({ rotatedBy }) => rotatedBy)
          .filter((cause) => cause !== undefined && cause !== 'demand'),
      )
    }),
    { numRuns: 20 },
  )
})
