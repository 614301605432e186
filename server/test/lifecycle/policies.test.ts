import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApprovalRequired } from '#model'
import { startScene } from './scene.ts'

/** Policies themselves: made, made stricter, loosened with a reason and where others approve, and what they would do. */

test('a preset is where a policy starts, and what is given takes the place of its rules', async () => {
  await using scene = await startScene()
  const { house } = scene
  const made = await house.perform('lifecyclePolicy.create', {
    name: 'cards',
    scope: { kind: 'labels', selector: 'pan=yes' },
    preset: 'pci',
    rules: { destructionDaysMin: 90, algorithms: ['aes256', 'HS512', 'AES-256-GCM'] },
  })
  assert.equal(made.preset, 'pci')
  const { rules } = made
  assert.equal(rules.destructionDaysMin, 90)
  assert.deepEqual(rules.algorithms, ['AES-256-GCM', 'HMAC-SHA-512'])
  assert.equal(rules.export, 'forbidden')
  assert.deepEqual(rules.labels, ['environment'])
  assert.deepEqual(await house.perform('lifecyclePolicy.get', { policy: made.id }), made)
  assert.deepEqual((await house.perform('lifecyclePolicy.list', { limit: 10 })).items, [made])
  const nothing = { name: 'x', scope: { kind: 'tenant' }, rules: { algorithms: ['3DES'] } } as const
  const { algorithms } = nothing.rules
  assert.equal(
    await house.codeOf('lifecyclePolicy.create', {
      ...nothing,
      rules: { algorithms: [...algorithms] },
    }),
    'algorithm_refused',
  )
})

test('it gets stricter without a reason, and looser only with one, which stands in the ledger', async () => {
  await using scene = await startScene()
  const { house } = scene
  const { id: policy } = await scene.ask({ strengthMin: 128, export: 'forbidden' })
  const strict = { strengthMin: 256, export: 'forbidden' } as const
  const update = (rules: object) => house.codeOf('lifecyclePolicy.update', { policy, rules })
  assert.equal(await update(strict), 'ok')
  assert.equal(await update({ strengthMin: 192, export: 'forbidden' }), 'conflict')
  assert.equal(await update({ strengthMin: 256 }), 'conflict')
  const narrow = { kind: 'labels', selector: 'env=prod' } as const
  assert.equal(await house.codeOf('lifecyclePolicy.update', { policy, scope: narrow }), 'conflict')
  assert.equal(await house.codeOf('lifecyclePolicy.update', { policy, name: 'renamed' }), 'ok')
  await house.perform('lifecyclePolicy.loosen', {
    policy,
    rules: { strengthMin: 256 },
    scope: narrow,
    reason: 'a partner needs copies',
  })
  const entry = (await house.entries()).at(-1)
  assert.equal(entry?.event, 'lifecyclePolicy.loosen')
  assert.equal(entry?.subject, policy)
  assert.deepEqual(entry?.detail, {
    rules: 'strengthMin',
    loosened: 'export scope',
    reason: 'a partner needs copies',
  })
  await house.perform('lifecyclePolicy.delete', { policy, reason: 'nobody asks any more' })
  const deleted = (await house.entries()).at(-1)
  assert.deepEqual(deleted?.detail, { loosened: 'strengthMin', reason: 'nobody asks any more' })
  assert.equal(await house.codeOf('lifecyclePolicy.get', { policy }), 'not_found')
})

test('whoever may make policies stricter may not loosen them, and others may have to approve it', async () => {
  await using scene = await startScene()
  const { house } = scene
  await house.perform('role.create', {
    role: 'policy-writer',
    summary: '',
    actions: ['lifecyclePolicy.create', 'lifecyclePolicy.update'],
  })
  const writer = await house.createUser()
  await house.perform('binding.create', {
    role: 'policy-writer',
    principal: writer.id,
    scope: { kind: 'tenant' },
  })
  const officer = await house.createUser('security-officer')
  const approver = await house.createUser('approver')
  const { id: policy } = await scene.ask({ strengthMin: 256 })
  const loosen = { policy, rules: { strengthMin: 128 }, reason: 'old devices' }
  assert.equal(await house.codeOf('lifecyclePolicy.loosen', loosen, writer), 'forbidden')
  const reason = { policy, reason: 'old devices' }
  assert.equal(await house.codeOf('lifecyclePolicy.delete', reason, writer), 'forbidden')
  await house.perform('approvalPolicy.create', {
    name: 'loosening',
    actions: ['lifecyclePolicy.loosen'],
    scope: { kind: 'tenant' },
    approvals: 1,
    principals: [],
    groups: [],
    hours: 1,
  })
  for (const doing of [
    house.perform('lifecyclePolicy.loosen', loosen, officer),
    house.perform('lifecyclePolicy.delete', reason, officer),
  ])
    await assert.rejects(doing, ApprovalRequired)
  // To ask more needs nobody's approval.
  assert.equal(
    await house.codeOf(
      'lifecyclePolicy.update',
      { policy, rules: { strengthMin: 256, quantumMin: 1 } },
      writer,
    ),
    'ok',
  )
  const { id: approval } = await house.perform(
    'approval.request',
    { operation: 'lifecyclePolicy.loosen', input: loosen, comment: '' },
    officer,
  )
  await house.perform('approval.approve', { approval, comment: '' }, approver)
  assert.equal(
    await house.codeOf(
      'lifecyclePolicy.loosen',
      { ...loosen, rules: {} },
      { ...officer, approval },
    ),
    'forbidden',
  )
  assert.equal(await house.codeOf('lifecyclePolicy.loosen', loosen, { ...officer, approval }), 'ok')
})

test('a step-up rule on loosening denies programs', async () => {
  await using scene = await startScene()
  const { house } = scene
  const { id: policy } = await scene.ask({ strengthMin: 256 })
  await house.perform('stepUpRule.create', {
    name: 'prove it',
    actions: ['lifecyclePolicy.loosen'],
    scope: { kind: 'tenant' },
    factors: ['totp'],
  })
  const reason = 'because'
  assert.equal(await house.codeOf('lifecyclePolicy.delete', { policy, reason }), 'forbidden')
  assert.equal(
    await house.codeOf('lifecyclePolicy.update', {
      policy,
      rules: { strengthMin: 256, quantumMin: 1 },
    }),
    'ok',
  )
})

test('a name that points elsewhere later does not move a policy on one key', async () => {
  await using scene = await startScene()
  const { house } = scene
  const { id: one } = await house.createKey({ alias: 'app' })
  const { id: other } = await house.createKey()
  const { scope } = await scene.ask({ destructionDaysMin: 30 }, { kind: 'key', key: 'app' })
  assert.deepEqual(scope, { kind: 'key', key: one })
  await house.perform('alias.update', { alias: 'app', key: other })
  assert.equal(await house.codeOf('key.destroy', { key: other, days: 7 }), 'ok')
  assert.equal(await house.codeOf('key.destroy', { key: one, days: 7 }), 'policy_violated')
})

test('the check names each key that breaks a policy, page by page, and only those one may ask it of', async () => {
  await using scene = await startScene()
  const { house } = scene
  const weak = []
  for (let made = 0; made < 3; made += 1)
    weak.push((await house.createKey({ algorithm: 'AES-128-GCM', labels: { team: `${made}` } })).id)
  await house.createKey()
  const { id: gone } = await house.createKey({ algorithm: 'AES-128-GCM' })
  await house.perform('key.revoke', { key: gone, reason: 'superseded' })
  const { id: policy } = await scene.ask({ strengthMin: 256 })
  const { id: labelled } = await scene.ask(
    { labels: ['owner'] },
    { kind: 'labels', selector: 'team=1' },
  )
  const found = new Map<string, readonly string[]>()
  let cursor: string | undefined
  do {
    const page = await house.perform('policy.check', {
      limit: 1,
      ...(cursor === undefined ? {} : { cursor }),
    })
    for (const { key, violations } of page.items)
      found.set(
        key,
        violations.map(({ rule }) => rule),
      )
    cursor = page.cursor
  } while (cursor !== undefined)
  assert.deepEqual([...found.keys()].toSorted(), weak.toSorted())
  assert.deepEqual(found.get(weak[1] ?? '')?.toSorted(), ['labels', 'strengthMin'])
  const only = await house.perform('policy.check', { policy: labelled, limit: 10 })
  assert.deepEqual(only.items, [
    {
      key: weak[1],
      violations: [{ policy: labelled, rule: 'labels', words: 'it has no label owner' }],
    },
  ])
  assert.equal(await house.codeOf('policy.check', { policy: gone, limit: 10 }), 'not_found')
  const somebody = await house.createUser()
  assert.equal(await house.codeOf('policy.check', { limit: 10 }, somebody), 'forbidden')
  await house.perform('binding.create', {
    role: 'auditor',
    principal: somebody.id,
    scope: { kind: 'labels', selector: 'team=2' },
  })
  const seen = await house.perform('policy.check', { policy, limit: 10 }, somebody)
  assert.deepEqual(
    seen.items.map(({ key }) => key),
    [weak[2]],
  )
})

test('what a change would do is said before it is made, and then that is what it does', async () => {
  await using scene = await startScene()
  const { house } = scene
  const { id: weak } = await house.createKey({ algorithm: 'AES-128-GCM' })
  const { id: classical } = await house.createKey({ algorithm: 'P-256' })
  const simulate = (input: object) => house.perform('policy.simulate', { limit: 10, ...input })
  const brokenBy = async (input: object) => {
    const { items, loosened } = await simulate(input)
    return {
      loosened,
      breaks: items.flatMap(({ key, breaks }) => breaks.map(({ rule }) => [key, rule])),
      mends: items.flatMap(({ key, mends }) => mends.map(({ rule }) => [key, rule])),
    }
  }
  assert.deepEqual(await brokenBy({ rules: { strengthMin: 192 } }), {
    loosened: [],
    breaks: [weak, classical].toSorted().map((key) => [key, 'strengthMin']),
    mends: [],
  })
  // It changed nothing.
  assert.deepEqual((await house.perform('lifecyclePolicy.list', { limit: 10 })).items, [])
  assert.equal(
    await house.codeOf('key.create', { algorithm: 'AES-128-GCM', exportable: false }),
    'ok',
  )
  const { id: policy } = await scene.ask({ strengthMin: 192 }, { kind: 'key', key: weak })
  assert.deepEqual(
    await brokenBy({ policy, rules: { quantumMin: 1 }, scope: { kind: 'key', key: classical } }),
    {
      loosened: ['strengthMin', 'scope'],
      breaks: [[classical, 'quantumMin']],
      mends: [[weak, 'strengthMin']],
    },
  )
  assert.deepEqual(await brokenBy({ policy, remove: true }), {
    loosened: ['strengthMin'],
    breaks: [],
    mends: [[weak, 'strengthMin']],
  })
  assert.equal(
    await house.codeOf('policy.simulate', { remove: true, limit: 10 }),
    'invalid_request',
  )
  const before = await simulate({ policy, rules: { quantumMin: 1 }, scope: { kind: 'tenant' } })
  await house.perform('lifecyclePolicy.loosen', {
    policy,
    rules: { quantumMin: 1 },
    scope: { kind: 'tenant' },
    reason: 'as simulated',
  })
  const { items } = await house.perform('policy.check', { limit: 10 })
  assert.deepEqual(
    items.map(({ key, violations }) => [key, violations.map(({ rule }) => rule)]),
    before.items
      .filter(({ breaks }) => breaks.length > 0)
      .map(({ key, breaks }) => [key, breaks.map(({ rule }) => rule)]),
  )
})

test('who may ask it of some keys does not learn of others whether they are there', async () => {
  await using scene = await startScene()
  const { house } = scene
  const { id: mine } = await house.createKey({ labels: { team: 'a' } })
  const { id: hidden } = await house.createKey({ alias: 'hidden' })
  const { id: principal, token } = await house.createUser()
  await house.perform('role.create', { role: 'asking', summary: '', actions: ['policy.check'] })
  const scope = { kind: 'labels' as const, selector: 'team=a' }
  await house.perform('binding.create', { principal, role: 'asking', scope })
  const asked = (key: string) =>
    house.codeOf(
      'policy.simulate',
      { scope: { kind: 'key', key }, rules: { export: 'forbidden' }, limit: 10 },
      { token },
    )
  for (const key of [hidden, 'hidden', 'nothing']) assert.equal(await asked(key), 'forbidden', key)
  assert.equal(await asked(mine), 'ok')
})
