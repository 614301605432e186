import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultPolicy, KeyPolicy } from '../../../src/access/policy/index.ts'
import { ACCOUNT, ask, KEY, person, policyOf, ROOT, statement, userArn } from './ask.ts'

/** Policies as people write them, and what they say to whom. */

const delegating = statement({
  Sid: 'Enable IAM User Permissions',
  Principal: { AWS: ROOT },
})

const administration =
  'Create* Describe* Enable* List* Put* Update* Revoke* Disable* Get* Delete* TagResource UntagResource ScheduleKeyDeletion'
    .split(' ')
    .map((action) => `kms:${action}`)
const use = ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*']

test('the default leaves everything to the account, and may be remembered', () => {
  const policy = KeyPolicy.parse(defaultPolicy(ACCOUNT))
  const delegate = {
    kind: 'delegate',
    statement: 'Enable IAM User Permissions',
    conditional: false,
  }
  for (const action of ['kms:Encrypt', 'kms:PutKeyPolicy', 'KMS:decrypt']) {
    assert.deepEqual(ask(policy, {}, { action }), delegate)
  }
  assert.deepEqual(ask(policy, {}, { by: person('bob', 'session') }), delegate)
  assert.deepEqual(ask(policy, {}, { action: 's3:GetObject' }), {
    kind: 'silent',
    conditional: false,
  })
  const elsewhere = KeyPolicy.parse(defaultPolicy('999988887777'))
  assert.equal(ask(elsewhere).kind, 'silent')
})

test('administrators manage, users use, and attachments need a grant for a resource', () => {
  const policy = policyOf(
    delegating,
    statement({
      Sid: 'Allow access for Key Administrators',
      Principal: { AWS: [userArn('ada')] },
      Action: administration,
    }),
    statement({
      Sid: 'Allow use of the key',
      Principal: { AWS: userArn('uma') },
      Action: use,
    }),
    statement({
      Sid: 'Allow attachment of persistent resources',
      Principal: { AWS: userArn('uma') },
      Action: ['kms:CreateGrant', 'kms:ListGrants', 'kms:RevokeGrant'],
      Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    }),
  )
  const says = (name: string, action: string, values = {}) =>
    ask(policy, values, { by: person(name), action })
  const allow = (statementName: string, conditional = false) => ({
    kind: 'allow',
    statement: statementName,
    conditional,
  })
  const delegate = (conditional = false) => ({
    kind: 'delegate',
    statement: 'Enable IAM User Permissions',
    conditional,
  })
  const administrators = 'Allow access for Key Administrators'
  assert.deepEqual(says('ada', 'kms:PutKeyPolicy'), allow(administrators))
  assert.deepEqual(says('ada', 'kms:CreateGrant'), allow(administrators))
  assert.deepEqual(says('ada', 'kms:Decrypt'), delegate())
  assert.deepEqual(says('uma', 'kms:Decrypt'), allow('Allow use of the key'))
  assert.deepEqual(
    says('uma', 'kms:GenerateDataKeyPairWithoutPlaintext'),
    allow('Allow use of the key'),
  )
  assert.deepEqual(says('uma', 'kms:ReEncryptFrom'), allow('Allow use of the key'))
  assert.deepEqual(says('uma', 'kms:Sign'), delegate())
  assert.deepEqual(
    says('uma', 'kms:CreateGrant', { 'kms:GrantIsForAWSResource': 'true' }),
    allow('Allow attachment of persistent resources', true),
  )
  assert.deepEqual(says('uma', 'kms:CreateGrant'), delegate(true))
  assert.deepEqual(says('eve', 'kms:Decrypt'), delegate())
})

test('nobody decrypts without the context, whoever allows it', () => {
  const policy = policyOf(
    statement({
      Sid: 'context',
      Effect: 'Deny',
      Action: ['kms:Decrypt', 'kms:Encrypt'],
      Condition: { StringNotEquals: { 'kms:EncryptionContext:AppName': 'payroll' } },
    }),
    statement({ Sid: 'use', Principal: { AWS: userArn('alice') } }),
  )
  const app = 'kms:EncryptionContext:appname'
  const denied = { kind: 'deny', statement: 'context' }
  assert.deepEqual(ask(policy), denied)
  assert.deepEqual(ask(policy, { [app]: 'Payroll' }), denied)
  assert.deepEqual(ask(policy, { [app]: ['payroll', 'other'] }), denied)
  const allowed = { kind: 'allow', statement: 'use', conditional: true }
  assert.deepEqual(ask(policy, { [app]: 'payroll' }), allowed)
  assert.deepEqual(ask(policy, {}, { action: 'kms:DescribeKey' }), {
    ...allowed,
    conditional: false,
  })
  assert.deepEqual(ask(policy, { [app]: 'payroll' }, { by: person('bob') }), {
    kind: 'silent',
    conditional: true,
  })
})

test('only these pairs of context: the name in any case, or just so with the keys beside it', () => {
  const pair = { 'kms:EncryptionContext:AppName': 'payroll' }
  const loose = policyOf(statement({ Condition: { StringEquals: pair } }))
  const strict = policyOf(
    statement({
      Condition: {
        StringEquals: pair,
        'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': ['AppName'] },
      },
    }),
  )
  const request = (...names: string[]) => ({
    'kms:EncryptionContext:appname': names
      .filter((name) => name.toLowerCase() === 'appname')
      .map(() => 'payroll'),
    'kms:EncryptionContextKeys': names,
  })
  const kinds = (...names: string[]) =>
    [loose, strict].map((policy) => ask(policy, request(...names)).kind)
  assert.deepEqual(kinds('AppName'), ['allow', 'allow'])
  assert.deepEqual(kinds('appname'), ['allow', 'silent'])
  assert.deepEqual(kinds('AppName', 'Stage'), ['allow', 'silent'])
  assert.deepEqual(kinds('Stage'), ['silent', 'silent'])
  assert.deepEqual(kinds(), ['silent', 'silent'])
})

test('dangerous changes need a second factor', () => {
  const policy = policyOf(
    delegating,
    statement({
      Sid: 'second factor',
      Effect: 'Deny',
      Action: ['kms:ScheduleKeyDeletion', 'kms:PutKeyPolicy'],
      Condition: { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } },
    }),
  )
  const says = (values: Record<string, string>) =>
    ask(policy, values, { action: 'kms:PutKeyPolicy' }).kind
  assert.equal(says({ 'aws:MultiFactorAuthPresent': 'false' }), 'deny')
  assert.equal(says({}), 'deny')
  assert.equal(says({ 'aws:MultiFactorAuthPresent': 'true' }), 'delegate')
  assert.equal(ask(policy).kind, 'delegate')
})

test('from the office and until the end of the contract', () => {
  const policy = policyOf(
    statement({
      Principal: { AWS: userArn('alice') },
      Condition: {
        IpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '2001:db8:7::/48'] },
        DateLessThan: { 'aws:CurrentTime': '2027-01-01T00:00:00Z' },
      },
    }),
  )
  const says = (ip: string, time: string) =>
    ask(policy, { 'aws:SourceIp': ip, 'aws:CurrentTime': time }).kind
  assert.equal(says('203.0.113.8', '2026-12-31T23:59:59Z'), 'allow')
  assert.equal(says('::ffff:203.0.113.8', '2026-12-31T23:59:59Z'), 'allow')
  assert.equal(says('2001:db8:7:1::1', '2026-12-31T23:59:59Z'), 'allow')
  assert.equal(says('203.0.113.8', '2027-01-01T00:00:00Z'), 'silent')
  assert.equal(says('198.51.100.8', '2026-12-31T23:59:59Z'), 'silent')
})

test('a resource is a key; an alias never is', () => {
  const says = (elements: Record<string, unknown>) => ask(policyOf(statement(elements))).kind
  const alias = `arn:aws:kms:eu-central-1:${ACCOUNT}:alias/payroll`
  assert.equal(says({ Resource: KEY }), 'allow')
  assert.equal(says({ Resource: `arn:aws:kms:*:${ACCOUNT}:key/*` }), 'allow')
  assert.equal(says({ Resource: 'arn:*:*:*:*:*' }), 'allow')
  assert.equal(says({ Resource: ['arn:aws:s3:::x', KEY.replace('1234abcd', '????????')] }), 'allow')
  assert.equal(says({ Resource: alias }), 'silent')
  assert.equal(says({ Resource: `arn:aws:kms:*:${ACCOUNT}:alias/*` }), 'silent')
  assert.equal(says({ Resource: KEY.toUpperCase().replace('ARN', 'arn') }), 'silent')
  assert.equal(says({ Resource: 'arn:aws:kms:*:key/*:*' }), 'silent')
  assert.equal(says({ Resource: undefined, NotResource: KEY }), 'silent')
  assert.equal(says({ Resource: undefined, NotResource: '*' }), 'silent')
  assert.equal(says({ Resource: undefined, NotResource: alias }), 'allow')
})

test('actions in any case, by wildcard, and all but some', () => {
  const says = (elements: Record<string, unknown>, action = 'kms:GenerateDataKeyPair') =>
    ask(policyOf(statement(elements)), {}, { action }).kind
  assert.equal(says({ Action: '*' }), 'allow')
  assert.equal(says({ Action: '*:*' }), 'allow')
  assert.equal(says({ Action: 'KMS:generatedatakey*' }), 'allow')
  assert.equal(says({ Action: 'kms:GenerateDataKey' }), 'silent')
  assert.equal(says({ Action: 'kms:GenerateDataKey????' }), 'allow')
  assert.equal(says({ Action: 's3:*' }), 'silent')
  assert.equal(says({ Action: undefined, NotAction: 'kms:GenerateDataKey*' }), 'silent')
  assert.equal(says({ Action: undefined, NotAction: ['kms:Encrypt', 's3:*'] }), 'allow')
  assert.equal(says({ Action: undefined, NotAction: '*' }), 'silent')
})

test('a statement without actions or without resources has no effect', () => {
  for (const missing of [{ Action: undefined }, { Resource: undefined }]) {
    for (const Effect of ['Allow', 'Deny']) {
      const answer = ask(policyOf(statement({ ...missing, Effect })))
      assert.deepEqual(answer, { kind: 'silent', conditional: false })
    }
  }
})

test('whoever is named is allowed before the account is asked, and the surest statement is named', () => {
  const when = { Condition: { Bool: { 'aws:SecureTransport': 'true' } } }
  const tls = { 'aws:SecureTransport': 'true' }
  const named = { Principal: { AWS: userArn('alice') } }
  const policy = policyOf(
    delegating,
    statement({ Sid: 'maybe', ...named, ...when }),
    statement({ Sid: 'sure', ...named }),
    statement({ Sid: 'also', ...named }),
  )
  assert.deepEqual(ask(policy, tls), { kind: 'allow', statement: 'sure', conditional: false })
  const unsure = policyOf(
    statement({ Sid: 'first', ...named, ...when }),
    statement({ Sid: 'second', ...named, ...when }),
    statement({ Sid: 'root', Principal: { AWS: ROOT }, ...when }),
  )
  assert.deepEqual(ask(unsure, tls), { kind: 'allow', statement: 'first', conditional: true })
  assert.deepEqual(ask(unsure, tls, { by: person('bob') }), {
    kind: 'delegate',
    statement: 'root',
    conditional: true,
  })
  assert.deepEqual(ask(unsure), { kind: 'silent', conditional: true })
  assert.deepEqual(ask(policyOf(statement({ Effect: 'Deny' }), statement())), {
    kind: 'deny',
    statement: '#1',
  })
})
