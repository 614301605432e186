import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputOf } from '@claviger/contract'
import fc from 'fast-check'
import { DrivenClock } from '../harness/clock.ts'
import { codeOf, startHouse, type TestHouse } from '../harness/house.ts'
import { allowedOr } from './allowed.ts'
import { action, materialOf, type Action } from './key-life-actions.ts'
import { areInOrder, KeyModel, VersionModel, type End } from './key-life-model.ts'

/** Random lives of keys, on a driven clock, against the plain model: the server allows and shows exactly what the model does. */

const allowed = allowedOr('wrong_state')

const DAY_MS = 86_400_000
const RUNS = 1_000
const ACTIONS_MAX = 40

interface Kept {
  readonly id: string
  readonly model: KeyModel
  readonly ciphertexts: {
    readonly bytes: Uint8Array
    readonly version: VersionModel
    readonly text: string
  }[]
}

type Dates = Partial<Record<'protectStop' | 'processStop', number>>

/** One house that lives through all runs, with a few keys in each. */
class Life {
  readonly #house: TestHouse
  readonly #clock: DrivenClock
  #keys: Kept[] = []
  #keysMax = 0
  #texts = 0
  #materials = 0

  constructor(house: TestHouse, clock: DrivenClock) {
    this.#house = house
    this.#clock = clock
  }

  /** A life of at most so many keys: with few, rare things come together on one. */
  begin(keysMax: number): void {
    this.#keys = []
    this.#keysMax = keysMax
  }

  async do(taken: Action): Promise<void> {
    switch (taken.do) {
      case 'create':
        if (this.#keys.length < this.#keysMax) await this.#create(taken)
        return
      case 'wait':
        this.#clock.advance(taken.hours * 3_600_000)
        await this.#house.renewToken()
        await this.#house.runJob('expiry')
        for (const { model } of this.#keys) model.expire(this.#now)
        return
      case 'job':
        await this.#house.runJob('destruction')
        for (const { model } of this.#keys) if (model.mayErase(this.#now)) model.erase()
        return
      case 'reopen':
        // Everything is forgotten, and read again from what is stored.
        await this.#house.perform('system.seal', {})
        assert.equal(await this.#house.unseal(), true)
        return
      default: {
        const kept = this.#keys[taken.key % Math.max(1, this.#keys.length)]
        if (kept !== undefined) await this.#doTo(kept, taken)
      }
    }
  }

  get #now(): number {
    return this.#clock.now()
  }

  #at(hours: number | undefined): number | undefined {
    return hours === undefined ? undefined : this.#now + hours * 3_600_000
  }

  #given(given: Dates) {
    const protectStopAt = this.#at(given.protectStop)
    const processStopAt = this.#at(given.processStop)
    return {
      ...(protectStopAt === undefined ? {} : { protectStopAt }),
      ...(processStopAt === undefined ? {} : { processStopAt }),
    }
  }

  async #create({
    activate,
    dates: given,
    from,
  }: {
    activate: number | null
    dates: Dates
    from: 'here' | 'outside' | 'later'
  }): Promise<void> {
    const { protectStopAt, processStopAt } = this.#given(given)
    const activateAt = this.#at(activate ?? undefined)
    const version = new VersionModel(activateAt ?? this.#now, protectStopAt, processStopAt)
    const input = {
      algorithm: 'AES-256-GCM',
      exportable: false,
      ...this.#given(given),
      ...(activateAt === undefined ? {} : { activateAt }),
    }
    if (!areInOrder(version)) {
      const refused = { ...input, origin: 'generated' as const }
      assert.equal(await this.#house.codeOf('key.create', refused), 'invalid_request')
      return
    }
    if (from === 'outside') {
      version.material = this.#materials += 1
      const unsafePlaintext = materialOf(version.material)
      const { id } = await this.#house.perform('key.import', { ...input, unsafePlaintext })
      this.#keys.push({ id, model: new KeyModel(version, true), ciphertexts: [] })
      return
    }
    if (from === 'later') version.lack()
    const origin = from === 'here' ? 'generated' : 'imported'
    const { id } = await this.#house.perform('key.create', { ...input, origin })
    this.#keys.push({ id, model: new KeyModel(version, from === 'later'), ciphertexts: [] })
  }

  async #doTo(
    kept: Kept,
    taken: Exclude<Action, { do: 'create' | 'wait' | 'job' | 'reopen' }>,
  ): Promise<void> {
    const { id: key, model } = kept
    const house = this.#house
    switch (taken.do) {
      case 'rotate':
        return this.#rotate(kept, taken.dates)
      case 'update':
        return this.#update(kept, taken.dates)
      case 'suspend':
        await allowed(
          house.perform('key.suspend', { key }),
          model.maySuspend,
          () => (model.suspended = true),
        )
        return
      case 'resume':
        await allowed(
          house.perform('key.resume', { key }),
          model.mayResume,
          () => (model.suspended = false),
        )
        return
      case 'restore':
        await allowed(
          house.perform('key.restore', { key, suspended: taken.suspended }),
          model.mayRestore,
          () => model.restore(taken.suspended),
        )
        return
      case 'destroy': {
        const { days } = taken
        const at = this.#now + days * DAY_MS
        await allowed(
          house.perform('key.destroy', { key, days, acknowledge: 'all' }),
          model.mayDestroy,
          () => (model.destroyAt = at),
        )
        return
      }
      case 'erase': {
        const erasing = house.house.gate.performAsSystem('key.erase', house.house.custody.tenant, {
          key,
        })
        await allowed(erasing, model.mayErase(this.#now), () => model.erase())
        return
      }
      case 'bring':
        return this.#bring(kept, taken.version, taken.until)
      case 'bringNew':
        return this.#bringNew(kept, taken.pending, taken.until)
      case 'take':
        return this.#take(kept, taken.version)
      case 'revoke':
        return this.#revoke(kept, taken.reason, taken.version)
      case 'encrypt':
        return this.#encrypt(kept)
      case 'decrypt':
        return this.#decrypt(kept, taken.ciphertext)
      default:
        taken satisfies never
    }
  }

  async #rotate({ id: key, model }: Kept, given: Dates): Promise<void> {
    const { protectStopAt, processStopAt } = this.#given(given)
    const next = new VersionModel(this.#now, protectStopAt, processStopAt)
    const doing = this.#house.perform('key.rotate', { key, ...this.#given(given) })
    if (model.mayRotate && !areInOrder(next)) {
      assert.equal(await codeOf(doing), 'invalid_request')
      return
    }
    await allowed(doing, model.mayRotate && model.hasNext, () => {
      const pending = model.waiting
      if (pending === undefined) return model.rotate(next)
      const { activatedAt, protectStopAt: protectStop, processStopAt: processStop } = next
      Object.assign(pending, {
        activatedAt,
        protectStopAt: protectStop,
        processStopAt: processStop,
      })
      model.rotate(pending)
    })
  }

  /** The material of a version once more, or for the first time. */
  async #bring({ id: key, model }: Kept, which: number, until: number | null): Promise<void> {
    const { version } = model.pick(which)
    const material = version.material ?? (this.#materials += 1)
    const input = { key, existing: true, ...this.#wrapped(material, until) }
    const doing = this.#house.perform('key.import', input)
    if (!model.imported) assert.equal(await codeOf(doing), 'wrong_usage')
    else {
      const may = model.takesMaterial && version.end === undefined
      await allowed(doing, may, () =>
        version.bring(material, this.#now, this.#at(until ?? undefined)),
      )
    }
  }

  /** Material the key never had: it fills what never had any, waits, or is used from now on. */
  async #bringNew({ id: key, model }: Kept, pending: boolean, until: number | null): Promise<void> {
    const material = (this.#materials += 1)
    const input = { key, ...(pending ? { pending } : {}), ...this.#wrapped(material, until) }
    const doing = this.#house.perform('key.import', input)
    const { current } = model
    const end = this.#at(until ?? undefined)
    if (!model.imported) assert.equal(await codeOf(doing), 'wrong_usage')
    else if (model.takesMaterial && current.material === undefined) {
      const may = current.end === undefined
      await allowed(doing, may, () => current.bring(material, this.#now, end))
    } else if (model.takesMaterial && !current.hasMaterial && !pending) {
      assert.equal(await codeOf(doing), 'conflict')
    } else {
      const may = model.takesMaterial && model.waiting === undefined && (pending || model.inForce)
      await allowed(doing, may, () => {
        const next = new VersionModel(this.#now)
        next.bring(material, this.#now, end)
        if (pending) model.wait(next)
        else model.rotate(next)
      })
    }
  }

  async #take({ id: key, model }: Kept, which: number): Promise<void> {
    const { version, at } = model.pick(which)
    const { items } = await this.#house.perform('key.versions', { key, limit: 1_000 })
    const materialId = items[at]?.materialId ?? ''
    const doing = this.#house.perform('key.deleteMaterial', { key, materialId })
    if (!model.imported) assert.equal(await codeOf(doing), 'wrong_usage')
    else await allowed(doing, !model.destroyed, () => model.lose(version))
  }

  #wrapped(material: number, until: number | null) {
    const materialExpiresAt = this.#at(until ?? undefined)
    return {
      exportable: false,
      unsafePlaintext: materialOf(material),
      ...(materialExpiresAt === undefined ? {} : { materialExpiresAt }),
    }
  }

  async #update({ id: key, model }: Kept, given: Dates): Promise<void> {
    const { current } = model
    const wanted = new VersionModel(
      current.activatedAt,
      this.#at(given.protectStop) ?? current.protectStopAt,
      this.#at(given.processStop) ?? current.processStopAt,
    )
    const isDated = given.protectStop !== undefined || given.processStop !== undefined
    const doing = this.#house.perform('key.update', {
      key,
      description: 'x',
      ...this.#given(given),
    })
    const may = !model.destroyed && current.mayMove(given, this.#now)
    if (may && isDated && !areInOrder(wanted)) {
      assert.equal(await codeOf(doing), 'invalid_request')
      return
    }
    await allowed(doing, may, () => {
      current.protectStopAt = wanted.protectStopAt
      current.processStopAt = wanted.processStopAt
    })
  }

  async #revoke(
    { id: key, model }: Kept,
    why: InputOf<'key.revoke'>['reason'],
    which: number | null,
  ): Promise<void> {
    const how = { key, reason: why, acknowledge: 'all' }
    const end: End = why === 'keyCompromise' ? 'compromised' : 'deactivated'
    if (which === null) {
      await allowed(this.#house.perform('key.revoke', how), model.mayRevoke(end), () =>
        model.revoke(end),
      )
      return
    }
    const { version, at } = model.pick(which)
    const doing = this.#house.perform('key.revoke', { ...how, version: at + 1 })
    await allowed(doing, model.mayRevokeVersion(version, end), () => version.revoke(end))
  }

  async #encrypt({ id: key, model, ciphertexts }: Kept): Promise<void> {
    this.#texts += 1
    const text = `text ${this.#texts}`
    const version = model.current
    const doing = this.#house.perform('encrypt', { key, plaintext: Buffer.from(text) })
    const encrypted = await allowed(doing, model.mayEncrypt(this.#now), () => (version.uses += 1))
    if (encrypted === undefined) return
    assert.equal(encrypted.version, model.numberOf(version))
    ciphertexts.push({ bytes: encrypted.ciphertext, version, text })
  }

  async #decrypt({ model, ciphertexts }: Kept, at: number): Promise<void> {
    const ciphertext = ciphertexts[at % Math.max(1, ciphertexts.length)]
    if (ciphertext === undefined) return
    const { bytes, version, text } = ciphertext
    const doing = this.#house.perform('decrypt', { ciphertext: bytes })
    const decrypted = await allowed(
      doing,
      model.mayDecrypt(version, this.#now),
      () => (version.uses += 1),
    )
    if (decrypted !== undefined) assert.equal(Buffer.from(decrypted.plaintext).toString(), text)
  }

  /** What the server shows is what the model says. */
  async compare(): Promise<void> {
    for (const { id: key, model } of this.#keys) {
      const view = await this.#house.perform('key.get', { key })
      assert.equal(view.state, model.state(this.#now))
      assert.equal(view.destroyAt, model.destroyAt)
      assert.equal(view.awaitsMaterial, model.current.hasMaterial ? undefined : true)
      const { items } = await this.#house.perform('key.versions', { key, limit: 1_000 })
      assert.deepEqual(
        items.map(({ state, uses, material }) => ({ state, uses, has: material !== 'absent' })),
        model.all.map((version) => ({
          state: model.versionState(version, this.#now),
          uses: version.uses,
          has: version.hasMaterial && !model.destroyed,
        })),
      )
      const rows = (await this.#house.store.key(key))?.versions ?? []
      assert.deepEqual(
        rows.map(({ material }) => material !== undefined),
        model.all.map(({ hasMaterial }) => hasMaterial && !model.destroyed),
        'material goes with the destruction or when it is taken, and not before',
      )
    }
  }
}

test('keys live as SP 800-57 says', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const life = new Life(house, clock)
  const keys = fc.constantFrom(1, 1, 2, 3)
  const all = fc.array(action, { maxLength: ACTIONS_MAX, size: 'max' })
  await fc.assert(
    fc.asyncProperty(keys, all, async (keysMax, actions) => {
      life.begin(keysMax)
      for (const taken of actions) {
        await life.do(taken)
        await life.compare()
      }
    }),
    { numRuns: RUNS },
  )
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})
