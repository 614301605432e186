import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { temporaryFolder } from '../harness/server-process.ts'
import { storeWith } from '../harness/store-with.ts'
import { KeyModel, type Rules, type Triggers } from './rotation-model.ts'

/**
 * Years of a key's life under any lifecycle policies, triggers, limits, end dates and crashes, beside a model: no version applies after its
 * protect-stop date or beyond its limit, none processes after its process-stop date, no trigger is lost, and none fires twice.
 */

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const events = fc.uniqueArray(fc.constantFrom('compromise' as const, 'member-left' as const), {
  minLength: 1,
})

const rules: fc.Arbitrary<Rules> = fc
  .record(
    {
      protect: fc.integer({ min: 1, max: 300 }),
      process: fc.integer({ min: 1, max: 600 }),
      everyDays: fc.integer({ min: 1, max: 400 }),
      uses: fc.integer({ min: 1, max: 6 }),
      on: events,
      alarm: fc.constant('critical' as const),
    },
    { requiredKeys: [] },
  )
  .filter((given) => Object.keys(given).length > 0)

const triggers: fc.Arbitrary<Triggers> = fc
  .record(
    {
      everyDays: fc.integer({ min: 1, max: 400 }),
      calendar: fc.constant('0 0 1 * *' as const),
      uses: fc.integer({ min: 1, max: 6 }),
      beforeExpiryDays: fc.integer({ min: 1, max: 60 }),
      on: events,
      alarm: fc.constant('critical' as const),
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
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('leave', 'alarm') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ask' as const), rules }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('ask no more' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('limit' as const), usesMax: fc.nat(8) }) },
)

const life = fc.record({
  triggers: maybe(triggers),
  rules: maybe(rules),
  protectDays: maybe(fc.integer({ min: 1, max: 300 })),
  moreDays: fc.nat(300),
  isEnding: fc.boolean(),
  steps: fc.array(step, { minLength: 5, maxLength: 20 }),
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** What a policy says in the words of the contract. */
function inWords({ protect, process, ...rotation }: Rules) {
  const period = {
    ...(protect === undefined ? {} : { protect }),
    ...(process === undefined ? {} : { process }),
  }
  return {
    ...(Object.keys(period).length === 0 ? {} : { cryptoperiods: { symmetricEncryption: period } }),
    ...(Object.keys(rotation).length === 0 ? {} : { rotation }),
  }
}

/** The house, which loses its power now and then. */
class World implements AsyncDisposable {
  readonly #path: string
  readonly clock: DrivenClock
  readonly model: KeyModel
  house: TestHouse
  key = ''
  readonly #ciphertexts = new Map<number, Uint8Array>()
  readonly #policies: string[] = []
  #members = 0
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
      readonly rules: Rules | undefined
    },
  ): Promise<World> {
    const { rules: first } = given
    const clock = new DrivenClock()
    // Under a policy it is made with what the policy gives it.
    const model =
      first === undefined
        ? new KeyModel(clock.now(), given, [])
        : new KeyModel(clock.now(), {}, [first])
    const world = new World(path, clock, model, await startHouse({ path, clock }))
    await world.restart()
    if (first !== undefined) await world.#ask(first)
    const { protectStopAt, processStopAt } = model.current
    const own = first === undefined ? given.triggers : undefined
    const made = await world.house.createKey({
      ...(first === undefined ? { protectStopAt, processStopAt } : {}),
      ...(own === undefined ? {} : { rotation: own }),
    })
    const begun = own ?? model.asked()
    if (begun !== undefined) model.setTriggers(begun)
    world.key = made.id
    return world
  }

  async #ask(asked: Rules): Promise<void> {
    const { id } = await this.house.perform('lifecyclePolicy.create', {
      name: `policy ${this.#policies.length}`,
      scope: { kind: 'tenant' },
      rules: inWords(asked),
    })
    this.#policies.push(id)
  }

  /** Time goes on a little, so that of two things that happen one is first. */
  #tick(): void {
    this.clock.advance(1)
    this.model.now = this.clock.now()
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
        for (const job of ['occurrence', 'rotation']) await house.runJob(job).catch(() => undefined)
        await this.restart()
        await this.#run()
        break
      case 'set':
        if (model.isSuspended) break
        await this.#set(given.triggers)
        break
      case 'off':
        if (model.isSuspended) break
        await this.#set(undefined)
        break
      case 'compromise': {
        if (model.current.isRevoked) break
        this.#tick()
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
      case 'leave': {
        const principal = await this.#member()
        this.#tick()
        await house.perform('principal.disable', { principal })
        model.happens('member-left')
        break
      }
      case 'alarm': {
        const { id: other } = await house.createKey()
        this.#tick()
        await house.perform('key.revoke', { key: other, reason: 'keyCompromise' })
        model.happens('alarm')
        break
      }
      case 'ask':
        await this.#ask(given.rules)
        model.policies.push(given.rules)
        break
      case 'ask no more': {
        const policy = this.#policies.pop()
        if (policy === undefined) break
        await house.perform('lifecyclePolicy.delete', { policy, reason: 'it goes' })
        model.policies.pop()
        break
      }
      case 'limit':
        await house.perform('key.update', { key, usesMax: given.usesMax })
        model.usesMax = given.usesMax === 0 ? Infinity : given.usesMax
        break
    }
  }

  /** Somebody who can see data keys. */
  async #member(): Promise<string> {
    this.#members += 1
    const made = { name: `member-${this.#members}`, kind: 'service' } as const
    const { id: principal } = await this.house.perform('principal.create', made)
    const scope = { kind: 'tenant' } as const
    await this.house.perform('binding.create', { role: 'key-user', principal, scope })
    return principal
  }

  async #set(triggers: Triggers | undefined): Promise<void> {
    const { house, model, key } = this
    const code = await house.codeOf('key.setRotation', {
      key,
      ...(triggers === undefined ? { off: true } : triggers),
    })
    const isAllowed = model.mayHave(triggers)
    assert.equal(code, isAllowed ? 'ok' : 'policy_violated')
    if (isAllowed) model.setTriggers(triggers)
  }

  /** The job comes round; again, it finds nothing. */
  async #run(): Promise<void> {
    this.model.hear()
    const cause = this.model.due()
    if (cause !== undefined) this.model.rotate(cause)
    for (const job of ['occurrence', 'rotation', 'occurrence', 'rotation'])
      await this.house.runJob(job)
  }

  async #encrypt(): Promise<void> {
    const input = { key: this.key, plaintext: Buffer.from('x') }
    if (!this.model.mayApply()) {
      assert.equal(await this.house.codeOf('encrypt', input), 'wrong_state')
      return
    }
    if (this.model.isAtLimit()) {
      assert.equal(await this.house.codeOf('encrypt', input), 'limit_reached')
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
    fc.asyncProperty(life, async ({ protectDays, moreDays, isEnding, steps, ...given }) => {
      await using folder = await temporaryFolder()
      const processDays = isEnding && protectDays !== undefined ? protectDays + moreDays : undefined
      const path = `${folder.path}/claviger.db`
      await using world = await World.begin(path, { protectDays, processDays, ...given })
      for (const each of steps) {
        await world.take(each)
        await world.assertAlike()
      }
      assert.deepEqual((await world.house.perform('system.doctor', {})).findings, [])
      const fired = (await world.house.entries()).filter(
        ({ event, key }) => event === 'key.rotateDue' && key === world.key,
      )
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
