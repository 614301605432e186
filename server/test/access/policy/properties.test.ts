import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { PolicyAnswer } from '../../../src/access/policy/index.ts'
import { ACCOUNT, ask, person, policyOf, ROOT, userArn } from './ask.ts'

/** What holds for every policy. */

const principal = fc.constantFrom(
  '*',
  { AWS: userArn('alice') },
  { AWS: userArn('bob') },
  { AWS: ROOT },
  { AWS: [ROOT, `arn:aws:sts::${ACCOUNT}:assumed-role/alice/deploy`] },
  { AWS: '999988887777' },
  { Service: 'kms.amazonaws.com' },
)
const action = fc.constantFrom('*', 'kms:*', 'kms:Encrypt', 'kms:De*', 's3:*')
const resource = fc.constantFrom(
  '*',
  'arn:aws:kms:*:*:key/*',
  'arn:aws:kms:*:*:alias/*',
  'arn:aws:kms:*:*:key/${aws:RequestTag/a}*',
)
const key = fc.constantFrom('aws:RequestTag/a', 'aws:RequestTag/b')
const text = fc.constantFrom('x', 'y', '1', '12', '', '${aws:RequestTag/b}')
const operator = fc.constantFrom(
  'StringEquals',
  'StringNotEquals',
  'StringLike',
  'StringNotLikeIfExists',
  'ForAllValues:StringEquals',
  'ForAnyValue:StringNotEquals',
  'ForAnyValue:StringLike',
)
const condition = fc.dictionary(operator, fc.dictionary(key, text, { minKeys: 1 }), { minKeys: 1 })

function either(name: string, value: fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  return fc
    .tuple(fc.boolean(), value)
    .map(([opposite, chosen]) => ({ [opposite ? `Not${name}` : name]: chosen }))
}

function statements(Effect: 'Allow' | 'Deny'): fc.Arbitrary<object[]> {
  const one = fc
    .tuple(
      either('Principal', principal),
      either('Action', action),
      either('Resource', resource),
      fc.option(condition),
    )
    .map(([who, what, which, when]) => ({
      Effect,
      ...who,
      ...what,
      ...which,
      ...(when === null ? {} : { Condition: when }),
    }))
  return fc.array(one, { maxLength: 4 })
}

const values = fc.dictionary(key, fc.array(fc.constantFrom('x', 'y', '1', ''), { maxLength: 2 }))
const request = fc.record({
  by: fc.constantFrom(person('alice'), person('alice', 'deploy'), person('bob')),
  action: fc.constantFrom('kms:Encrypt', 'kms:Decrypt'),
})

const allowing = statements('Allow')
const denying = statements('Deny')
const rank = { deny: 0, silent: 1, delegate: 2, allow: 3 } as const
const filler = { Effect: 'Allow', Principal: { Service: 'x' }, Action: '*', Resource: '*' }

function answer(
  document: readonly object[],
  given: Record<string, string[]>,
  asked: { by: ReturnType<typeof person>; action: string },
): PolicyAnswer {
  // A policy has at least one statement.
  return ask(policyOf(filler, ...document), given, asked)
}

test('no allowing undoes a denial, and more allowing never takes anything away', () => {
  fc.assert(
    fc.property(denying, allowing, allowing, values, request, (no, yes, more, given, asked) => {
      const before = answer([...no, ...yes], given, asked)
      const after = answer([...more, ...no, ...yes], given, asked)
      if (before.kind === 'deny') assert.equal(after.kind, 'deny')
      else assert.ok(rank[after.kind] >= rank[before.kind])
    }),
    { numRuns: 1_000 },
  )
})

test('a denial never widens: the answer stays, or becomes deny', () => {
  fc.assert(
    fc.property(allowing, denying, denying, values, request, (yes, no, more, given, asked) => {
      const before = answer([...yes, ...no], given, asked)
      const after = answer([...more, ...yes, ...no], given, asked)
      if (after.kind !== 'deny') assert.equal(after.kind, before.kind)
    }),
    { numRuns: 1_000 },
  )
})

test('the order of statements changes nothing but which of them is named', () => {
  fc.assert(
    fc.property(allowing, denying, values, request, (yes, no, given, asked) => {
      const forwards = answer([...yes, ...no], given, asked)
      const backwards = answer([...no, ...yes].toReversed(), given, asked)
      assert.deepEqual(
        { ...forwards, statement: undefined },
        { ...backwards, statement: undefined },
      )
    }),
    { numRuns: 1_000 },
  )
})

test('an answer that is not conditional is the same whatever the request brings', () => {
  fc.assert(
    fc.property(allowing, denying, values, values, request, (yes, no, one, other, asked) => {
      const answered = answer([...yes, ...no], one, asked)
      fc.pre(answered.kind !== 'deny' && !answered.conditional)
      assert.deepEqual(answer([...yes, ...no], other, asked), answered)
    }),
    { numRuns: 1_000 },
  )
})
