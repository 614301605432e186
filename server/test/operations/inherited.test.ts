import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputOf } from '@claviger/contract'
import { DrivenClock } from '../harness/clock.ts'
import { responder } from '../harness/emergency.ts'
import { startHouse } from '../harness/house.ts'
import { Meanwhile } from '../harness/meanwhile.ts'

/** What the replacement of a compromised key takes over, and what not. */

const DAY_MS = 86_400_000

async function start() {
  const meanwhile = new Meanwhile()
  const clock = new DrivenClock()
  const house = await startHouse({ clock, wrapStore: meanwhile.wrapStore })
  const replace = async (key: string) => {
    const input = { key, since: clock.now(), reason: 'stolen', hours: 72 }
    return (await house.perform('compromise.open', input)).replacement.key
  }
  return { meanwhile, clock, house, replace, [Symbol.asyncDispose]: () => house.close() }
}

test('what broken glass gave ends with the glass, and is not taken over', async () => {
  await using scene = await start()
  const { house, replace } = scene
  for (const kind of ['key', 'alias'] as const) {
    const { id: key } = await house.createKey({ alias: `by-${kind}` })
    const scope = kind === 'key' ? { kind, key } : { kind, pattern: 'by-*' }
    const glass = await house.perform('breakGlass.create', {
      name: 'fire',
      role: 'key-admin',
      scope,
      minutes: 30,
      waivesApprovals: true,
    })
    const { token } = await responder(house)
    const input = { glass: glass.id, code: glass.code, reason: 'fire' }
    await house.perform('breakGlass.open', input, { token })
    const fresh = await replace(key)
    await house.perform('breakGlass.close', { glass: glass.id })
    for (const id of [key, fresh])
      assert.equal(await house.codeOf('key.get', { key: id }, { token }), 'forbidden', kind)
    const review = { glass: glass.id, verdict: 'justified', comment: '' } as const
    await house.perform('breakGlass.review', review)
  }
})

test('whoever has a right on it until a day leaves on that day', async () => {
  await using scene = await start()
  const { house, clock, replace } = scene
  const rotation = { on: ['member-left' as const] }
  const { id: key } = await house.createKey({ rotation })
  const { id: principal } = await house.createUser()
  const expiresAt = clock.now() + DAY_MS
  const scope = { kind: 'key', key } as const
  await house.perform('binding.create', { principal, role: 'key-user', scope, expiresAt })
  const fresh = await replace(key)
  clock.advance(2 * DAY_MS)
  for (let round = 0; round < 2; round += 1) {
    await house.runJob('occurrence')
    await house.runJob('rotation')
  }
  assert.equal((await house.perform('key.get', { key: fresh })).version, 2)
})

test('a rule that comes in time for it is taken over, or nothing is replaced', async () => {
  await using scene = await start()
  const { house, meanwhile, replace } = scene
  const { id: key } = await house.createKey()
  const rule: InputOf<'stepUpRule.create'> = {
    name: 'exports',
    actions: ['key.suspend'],
    scope: { kind: 'key', key },
    factors: ['passkey'],
  }
  meanwhile.after('stepUpRule', () => house.perform('stepUpRule.create', rule))
  await assert.rejects(replace(key), { code: 'conflict' })
  const fresh = await replace(key)
  assert.equal(await house.codeOf('key.suspend', { key: fresh }), 'forbidden')
})

test('nobody is locked out by more rules than are looked at', async () => {
  await using scene = await start()
  const { house, replace } = scene
  const { id: key } = await house.createKey()
  const name = 'one of many'
  const scope = { kind: 'key', key } as const
  for (let each = 0; each < 130; each += 1)
    await house.perform('stepUpRule.create', {
      name,
      actions: ['key.suspend'],
      scope,
      factors: ['passkey'],
    })
  await assert.rejects(replace(key), { code: 'conflict' })
  assert.equal(await house.codeOf('whoami', {}), 'ok')
  const { items } = await house.perform('stepUpRule.list', { limit: 100 })
  for (const { id: rule } of items) await house.perform('stepUpRule.delete', { rule })
  await replace(key)
  assert.equal((await house.perform('stepUpRule.list', { limit: 100 })).items.length, 60)
})
