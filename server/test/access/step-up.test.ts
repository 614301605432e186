import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputOf } from '@claviger/contract'
import { sha256 } from '#crypto'
import { canonicalJson, StepUpRequired } from '#model'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { proofsHeld, prove } from './person.ts'

/** Some actions ask for a fresh proof of who is asking, of everybody the rights alone would let do it. */

type Rule = InputOf<'stepUpRule.create'>

function rule(house: TestHouse, about: Partial<Rule>) {
  return house.perform('stepUpRule.create', {
    name: 'prove it',
    actions: ['key.suspend'],
    scope: { kind: 'tenant' },
    factors: ['totp', 'passkey'],
    ...about,
  })
}

async function demandOf(doing: Promise<unknown>) {
  const error = await doing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof StepUpRequired)
  return error.demand
}

test('a proof is asked for where the last one is too old, and only by rules that cover it', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { token } = await house.createUser('key-admin')
  prove(token, [{ factor: 'totp', at: clock.now() }])
  const one = (await house.createKey()).id
  const other = (await house.createKey({ labels: { env: 'prod' } })).id
  await rule(house, { scope: { kind: 'labels', selector: 'env=prod' }, maxAgeSeconds: 60 })
  await house.perform('key.suspend', { key: other }, { token })
  await house.perform('key.resume', { key: other }, { token })
  clock.advance(61_000)
  const demand = await demandOf(house.perform('key.suspend', { key: other }, { token }))
  assert.deepEqual(demand, { factors: ['totp', 'passkey'], maxAgeSeconds: 60, bound: false })
  await house.perform('key.suspend', { key: one }, { token })
  const last = (await house.entries()).findLast(({ outcome }) => outcome === 'denied')
  assert.equal(last?.event, 'key.suspend')
  assert.equal(last.reason, 'step_up_required')
  // Another factor than those of the rule is none.
  prove(token, [{ factor: 'password', at: clock.now() }])
  await demandOf(house.perform('key.suspend', { key: other }, { token }))
  prove(token, [{ factor: 'passkey', at: clock.now() }])
  await house.perform('key.suspend', { key: other }, { token })
})

test('a proof that is made for the very operation is good for it, once, and for nothing else', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { token, tokenId } = await house.createUser('key-admin')
  const somebody = await house.createUser('key-admin')
  prove(token, [{ factor: 'passkey', at: clock.now() }])
  prove(somebody.token, [])
  const [key, other] = [(await house.createKey()).id, (await house.createKey()).id]
  await rule(house, { factors: ['passkey'] })
  const suspend = { key }
  assert.deepEqual(await demandOf(house.perform('key.suspend', suspend, { token })), {
    factors: ['passkey'],
    bound: true,
  })
  const digest = sha256(Buffer.from(canonicalJson(suspend))).toString('base64url')
  const make = (factor: 'totp' | 'passkey' = 'passkey') =>
    proofsHeld().make(tokenId, 'key.suspend', digest, factor, clock.now())
  await demandOf(house.perform('key.suspend', { key: other }, { token, stepUp: make() }))
  await demandOf(house.perform('key.suspend', suspend, { token, stepUp: make('totp') }))
  await demandOf(house.perform('key.suspend', suspend, { ...somebody, stepUp: make() }))
  await demandOf(house.perform('key.suspend', suspend, { token, stepUp: 'nothing' }))
  const old = make()
  clock.advance(300_000)
  await demandOf(house.perform('key.suspend', suspend, { token, stepUp: old }))
  const stepUp = make()
  await house.perform('key.suspend', suspend, { token, stepUp })
  await house.perform('key.resume', { key })
  await demandOf(house.perform('key.suspend', suspend, { token, stepUp }))
})

test('programs have nothing to prove; a rule counts at once and until it is deleted', async () => {
  await using house = await startHouse()
  const { token } = await house.createUser('key-user')
  const key = (await house.createKey()).id
  const encrypt = () =>
    house.perform('encrypt', { key, plaintext: Buffer.from('a') }, { token }).then(
      () => 'ok',
      (error: Error) => error.message,
    )
  assert.equal(await encrypt(), 'ok')
  const { id } = await rule(house, { actions: ['encrypt'], scope: { kind: 'key', key } })
  assert.match(await encrypt(), /a program cannot give/)
  assert.deepEqual((await house.perform('stepUpRule.list', { limit: 10 })).items.length, 1)
  await house.perform('stepUpRule.delete', { rule: id })
  assert.equal(await encrypt(), 'ok')
  await assert.rejects(rule(house, { actions: ['fly'] }), { code: 'invalid_request' })
})
