import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  AwsException,
  encodeStsAnswer,
  encodeStsException,
  escapeXml,
  readStsInput,
  type AwsExceptionType,
} from '#aws'
import { refusal } from './refusal.ts'

/** The security token service: inputs from forms, answers in XML. */

const request = '1a2b3c4d-0000-8000-8000-000000000001'
const role = 'arn:aws:iam::111122223333:role/backup'

function read(members: Record<string, string>) {
  return readStsInput(new Map(Object.entries({ Version: '2011-06-15', ...members })))
}

const assume = { Action: 'AssumeRole', RoleArn: role, RoleSessionName: 'night' }

test('inputs of the three actions', () => {
  assert.deepEqual(read({ Action: 'GetCallerIdentity', Tags: 'x' }), {
    action: 'GetCallerIdentity',
    input: {},
  })
  assert.deepEqual(read({ ...assume, DurationSeconds: '900', SerialNumber: 'passed over' }), {
    action: 'AssumeRole',
    input: { RoleArn: role, RoleSessionName: 'night', DurationSeconds: 900 },
  })
  const web = read({ ...assume, Action: 'AssumeRoleWithWebIdentity', WebIdentityToken: 'a.b.c' })
  assert.equal(web.action, 'AssumeRoleWithWebIdentity')
  // The type checker knows the members of each action.
  assert.equal(web.action === 'AssumeRoleWithWebIdentity' && web.input.WebIdentityToken, 'a.b.c')
})

test('inputs that are refused', () => {
  const one = (what: string) => `1 validation error detected: ${what}`
  const table: readonly (readonly [Record<string, string>, AwsExceptionType, string])[] = [
    [{}, 'MissingAction', 'The form has no Action'],
    [
      { Action: 'GetSessionToken' },
      'InvalidAction',
      'Could not find operation GetSessionToken for version 2011-06-15',
    ],
    [
      { Action: 'toString' },
      'InvalidAction',
      'Could not find operation toString for version 2011-06-15',
    ],
    [
      { Action: 'GetCallerIdentity', Version: '2010-05-08' },
      'InvalidAction',
      'Could not find operation GetCallerIdentity for version 2010-05-08',
    ],
    [
      { Action: 'AssumeRole' },
      'ValidationException',
      "2 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null; " +
        "Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null",
    ],
    [
      { ...assume, RoleArn: 'arn' },
      'ValidationException',
      one(
        "Value 'arn' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20",
      ),
    ],
    [
      { ...assume, RoleSessionName: 'a b' },
      'ValidationException',
      one(
        "Value 'a b' at 'roleSessionName' failed to satisfy constraint: " +
          String.raw`Member must satisfy regular expression pattern: [\w+=,.@-]*`,
      ),
    ],
    [
      { ...assume, RoleSessionName: 'x'.repeat(65) },
      'ValidationException',
      one(
        `Value '${'x'.repeat(65)}' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64`,
      ),
    ],
    [
      { ...assume, DurationSeconds: '899' },
      'ValidationException',
      one(
        "Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
      ),
    ],
    [
      { ...assume, DurationSeconds: '43201' },
      'ValidationException',
      one(
        "Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
      ),
    ],
    [
      { ...assume, DurationSeconds: '1e3' },
      'ValidationException',
      'DurationSeconds must be an integer',
    ],
    [
      { ...assume, Action: 'AssumeRoleWithWebIdentity', WebIdentityToken: 'abc' },
      'ValidationException',
      one(
        "Value at 'webIdentityToken' failed to satisfy constraint: Member must have length greater than or equal to 4",
      ),
    ],
    [{ ...assume, Policy: '{}' }, 'ValidationException', 'Policy is not supported here'],
    [
      { ...assume, 'PolicyArns.member.1.arn': 'x' },
      'ValidationException',
      'PolicyArns.member.1.arn is not supported here',
    ],
    [
      { ...assume, 'Tags.member.1.Key': 'x' },
      'ValidationException',
      'Tags.member.1.Key is not supported here',
    ],
  ]
  for (const [members, type, message] of table) {
    const thrown = refusal(() => read(members))
    assert.deepEqual([thrown.type, thrown.message], [type, message])
  }
  assert.equal(
    refusal(() => readStsInput(new Map([['Action', 'GetCallerIdentity']]))).message,
    'Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED',
  )
})

test('answers', () => {
  const identity = { UserId: 'u&1', Account: '111122223333', Arn: 'arn:aws:iam::1:user/<x>' }
  assert.deepEqual(encodeStsAnswer('GetCallerIdentity', identity, request), {
    status: 200,
    headers: {
      'content-type': 'text/xml',
      'cache-control': 'no-store',
      'x-amzn-RequestId': request,
    },
    body:
      '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
      '<UserId>u&amp;1</UserId><Account>111122223333</Account><Arn>arn:aws:iam::1:user/&lt;x&gt;</Arn>' +
      `</GetCallerIdentityResult><ResponseMetadata><RequestId>${request}</RequestId></ResponseMetadata>` +
      '</GetCallerIdentityResponse>\n',
  })
  const assumed = {
    Credentials: {
      AccessKeyId: 'ASIAX',
      SecretAccessKey: 'a/b+c',
      SessionToken: 't==',
      Expiration: 1_764_000_000_999,
    },
    AssumedRoleUser: { AssumedRoleId: 'r:night', Arn: 'arn' },
  }
  const credentials =
    '<Credentials><AccessKeyId>ASIAX</AccessKeyId><SecretAccessKey>a/b+c</SecretAccessKey>' +
    '<SessionToken>t==</SessionToken><Expiration>2025-11-24T16:00:00Z</Expiration></Credentials>' +
    '<AssumedRoleUser><AssumedRoleId>r:night</AssumedRoleId><Arn>arn</Arn></AssumedRoleUser>'
  const { body } = encodeStsAnswer('AssumeRole', assumed, request)
  assert.ok(String(body).includes(`<AssumeRoleResult>${credentials}</AssumeRoleResult>`))
  const web = { ...assumed, SubjectFromWebIdentityToken: 's', Audience: 'a', Provider: 'p' }
  assert.ok(
    String(encodeStsAnswer('AssumeRoleWithWebIdentity', web, request).body).includes(
      `<AssumeRoleWithWebIdentityResult>${credentials}<SubjectFromWebIdentityToken>s</SubjectFromWebIdentityToken>` +
        '<Audience>a</Audience><Provider>p</Provider></AssumeRoleWithWebIdentityResult>',
    ),
  )
})

test('errors have the codes of the query protocol', () => {
  const { status, body } = encodeStsException(
    new AwsException('ValidationException', 'a < b'),
    request,
  )
  assert.equal(status, 400)
  assert.equal(
    body,
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>' +
      '<Code>ValidationError</Code><Message>a &lt; b</Message></Error>' +
      `<RequestId>${request}</RequestId></ErrorResponse>\n`,
  )
  const table: readonly (readonly [AwsExceptionType, number, string, string])[] = [
    ['AccessDeniedException', 403, 'Sender', 'AccessDenied'],
    ['ExpiredTokenException', 403, 'Sender', 'ExpiredToken'],
    ['InvalidSignatureException', 403, 'Sender', 'SignatureDoesNotMatch'],
    ['UnrecognizedClientException', 403, 'Sender', 'InvalidClientTokenId'],
    ['MissingAuthenticationTokenException', 403, 'Sender', 'MissingAuthenticationToken'],
    ['InvalidIdentityToken', 400, 'Sender', 'InvalidIdentityToken'],
    ['IDPRejectedClaim', 403, 'Sender', 'IDPRejectedClaim'],
    ['InvalidAction', 400, 'Sender', 'InvalidAction'],
    ['KMSInternalException', 500, 'Receiver', 'InternalFailure'],
    ['DependencyTimeoutException', 503, 'Receiver', 'ServiceUnavailable'],
  ]
  for (const [type, code, fault, name] of table) {
    const answer = encodeStsException(new AwsException(type, 'x'), request)
    assert.equal(answer.status, code)
    assert.ok(String(answer.body).includes(`<Type>${fault}</Type><Code>${name}</Code>`), type)
  }
})

test('any text is content of an element', () => {
  assert.equal(
    escapeXml('\u0000\u001f\ud800\uffff\r\n\t]]>'),
    '\ufffd\ufffd\ufffd\ufffd&#xD;\n\t]]&gt;',
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeXml(text)
      assert.doesNotMatch(escaped, /[<>"'\r]|&(?!(?:amp|lt|gt|quot|apos|#xD);)/)
      const read = escaped
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&apos;', "'")
        .replaceAll('&#xD;', '\r')
        .replaceAll('&amp;', '&')
      assert.equal([...read].length, [...text].length)
      if (/^[\t\n\r\u0020-\ud7ff]*$/.test(text)) assert.equal(read, text)
    }),
  )
})
