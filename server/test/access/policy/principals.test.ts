import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePrincipalArn, type Requester } from '../../../src/access/policy/index.ts'
import { ACCOUNT, ask, person, policyOf, ROOT, statement, userArn } from './ask.ts'

/** Whom a statement speaks of. */

const OTHER = '999988887777'
const roleArn = `arn:aws:iam::${ACCOUNT}:role/alice`
const sessionArn = `arn:aws:sts::${ACCOUNT}:assumed-role/alice/deploy`
const alice = person('alice')
const deploying = person('alice', 'deploy')
const bob = person('bob')

test('an ARN names a principal of the account, or the account', () => {
  const cases: [text: string, expected: ReturnType<typeof parsePrincipalArn>][] = [
    [ACCOUNT, 'root'],
    [ROOT, 'root'],
    [ROOT.replace('aws', 'aws-us-gov'), 'root'],
    [userArn('alice'), { name: 'alice' }],
    [userArn('teams/payroll/alice'), { name: 'alice' }],
    [userArn('a+l=i,c.e@example-1_x'), { name: 'a+l=i,c.e@example-1_x' }],
    [roleArn, { name: 'alice' }],
    [`arn:aws:iam::${ACCOUNT}:role/aws-service-role/x.amazonaws.com/y`, { name: 'y' }],
    [sessionArn, { name: 'alice', session: 'deploy' }],
    [userArn('id/4711'), { name: 'id/4711' }],
    [userArn('x/id/4711'), { name: '4711' }],
    [`arn:aws:sts::${ACCOUNT}:assumed-role/id/4711/s`, { name: 'id/4711', session: 's' }],
    [OTHER, undefined],
    [userArn('alice').replace(ACCOUNT, OTHER), undefined],
    [sessionArn.replace(ACCOUNT, OTHER), undefined],
    [`arn:aws:sts::${ACCOUNT}:federated-user/alice`, undefined],
    [`arn:aws:sts::${ACCOUNT}:assumed-role/alice`, undefined],
    [`arn:aws:sts::${ACCOUNT}:assumed-role/path/alice/deploy`, undefined],
    [`${sessionArn}/`, undefined],
    [userArn(''), undefined],
    [userArn('a//b'), undefined],
    [userArn('*'), undefined],
    [`arn:aws:iam::${ACCOUNT}:group/alice`, undefined],
    [`arn:aws:iam:eu:${ACCOUNT}:user/alice`, undefined],
    [` ${userArn('alice')}`, undefined],
    ['alice', undefined],
    ['*', undefined],
    ['', undefined],
  ]
  for (const [text, expected] of cases) {
    assert.deepEqual(parsePrincipalArn(text, ACCOUNT), expected, text)
  }
})

function kindFor(by: Requester, elements: Record<string, unknown>): string {
  return ask(policyOf(statement(elements)), {}, { by }).kind
}

test('Principal: by user, role, session, everybody, and the account', () => {
  const cases: [principal: unknown, alice: string, deploying: string, bob: string][] = [
    [{ AWS: userArn('alice') }, 'allow', 'allow', 'silent'],
    [{ AWS: roleArn }, 'allow', 'allow', 'silent'],
    [{ AWS: userArn('some/path/alice') }, 'allow', 'allow', 'silent'],
    [{ AWS: sessionArn }, 'silent', 'allow', 'silent'],
    [{ AWS: sessionArn.replace('deploy', 'test') }, 'silent', 'silent', 'silent'],
    [{ AWS: [userArn('bob'), sessionArn] }, 'silent', 'allow', 'allow'],
    ['*', 'allow', 'allow', 'allow'],
    [{ AWS: '*' }, 'allow', 'allow', 'allow'],
    [{ AWS: ROOT }, 'delegate', 'delegate', 'delegate'],
    [{ AWS: ACCOUNT }, 'delegate', 'delegate', 'delegate'],
    [{ AWS: [ROOT, userArn('bob')] }, 'delegate', 'delegate', 'allow'],
    [{ AWS: OTHER }, 'silent', 'silent', 'silent'],
    [{ AWS: ROOT.replace(ACCOUNT, OTHER) }, 'silent', 'silent', 'silent'],
    [{ AWS: userArn('alice').replace(ACCOUNT, OTHER) }, 'silent', 'silent', 'silent'],
    [{ AWS: userArn('Alice') }, 'silent', 'silent', 'silent'],
    [{ Service: 'kms.amazonaws.com' }, 'silent', 'silent', 'silent'],
    [{ Federated: 'cognito-identity.amazonaws.com' }, 'silent', 'silent', 'silent'],
    [{ CanonicalUser: 'alice', Service: '*' }, 'silent', 'silent', 'silent'],
    [{ AWS: `arn:aws:sts::${ACCOUNT}:federated-user/alice` }, 'silent', 'silent', 'silent'],
  ]
  for (const [Principal, ...expected] of cases) {
    const kinds = [alice, deploying, bob].map((by) => kindFor(by, { Principal }))
    assert.deepEqual(kinds, expected, JSON.stringify(Principal))
    // What is allowed or left to the account when it allows, is denied when it denies.
    const denied = [alice, deploying, bob].map((by) => kindFor(by, { Principal, Effect: 'Deny' }))
    assert.deepEqual(
      denied,
      expected.map((kind) => (kind === 'silent' ? 'silent' : 'deny')),
    )
  }
})

test('NotPrincipal: denying spares only who is named exactly, allowing leaves out all who are named', () => {
  const cases: [named: unknown, effect: string, alice: string, deploying: string, bob: string][] = [
    [{ AWS: [userArn('alice'), ROOT] }, 'Deny', 'silent', 'deny', 'deny'],
    [{ AWS: [sessionArn, roleArn, ROOT] }, 'Deny', 'silent', 'silent', 'deny'],
    [{ AWS: ROOT }, 'Deny', 'deny', 'deny', 'deny'],
    [{ Service: 'kms.amazonaws.com' }, 'Deny', 'deny', 'deny', 'deny'],
    ['*', 'Deny', 'silent', 'silent', 'silent'],
    [{ AWS: userArn('alice') }, 'Allow', 'silent', 'silent', 'allow'],
    [{ AWS: sessionArn }, 'Allow', 'allow', 'silent', 'allow'],
    [{ AWS: ROOT }, 'Allow', 'silent', 'silent', 'silent'],
    [{ AWS: OTHER }, 'Allow', 'allow', 'allow', 'allow'],
  ]
  for (const [NotPrincipal, Effect, ...expected] of cases) {
    const kinds = [alice, deploying, bob].map((by) =>
      kindFor(by, { Principal: undefined, NotPrincipal, Effect }),
    )
    assert.deepEqual(kinds, expected, `${Effect} ${JSON.stringify(NotPrincipal)}`)
  }
})

test('a principal whose name fits no ARN is named by its id, and nobody else is', () => {
  const named: Requester = { account: ACCOUNT, name: 'Alice of Payroll', id: '4711' }
  const impostors: Requester[] = [
    { account: ACCOUNT, name: '4711', id: '1' },
    { account: ACCOUNT, name: 'id/4711', id: '2' },
    { account: OTHER, name: 'Alice of Payroll', id: '4711' },
  ]
  const Principal = { AWS: userArn('id/4711') }
  assert.equal(kindFor(named, { Principal }), 'allow')
  for (const impostor of impostors) assert.equal(kindFor(impostor, { Principal }), 'silent')
})
