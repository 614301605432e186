import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHouse, type Entry, type TestHouse } from '../harness/house.ts'
import { assertNoneAfter, under } from '../harness/under-load.ts'

/**
 * The third promise for key policies and grants: while many use a key, what lets them is taken away, and by the order of the ledger alone
 * none of them uses it afterwards.
 */

const forbidden = new Set(['forbidden'])

/** A key, somebody without any role, and what that somebody does with the key. */
async function prepare(house: TestHouse) {
  const { account } = await house.perform('whoami', {})
  const { id: key } = await house.createKey({ alias: 'payroll' })
  const { token } = await house.createUser()
  const { arn, principal } = await house.perform('whoami', {}, { token })
  const encrypt = () => house.perform('encrypt', { key, plaintext: Buffer.from('a') }, { token })
  const policy = (...statements: readonly object[]) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*' },
        ...statements,
      ].map((statement) => ({ ...statement, Resource: '*' })),
    })
  const allowing = { Effect: 'Allow', Principal: { AWS: arn }, Action: 'kms:Encrypt' }
  return { key, name: principal.name, encrypt, policy, allowing }
}

function is(event: string): (entry: Entry) => boolean {
  return (entry) => entry.event === event && entry.outcome === 'ok'
}

test('a policy that let them in is replaced', async () => {
  await using house = await startHouse()
  const { key, encrypt, policy, allowing } = await prepare(house)
  await house.perform('policy.put', { key, policy: policy(allowing) })
  const codes = await under(encrypt, () =>
    house.perform('policy.put', { key, policy: policy({ ...allowing, Effect: 'Deny' }) }),
  )
  assert.deepEqual(codes, forbidden)
  const [, ...later] = (await house.entries()).filter(({ event }) => event === 'policy.put')
  assert.equal(later.length, 1)
  assertNoneAfter(await house.entries(), ({ index }) => index === later[0]?.index, is('encrypt'))
})

test('a condition that no longer holds: the name that the policy asks for is taken away', async () => {
  await using house = await startHouse()
  const { key, encrypt, policy, allowing } = await prepare(house)
  const Condition = { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/payroll' } }
  await house.perform('policy.put', { key, policy: policy({ ...allowing, Condition }) })
  const codes = await under(encrypt, () => house.perform('alias.delete', { alias: 'payroll' }))
  assert.deepEqual(codes, forbidden)
  assertNoneAfter(await house.entries(), is('alias.delete'), is('encrypt'))
})

test('a name that the policy denies is given', async () => {
  await using house = await startHouse()
  const { key, encrypt, policy, allowing } = await prepare(house)
  const Condition = { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/frozen' } }
  const denying = { Effect: 'Deny', Principal: '*', Action: 'kms:Encrypt', Condition }
  await house.perform('policy.put', { key, policy: policy(allowing, denying) })
  const codes = await under(encrypt, () => house.perform('alias.create', { key, alias: 'frozen' }))
  assert.deepEqual(codes, forbidden)
  assertNoneAfter(await house.entries(), is('alias.create'), is('encrypt'))
})

test('a label that the policy asks for changes', async () => {
  await using house = await startHouse()
  const { key, encrypt, policy, allowing } = await prepare(house)
  const Condition = { StringEquals: { 'aws:ResourceTag/stage': 'live' } }
  await house.perform('key.label', { key, set: { stage: 'live' } })
  await house.perform('policy.put', { key, policy: policy({ ...allowing, Condition }) })
  const codes = await under(encrypt, () =>
    house.perform('key.label', { key, set: { stage: 'over' } }),
  )
  assert.deepEqual(codes, forbidden)
  const ends = (await house.entries()).filter(is('key.label'))
  assertNoneAfter(await house.entries(), ({ index }) => index === ends[1]?.index, is('encrypt'))
})

for (const end of ['grant.revoke', 'grant.retire'] as const) {
  test(`${end} under load`, async () => {
    await using house = await startHouse()
    const { key, name, encrypt } = await prepare(house)
    const input = { key, grantee: name, operations: ['Encrypt'] }
    const { id: grant } = await house.perform('grant.create', input)
    const codes = await under(encrypt, () => house.perform(end, { key, grant }))
    assert.deepEqual(codes, forbidden)
    assertNoneAfter(await house.entries(), is(end), ({ binding }) => binding === `grant:${grant}`)
  })
}

test('one of two grants is taken away: the other goes on, and the ledger names the one that counted', async () => {
  await using house = await startHouse()
  const { key, name, encrypt } = await prepare(house)
  const input = { key, grantee: name, operations: ['Encrypt'] }
  const { id: one } = await house.perform('grant.create', input)
  const { id: two } = await house.perform('grant.create', input)
  const codes = await under(encrypt, async () => {
    await house.perform('grant.revoke', { key, grant: one })
    await house.perform('grant.revoke', { key, grant: two })
  })
  assert.deepEqual(codes, forbidden)
  const entries = await house.entries()
  for (const grant of [one, two]) {
    const end = entries.find((entry) => is('grant.revoke')(entry) && entry.subject === grant)
    const used = entries.filter(({ binding }) => binding === `grant:${grant}`)
    for (const { index } of used) assert.ok(index < (end?.index ?? 0), `entry ${index}`)
  }
})

test('what a grantee handed on is not given by a grant that was taken away', async () => {
  await using house = await startHouse()
  const { key, name } = await prepare(house)
  const { token } = await house.createUser()
  const holder = (await house.perform('whoami', {}, { token })).principal.name
  const { id: held } = await house.perform('grant.create', {
    key,
    grantee: holder,
    operations: ['CreateGrant', 'Encrypt'],
  })
  const give = () =>
    house.perform('grant.create', { key, grantee: name, operations: ['Encrypt'] }, { token })
  const codes = await under(give, () => house.perform('grant.revoke', { key, grant: held }))
  assert.deepEqual(codes, forbidden)
  assertNoneAfter(
    await house.entries(),
    is('grant.revoke'),
    ({ event, binding }) => event === 'grant.create' && binding === `grant:${held}`,
  )
})
