import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { selects } from '#model'

const word = fc.stringMatching(/^[a-z0-9]{1,3}$/)
const labels = fc.dictionary(word, word, { minKeys: 1, maxKeys: 6, noNullPrototype: true })

function selectorOf(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `${name}=${value}`).join(',')
}

test('any choice of the labels selects them', () => {
  fc.assert(
    fc.property(labels, fc.infiniteStream(fc.boolean()), (all, coin) => {
      const chosen = Object.entries(all).filter(() => coin.next().value)
      if (chosen.length > 0) assert.ok(selects(selectorOf(chosen), all))
    }),
  )
})

test('one pair that is not there selects nothing', () => {
  fc.assert(
    fc.property(labels, word, word, (all, name, value) => {
      const pairs = [...Object.entries(all), [name, value] as const]
      assert.equal(selects(selectorOf(pairs), all), all[name] === value)
    }),
  )
})

test('cases', () => {
  const all = { env: 'prod', team: 'payments', 'a.b/c': 'x@y' }
  const cases: readonly (readonly [string, boolean])[] = [
    ['env=prod', true],
    ['team=payments,env=prod', true],
    ['a.b/c=x@y', true],
    ['env=prod,env=prod', true],
    ['env=prod,env=dev', false],
    ['env=dev', false],
    ['Env=prod', false],
    ['env=Prod', false],
    ['env=pro', false],
    ['region=eu', false],
  ]
  for (const [selector, want] of cases) assert.equal(selects(selector, all), want, selector)
})

test('what is no selector selects nothing', () => {
  const tricky = { pro: 'prod', '': '', env: 'prod', x: '=y' }
  for (const selector of [
    '',
    ',',
    '=',
    '=prod',
    'prod',
    'env',
    'env=',
    'env=prod,',
    ',env=prod',
    'env=prod,,',
    'constructor=',
    'toString=x',
    '__proto__=x',
  ]) {
    assert.equal(selects(selector, tricky), false, selector)
  }
  assert.equal(selects('env=prod', {}), false)
})
