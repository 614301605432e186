import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OperationName } from '@claviger/contract'
import { base64 } from '../rest/client.ts'
import { hire } from '../rest/house.ts'
import { startGranting } from './granting.ts'

/** Saying whether somebody may do something, and why, without doing it. */

const { owner, account, person, newKey } = await startGranting()
const root = `arn:aws:iam::${account}:root`

function policyOf(...statements: readonly object[]): string {
  const all = statements.map((statement) => ({ Resource: '*', ...statement }))
  return JSON.stringify({ Version: '2012-10-17', Statement: all })
}

const delegating = { Effect: 'Allow', Principal: { AWS: root }, Action: 'kms:*' }

test('nothing, a role, a grant, a policy: each allows with its name', async () => {
  const key = await newKey()
  const { id: principal, name, arn } = await person()
  const ask = (operation: string, context?: Record<string, string>) =>
    owner.call('access.explain', { key, principal, operation, ...(context && { context }) })
  assert.partialDeepStrictEqual(await ask('encrypt'), {
    allowed: false,
    reason: 'no role binding and no grant allows it',
  })
  const { id: binding } = await owner.call('binding.create', { principal, role: 'encrypter' })
  assert.partialDeepStrictEqual(await ask('encrypt'), {
    allowed: true,
    by: binding,
    reason: 'a role binding allows it',
  })
  const { id: grant } = await owner.call('grant.create', {
    key,
    grantee: name,
    operations: ['Decrypt', 'ReEncryptFrom'],
    constraints: { subset: { team: 'a' } },
  })
  assert.equal((await ask('decrypt')).allowed, false)
  assert.partialDeepStrictEqual(await ask('decrypt', { team: 'a' }), {
    allowed: true,
    by: `grant:${grant}`,
    reason: 'a grant on the key allows it',
  })
  assert.equal((await ask('reencrypt', { team: 'a' })).allowed, false)
  await owner.call('policy.put', {
    key,
    policy: policyOf(
      delegating,
      {
        Sid: 'Read',
        Effect: 'Allow',
        Principal: { AWS: arn },
        Action: ['kms:Decrypt', 'kms:ReEncrypt*'],
      },
      { Sid: 'Freeze', Effect: 'Deny', Principal: '*', Action: 'kms:Encrypt' },
    ),
  })
  assert.partialDeepStrictEqual(await ask('encrypt'), {
    allowed: false,
    reason: 'the key policy denies it in statement Freeze',
  })
  assert.partialDeepStrictEqual(await ask('decrypt'), {
    allowed: true,
    by: 'policy:Read',
    reason: 'the key policy allows it in statement Read',
  })
  assert.equal((await ask('reencrypt')).allowed, true)
})

test('who asks about others is not asked about: the conditions are about the other', async () => {
  const { id: principal, arn, client } = await person()
  const Condition = { ArnEquals: { 'aws:PrincipalArn': arn } }
  const { id: key } = await owner.call('key.create', {
    alias: 'explained',
    policy: policyOf(
      { ...delegating, Action: ['kms:PutKeyPolicy', 'kms:DescribeKey'] },
      { Effect: 'Allow', Principal: '*', Action: 'kms:Encrypt', Condition },
      {
        Effect: 'Allow',
        Principal: '*',
        Action: 'kms:Decrypt',
        Condition: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/explained' } },
      },
      {
        Effect: 'Allow',
        Principal: '*',
        Action: 'kms:DescribeKey',
        Condition: { IpAddress: { 'aws:SourceIp': '127.0.0.1' } },
      },
    ),
  })
  const { principal: self } = await owner.call('whoami', {})
  const ask = async (who: string, operation: string) =>
    (await owner.call('access.explain', { key, principal: who, operation })).allowed
  assert.equal(await ask(principal, 'encrypt'), true)
  assert.equal(await ask(self.id, 'encrypt'), false)
  assert.equal(await ask(principal, 'decrypt'), true)
  // From where they will ask, nobody knows.
  assert.equal(await ask(principal, 'key.get'), false)
  await client.call('key.get', { key })
})

test('an auditor explains keys whose policy shuts everybody out, and only keys of its own', async () => {
  const auditor = await hire(owner, 'auditor')
  const { id: principal, client } = await person()
  const { id: key } = await owner.call('key.create', {
    policy: policyOf({ Effect: 'Deny', Principal: '*', Action: 'kms:*' }),
    bypassPolicyLockoutCheck: true,
  })
  const input = { key, principal, operation: 'encrypt' }
  const { allowed, reason } = await auditor.call('access.explain', input)
  assert.deepEqual([allowed, reason], [false, 'the key policy denies it in statement #1'])
  await client.refuse('forbidden', 'access.explain', input)
  const absent = '00000000-0000-4000-8000-000000000000'
  await auditor.refuse('not_found', 'access.explain', { ...input, key: absent })
  await auditor.refuse('not_found', 'access.explain', { ...input, principal: absent })
  for (const operation of ['Encrypt', 'toString', '__proto__']) {
    const problem = await auditor.refuse('invalid_request', 'access.explain', {
      ...input,
      operation,
    })
    assert.equal(problem.field, 'operation')
  }
  const other = await owner.call('tenant.create', { name: 'explained' })
  await owner.as(other.token).refuse('not_found', 'access.explain', input)
})

test('somebody who was disabled may do nothing, whatever allows it', async () => {
  const key = await newKey()
  const { id: principal } = await person()
  await owner.call('binding.create', { principal, role: 'owner' })
  await owner.call('principal.disable', { principal })
  assert.partialDeepStrictEqual(
    await owner.call('access.explain', { key, principal, operation: 'encrypt' }),
    {
      allowed: false,
      reason: 'the principal is disabled',
    },
  )
})

test('what is explained is what happens, for every use and change of a key', async () => {
  const users = [await person(), await person(), await person()]
  const [encrypter, manager] = users
  assert.ok(encrypter !== undefined && manager !== undefined)
  await owner.call('binding.create', { principal: encrypter.id, role: 'encrypter' })
  await owner.call('binding.create', { principal: manager.id, role: 'key-admin' })
  const { id: key } = await owner.call('key.create', {
    policy: policyOf(
      delegating,
      { Effect: 'Deny', Principal: { AWS: encrypter.arn }, Action: 'kms:GenerateDataKey*' },
      { Effect: 'Allow', Principal: { AWS: encrypter.arn }, Action: 'kms:GetKeyPolicy' },
      { Effect: 'Deny', Principal: { AWS: manager.arn }, Action: 'kms:UpdateKeyDescription' },
    ),
  })
  const deeds: readonly (readonly [OperationName, Readonly<Record<string, unknown>>])[] = [
    ['encrypt', { plaintext: base64('a') }],
    ['datakey', {}],
    ['key.get', {}],
    ['key.update', { description: 'as before' }],
    ['key.rotate', {}],
    ['policy.get', {}],
    ['grant.list', {}],
    ['key.suspend', {}],
    ['key.resume', {}],
  ]
  for (const { client, id: principal } of users) {
    for (const [operation, input] of deeds) {
      const { allowed } = await owner.call('access.explain', { key, principal, operation })
      if (allowed) await client.call(operation, { key, ...input })
      else await client.refuse('forbidden', operation, { key, ...input })
    }
  }
})

test('a message of any length can be supposed, without there being one', async () => {
  const key = await newKey()
  const { id: principal } = await person()
  const conditions = { bytesMax: 10 }
  await owner.call('binding.create', { principal, role: 'encrypter', conditions })
  for (const [bytes, allowed] of [
    [10, true],
    [11, false],
    [2 ** 33, false],
    [Number.MAX_SAFE_INTEGER, false],
  ] as const) {
    const asked = { key, principal, operation: 'encrypt', bytes }
    assert.equal((await owner.call('access.explain', asked)).allowed, allowed, String(bytes))
  }
})
