import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyPolicy } from '../../../src/access/policy/index.ts'
import {
  ACCOUNT,
  ask,
  holds,
  KEY,
  person,
  policyOf,
  statement,
  userArn,
  type Values,
} from './ask.ts'

/** Policy variables, and the condition keys that say who asks. */

const USER = 'kms:EncryptionContext:user'

/** Whether alice's request, in this context, fits what a policy wants of the context's user. */
function userIs(operator: string, wanted: string, values: Values, effect?: 'Deny'): boolean {
  return holds({ [operator]: { [USER]: wanted } }, values, effect)
}

test('a variable is what the request says, and means itself', () => {
  const tagged = { 'aws:PrincipalTag/Team': 'a*b', [USER]: 'a*b' }
  assert.equal(userIs('StringEquals', '${aws:username}', { [USER]: 'alice' }), true)
  assert.equal(userIs('StringEquals', '${aws:username}', { [USER]: 'bob' }), false)
  assert.equal(userIs('StringEquals', '${AWS:UserName}', { [USER]: 'alice' }), true)
  assert.equal(userIs('StringEquals', 'x-${aws:username}-y', { [USER]: 'x-alice-y' }), true)
  assert.equal(userIs('StringEqualsIgnoreCase', '${aws:username}', { [USER]: 'ALICE' }), true)
  assert.equal(userIs('StringLike', '${aws:username}/*', { [USER]: 'alice/7' }), true)
  assert.equal(userIs('StringLike', '${aws:principaltag/team}', tagged), true)
  assert.equal(
    userIs('StringLike', '${aws:PrincipalTag/Team}', { ...tagged, [USER]: 'axb' }),
    false,
  )
  assert.equal(userIs('StringNotEquals', '${aws:username}', { [USER]: 'alice' }), false)
  assert.equal(userIs('StringNotEquals', '${aws:username}', { [USER]: 'bob' }), true)
})

test('a star, a question mark and a dollar can be said, where wildcards count and where not', () => {
  assert.equal(userIs('StringLike', 'a${*}*', { [USER]: 'a*x' }), true)
  assert.equal(userIs('StringLike', 'a${*}*', { [USER]: 'axx' }), false)
  assert.equal(userIs('StringLike', '${?}', { [USER]: '?' }), true)
  assert.equal(userIs('StringLike', '${?}', { [USER]: 'x' }), false)
  assert.equal(userIs('StringEquals', '${$}{aws:username}', { [USER]: '${aws:username}' }), true)
  assert.equal(userIs('StringEquals', '$5 {x}', { [USER]: '$5 {x}' }), true)
})

test('a variable without a value fits nothing: it never allows, and spares nobody a denial', () => {
  const tag = '${aws:PrincipalTag/team}'
  const request = { [USER]: 'alice' }
  for (const operator of ['StringEquals', 'StringLike', 'StringEqualsIgnoreCase']) {
    assert.equal(userIs(operator, tag, request), false, operator)
    assert.equal(userIs(operator, tag, request, 'Deny'), false, operator)
  }
  for (const operator of ['StringNotEquals', 'StringNotLike', 'StringNotEqualsIgnoreCase']) {
    assert.equal(userIs(operator, tag, request), false, operator)
    assert.equal(userIs(operator, tag, request, 'Deny'), true, operator)
  }
  const several = { ...request, 'aws:PrincipalTag/team': ['alice', 'bob'] }
  assert.equal(userIs('StringEquals', tag, several), false)
  const either = { StringEquals: { [USER]: [tag, 'alice'] } }
  assert.equal(holds(either, request), true)
})

test('a variable may have a default', () => {
  const wanted = "${aws:PrincipalTag/team, 'company-wide'}"
  assert.equal(userIs('StringEquals', wanted, { [USER]: 'company-wide' }), true)
  const tagged = { 'aws:PrincipalTag/team': 'yellow' }
  assert.equal(userIs('StringEquals', wanted, { ...tagged, [USER]: 'company-wide' }), false)
  assert.equal(userIs('StringEquals', wanted, { ...tagged, [USER]: 'yellow' }), true)
  assert.equal(userIs('StringEquals', "${aws:x,''}", { [USER]: '' }), true)
})

test('before version 2012-10-17 a variable is only text', () => {
  for (const version of [undefined, '2008-10-17']) {
    const policy = KeyPolicy.parse(
      JSON.stringify({
        ...(version === undefined ? {} : { Version: version }),
        Statement: statement({ Condition: { StringEquals: { [USER]: '${aws:username}' } } }),
      }),
    )
    assert.equal(ask(policy, { [USER]: 'alice' }).kind, 'silent')
    assert.equal(ask(policy, { [USER]: '${aws:username}' }).kind, 'allow')
  }
  const open = { Statement: statement({ Condition: { StringLike: { [USER]: '${*' } } }) }
  assert.equal(ask(KeyPolicy.parse(JSON.stringify(open)), { [USER]: '${x' }).kind, 'allow')
})

test('a resource may be named by a variable, in its last field', () => {
  const mine = policyOf(
    statement({ Resource: `arn:aws:kms:*:${ACCOUNT}:key/\${aws:PrincipalTag/key}` }),
  )
  const resource = `arn:aws:kms:eu:${ACCOUNT}:key/7`
  const tagged = { 'aws:PrincipalTag/key': '7' }
  assert.deepEqual(ask(mine, tagged, { resource }), {
    kind: 'allow',
    statement: '#1',
    conditional: true,
  })
  const silent = { kind: 'silent', conditional: true }
  assert.deepEqual(ask(mine, {}, { resource }), silent)
  assert.deepEqual(ask(mine, { 'aws:PrincipalTag/key': '*' }, { resource }), silent)

  const except = { Resource: undefined, NotResource: 'arn:aws:kms:*:*:key/${aws:PrincipalTag/key}' }
  const others = policyOf(statement(except))
  assert.equal(ask(others, tagged, { resource }).kind, 'silent')
  assert.equal(ask(others, tagged).kind, 'allow')
  assert.equal(ask(others, {}).kind, 'silent')
  const spared = policyOf(statement({ ...except, Effect: 'Deny' }))
  assert.equal(ask(spared, tagged, { resource }).kind, 'silent')
  assert.equal(ask(spared, {}, { resource }).kind, 'deny')
})

test('a variable may be a whole ARN', () => {
  const source = 'aws:SourceArn'
  const condition = { ArnEquals: { [source]: '${aws:PrincipalArn}' } }
  assert.equal(holds(condition, { [source]: userArn('alice') }), true)
  assert.equal(holds(condition, { [source]: userArn('bob') }), false)
  const nonsense = { ArnNotEquals: { [source]: '${aws:username}' } }
  assert.equal(holds(nonsense, { [source]: userArn('bob') }), false)
})

test('keys about the requester need not be given, and what is given comes first', () => {
  const deploying = person('alice', 'deploy')
  const nameless = { account: ACCOUNT, name: 'Alice of Payroll', id: '4711' }
  const role = `arn:aws:iam::${ACCOUNT}:role/alice`
  const cases: [key: string, by: typeof deploying, expected: string | undefined][] = [
    ['aws:PrincipalArn', person('alice'), userArn('alice')],
    ['aws:PrincipalArn', deploying, role],
    ['aws:PrincipalArn', nameless, userArn('id/4711')],
    ['aws:PrincipalAccount', deploying, ACCOUNT],
    ['kms:CallerAccount', deploying, ACCOUNT],
    ['aws:PrincipalType', person('alice'), 'User'],
    ['aws:PrincipalType', deploying, 'AssumedRole'],
    ['aws:userid', person('alice'), 'id-of-alice'],
    ['aws:userid', deploying, 'id-of-alice:deploy'],
    ['aws:username', person('alice'), 'alice'],
    ['aws:username', deploying, undefined],
  ]
  for (const [key, by, expected] of cases) {
    const condition =
      expected === undefined ? { Null: { [key]: 'true' } } : { StringEquals: { [key]: expected } }
    const policy = policyOf(statement({ Condition: condition }))
    assert.equal(ask(policy, {}, { by, resource: KEY }).kind, 'allow', `${key} of ${by.name}`)
    assert.equal(ask(policy, { [key]: 'else' }, { by }).kind, 'silent', `${key} given`)
  }
})
