import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { canonicalJson } from '#model'

/** What may be stored: everything of JSON but fractions. Names that JavaScript treats in a special way are among the members. */
const name = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toJSON',
    '',
    '\u20ac',
    '\ud83d\ude00',
    '\ufb33',
    '1',
    '10',
    '9',
  ),
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }),
  ),
}))

/** The same value with the members of every object in another order. */
function reversed(of: unknown): unknown {
  if (Array.isArray(of)) return of.map(reversed)
  if (of === null || typeof of !== 'object') return of
  return Object.fromEntries(
    Object.entries(of)
      .toReversed()
      .map(([member, inner]) => [member, reversed(inner)]),
  )
}

/** Equality of JSON values, of which prototypes are no part. */
function sameJson(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, at) => sameJson(item, b[at]))
  if (
    a === null ||
    b === null ||
    typeof a !== 'object' ||
    typeof b !== 'object' ||
    Array.isArray(a) ||
    Array.isArray(b)
  ) {
    return a === b || (a === 0 && b === 0)
  }
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))]
  return (
    left.size === right.size &&
    [...left].every(([member, inner]) => right.has(member) && sameJson(inner, right.get(member)))
  )
}

test('it is JSON of the same value', () => {
  fc.assert(fc.property(value, (of) => assert.ok(sameJson(JSON.parse(canonicalJson(of)), of))))
})

test('one value has one spelling, and two values have two', () => {
  fc.assert(
    fc.property(value, (of) => assert.equal(canonicalJson(reversed(of)), canonicalJson(of))),
  )
  fc.assert(
    fc.property(value, (of) =>
      assert.equal(canonicalJson(JSON.parse(canonicalJson(of))), canonicalJson(of)),
    ),
  )
  fc.assert(
    fc.property(value, value, (a, b) =>
      assert.equal(canonicalJson(a) === canonicalJson(b), sameJson(a, b)),
    ),
  )
})

test('members are sorted as RFC 8785 section 3.2.3 sorts them', () => {
  const given = {
    '\u20ac': 1,
    '\r': 2,
    '\ufb33': 3,
    '1': 4,
    '\ud83d\ude00': 5,
    '\u0080': 6,
    '\u00f6': 7,
  }
  assert.equal(
    canonicalJson(given),
    '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
  )
})

test('the spelling is fixed', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [{ b: [1, { d: null, c: true }], a: 'x' }, '{"a":"x","b":[1,{"c":true,"d":null}]}'],
    [{ a: undefined, b: 1 }, '{"b":1}'],
    [-0, '0'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ['"\\\n\u2028\ud800', '"\\"\\\\\\n\u2028\\ud800"'],
    [[], '[]'],
    [{}, '{}'],
  ]
  for (const [given, want] of cases) assert.equal(canonicalJson(given), want)
})

test('what has no one spelling is refused', () => {
  const holes: unknown[] = [1]
  holes[2] = 3
  const bad = [
    undefined,
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    10n,
    Symbol('x'),
    () => 1,
    [undefined],
    holes,
    { a: { b: 0.1 } },
    new Date(0),
    new Map([['a', 1]]),
    Buffer.from('x'),
    new Uint8Array(2),
    Object.create({ a: 1 }),
  ]
  for (const given of bad) assert.throws(() => canonicalJson(given), TypeError)
})
