import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CreateGrantCommandInput } from '@aws-sdk/client-kms'
import {
  assertRefused,
  OTHER_REGION,
  present,
  REGION,
  startAwsHouse,
  type Person,
} from '../house.ts'

/** Key policies and grants through AWS's own client, with the words and types that its tools go by. */

const { kms, owner, account, client, hire } = await startAwsHouse()
const root = `arn:aws:iam::${account}:root`
const Plaintext = Buffer.from('the payroll')

const delegating = {
  Sid: 'Enable IAM User Permissions',
  Effect: 'Allow',
  Principal: { AWS: root },
  Action: 'kms:*',
  Resource: '*',
}

function policyOf(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [delegating, ...statements] })
}

function allowing({ arn }: Person, Action: string | readonly string[], more: object = {}) {
  return { Effect: 'Allow', Principal: { AWS: arn }, Action, Resource: '*', ...more }
}

async function newKey(Policy?: string): Promise<{ readonly id: string; readonly arn: string }> {
  const { KeyMetadata } = await kms.createKey(Policy === undefined ? {} : { Policy })
  return { id: present(KeyMetadata?.KeyId), arn: present(KeyMetadata?.Arn) }
}

async function grantTo(person: Person, rest: Partial<CreateGrantCommandInput> & { KeyId: string }) {
  const grant = { GranteePrincipal: person.arn, Operations: ['Encrypt' as const], ...rest }
  const { GrantId, GrantToken } = await kms.createGrant(grant)
  return { id: present(GrantId), token: present(GrantToken) }
}

test('a policy is read back as it was put, as Terraform compares it', async () => {
  const { id: KeyId } = await newKey()
  const shown = await kms.getKeyPolicy({ KeyId, PolicyName: 'default' })
  assert.equal(shown.PolicyName, 'default')
  assert.deepEqual(JSON.parse(present(shown.Policy)), {
    Version: '2012-10-17',
    Id: 'key-default-1',
    Statement: [delegating],
  })
  const Policy = `${policyOf()}\n`
  await kms.putKeyPolicy({ KeyId, Policy })
  assert.equal((await kms.getKeyPolicy({ KeyId })).Policy, Policy)
  await assertRefused(
    kms.putKeyPolicy({ KeyId, Policy: '{"Statement":' }),
    'MalformedPolicyDocumentException',
  )
  const locked = JSON.stringify({
    Version: '2012-10-17',
    Statement: [allowing(owner, 'kms:Encrypt')],
  })
  await assertRefused(
    kms.putKeyPolicy({ KeyId, Policy: locked }),
    'MalformedPolicyDocumentException',
    'The new key policy will not allow you to update the key policy in the future.',
  )
  await assertRefused(kms.createKey({ Policy: locked }), 'MalformedPolicyDocumentException')
  await kms.putKeyPolicy({ KeyId, Policy: locked, BypassPolicyLockoutSafetyCheck: true })
  await assertRefused(kms.putKeyPolicy({ KeyId, Policy }), 'AccessDeniedException')
})

test('a grant from its making to its end', async () => {
  const user = await hire()
  const clerk = await hire()
  const key = await newKey()
  const { id, token } = await grantTo(user, {
    KeyId: key.arn,
    RetiringPrincipal: clerk.arn,
    Name: 'payroll',
    Constraints: { EncryptionContextSubset: { team: 'a' } },
  })
  const EncryptionContext = { team: 'a' }
  await user.kms.encrypt({ KeyId: key.id, Plaintext, EncryptionContext, GrantTokens: [token] })
  await user.kms.encrypt({ KeyId: key.id, Plaintext, EncryptionContext })
  await assertRefused(user.kms.encrypt({ KeyId: key.id, Plaintext }), 'AccessDeniedException')
  const { Grants = [], Truncated } = await kms.listGrants({ KeyId: key.id })
  assert.equal(Truncated, false)
  const [listed] = Grants
  assert.ok(listed?.CreationDate instanceof Date)
  assert.deepEqual(
    { ...listed, CreationDate: undefined },
    {
      KeyId: key.arn,
      GrantId: id,
      Name: 'payroll',
      CreationDate: undefined,
      GranteePrincipal: user.arn,
      RetiringPrincipal: clerk.arn,
      IssuingAccount: root,
      Operations: ['Encrypt'],
      Constraints: { EncryptionContextSubset: { team: 'a' } },
    },
  )
  const retirable = await clerk.kms.listRetirableGrants({ RetiringPrincipal: clerk.arn })
  assert.deepEqual(
    retirable.Grants?.map(({ GrantId, KeyId }) => [GrantId, KeyId]),
    [[id, key.arn]],
  )
  await assertRefused(user.kms.retireGrant({ GrantToken: token }), 'AccessDeniedException')
  await clerk.kms.retireGrant({ GrantToken: token })
  await assertRefused(
    kms.retireGrant({ GrantToken: token }),
    'NotFoundException',
    `Grant ID ${id} not found`,
  )
  await assertRefused(
    user.kms.encrypt({ KeyId: key.id, Plaintext, EncryptionContext }),
    'AccessDeniedException',
  )
  await assertRefused(
    kms.revokeGrant({ KeyId: key.id, GrantId: id }),
    'NotFoundException',
    `Grant ID ${id} not found`,
  )
  await assertRefused(
    kms.retireGrant({ GrantToken: Buffer.from('nothing').toString('base64') }),
    'InvalidGrantTokenException',
  )
})

test('what is no grant is refused in the types that AWS has for it', async () => {
  const user = await hire()
  const { id: KeyId } = await newKey()
  for (const [type, change] of [
    ['InvalidArnException', { GranteePrincipal: 'arn:aws:iam::000000000000:user/somebody' }],
    ['InvalidArnException', { GranteePrincipal: root }],
    ['InvalidArnException', { RetiringPrincipal: 'arn:aws:s3:::bucket' }],
    // A service, and a name that lacks its ARN: neither is whoever may be called so here.
    ['InvalidArnException', { GranteePrincipal: 'ec2.amazonaws.com' }],
    ['InvalidArnException', { GranteePrincipal: 'somebody' }],
    ['InvalidArnException', { RetiringPrincipal: 'somebody' }],
    ['ValidationException', { Operations: ['Sign'] }],
    [
      'ValidationException',
      {
        Constraints: {
          EncryptionContextEquals: { a: 'b' },
          EncryptionContextSubset: { a: 'b' },
        },
      },
    ],
    [
      'UnsupportedOperationException',
      { Constraints: { SourceArn: `arn:aws:s3:${REGION}:${account}:bucket` } },
    ],
    ['DryRunOperationException', { DryRun: true }],
  ] as const) {
    const given = { KeyId, ...change } as Partial<CreateGrantCommandInput> & { KeyId: string }
    await assertRefused(grantTo(user, given), type)
  }
  assert.deepEqual((await kms.listGrants({ KeyId })).Grants, [])
  await kms.disableKey({ KeyId })
  await assertRefused(grantTo(user, { KeyId }), 'DisabledException')
  await kms.scheduleKeyDeletion({ KeyId })
  await assertRefused(grantTo(user, { KeyId }), 'KMSInvalidStateException', /is pending deletion/)
})

test('re-encryption needs both halves, of a policy and of grants', async () => {
  const user = await hire()
  const { id: from } = await newKey(policyOf(allowing(user, 'kms:ReEncryptFrom')))
  const { id: to } = await newKey()
  const { CiphertextBlob } = await kms.encrypt({ KeyId: from, Plaintext })
  const move = (DestinationKeyId: string) =>
    user.kms.reEncrypt({ CiphertextBlob, DestinationKeyId })
  await assertRefused(move(to), 'AccessDeniedException')
  const { id } = await grantTo(user, { KeyId: to, Operations: ['ReEncryptTo'] })
  await move(to)
  await assertRefused(move(from), 'AccessDeniedException')
  await kms.revokeGrant({ KeyId: to, GrantId: id })
  await grantTo(user, { KeyId: to, Operations: ['ReEncryptFrom'] })
  await assertRefused(move(to), 'AccessDeniedException')
})

test('conditions on names: the one that was said, and those that a key has', async () => {
  const user = await hire()
  const condition = (key: string, operator = 'StringEquals') => ({
    Condition: { [operator]: { [key]: 'alias/payroll' } },
  })
  const said = await newKey(policyOf(allowing(user, 'kms:Encrypt', condition('kms:RequestAlias'))))
  await kms.createAlias({ AliasName: 'alias/payroll', TargetKeyId: said.id })
  const aliasArn = said.arn.replace(/key\/.*$/, 'alias/payroll')
  await user.kms.encrypt({ KeyId: 'alias/payroll', Plaintext })
  await user.kms.encrypt({ KeyId: aliasArn, Plaintext })
  await assertRefused(user.kms.encrypt({ KeyId: said.id, Plaintext }), 'AccessDeniedException')
  await assertRefused(user.kms.encrypt({ KeyId: said.arn, Plaintext }), 'AccessDeniedException')
  const has = await newKey(
    policyOf(
      allowing(user, 'kms:Encrypt', condition('kms:ResourceAliases', 'ForAnyValue:StringEquals')),
    ),
  )
  await assertRefused(user.kms.encrypt({ KeyId: has.id, Plaintext }), 'AccessDeniedException')
  await kms.updateAlias({ AliasName: 'alias/payroll', TargetKeyId: has.id })
  await user.kms.encrypt({ KeyId: has.arn, Plaintext })
})

test('a name that another region has, too, is the same name to a policy', async () => {
  const user = await hire()
  const there = client({ region: OTHER_REGION })
  const Condition = { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/both' } }
  const Policy = policyOf(allowing(user, 'kms:Encrypt', { Condition }))
  const here = await newKey(Policy)
  await kms.createAlias({ AliasName: 'alias/both', TargetKeyId: here.id })
  const { KeyMetadata } = await there.createKey({ Policy })
  const TargetKeyId = present(KeyMetadata?.KeyId)
  await there.createAlias({ AliasName: 'alias/both', TargetKeyId })
  const abroad = client({ region: OTHER_REGION, credentials: user.credentials })
  await user.kms.encrypt({ KeyId: 'alias/both', Plaintext })
  const { KeyId } = await abroad.encrypt({ KeyId: 'alias/both', Plaintext })
  assert.equal(KeyId, KeyMetadata?.Arn)
})

test('the region and the connection are known, and a key that has no region is in each', async () => {
  const user = await hire()
  const region = await newKey(
    policyOf(
      allowing(user, 'kms:Encrypt', {
        Condition: { StringEquals: { 'aws:RequestedRegion': REGION } },
      }),
    ),
  )
  await user.kms.encrypt({ KeyId: region.id, Plaintext })
  const plain = await newKey(
    policyOf({
      Effect: 'Deny',
      Principal: '*',
      Action: 'kms:*',
      Resource: '*',
      Condition: {
        Bool: { 'aws:SecureTransport': 'false' },
        StringEquals: { 'kms:EncryptionContext:secret': 'yes' },
      },
    }),
  )
  await kms.encrypt({ KeyId: plain.id, Plaintext })
  await assertRefused(
    kms.encrypt({ KeyId: plain.id, Plaintext, EncryptionContext: { secret: 'yes' } }),
    'AccessDeniedException',
  )
  const { id: KeyId } = await owner.rest.call('key.create', {})
  const arnIn = (place: string) => `arn:aws:kms:${place}:${account}:key/${KeyId}`
  await owner.rest.call('policy.put', {
    key: KeyId,
    policy: policyOf(allowing(user, 'kms:Encrypt', { Resource: arnIn(OTHER_REGION) })),
  })
  const abroad = client({ region: OTHER_REGION, credentials: user.credentials })
  for (let count = 0; count < 2; count += 1) {
    await assertRefused(user.kms.encrypt({ KeyId, Plaintext }), 'AccessDeniedException')
    await abroad.encrypt({ KeyId, Plaintext })
  }
})

test('grants are listed page by page', async () => {
  const user = await hire()
  const { id: KeyId } = await newKey()
  const made: string[] = []
  for (let count = 0; count < 5; count += 1) made.push((await grantTo(user, { KeyId })).id)
  const seen: string[] = []
  for (let Marker: string | undefined; ;) {
    const page = await kms.listGrants({ KeyId, Limit: 2, ...(Marker && { Marker }) })
    seen.push(...(page.Grants ?? []).map(({ GrantId }) => present(GrantId)))
    assert.equal(page.Truncated, page.NextMarker !== undefined)
    if (page.NextMarker === undefined) break
    Marker = page.NextMarker
  }
  assert.deepEqual(seen.toSorted(), made.toSorted())
  const one = await kms.listGrants({ KeyId, GrantId: present(made[0]) })
  assert.equal(one.Grants?.length, 1)
  assert.equal((await kms.listGrants({ KeyId, GranteePrincipal: owner.arn })).Grants?.length, 0)
})
