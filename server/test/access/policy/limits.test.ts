import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PolicyError, type KeyPolicy } from '../../../src/access/policy/index.ts'
import { ask, holds, policyOf, statement } from './ask.ts'

/** What a policy that is put may not have, and what nobody can make one cost that is there. */

const CONTEXT = 'kms:EncryptionContext:app'

function likes(count: number, pattern: (place: number) => string): KeyPolicy {
  const wanted = Array.from({ length: count }, (_, place) => pattern(place))
  return policyOf(statement({ Condition: { StringLike: { [CONTEXT]: wanted } } }))
}

function refusal(policy: KeyPolicy): string {
  let message = ''
  assert.throws(
    () => policy.assertWithinLimits(),
    (error: unknown) => {
      assert.ok(error instanceof PolicyError)
      message = error.message
      return true
    },
  )
  return message
}

test('a Sid is as long as a record can name, and a longer one is cut where it stands already', () => {
  const longest = 's'.repeat(256)
  const within = policyOf(statement(), statement({ Sid: longest }))
  within.assertWithinLimits()
  const beyond = policyOf(statement({ Effect: 'Deny', Sid: `${longest}s` }))
  assert.match(refusal(beyond), /^Statement 1\.Sid: must not be longer than 256 characters$/)
  assert.deepEqual(ask(policyOf(statement({ Sid: longest }))), {
    kind: 'allow',
    statement: longest,
    conditional: false,
  })
  assert.deepEqual(ask(beyond), { kind: 'deny', statement: `${'s'.repeat(255)}…` })
  // A character of two code units is not cut in the middle.
  const emoji = policyOf(statement({ Effect: 'Deny', Sid: '💡'.repeat(200) }))
  const answer = ask(emoji)
  assert.ok(answer.kind === 'deny' && answer.statement.isWellFormed())
  // Nor is half of one what a record names: readers of JSON may refuse it.
  const half = ask(policyOf(statement({ Effect: 'Deny', Sid: 'a\ud83db' })))
  assert.deepEqual(half, { kind: 'deny', statement: 'a\ufffdb' })
})

test('patterns that search are at most a hundred in one policy; others only have to fit in', () => {
  likes(100, (place) => `*${place}*`).assertWithinLimits()
  assert.match(refusal(likes(101, (place) => `*${place}*`)), /^Statement: more than 100 patterns/)
  likes(2_000, (place) => `a${place}*`).assertWithinLimits()
  likes(2_000, (place) => `*${place}a`).assertWithinLimits()
  likes(2_000, (place) => `${place}`).assertWithinLimits()
  // Counted over all statements and operators, and whatever is made of a variable.
  const half = Array.from({ length: 51 }, (_, place) => `*\${aws:username}${place}*`)
  const arns = Array.from({ length: 50 }, (_, place) => `arn:aws:iam::*:user/*${place}*`)
  const both = policyOf(
    statement({ Condition: { StringNotLike: { [CONTEXT]: half } } }),
    statement({ Condition: { ArnLike: { 'aws:PrincipalArn': arns } } }),
  )
  assert.match(refusal(both), /more than 100/)
  // One that is there goes on to say what it says.
  const policy = likes(500, (place) => `*${place}*`)
  assert.equal(ask(policy, { [CONTEXT]: 'x499x' }).kind, 'allow')
})

test('a template that would be longer than the value is never written out', () => {
  const wanted = '${kms:EncryptionContext:v}'.repeat(1_000)
  // A thousand times this is more than a string can be, so that writing it out throws.
  const long = 'v'.repeat(1_000_000)
  const values = { [CONTEXT]: long, 'kms:EncryptionContext:v': long }
  for (const [operator, like] of [
    ['StringEquals', false],
    ['StringEqualsIgnoreCase', false],
    ['StringLike', false],
    ['StringNotEquals', true],
    ['StringNotLike', true],
  ] as const) {
    assert.equal(holds({ [operator]: { [CONTEXT]: wanted } }, values), like, operator)
  }
  const resource = statement({ Resource: `arn:aws:kms:*:*:key/${wanted}` })
  assert.equal(ask(policyOf(resource), values).kind, 'silent')
})

test('a variable that is no ARN helps nobody to be allowed, however long it is', () => {
  const condition = { ArnNotLike: { [CONTEXT]: '${kms:EncryptionContext:v}' } }
  const arn = 'arn:aws:kms:::a'
  for (const length of [3, 3_000]) {
    const given = { [CONTEXT]: arn, 'kms:EncryptionContext:v': 'v'.repeat(length) }
    assert.equal(holds(condition, given), false)
    assert.equal(holds(condition, given, 'Deny'), true)
    const other = { ...given, 'kms:EncryptionContext:v': `arn:aws:kms:::${'v'.repeat(length)}` }
    assert.equal(holds(condition, other), true)
  }
})

test('lower-casing takes nothing away and at most doubles, which bounds what is written out', () => {
  for (let point = 0; point <= 0x10ffff; point += 1) {
    const character = String.fromCodePoint(point)
    const { length } = character.toLowerCase()
    assert.ok(length >= character.length && length <= 2 * character.length, point.toString(16))
  }
})
