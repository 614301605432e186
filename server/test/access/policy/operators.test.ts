import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holds, type Values } from './ask.ts'

/** The truth of each condition operator, as the IAM User Guide has it. */

const KEY = 'aws:RequestTag/x'

/** An operator, what the policy wants, what the request has, and whether it holds. */
type Row = readonly [operator: string, wanted: unknown, given: Values[string], expected: boolean]

function table(name: string, rows: readonly Row[]): void {
  test(name, () => {
    for (const [operator, wanted, value, expected] of rows) {
      const said = `${operator} ${JSON.stringify(wanted)} of ${JSON.stringify(value)}`
      const values = value === undefined ? {} : { [KEY]: value }
      for (const effect of ['Allow', 'Deny'] as const) {
        const condition = { [operator]: { [KEY]: wanted } }
        assert.equal(holds(condition, values, effect), expected, `${effect} where ${said}`)
      }
    }
  })
}

table('strings: exact, in any case, with wildcards, and negated', [
  ['StringEquals', 'blue', 'blue', true],
  ['StringEquals', 'blue', 'Blue', false],
  ['StringEquals', 'b*', 'blue', false],
  ['StringEquals', 'b*', 'b*', true],
  ['StringEquals', ['red', 'blue'], 'blue', true],
  ['StringEquals', ['red', 'blue'], 'green', false],
  ['StringEquals', 5, '5', true],
  ['StringEquals', true, 'true', true],
  ['StringEquals', '', '', true],
  ['StringNotEquals', 'blue', 'blue', false],
  ['StringNotEquals', 'blue', 'Blue', true],
  ['StringNotEquals', ['red', 'blue'], 'blue', false],
  ['StringNotEquals', ['red', 'blue'], 'green', true],
  ['StringEqualsIgnoreCase', 'BLUE', 'bLue', true],
  ['StringEqualsIgnoreCase', 'BLUE', 'red', false],
  ['StringNotEqualsIgnoreCase', 'BLUE', 'bLue', false],
  ['StringNotEqualsIgnoreCase', 'BLUE', 'red', true],
  ['StringLike', 'b*', 'blue', true],
  ['StringLike', 'b?ue', 'blue', true],
  ['StringLike', 'b?e', 'blue', false],
  ['StringLike', 'B*', 'blue', false],
  ['StringLike', '*', '', true],
  ['StringLike', 'lu', 'blue', false],
  ['StringLike', ['r*', '*e'], 'blue', true],
  ['StringNotLike', 'b*', 'blue', false],
  ['StringNotLike', 'r*', 'blue', true],
  ['stringequals', 'blue', 'blue', true],
])

table('numbers', [
  ['NumericEquals', '10', '10', true],
  ['NumericEquals', 10, '10.0', true],
  ['NumericEquals', '10', '11', false],
  ['NumericNotEquals', '10', '11', true],
  ['NumericNotEquals', ['10', '11'], '11', false],
  ['NumericLessThan', '10', '9.99', true],
  ['NumericLessThan', '10', '10', false],
  ['NumericLessThanEquals', '10', '10', true],
  ['NumericLessThanEquals', '10', '11', false],
  ['NumericGreaterThan', '-3', '-2', true],
  ['NumericGreaterThan', '10', '10', false],
  ['NumericGreaterThanEquals', '10', '10', true],
  ['NumericGreaterThanEquals', ['10', '20'], '15', true],
  ['NumericLessThan', '10', 'nine', false],
])

table('dates: of ISO 8601 and seconds since 1970, in whatever zone', [
  ['DateEquals', '2027-01-31T12:00:00Z', '2027-01-31T12:00:00Z', true],
  ['DateEquals', '2027-01-31T12:00:00Z', '2027-01-31T13:00:00+01:00', true],
  ['DateEquals', '2027-01-31T12:00Z', '2027-01-31T12:00:00.000Z', true],
  ['DateEquals', '1970-01-02', '86400', true],
  ['DateEquals', 86_400, '1970-01-02T00:00:00Z', true],
  ['DateEquals', '2027', '2027-01-01T00:00:00Z', true],
  ['DateEquals', '2027-03', '2027-03-01', true],
  ['DateEquals', '2024-02-29', '2024-02-29T00:00:00Z', true],
  ['DateNotEquals', '2027-01-31', '2027-02-01', true],
  ['DateNotEquals', '2027-01-31', '2027-01-31', false],
  ['DateLessThan', '2027-01-31T12:00:00Z', '2027-01-31T11:59:59.999Z', true],
  ['DateLessThan', '2027-01-31T12:00:00Z', '2027-01-31T12:00:00Z', false],
  ['DateLessThanEquals', '2027-01-31T12:00:00Z', '2027-01-31T12:00:00Z', true],
  ['DateGreaterThan', '2027-01-31T12:00:00Z', '2027-01-31T12:00:00-00:01', true],
  ['DateGreaterThan', '2027-01-31T12:00:00Z', '2027-01-31T12:00:00Z', false],
  ['DateGreaterThanEquals', '2027-01-31T12:00:00Z', '2027-01-31T12:00:00Z', true],
  ['DateGreaterThan', '2027-01-31', 'tomorrow', false],
])

table('truth and bytes', [
  ['Bool', 'true', 'true', true],
  ['Bool', true, 'True', true],
  ['Bool', 'false', 'true', false],
  ['Bool', 'false', 'false', true],
  ['Bool', ['true', 'false'], 'false', true],
  ['Bool', 'true', 'yes', false],
  ['BinaryEquals', 'QUJD', 'QUJD', true],
  ['BinaryEquals', 'QUJD', 'qujd', false],
  ['BinaryEquals', 'QUI=', 'QUI=', true],
  ['BinaryEquals', 'QUI=', 'QUJ=', false],
])

table('addresses: IPv4 and IPv6, alone and in ranges', [
  ['IpAddress', '203.0.113.0/24', '203.0.113.255', true],
  ['IpAddress', '203.0.113.0/24', '203.0.114.0', false],
  ['IpAddress', '203.0.113.77/24', '203.0.113.1', true],
  ['IpAddress', '203.0.113.7', '203.0.113.7', true],
  ['IpAddress', '203.0.113.7', '203.0.113.8', false],
  ['IpAddress', '0.0.0.0/0', '198.51.100.1', true],
  ['IpAddress', '0.0.0.0/0', '2001:db8::1', false],
  ['IpAddress', '::/0', '2001:db8::1', true],
  ['IpAddress', '2001:DB8:1234:5678::/64', '2001:db8:1234:5678:9abc::1', true],
  ['IpAddress', '2001:DB8:1234:5678::/64', '2001:db8:1234:5679::1', false],
  ['IpAddress', '2001:db8::1', '2001:db8:0:0:0:0:0:1', true],
  ['IpAddress', ['203.0.113.0/24', '2001:db8::/32'], '2001:db8::7', true],
  ['IpAddress', '203.0.113.0/24', '::ffff:203.0.113.9', true],
  ['IpAddress', '203.0.113.0/24', '::ffff:cb00:7109', true],
  ['IpAddress', '::ffff:203.0.113.0/120', '203.0.113.9', true],
  ['IpAddress', '0.0.0.0/0', '::1', false],
  ['IpAddress', '::1', '0.0.0.1', false],
  ['IpAddress', '::ffff:0:0/96', '203.0.113.9', true],
  ['IpAddress', '::ffff:0:0/95', '203.0.113.9', false],
  ['IpAddress', '64:ff9b::192.0.2.33', '64:ff9b::c000:221', true],
  ['IpAddress', '203.0.113.0/24', 'localhost', false],
  ['NotIpAddress', '203.0.113.0/24', '203.0.113.255', false],
  ['NotIpAddress', '203.0.113.0/24', '::ffff:203.0.113.255', false],
  ['NotIpAddress', '203.0.113.0/24', '203.0.114.0', true],
  ['NotIpAddress', ['203.0.113.0/24', '198.51.100.0/24'], '198.51.100.3', false],
])

const topic = 'arn:aws:sns:eu-central-1:111122223333:topic'

table('ARNs: six fields, each by itself', [
  ['ArnEquals', topic, topic, true],
  ['ArnEquals', 'arn:aws:sns:*:111122223333:*', topic, true],
  ['ArnLike', 'arn:aws:sns:*:111122223333:t?pic', topic, true],
  [
    'ArnLike',
    'arn:aws:someservice:*:111122223333:finance/*',
    'arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt',
    false,
  ],
  ['ArnLike', 'arn:aws:logs:*:*:log-group:*', 'arn:aws:logs:eu:1:log-group:a:b', true],
  ['ArnLike', topic, topic.toUpperCase(), false],
  ['ArnLike', topic, 'not an arn', false],
  ['ArnNotEquals', topic, topic, false],
  ['ArnNotEquals', topic, `${topic}s`, true],
  ['ArnNotLike', 'arn:aws:sns:*:*:*', topic, false],
  ['ArnNotLike', 'arn:aws:sqs:*:*:*', topic, true],
])

table('Null: true wants no value, false wants one', [
  ['Null', 'true', undefined, true],
  ['Null', 'true', [], true],
  ['Null', 'true', 'x', false],
  ['Null', true, '', false],
  ['Null', 'false', undefined, false],
  ['Null', false, 'x', true],
  ['Null', ['true', 'false'], 'x', true],
  ['ForAnyValue:Null', 'false', ['x', 'y'], true],
])

test('a key that is not in the request: false, true where negated, and true with IfExists', () => {
  const wanted: Record<string, string> = {
    StringEquals: 'x',
    StringEqualsIgnoreCase: 'x',
    StringLike: '*',
    NumericEquals: '1',
    NumericLessThan: '1',
    NumericLessThanEquals: '1',
    NumericGreaterThan: '1',
    NumericGreaterThanEquals: '1',
    DateEquals: '2027',
    DateLessThan: '2027',
    DateLessThanEquals: '2027',
    DateGreaterThan: '2027',
    DateGreaterThanEquals: '2027',
    Bool: 'false',
    BinaryEquals: 'QUJD',
    IpAddress: '0.0.0.0/0',
    ArnEquals: topic,
    ArnLike: topic,
    StringNotEquals: 'x',
    StringNotEqualsIgnoreCase: 'x',
    StringNotLike: '*',
    NumericNotEquals: '1',
    DateNotEquals: '2027',
    NotIpAddress: '0.0.0.0/0',
    ArnNotEquals: topic,
    ArnNotLike: topic,
  }
  for (const [operator, value] of Object.entries(wanted)) {
    for (const effect of ['Allow', 'Deny'] as const) {
      for (const absent of [{}, { [KEY]: [] }]) {
        const check = (name: string) => holds({ [name]: { [KEY]: value } }, absent, effect)
        assert.equal(check(operator), operator.includes('Not'), operator)
        assert.equal(check(`${operator}IfExists`), true, `${operator}IfExists`)
        assert.equal(check(`ForAllValues:${operator}`), true, `ForAllValues:${operator}`)
        assert.equal(check(`ForAnyValue:${operator}`), false, `ForAnyValue:${operator}`)
        assert.equal(check(`ForAnyValue:${operator}IfExists`), false, operator)
      }
    }
  }
})

table('IfExists compares where there is a value', [
  ['StringEqualsIfExists', 'blue', 'blue', true],
  ['StringEqualsIfExists', 'blue', 'red', false],
  ['StringNotEqualsIfExists', 'blue', 'blue', false],
  ['NumericLessThanIfExists', '10', '11', false],
  ['BoolIfExists', 'true', 'false', false],
  ['IpAddressIfExists', '203.0.113.0/24', '198.51.100.1', false],
])

table('sets: every value, and any value, each against any wanted', [
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b'], true],
  ['ForAllValues:StringEquals', ['a', 'b'], ['a'], true],
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['a', 'c'], true],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'd'], false],
  ['ForAllValues:StringNotEquals', ['a', 'b'], ['c', 'd'], true],
  ['ForAllValues:StringNotEquals', ['a', 'b'], ['a', 'd'], false],
  ['ForAnyValue:StringNotEquals', ['a', 'b'], ['a', 'd'], true],
  ['ForAnyValue:StringNotEquals', ['a', 'b'], ['a', 'b'], false],
  ['ForAllValues:StringLike', 'team-*', ['team-a', 'team-b'], true],
  ['ForAnyValue:StringLike', 'team-*', ['x', 'team-b'], true],
  ['ForAllValues:NumericLessThan', '10', ['1', '10'], false],
  ['forallvalues:stringequals', 'a', ['a', 'a'], true],
])

test('several values where one was expected: denied if any fits, allowed only if all do', () => {
  const values = { [KEY]: ['IT', 'HR'] }
  const equals = { StringEquals: { [KEY]: 'IT' } }
  assert.equal(holds(equals, values, 'Allow'), false)
  assert.equal(holds(equals, values, 'Deny'), true)
  const differs = { StringNotEquals: { [KEY]: 'IT' } }
  assert.equal(holds(differs, values, 'Allow'), false)
  assert.equal(holds(differs, values, 'Deny'), true)
  assert.equal(holds({ StringEquals: { [KEY]: ['IT', 'HR'] } }, values, 'Allow'), true)
})

test('a value that cannot be compared never helps to allow, and is not spared a denial', () => {
  for (const [operator, wanted] of [
    ['NumericNotEquals', '10'],
    ['DateNotEquals', '2027'],
    ['NotIpAddress', '203.0.113.0/24'],
  ] as const) {
    const condition = { [operator]: { [KEY]: wanted } }
    assert.equal(holds(condition, { [KEY]: 'nonsense' }, 'Allow'), false)
    assert.equal(holds(condition, { [KEY]: 'nonsense' }, 'Deny'), true)
  }
})

test('keys are found in whatever case, and every operator and key must hold', () => {
  const tls = { 'aws:SecureTransport': 'true', 'aws:SourceIp': '203.0.113.9' }
  assert.equal(holds({ Bool: { 'AWS:SECURETRANSPORT': 'true' } }, tls), true)
  const both = {
    Bool: { 'aws:SecureTransport': 'true' },
    IpAddress: { 'aws:SourceIp': '203.0.113.0/24' },
  }
  assert.equal(holds(both, tls), true)
  assert.equal(holds(both, { ...tls, 'aws:SourceIp': '198.51.100.1' }), false)
  assert.equal(holds(both, { 'aws:SourceIp': '203.0.113.9' }), false)
  const twoKeys = { StringEquals: { 'kms:KeySpec': 'RSA_2048', 'kms:KeyUsage': 'SIGN_VERIFY' } }
  assert.equal(holds(twoKeys, { 'kms:KeySpec': 'RSA_2048' }), false)
  assert.equal(holds(twoKeys, { 'kms:KeySpec': 'RSA_2048', 'kms:KeyUsage': 'SIGN_VERIFY' }), true)
})
