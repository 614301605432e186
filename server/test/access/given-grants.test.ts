import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { performSigned, type SigningCredentials } from '../harness/signed.ts'
import { base64, type Client } from '../rest/client.ts'
import { hire, newcomer } from '../rest/house.ts'
import { startGranting } from './granting.ts'

/** Grants that were given, at the REST door: who sees them, who ends them, and whose they are. */

const { house, owner, account, person, newKey } = await startGranting()
const plaintext = base64('the payroll')

test('a grant is retired by who it says, by its grantee where it says so, and by who may revoke it', async () => {
  const key = await newKey()
  const retiring = await person()
  const grantee = await person()
  const stranger = await person()
  const give = (operations: readonly string[]) =>
    owner.call('grant.create', {
      key,
      grantee: grantee.name,
      retiring: retiring.arn,
      operations: [...operations],
    })
  const plain = await give(['Encrypt'])
  for (const { client } of [stranger, grantee]) {
    await client.refuse('forbidden', 'grant.retire', { token: plain.token })
    await client.refuse('forbidden', 'grant.retire', { key, grant: plain.id })
    await client.refuse('forbidden', 'grant.revoke', { key, grant: plain.id })
  }
  await retiring.client.refuse('forbidden', 'grant.revoke', { key, grant: plain.id })
  await grantee.client.call('encrypt', { key, plaintext })
  await retiring.client.call('grant.retire', { token: plain.token })
  await grantee.client.refuse('forbidden', 'encrypt', { key, plaintext })
  // It is gone, and so is the right to know of it.
  await retiring.client.refuse('forbidden', 'grant.retire', { token: plain.token })

  const own = await give(['Encrypt', 'RetireGrant'])
  await stranger.client.refuse('forbidden', 'grant.retire', { token: own.token })
  await grantee.client.call('grant.retire', { key, grant: own.id })
  await owner.call('grant.retire', { token: (await give(['Encrypt'])).token })
  for (const wrong of [
    {},
    { key },
    { grant: own.id },
    { key, grant: own.id, token: own.token },
    { token: 'x' },
    { token: base64('clvg1.x') },
  ]) {
    await owner.refuse('invalid_request', 'grant.retire', wrong)
  }
})

test('a key policy that denies retiring is obeyed, and one that allows revoking is enough', async () => {
  const { client, name, arn } = await person()
  const clerk = await person()
  const statements = (...more: readonly object[]) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${account}:root` },
          Action: 'kms:*',
          Resource: '*',
        },
        ...more,
      ],
    })
  const { id: key } = await owner.call('key.create', {
    policy: statements(
      { Effect: 'Deny', Principal: { AWS: arn }, Action: 'kms:RetireGrant', Resource: '*' },
      { Effect: 'Allow', Principal: { AWS: clerk.arn }, Action: 'kms:Revoke*', Resource: '*' },
    ),
  })
  const given = { key, grantee: 'somebody', retiring: name, operations: ['Encrypt'] }
  const { token } = await owner.call('grant.create', given)
  await client.refuse('forbidden', 'grant.retire', { token })
  await clerk.client.call('grant.retire', { token })
  const { id } = await owner.call('grant.create', given)
  await clerk.client.call('grant.revoke', { key, grant: id })
})

test('grants are listed by key, id and grantee, in an order that stays', async () => {
  const key = await newKey()
  const other = await newKey()
  const one = await person()
  const two = await person()
  const give = (grantee: string, on = key) =>
    owner.call('grant.create', { key: on, grantee, operations: ['Encrypt'] })
  const made = []
  for (let count = 0; count < 3; count += 1) made.push((await give(one.name)).id)
  for (let count = 0; count < 4; count += 1) made.push((await give(two.name)).id)
  await give(one.name, other)
  const pages = async (limit: number) => {
    const ids: string[] = []
    for (let cursor: string | undefined; ;) {
      const page = await owner.call('grant.list', { key, limit, ...(cursor && { cursor }) })
      ids.push(...page.items.map(({ id }) => id))
      cursor = page.cursor
      if (cursor === undefined) return ids
    }
  }
  const whole = await pages(100)
  assert.deepEqual(whole.toSorted(), made.toSorted())
  assert.deepEqual(await pages(2), whole)
  const first = made[0] ?? ''
  const single = await owner.call('grant.list', { key, grant: first })
  assert.deepEqual(
    single.items.map(({ id }) => id),
    [first],
  )
  for (const grantee of [two.name, two.arn, two.arn.replace('user/', 'role/some/path/')]) {
    assert.equal((await owner.call('grant.list', { key, grantee })).items.length, 4)
  }
  assert.deepEqual((await owner.call('grant.list', { key: other, grant: first })).items, [])
})

test('everybody sees what is theirs to retire, and auditors all of it', async () => {
  const { client, name, arn } = await person()
  const here = (await owner.call('key.create', { region: 'eu-central-1' })).id
  const there = (await owner.call('key.create', { region: 'us-east-1' })).id
  const given = []
  for (const key of [here, there]) {
    const grant = { key, grantee: 'somebody', retiring: name, operations: ['Encrypt'] }
    given.push((await owner.call('grant.create', grant)).id)
  }
  const ids = (page: { readonly items: readonly { readonly id: string }[] }) =>
    page.items.map(({ id }) => id).toSorted()
  assert.deepEqual(ids(await client.call('grant.retirable', { retiring: arn })), given.toSorted())
  const auditor = await hire(owner, 'auditor')
  const seen = await auditor.call('grant.retirable', { retiring: name })
  assert.deepEqual(ids(seen), given.toSorted())
  assert.deepEqual(
    new Set(seen.items.map(({ keyRegion }) => keyRegion)),
    new Set(['eu-central-1', 'us-east-1']),
  )
  const stranger = await person()
  await stranger.client.refuse('forbidden', 'grant.retirable', { retiring: name })
  await client.refuse('forbidden', 'grant.retirable', { retiring: stranger.name })
})

/** A principal with an access key, so that it can have sessions. */
async function signer(): Promise<{ readonly name: string; readonly by: SigningCredentials }> {
  const { id, name } = await person()
  const made = await house.perform('accessKey.create', { principal: id, description: '' })
  return { name, by: { accessKey: made.id, secret: made.secret } }
}

test('a grant for one session is no other one’s, and not its principal’s', async () => {
  const key = await newKey()
  const { name, by } = await signer()
  const session = await performSigned(house, by, 'session.create', { name: 'night', seconds: 900 })
  const day = await performSigned(house, by, 'session.create', { name: 'day', seconds: 900 })
  const encrypts = async (credentials: SigningCredentials) => {
    const input = { key, plaintext: Buffer.from('a') }
    return performSigned(house, credentials, 'encrypt', input).then(
      () => true,
      () => false,
    )
  }
  const grantee = `arn:aws:sts::${account}:assumed-role/${name}/night`
  const { id } = await owner.call('grant.create', { key, grantee, operations: ['Encrypt'] })
  assert.deepEqual(
    [await encrypts(session), await encrypts(day), await encrypts(by)],
    [true, false, false],
  )
  const narrow = await owner.call('grant.list', { key, grantee })
  assert.equal(narrow.items.length, 1)
  assert.deepEqual((await owner.call('grant.list', { key, grantee: name })).items, [])
  await owner.call('grant.revoke', { key, grant: id })
  await owner.call('grant.create', { key, grantee: name, operations: ['Encrypt'] })
  assert.deepEqual(
    [await encrypts(session), await encrypts(day), await encrypts(by)],
    [true, true, true],
  )
})

test('names that fit no ARN are said by id, and a name waits for its holder', async () => {
  const key = await newKey()
  const odd = await newcomer(owner, 'Ann Example (payroll)')
  const { arn } = await odd.client.call('whoami', {})
  assert.equal(arn, `arn:aws:iam::${account}:user/id/${odd.id}`)
  for (const grantee of [arn, 'Ann Example (payroll)']) {
    const { id } = await owner.call('grant.create', { key, grantee, operations: ['Encrypt'] })
    await odd.client.call('encrypt', { key, plaintext })
    const { items } = await owner.call('grant.list', { key })
    assert.equal(items[0]?.grantee, arn)
    await owner.call('grant.revoke', { key, grant: id })
    await odd.client.refuse('forbidden', 'encrypt', { key, plaintext })
  }
  await owner.call('grant.create', { key, grantee: 'comes-later', operations: ['Encrypt'] })
  const { client } = await newcomer(owner, 'comes-later')
  await client.call('encrypt', { key, plaintext })
})

test('another tenant’s grants, keys and principals are none', async () => {
  const key = await newKey()
  const { name, client } = await person()
  const { id, token } = await owner.call('grant.create', {
    key,
    grantee: name,
    operations: ['Encrypt', 'RetireGrant'],
  })
  const made = await owner.call('tenant.create', { name: 'other' })
  const stranger: Client = owner.as(made.token)
  await stranger.refuse('not_found', 'grant.list', { key })
  await stranger.refuse('not_found', 'grant.revoke', { key, grant: id })
  await stranger.refuse('not_found', 'grant.retire', { token })
  await stranger.refuse('not_found', 'grant.create', {
    key,
    grantee: name,
    operations: ['Encrypt'],
  })
  // The same name over there is somebody else.
  const theirs = await stranger.call('principal.create', { name })
  const { token: bearer } = await stranger.call('token.create', { principal: theirs.id })
  await owner.as(bearer).refuse('forbidden', 'encrypt', { key, plaintext })
  await owner.as(bearer).refuse('forbidden', 'grant.retire', { token })
  await client.call('encrypt', { key, plaintext })
})

test('grants go with their key', async () => {
  const clock = new DrivenClock()
  await using aged = await startHouse({ clock })
  const grant = { grantee: 'somebody', retiring: 'clerk', operations: ['Encrypt'] }
  const { id: key } = await aged.createKey({ alias: 'gone' })
  for (let count = 0; count < 3; count += 1) await aged.perform('grant.create', { key, ...grant })
  const retirable = async () =>
    (await aged.perform('grant.retirable', { retiring: 'clerk', limit: 10 })).items.length
  assert.equal(await retirable(), 3)
  await aged.perform('key.destroy', { key, days: 7 })
  clock.advance(7 * 86_400_000)
  await aged.runJob('destruction')
  assert.equal((await aged.perform('key.get', { key })).state, 'destroyed')
  assert.equal(await retirable(), 0)
})

test('what rules ask for before a grant is revoked they ask for before it is retired by that right', async () => {
  const key = await newKey()
  const revoking = await person()
  const { id: principal } = revoking
  const role = 'retiring'
  await owner.call('role.create', { role, actions: ['grant.revoke'] })
  await owner.call('binding.create', { principal, role, scope: { kind: 'key', key } })
  const grantee = await person()
  const operations = ['Encrypt', 'RetireGrant']
  const given = { key, grantee: grantee.name, operations }
  const { id: grant } = await owner.call('grant.create', given)
  const { id: policy } = await owner.call('approvalPolicy.create', {
    name: 'grants are not taken away alone',
    actions: ['grant.revoke'],
    scope: { kind: 'key', key },
    approvals: 1,
  })
  for (const operation of ['grant.revoke', 'grant.retire'] as const)
    assert.equal(
      await house.codeOf(operation, { key, grant }, revoking.client),
      'approval_required',
      operation,
    )
  // What is one's own to give up is nobody else's to approve.
  await grantee.client.call('grant.retire', { key, grant })
  const { id: rule } = await owner.call('stepUpRule.create', {
    name: 'nor without a proof',
    actions: ['grant.revoke'],
    scope: { kind: 'key', key },
    factors: ['passkey'],
  })
  await owner.call('approvalPolicy.delete', { policy })
  const { id: another } = await owner.call('grant.create', given)
  await revoking.client.refuse('forbidden', 'grant.retire', { key, grant: another })
  await owner.call('stepUpRule.delete', { rule })
  await revoking.client.call('grant.retire', { key, grant: another })
})
