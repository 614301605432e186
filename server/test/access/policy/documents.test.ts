import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  defaultPolicy,
  KeyPolicy,
  POLICY_BYTES_MAX,
  PolicyError,
} from '../../../src/access/policy/index.ts'
import { ClavigerError } from '../../../src/model/index.ts'
import { ACCOUNT, policyText, ROOT, statement, userArn } from './ask.ts'

/** What is a key policy and what is not, and that nothing else than PolicyError says so. */

function refused(text: string, saying: RegExp): void {
  assert.throws(
    () => KeyPolicy.parse(text),
    (error: unknown) => {
      assert.ok(error instanceof PolicyError && error instanceof ClavigerError)
      assert.equal(error.code, 'invalid_request')
      assert.match(error.message, saying)
      return true
    },
    text.slice(0, 200),
  )
}

test('the default policy is what AWS writes, and is read back as it was', () => {
  const text = defaultPolicy(ACCOUNT)
  assert.equal(
    text,
    [
      '{',
      '  "Version" : "2012-10-17",',
      '  "Id" : "key-default-1",',
      '  "Statement" : [ {',
      '    "Sid" : "Enable IAM User Permissions",',
      '    "Effect" : "Allow",',
      '    "Principal" : {',
      `      "AWS" : "${ROOT}"`,
      '    },',
      '    "Action" : "kms:*",',
      '    "Resource" : "*"',
      '  } ]',
      '}',
    ].join('\n'),
  )
  assert.equal(KeyPolicy.parse(text).text, text)
})

test('forms that are taken: one statement without a list, either version, unknown services', () => {
  const one = statement()
  for (const document of [
    { Statement: one },
    { Statement: statement({ Sid: 'said twice? "Sid":"Sid":{"Sid":[\\"' }) },
    { Version: '2008-10-17', Id: '', Statement: [one] },
    { Version: '2012-10-17', Id: 'any text', Statement: [one, statement({ Sid: '' })] },
    { Statement: statement({ Principal: { AWS: [ROOT, ACCOUNT, '*'] } }) },
    { Statement: statement({ Principal: { Service: 'logs.amazonaws.com', Federated: ['x'] } }) },
    { Statement: statement({ Principal: { CanonicalUser: '79a59df900b949e55d96' } }) },
    { Statement: statement({ Principal: { AWS: `arn:aws-cn:iam::${ACCOUNT}:role/a/b/c` } }) },
    { Statement: statement({ Action: ['s3:Get*', '*', 'KMS:encrypt'] }) },
    { Statement: statement({ Resource: ['*', 'arn:aws:kms:*:*:key/*'] }) },
    { Statement: statement({ Resource: undefined, NotResource: 'arn:aws:kms:*:*:alias/x' }) },
    // AWS KMS takes these, and they say nothing.
    { Statement: statement({ Action: undefined }) },
    { Statement: statement({ Resource: undefined }) },
  ]) {
    const text = JSON.stringify(document)
    assert.equal(KeyPolicy.parse(text).text, text)
  }
})

test('what is not a policy document is refused with what is wrong and where', () => {
  const shortest = { Effect: 'Deny', Principal: '*' }
  const cases: [text: string, saying: RegExp][] = [
    ['', /not JSON/],
    ['{"Statement": secret}', /^The policy is not JSON$/],
    ['[]', /must be an object/],
    ['null', /must be an object/],
    ['"text"', /must be an object/],
    ['{}', /must not be empty/],
    ['{"Version":"2012-10-17"}', /^Statement: is missing/],
    ['{"Statement":[]}', /^Statement: must not be empty/],
    ['{"Statement":[{}]}', /^Statement 1: must not be empty/],
    ['{"Statement":[[]]}', /^Statement 1: must be an object/],
    ['{"Statement":"x"}', /^Statement 1: must be an object/],
    [policyText(statement()).replace('2012-10-17', '2012-10-18'), /^Version/],
    [policyText(statement()).replace('"2012-10-17"', '2012'), /^Version/],
    [JSON.stringify({ Id: 1, Statement: statement() }), /^Id: must be a string/],
    [JSON.stringify({ statement: statement() }), /"statement" is not an element/],
    [`{"__proto__":{},"Statement":${JSON.stringify(statement())}}`, /"__proto__" is not/],
    [policyText(...Array.from({ length: 513 }, () => shortest)), /more than 512/],
    [`{"Statement":${JSON.stringify(statement())},"Statement":{}}`, /"Statement" is said twice/],
    [
      `{"Statement":${JSON.stringify(statement()).replace('{', '{"\\u0041ction":"kms:X",')}}`,
      /"Action" is said twice/,
    ],
    [' '.repeat(POLICY_BYTES_MAX) + policyText(statement()), /too long/],
    ['['.repeat(20_000), /not JSON/],
    [`${'['.repeat(10_000)}${']'.repeat(10_000)}`, /must be an object/],
  ]
  for (const [text, saying] of cases) refused(text, saying)
})

test('statements that say too much, too little or nonsense are refused', () => {
  const cases: [elements: Record<string, unknown>, saying: RegExp][] = [
    [{ Efect: 'Allow' }, /"Efect" is not an element/],
    [{ Sid: 7 }, /Statement 1\.Sid: must be a string/],
    [{ Effect: undefined }, /Statement 1\.Effect/],
    [{ Effect: 'allow' }, /Statement 1\.Effect: must be "Allow" or "Deny"/],
    [{ Principal: undefined }, /needs Principal or NotPrincipal/],
    [{ NotPrincipal: '*' }, /both Principal and NotPrincipal/],
    [{ NotAction: 'kms:Encrypt' }, /both Action and NotAction/],
    [{ NotResource: '*' }, /both Resource and NotResource/],
    [{ Principal: userArn('alice') }, /Principal: must be "\*" or an object/],
    [{ Principal: {} }, /Principal: must not be empty/],
    [{ Principal: ['*'] }, /Principal: must be an object/],
    [{ Principal: { AWS: [] } }, /Principal\.AWS: must not be empty/],
    [{ Principal: { AWS: 7 } }, /Principal\.AWS: must be a string/],
    [{ Principal: { Aws: '*' } }, /"Aws" is not an element/],
    [{ Principal: { Service: [] } }, /Principal\.Service: must not be empty/],
    [{ Principal: { AWS: userArn('*') } }, /is not the ARN of a principal/],
    [
      { Principal: { AWS: `arn:aws:sts::${ACCOUNT}:assumed-role/app/*` } },
      /is not the ARN of a principal/,
    ],
    [{ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:group/g` } }, /is not the ARN of a principal/],
    [{ Principal: { AWS: 'alice' } }, /"alice" is not the ARN of a principal/],
    [{ Action: [] }, /Action: must not be empty/],
    [{ Action: ['kms:Encrypt', 7] }, /Action: must be a string/],
    [{ Action: 'Encrypt' }, /"Encrypt" is not an action/],
    [{ Action: 'kms:' }, /"kms:" is not an action/],
    [{ Action: 'k*:Encrypt' }, /is not an action/],
    [{ Resource: [] }, /Resource: must not be empty/],
    [{ Resource: 'key/1' }, /"key\/1" is neither "\*" nor an ARN/],
    [{ Resource: 'arn:aws:kms:*' }, /six fields/],
    [{ Resource: 'arn:aws:kms:${aws:PrincipalTag/r}:*:*' }, /only in the last field/],
    [{ Resource: 'arn:aws:kms:*:*:key/${aws:username' }, /does not end/],
    [{ Condition: [] }, /Condition: must be an object/],
    [{ Condition: {} }, /Condition: must not be empty/],
    [{ Condition: { StringEquals: {} } }, /Condition\.StringEquals: must not be empty/],
    [{ Condition: { StringEquals: 'x' } }, /Condition\.StringEquals: must be an object/],
  ]
  for (const [elements, saying] of cases) refused(policyText(statement(elements)), saying)
})

test('conditions that nobody can evaluate are refused', () => {
  const cases: [operator: string, key: string, wanted: unknown, saying: RegExp][] = [
    ['StringEqual', 'aws:x', 'a', /"StringEqual" is not a condition operator/],
    ['', 'aws:x', 'a', /is not a condition operator/],
    ['ForSomeValues:StringEquals', 'aws:x', 'a', /is not a condition operator/],
    ['NullIfExists', 'aws:x', 'true', /is not a condition operator/],
    ['BinaryNotEquals', 'aws:x', 'QUJD', /is not a condition operator/],
    ['constructor', 'aws:x', 'a', /is not a condition operator/],
    ['StringEquals', 'x', 'a', /needs a prefix/],
    ['StringEquals', 'aws:', 'a', /needs a prefix/],
    ['StringEquals', 'aws:x', [], /must not be empty/],
    ['StringEquals', 'aws:x', null, /must be a string, a number or a boolean/],
    ['StringEquals', 'aws:x', [['a']], /must be a string, a number or a boolean/],
    ['StringEquals', 'aws:x', { a: 1 }, /must be a string, a number or a boolean/],
    ['StringEquals', 'aws:x', '${}', /has no name/],
    ['StringEquals', 'aws:x', "${aws:y, 'z}", /single quotes/],
    ['StringLike', 'aws:x', `*${'a'.repeat(300)}?*`, /too long for a question mark/],
    ['NumericEquals', 'aws:x', 'ten', /"ten" is not a number/],
    ['NumericEquals', 'aws:x', '9'.repeat(400), /is not a number/],
    ['NumericEquals', 'aws:x', '${aws:y}', /is not a number/],
    ['DateEquals', 'aws:x', '2027-02-30', /is not a date/],
    ['DateEquals', 'aws:x', '2027-13', /is not a date/],
    ['DateEquals', 'aws:x', '2027-01-31T12:00:00', /is not a date/],
    ['DateEquals', 'aws:x', '2027-01-31T24:00:00Z', /is not a date/],
    ['Bool', 'aws:x', 'yes', /is not true or false/],
    ['Null', 'aws:x', 'yes', /must be true or false/],
    ['BinaryEquals', 'aws:x', 'QUJ', /is not base64/],
    ['IpAddress', 'aws:x', '203.0.113.0/33', /is not an address or a CIDR range/],
    ['IpAddress', 'aws:x', '203.0.113', /is not an address/],
    ['IpAddress', 'aws:x', '203.0.113.010', /is not an address/],
    ['IpAddress', 'aws:x', '203.0.113.256', /is not an address/],
    ['IpAddress', 'aws:x', '2001:db8::1::2', /is not an address/],
    ['IpAddress', 'aws:x', '1:2:3:4:5:6:7', /is not an address/],
    ['IpAddress', 'aws:x', '1:2:3:4:5:6:7:8::', /is not an address/],
    ['IpAddress', 'aws:x', '1.2.3.4::', /is not an address/],
    ['IpAddress', 'aws:x', '2001:db8::/129', /is not an address/],
    ['ArnLike', 'aws:x', 'arn:aws:sns:*', /is not an ARN of six fields/],
    ['ArnLike', 'aws:x', 'arn:aws:${aws:y}:*:*:*', /is not an ARN of six fields/],
    ['ForAllValues:StringEquals', 'kms:EncryptionContext:A', 'b', /OverlyPermissiveCondition/],
  ]
  for (const [operator, key, wanted, saying] of cases) {
    refused(policyText(statement({ Condition: { [operator]: { [key]: wanted } } })), saying)
  }
})

test('a message shows what is printable of the document, and not much', () => {
  refused(policyText(statement({ ['\u001b[31m' + 'x'.repeat(900)]: 1 })), /^[\x20-\x7e]{1,200}$/)
})

const words =
  `Allow|Deny|*|kms:*|${ROOT}|AWS|aws:x|2012-10-17|\${aws:x}|\${||StringLike|Null|IpAddress|::/0|1|true|__proto__`.split(
    '|',
  )
const elementNames =
  'Version Id Statement Sid Effect Principal NotPrincipal Action NotAction Resource NotResource Condition'.split(
    ' ',
  )

test('whatever it is given, parse answers with a policy or a PolicyError', () => {
  const parses = (text: string): void => {
    try {
      KeyPolicy.parse(text)
    } catch (error) {
      assert.ok(error instanceof PolicyError, String(error))
    }
  }
  fc.assert(fc.property(fc.string({ unit: 'binary' }), parses))
  fc.assert(fc.property(fc.json(), parses))
  const word = fc.constantFrom(...words)
  const element = fc.constantFrom(...elementNames)
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      fc.oneof(word, fc.boolean(), fc.integer(), fc.constant(null)),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(element, word), tie('tree'), { maxKeys: 6 }),
    ),
  }))
  fc.assert(
    fc.property(tree, (value) => parses(JSON.stringify(value))),
    { numRuns: 1_000 },
  )
  fc.assert(
    fc.property(fc.dictionary(element, tree), (elements) =>
      parses(policyText(statement(elements))),
    ),
    { numRuns: 2_000 },
  )
})
