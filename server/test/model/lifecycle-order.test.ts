import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LifecycleRules } from '@claviger/contract'
import * as fc from 'fast-check'
import { brokenRules, covering, isWithin, loosenedBy, strictest, type Scope } from '#model'
import { governedKeys, keyOf, policyOf, rules, scopes } from './lifecycle.ts'

/** Of each rule the strictest counts: the order of rules, and what it is to loosen one. */

const tenant: Scope = { kind: 'tenant' }

function keeps(about: LifecycleRules, governed: Parameters<typeof brokenRules>[1]): boolean {
  return brokenRules(about, governed).length === 0
}

test('it matters neither in which order policies come, nor how often, nor how they are put together', () => {
  fc.assert(
    fc.property(rules, rules, rules, (one, two, three) => {
      const all = strictest([one, two, three])
      assert.deepEqual(strictest([three, one, two]), all)
      assert.deepEqual(strictest([one, one, two, three, two]), all)
      assert.deepEqual(strictest([one, strictest([two, three])]), all)
      assert.deepEqual(strictest([strictest([one, two]), three]), all)
      assert.deepEqual(strictest([{}, one]), strictest([one]))
      assert.deepEqual(strictest([all]), all)
    }),
  )
})

test('a key keeps to the strictest of several where it keeps to each', () => {
  fc.assert(
    fc.property(rules, rules, governedKeys, (one, two, governed) => {
      assert.equal(
        keeps(strictest([one, two]), governed),
        keeps(one, governed) && keeps(two, governed),
      )
    }),
  )
})

test('what loosens nothing refuses all that was refused before', () => {
  fc.assert(
    fc.property(rules, rules, governedKeys, (before, after, governed) => {
      const loosened = loosenedBy(policyOf(before), policyOf(after))
      if (loosened.length === 0 && keeps(after, governed)) assert.ok(keeps(before, governed))
      // More rules beside those that are there never loosen.
      assert.deepEqual(loosenedBy(policyOf(before), policyOf(strictest([before, after]))), [])
    }),
  )
})

test('a rule that is changed both ways is loosened one way or the other', () => {
  fc.assert(
    fc.property(rules, rules, (one, other) => {
      const there = loosenedBy(policyOf(one), policyOf(other))
      const back = loosenedBy(policyOf(other), policyOf(one))
      const same = JSON.stringify(strictest([one])) === JSON.stringify(strictest([other]))
      assert.equal(there.length + back.length === 0, same)
    }),
  )
})

test('loosening names the rules, and a rule that goes is loosened', () => {
  const cases: readonly (readonly [LifecycleRules, LifecycleRules, readonly string[]])[] = [
    [{ strengthMin: 128 }, { strengthMin: 256 }, []],
    [{ strengthMin: 256 }, { strengthMin: 128 }, ['strengthMin']],
    [{ strengthMin: 128 }, {}, ['strengthMin']],
    [{}, { export: 'forbidden' }, []],
    [{ export: 'forbidden' }, {}, ['export']],
    [{ algorithms: ['P-256', 'Ed25519'] }, { algorithms: ['P-256'] }, []],
    [{ algorithms: ['P-256'] }, { algorithms: ['Ed25519'] }, ['algorithms']],
    [{ owner: 'enabled' }, { owner: 'person' }, []],
    [{ owner: 'person' }, { owner: 'enabled' }, ['owner']],
    [{ labels: ['a'] }, { labels: ['b', 'a'] }, []],
    [{ labels: ['a', 'b'] }, { labels: ['b'] }, ['labels']],
    [{ rotation: { everyDays: 30 } }, { rotation: { everyDays: 31 } }, ['rotation']],
    [{ destructionDaysMin: 30 }, { destructionDaysMin: 7 }, ['destructionDaysMin']],
    [
      { cryptoperiods: { privateSignature: { protect: 10 } } },
      { cryptoperiods: { privateSignature: { protect: 9, process: 20 } } },
      [],
    ],
    [
      { cryptoperiods: { privateSignature: { protect: 10 } } },
      { cryptoperiods: { privateSignature: { process: 20 } } },
      ['cryptoperiods'],
    ],
    // Which bounds nothing, and so is as good as none.
    [{ cryptoperiods: { privateSignature: {} } }, {}, []],
  ]
  for (const [before, after, names] of cases)
    assert.deepEqual(loosenedBy(policyOf(before), policyOf(after)), names)
  assert.deepEqual(loosenedBy(policyOf({ quantumMin: 1, labels: ['a'] }), undefined), [
    'quantumMin',
    'labels',
  ])
  assert.deepEqual(loosenedBy(policyOf({}), undefined), [])
})

test('a scope is within another only where every key in it is in the other', () => {
  fc.assert(
    fc.property(scopes, scopes, governedKeys, (inner, outer, { key }) => {
      const isIn = (scope: Scope) => covering([policyOf({}, scope)], key).length === 1
      if (isWithin(inner, outer) && isIn(inner)) assert.ok(isIn(outer))
    }),
  )
})

test('a policy that would count for fewer keys is looser', () => {
  const asks: LifecycleRules = { export: 'forbidden' }
  const narrow: Scope = { kind: 'labels', selector: 'env=a,team=b' }
  const wide: Scope = { kind: 'labels', selector: 'team=b' }
  const one: Scope = { kind: 'key', key: 'k1' }
  const cases: readonly (readonly [Scope, Scope, boolean])[] = [
    [tenant, wide, true],
    [wide, tenant, false],
    [wide, narrow, true],
    [narrow, wide, false],
    [narrow, { kind: 'labels', selector: 'team=b,env=a' }, false],
    [wide, one, true],
    [one, wide, true],
    [one, { kind: 'key', key: 'k2' }, true],
    [one, one, false],
  ]
  for (const [before, after, isLooser] of cases) {
    const loosened = loosenedBy(policyOf(asks, before), policyOf(asks, after))
    assert.deepEqual(loosened, isLooser ? ['scope'] : [])
    assert.deepEqual(loosenedBy(policyOf({}, before), policyOf({}, after)), [])
  }
})

test('policies count where their scope says', () => {
  const key = keyOf({ labels: { env: 'a', team: 'b' } })
  const all = [
    policyOf({}, tenant, 'all'),
    policyOf({}, { kind: 'labels', selector: 'env=a' }, 'labelled'),
    policyOf({}, { kind: 'labels', selector: 'env=b' }, 'others'),
    policyOf({}, { kind: 'key', key: key.id }, 'this'),
    policyOf({}, { kind: 'key', key: 'k2' }, 'that'),
  ]
  assert.deepEqual(
    covering(all, key).map(({ id }) => id),
    ['all', 'labelled', 'this'],
  )
})
