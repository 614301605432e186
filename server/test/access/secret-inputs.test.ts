import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inputWithoutSecrets, operations, withoutSecrets, type Operation } from '@claviger/contract'
import { putBehindGlass, responder } from '../harness/emergency.ts'
import { codeOf, startHouse } from '../harness/house.ts'

/** Secrets of an input are no part of what others approve: they are neither asked for, shown nor kept. */

async function scene(actions: readonly string[]) {
  const house = await startHouse()
  const approver = await house.createUser('approver')
  await house.perform('approvalPolicy.create', {
    name: 'another',
    actions: [...actions],
    scope: { kind: 'tenant' },
    approvals: 1,
    principals: [],
    groups: [],
    hours: 1,
  })
  const ask = (operation: string, input: Record<string, unknown>, token = house.token) =>
    house.perform('approval.request', { operation, input, comment: '' }, { token })
  const approved = async (...asked: Parameters<typeof ask>) => {
    const { id: approval } = await ask(...asked)
    await house.perform('approval.approve', { approval, comment: '' }, { token: approver.token })
    return approval
  }
  return { house, approver, ask, approved }
}

const rows: readonly Operation[] = Object.values(operations)

test('each secret that a row names is one of its input, and the schema without it refuses it', () => {
  const secret = rows.filter(({ secrets }) => secrets !== undefined)
  assert.ok(secret.length > 0)
  const wire = { proof: ['share'], seal: { kind: 'passphrase', passphrase: 'twelve letters' } }
  const row = operations['system.reissueSeal']
  assert.equal(row.input.safeParse(wire).success, true)
  const schema = inputWithoutSecrets(row)
  const kept = withoutSecrets(row, wire)
  assert.deepEqual(kept, { seal: { kind: 'passphrase' } })
  assert.equal(withoutSecrets(row, kept), kept)
  assert.equal(schema.safeParse(kept).success, true)
  for (const one of [wire, { ...wire, seal: { kind: 'passphrase' } }, { seal: wire.seal }])
    assert.equal(schema.safeParse(one).success, false)
  for (const each of secret) {
    for (const path of each.secrets ?? []) {
      const alone = { input: each.input, secrets: [path] }
      assert.notEqual(inputWithoutSecrets(alone), each.input, `${each.name} ${path}`)
    }
  }
})

test('the root key is replaced once another has approved it, who never sees a share', async () => {
  const { house: test, ...a } = await scene(['system.rotateRoot', 'system.reissueSeal'])
  await using house = test
  const proof = [...house.shares]
  assert.equal(await house.codeOf('system.rotateRoot', { proof }), 'approval_required')
  await assert.rejects(a.ask('system.rotateRoot', { proof }), {
    code: 'invalid_request',
    message: /Leave the secrets out \(proof\)/,
  })
  const approval = await a.approved('system.rotateRoot', {})
  const seen = await house.perform('approval.get', { approval }, a.approver)
  assert.deepEqual(seen.input, {})
  const by = { token: house.token, approval }
  assert.equal(await house.codeOf('system.rotateRoot', { proof: ['wrong'] }, by), 'invalid_share')
  await house.perform('system.rotateRoot', { proof }, by)
  assert.equal(await house.codeOf('system.rotateRoot', { proof }, by), 'forbidden')
  await house.perform('system.seal', {})
  assert.ok(await house.unseal())
  assert.equal((await house.perform('approval.get', { approval })).state, 'executed')
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})

test('a seal is replaced as it was approved, with a passphrase that nobody saw', async () => {
  const { house: test, ...a } = await scene(['system.reissueSeal'])
  await using house = test
  const proof = [...house.shares]
  const passphrase = 'twelve letters or more'
  const asked = { seal: { kind: 'passphrase', passphrase } }
  assert.equal(await codeOf(a.ask('system.reissueSeal', asked)), 'invalid_request')
  const approval = await a.approved('system.reissueSeal', { seal: { kind: 'passphrase' } })
  const by = { token: house.token, approval }
  const shares = { kind: 'shares', shares: 3, threshold: 2 } as const
  const another = { proof, seal: shares }
  assert.equal(await house.codeOf('system.reissueSeal', another, by), 'forbidden')
  await house.perform('system.reissueSeal', { proof, seal: { kind: 'passphrase', passphrase } }, by)
  await house.perform('system.seal', {})
  const origin = { door: 'test', source: '127.0.0.1', request: 'unseal' }
  assert.ok(await house.house.ceremonies.unseal({ passphrase }, origin))
})

test('breaking the glass can be approved without its code being told', async () => {
  const { house: test, ...a } = await scene(['breakGlass.open'])
  await using house = test
  const { token } = await responder(house)
  const { id: glass, code } = await putBehindGlass(house)
  const reason = 'the database is down'
  const whole = { glass, code, reason }
  assert.equal(await codeOf(a.ask('breakGlass.open', whole, token)), 'invalid_request')
  const approval = await a.approved('breakGlass.open', { glass, reason }, token)
  const by = { token, approval }
  const otherwise = { ...whole, reason: 'another reason' }
  assert.equal(await house.codeOf('breakGlass.open', otherwise, by), 'forbidden')
  await house.perform('breakGlass.open', whole, by)
})
