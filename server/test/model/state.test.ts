import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyStates, revocationReasons, type KeyState } from '@claviger/contract'
import { allowed, mayBecome, revokedState, type Purpose } from '#model'

/** What SP 800-57 part 1 section 7 says, written down a second time. Where the house is stricter, the reason stands beside it. */
const duties: Record<KeyState, Record<Purpose, boolean>> = {
  // 7.1: only proof of possession and key confirmation, which the house does not offer.
  'pre-activation': { apply: false, process: false },
  active: { apply: true, process: true },
  // 7.3: processing what was protected before is at the recipient's risk; the house refuses it.
  suspended: { apply: false, process: false },
  deactivated: { apply: false, process: true },
  // 7.5: processing only under highly controlled conditions; the house has none.
  compromised: { apply: false, process: false },
  destroyed: { apply: false, process: false },
  'destroyed-compromised': { apply: false, process: false },
}

/** The numbered transitions of section 7, but for the first, which is generation. */
const standard: readonly (readonly [number: number, from: KeyState, to: KeyState])[] = [
  [2, 'pre-activation', 'destroyed'],
  [3, 'pre-activation', 'compromised'],
  [4, 'pre-activation', 'active'],
  [5, 'active', 'destroyed'],
  [6, 'active', 'compromised'],
  [7, 'active', 'suspended'],
  [8, 'active', 'deactivated'],
  [9, 'suspended', 'destroyed'],
  [10, 'suspended', 'active'],
  [11, 'suspended', 'compromised'],
  [12, 'suspended', 'deactivated'],
  [13, 'deactivated', 'destroyed'],
  [14, 'deactivated', 'compromised'],
  [15, 'compromised', 'destroyed'],
  // 7.6: a compromise that is found after the destruction is still recorded.
  [16, 'destroyed', 'destroyed-compromised'],
]

/** Beyond the standard, and why. */
const houses: readonly (readonly [why: string, from: KeyState, to: KeyState])[] = [
  ['a key is revoked before it was active, without a compromise', 'pre-activation', 'deactivated'],
  ['a compromised key stays known as one', 'compromised', 'destroyed-compromised'],
]

const legal = new Set([...standard, ...houses].map(([, from, to]) => `${from} -> ${to}`))

for (const state of keyStates) {
  test(`${state}: what may be done`, () => {
    for (const purpose of ['apply', 'process'] as const) {
      assert.equal(allowed[state].includes(purpose), duties[state][purpose], purpose)
    }
  })

  test(`${state}: what it may become`, () => {
    for (const to of keyStates) {
      const expected = legal.has(`${state} -> ${to}`)
      assert.equal(mayBecome(state, to), expected, `${state} -> ${to}`)
    }
  })
}

test('nothing leads back from a compromise or a destruction', () => {
  const reachable = (from: KeyState): Set<KeyState> => {
    const found = new Set<KeyState>([from])
    for (const state of found) for (const to of keyStates) if (mayBecome(state, to)) found.add(to)
    return found
  }
  assert.deepEqual(
    reachable('compromised'),
    new Set(['compromised', 'destroyed', 'destroyed-compromised']),
  )
  assert.deepEqual(reachable('destroyed'), new Set(['destroyed', 'destroyed-compromised']))
  assert.deepEqual(reachable('destroyed-compromised'), new Set(['destroyed-compromised']))
  assert.ok(!reachable('deactivated').has('active'))
  for (const state of keyStates) assert.ok(reachable(state).has('destroyed-compromised'), state)
})

test('the tables cannot be changed', () => {
  assert.ok(Object.isFrozen(allowed))
})

test('a revocation says whether the material may be known', () => {
  const compromising = ['keyCompromise', 'cACompromise', 'aACompromise']
  for (const reason of revocationReasons) {
    const expected = compromising.includes(reason) ? 'compromised' : 'deactivated'
    assert.equal(revokedState({ reason, revokedAt: 1 }), expected, reason)
    assert.equal(revokedState({ reason, revokedAt: 1, compromisedAt: 0 }), 'compromised', reason)
  }
})
