import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemCredential, type Credential } from '#access'
import { RowSeals } from '#keyring'
import { doApproved } from '#operations'
import { automaticScene, doneUnder } from '../harness/automatic.ts'
import { DrivenClock } from '../harness/clock.ts'
import { codeOf, startHouse, type TestHouse } from '../harness/house.ts'
import { enrolled } from '../harness/person.ts'
import { verifyHouse } from '../harness/read-ledger.ts'
import { temporaryFolder } from '../harness/server-process.ts'
import { storeWith } from '../harness/store-with.ts'

/** What others approved is done by the server for who asked: once, as the requester, with the rights of that moment; and the attacks. */

const HOUR_MS = 3_600_000
const run = (house: TestHouse) => house.runJob('execution')

/** As the job does one, without its lease. */
function execute(house: TestHouse, id: string) {
  const { gate, hierarchy, custody } = house.house
  const parts = { store: house.store, seals: new RowSeals(hierarchy), hierarchy }
  return doApproved(gate, parts, { tenant: custody.tenant, id })
}

test('with the last approval the server does it, once, and the ledger says who asked and who did it', async () => {
  const { house: test, ...a } = await automaticScene()
  await using house = test
  const asked = await a.ask()
  assert.equal(asked.automatic, true)
  assert.equal((JSON.parse(asked.statement) as { automatic?: unknown }).automatic, true)
  await a.approve(asked.id, 0)
  await run(house)
  assert.equal(await a.versions(), 1, 'one of two is not enough')
  await a.approve(asked.id, 1)
  await run(house)
  assert.equal(await a.versions(), 2)
  await run(house)
  assert.equal(await a.versions(), 2)
  const seen = await house.perform('approval.get', { approval: asked.id }, a.requester)
  assert.equal(seen.state, 'executed')
  assert.ok(seen.executedAt !== undefined)
  const [done, ...more] = await doneUnder(house, asked.id)
  assert.equal(more.length, 0)
  assert.deepEqual(
    [done?.event, done?.principal, done?.door, done?.factors, done?.credential],
    ['key.rotate', a.requester.id, 'jobs', ['approval'], asked.id],
  )
  const report = await verifyHouse(house)
  assert.ok(report.ok, report.summary)
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})

test('a request that does not leave it to the server is left to who asked', async () => {
  const { house: test, ...a } = await automaticScene()
  await using house = test
  const id = await a.approved({ automatic: false })
  await run(house)
  await execute(house, id)
  const seen = await a.look(id)
  assert.deepEqual([seen.state, seen.automatic], ['approved', false])
  assert.equal(Object.hasOwn(JSON.parse(seen.statement) as object, 'automatic'), false)
  assert.equal(await a.versions(), 1)
})

test('what answers a secret, uses a key or takes a person is refused when it is asked for', async () => {
  const { house: test, ...a } = await automaticScene()
  await using house = test
  const principal = a.requester.id
  const { id: glass } = await house.perform('breakGlass.create', {
    name: 'for the night',
    role: 'key-admin',
    scope: { kind: 'tenant' },
    minutes: 5,
    waivesApprovals: false,
  })
  const asked = [
    ['key.export', { key: a.key, publicKey: 'AAAA' }],
    ['token.create', { principal, description: '', days: 1 }],
    ['breakGlass.open', { glass, code: 'clvg_', reason: 'because' }],
  ] as const
  for (const [operation, input] of asked) {
    const code = await codeOf(a.ask({ operation, input }, house.token))
    assert.equal(code, 'invalid_request', operation)
  }
  await house.perform('stepUpRule.create', {
    name: 'prove it',
    actions: ['key.rotate'],
    scope: { kind: 'tenant' },
    factors: ['totp'],
    maxAgeSeconds: 60,
  })
  assert.equal(await codeOf(a.ask()), 'conflict')
})

/** What happens between the last approval and the server, and what it is then refused with. */
type Scene = Awaited<ReturnType<typeof automaticScene>>
const changes: readonly (readonly [
  name: string,
  code: string,
  change: (scene: Scene, clock: DrivenClock) => Promise<unknown>,
])[] = [
  [
    'who asked is disabled',
    'forbidden',
    ({ house, requester }) => house.perform('principal.disable', { principal: requester.id }),
  ],
  [
    'who asked lost the right',
    'forbidden',
    ({ house, requester }) => house.perform('binding.delete', { binding: requester.binding ?? '' }),
  ],
  [
    'the key was changed',
    'forbidden',
    ({ house, key }) => house.perform('key.update', { key, description: 'another thing now' }),
  ],
  [
    'the key is suspended',
    'forbidden',
    async ({ house, key, policy }) => {
      await house.perform('approvalPolicy.delete', { policy: policy.id })
      await house.perform('key.suspend', { key })
    },
  ],
  [
    'a policy was changed',
    'approval_required',
    ({ house, policy }) =>
      house.perform('approvalPolicy.update', { policy: policy.id, approvals: 1 }),
  ],
  [
    'another policy asks too',
    'approval_required',
    ({ house, policy: { actions, scope } }) =>
      house.perform('approvalPolicy.create', {
        name: 'another',
        actions,
        scope,
        approvals: 1,
        principals: [],
        groups: [],
        hours: 1,
      }),
  ],
  [
    'a rule asks for a fresh proof',
    'forbidden',
    ({ house }) =>
      house.perform('stepUpRule.create', {
        name: 'prove it',
        actions: ['key.rotate'],
        scope: { kind: 'tenant' },
        factors: ['totp'],
      }),
  ],
  ['the request has expired', 'forbidden', async (_scene, clock) => clock.advance(2 * HOUR_MS)],
]

for (const [name, code, change] of changes) {
  test(`refused when the server comes to it: ${name}`, async () => {
    const clock = new DrivenClock()
    const { house: test, ...a } = await automaticScene({ clock })
    await using house = test
    const id = await a.approved()
    await change({ house, ...a }, clock)
    await run(house)
    assert.equal(await a.versions(), 1)
    const seen = await a.look(id)
    assert.deepEqual([seen.state, seen.failure?.code], ['failed', code])
    const { next } = await house.store.head()
    await run(house)
    assert.equal((await house.store.head()).next, next, 'it is not tried again')
    const entries = await house.entries()
    const failed = entries.find(({ event }) => event === 'approval.fail')
    assert.deepEqual(
      [failed?.subject, failed?.detail?.['requester'], failed?.detail?.['reason']],
      [id, a.requester.id, code],
    )
    const report = await verifyHouse(house)
    assert.ok(report.ok, report.summary)
  })
}

test('conditions on where somebody is, what they proved and which door they use are not met by the server', async () => {
  const { house: test, ...a } = await automaticScene()
  await using house = test
  const scope = { kind: 'tenant' } as const
  const person = await enrolled(house)
  const conditions = [
    { networks: ['127.0.0.0/8', '::/0'] },
    { doors: ['test'] },
    { factors: { anyOf: ['totp' as const] } },
  ]
  for (const one of conditions) {
    const { id: binding } = await house.perform('binding.create', {
      role: 'key-admin',
      principal: person.id,
      scope,
      conditions: one,
    })
    const id = await a.approved({}, person.token)
    await run(house)
    const seen = await a.look(id)
    assert.deepEqual([seen.state, seen.failure?.code], ['failed', 'forbidden'], JSON.stringify(one))
    await house.perform('binding.delete', { binding })
  }
  assert.equal(await a.versions(), 1)
  // A right without conditions is enough: persons come in by logging in, and this one did so to ask.
  await house.perform('binding.create', { role: 'key-admin', principal: person.id, scope })
  await a.approved({}, person.token)
  await run(house)
  assert.equal(await a.versions(), 2)
})

test('who asked neither approves it nor does it again', async () => {
  const { house: test, ...a } = await automaticScene()
  await using house = test
  const { id } = await a.ask()
  const scope = { kind: 'tenant' } as const
  await house.perform('binding.create', { role: 'approver', principal: a.requester.id, scope })
  const own = { approval: id, comment: '' }
  assert.equal(await house.codeOf('approval.approve', own, a.requester), 'forbidden')
  await a.approve(id, 0)
  await a.approve(id, 1)
  await run(house)
  const replay = { token: a.requester.token, approval: id }
  assert.equal(await house.codeOf('key.rotate', { key: a.key }, replay), 'forbidden')
  assert.equal(await house.codeOf('approval.withdraw', { approval: id }, a.requester), 'conflict')
  assert.equal(await a.versions(), 2)
})

test('what is taken back is not done, and what failed is nobody’s approval any more', async () => {
  const { house: test, ...a } = await automaticScene()
  await using house = test
  const withdrawn = await a.approved()
  await house.perform('approval.withdraw', { approval: withdrawn }, a.requester)
  await run(house)
  assert.equal((await a.look(withdrawn)).state, 'withdrawn')
  const id = await a.approved()
  await house.perform('key.update', { key: a.key, description: 'changed' })
  await run(house)
  const replay = { token: a.requester.token, approval: id }
  assert.equal(await house.codeOf('key.rotate', { key: a.key }, replay), 'forbidden')
  assert.equal(await a.versions(), 1)
})

test('approved by two at once, and come to by several and by who asked at once, it is done once', async () => {
  const { house: test, ...a } = await automaticScene()
  await using house = test
  for (let round = 1; round <= 3; round += 1) {
    const { id } = await a.ask()
    await Promise.all([a.approve(id, 0), a.approve(id, 1)])
    const own = house.codeOf('key.rotate', { key: a.key }, { ...a.requester, approval: id })
    const codes = await Promise.all([
      ...[1, 2, 3].map(() => codeOf(execute(house, id))),
      own,
      codeOf(run(house)),
    ])
    assert.ok(
      codes.every((code) => ['ok', 'wrong_state', 'forbidden'].includes(code)),
      codes.join(),
    )
    assert.equal((await doneUnder(house, id)).length, 1)
    assert.equal((await a.look(id)).state, 'executed')
    assert.equal(await a.versions(), 1 + round)
  }
  const report = await verifyHouse(house)
  assert.ok(report.ok, report.summary)
})

test('nobody makes up what the server presents, and it opens nothing but what was approved', async () => {
  const { house: test, ...a } = await automaticScene()
  await using house = test
  const approval = await a.approved()
  const from = { door: 'test', source: '127.0.0.1', request: 'forged' }
  const made = { kind: 'approval', approval } as unknown as Credential
  const asSystem = { ...systemCredential(house.house.custody.tenant), kind: 'approval', approval }
  for (const credential of [made, asSystem as unknown as Credential]) {
    const call = { operation: 'key.rotate', credential, approval, ...from } as const
    const doing = house.house.gate.perform({ ...call, read: () => ({ key: a.key }) })
    assert.equal(await codeOf(doing), 'unauthenticated')
  }
  assert.equal(await a.versions(), 1)
})

test('a server that goes down before it comes to it does it when it is back', async () => {
  await using folder = await temporaryFolder()
  const path = `${folder.path}/claviger.db`
  const { house: first, ...a } = await automaticScene({ path })
  const id = await a.approved()
  await first.close()
  await using house = await startHouse({ path, shares: first.shares, token: first.token })
  await run(house)
  await run(house)
  assert.equal((await house.perform('key.get', { key: a.key })).version, 2)
  assert.equal((await house.perform('approval.get', { approval: id })).state, 'executed')
  assert.equal((await doneUnder(house, id)).length, 1)
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})

test('a seal, or a disk that is full, holds it up and does not make it fail', async () => {
  let full = false
  const { house: test, ...a } = await automaticScene({
    wrapStore: (store) =>
      storeWith(store, {
        commit: (batch) => (full ? Promise.reject(new Error('disk full')) : store.commit(batch)),
      }),
  })
  await using house = test
  const id = await a.approved()
  full = true
  await assert.rejects(run(house))
  assert.equal((await house.store.rows([{ kind: 'approval', id }])).length, 1)
  full = false
  while (house.house.ledger.failed) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal((await a.look(id)).state, 'approved')
  await house.perform('system.seal', {})
  await assert.rejects(run(house), { code: 'sealed' })
  assert.ok(await house.unseal())
  await run(house)
  assert.equal((await a.look(id)).state, 'executed')
  assert.equal(await a.versions(), 2)
})
