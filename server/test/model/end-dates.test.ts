import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { nextTelling, tellingDue, type KeyVersion, type Telling } from '#model'

/** What is told of the end dates of a version, and when. */

const DAY_MS = 86_400_000

function versionOf(more: Partial<KeyVersion>): KeyVersion {
  return { key: 'k', version: 1, state: 'active', createdAt: 0, activatedAt: 0, ...more }
}

/** Everything that is told of a version, where somebody looks at these times. */
function toldAt(version: KeyVersion, times: readonly number[]) {
  let standing = version
  const told: { readonly at: number; readonly telling: Telling }[] = []
  for (const now of times)
    for (let due = tellingDue(standing, now); due !== undefined; due = tellingDue(standing, now)) {
      told.push({ at: now, telling: due })
      standing = { ...standing, toldUntil: due.at }
    }
  return { told, left: nextTelling(standing) }
}

test('an end is told 30 days ahead, and when it has come', () => {
  const version = versionOf({ protectStopAt: 100 * DAY_MS, processStopAt: 200 * DAY_MS })
  const days = Array.from({ length: 300 }, (_, day) => day * DAY_MS)
  const { told, left } = toldAt(version, days)
  assert.deepEqual(
    told.map(({ at, telling: { what, end } }) => [at / DAY_MS, what, end]),
    [
      [70, 'ending', 'protectStop'],
      [100, 'protectStop', 'protectStop'],
      [170, 'ending', 'processStop'],
      [200, 'processStop', 'processStop'],
    ],
  )
  assert.equal(left, undefined)
})

const cases = [
  ['a short life: at half of it', { protectStopAt: DAY_MS }, [DAY_MS / 2, DAY_MS]],
  [
    'one day for both ends: told once, as what is more',
    { protectStopAt: 100 * DAY_MS, processStopAt: 100 * DAY_MS },
    [70 * DAY_MS, 100 * DAY_MS],
  ],
  [
    'an end and a warning at one moment: both',
    { protectStopAt: 100 * DAY_MS, processStopAt: 130 * DAY_MS },
    [70 * DAY_MS, 100 * DAY_MS, 100 * DAY_MS + 1, 130 * DAY_MS],
  ],
  [
    'a version that was replaced: only when it cannot be read any more',
    { state: 'deactivated', protectStopAt: 100 * DAY_MS, processStopAt: 200 * DAY_MS },
    [170 * DAY_MS, 200 * DAY_MS],
  ],
  ['no dates', {}, []],
  ['revoked', { processStopAt: DAY_MS, revocation: { reason: 'unspecified', revokedAt: 0 } }, []],
  ['destroyed', { state: 'destroyed', destroyedAt: 0, processStopAt: DAY_MS }, []],
] as const satisfies readonly (readonly [string, Partial<KeyVersion>, readonly number[]])[]

for (const [what, more, times] of cases)
  test(`end dates of ${what}`, () => {
    const version = versionOf(more)
    const found: number[] = []
    for (let at = nextTelling(version); at !== undefined;) {
      found.push(at)
      at = nextTelling({ ...version, toldUntil: at })
    }
    assert.deepEqual(found, times)
  })

test('a warning that comes too late is none; an end that was missed is told once', () => {
  const version = versionOf({ protectStopAt: 100 * DAY_MS, processStopAt: 200 * DAY_MS })
  const whatOf = (times: readonly number[]) =>
    toldAt(version, times).told.map(({ telling }) => telling.what)
  assert.deepEqual(whatOf([150 * DAY_MS]), ['protectStop'])
  assert.deepEqual(whatOf([180 * DAY_MS]), ['protectStop', 'ending'])
  assert.deepEqual(whatOf([1_000 * DAY_MS]), ['protectStop', 'processStop'])
})

test('whenever somebody looks: each end is told once, in order and never early, and nothing is left over', () => {
  // Few moments, so that dates often fall together.
  const day = fc.integer({ min: 1, max: 12 }).map((tens) => tens * 10 * DAY_MS)
  const looks = fc.array(fc.integer({ min: 0, max: 130 * DAY_MS }), { maxLength: 12 })
  const state = fc.constantFrom('active', 'pre-activation', 'deactivated')
  fc.assert(
    fc.property(day, day, state, looks, (one, other, its, times) => {
      const [protectStopAt, processStopAt] = [Math.min(one, other), Math.max(one, other)]
      const version = versionOf({ state: its, protectStopAt, processStopAt })
      const sorted = [...times, 1_000 * DAY_MS].toSorted((a, b) => a - b)
      const { told, left } = toldAt(version, sorted)
      assert.equal(left, undefined)
      for (const { at, telling } of told) {
        assert.ok(telling.at <= at)
        assert.equal(telling.endsAt, telling.end === 'protectStop' ? protectStopAt : processStopAt)
        assert.equal(telling.what === 'ending', at < telling.endsAt)
      }
      const ends = told.map(({ telling }) => telling.what).filter((what) => what !== 'ending')
      const hasProtectStop = its !== 'deactivated' && protectStopAt !== processStopAt
      assert.deepEqual(ends, hasProtectStop ? ['protectStop', 'processStop'] : ['processStop'])
      const warnings = told.filter(({ telling }) => telling.what === 'ending')
      assert.equal(new Set(warnings.map(({ telling }) => telling.end)).size, warnings.length)
    }),
  )
})
