import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyStates, type KeyState } from '@claviger/contract'
import * as fc from 'fast-check'
import {
  allowed,
  keyStateAt,
  refusal,
  stateAt,
  type Key,
  type KeyVersion,
  type Purpose,
} from '#model'

/** Few moments, so that dates often fall together. */
const moment = fc.integer({ min: 0, max: 8 })
const revocation = fc.record({
  reason: fc.constantFrom('unspecified', 'keyCompromise'),
  revokedAt: moment,
})
const state = fc.constantFrom(...keyStates)
const purpose = fc.constantFrom<Purpose>('apply', 'process')

const anyVersion: fc.Arbitrary<KeyVersion> = fc.record(
  {
    key: fc.constant('k'),
    version: fc.constant(3),
    state,
    createdAt: fc.constant(0),
    activatedAt: moment,
    protectStopAt: moment,
    processStopAt: moment,
    revocation,
  },
  { requiredKeys: ['key', 'version', 'state', 'createdAt', 'activatedAt'] },
)

const anyKey: fc.Arbitrary<Key> = fc.record(
  {
    id: fc.constant('k'),
    tenant: fc.constant('t'),
    algorithm: fc.constant('AES-256-GCM'),
    usage: fc.constant('encrypt'),
    state,
    origin: fc.constant('generated'),
    protection: fc.constant('software'),
    exportable: fc.boolean(),
    owner: fc.constant('o'),
    description: fc.constant(''),
    labels: fc.constant({}),
    version: fc.constant(3),
    createdAt: fc.constant(0),
    destroyAt: moment,
    revocation,
  },
  {
    requiredKeys: [
      'id',
      'tenant',
      'algorithm',
      'usage',
      'state',
      'origin',
      'protection',
      'exportable',
      'owner',
      'description',
      'labels',
      'version',
      'createdAt',
    ],
  },
)

/** A key to which nothing was done, so that its versions decide. */
const soundKey = anyKey.map(({ destroyAt: _destroyAt, revocation: _revocation, ...key }): Key => ({
  ...key,
  state: 'active',
}))

function check<Values>(property: fc.IProperty<Values>): void {
  fc.assert(property, { numRuns: 400 })
}

/** The rule, the other way round: everything that must hold for a use. */
function mayServe(key: Key, version: KeyVersion, purpose: Purpose, now: number): boolean {
  const started = now >= version.activatedAt
  const protects = version.protectStopAt === undefined || now < version.protectStopAt
  const processes = version.processStopAt === undefined || now < version.processStopAt
  const alive = version.state === 'active' || version.state === 'pre-activation'
  return (
    key.destroyAt === undefined &&
    key.revocation === undefined &&
    version.revocation === undefined &&
    (key.state === 'active' || key.state === 'pre-activation') &&
    processes &&
    (alive
      ? started && (purpose === 'process' || protects)
      : version.state === 'deactivated' && purpose === 'process')
  )
}

test('a version serves exactly when key, state and dates all allow it', () => {
  check(
    fc.property(anyKey, anyVersion, purpose, moment, (key, version, wanted, now) => {
      assert.equal(
        refusal(key, version, wanted, now) === undefined,
        mayServe(key, version, wanted, now),
      )
    }),
  )
  check(
    fc.property(soundKey, anyVersion, purpose, moment, (key, version, wanted, now) => {
      assert.equal(
        refusal(key, version, wanted, now) === undefined,
        mayServe(key, version, wanted, now),
      )
    }),
  )
})

test('what serves is allowed by the state that is shown', () => {
  check(
    fc.property(soundKey, anyVersion, purpose, moment, (key, version, wanted, now) => {
      if (refusal(key, version, wanted, now) === undefined)
        assert.ok(allowed[stateAt(version, now)].includes(wanted))
    }),
  )
})

test('time alone only leads from pre-activation to active to deactivated', () => {
  const order: readonly KeyState[] = ['pre-activation', 'active', 'deactivated']
  check(
    fc.property(anyVersion, moment, moment, (version, a, b) => {
      const earlier = stateAt(version, Math.min(a, b))
      const later = stateAt(version, Math.max(a, b))
      if (order.includes(version.state) && version.state !== 'deactivated') {
        assert.ok(order.indexOf(earlier) >= 0 && order.indexOf(earlier) <= order.indexOf(later))
      } else {
        assert.equal(earlier, version.state)
        assert.equal(later, version.state)
      }
    }),
  )
})

test('what was refused for an end date or a revocation is never served later', () => {
  check(
    fc.property(soundKey, anyVersion, purpose, moment, moment, (key, version, wanted, a, b) => {
      const [earlier, later] = [Math.min(a, b), Math.max(a, b)]
      const begun = earlier >= version.activatedAt
      if (begun && refusal(key, version, wanted, earlier) !== undefined) {
        assert.notEqual(refusal(key, version, wanted, later), undefined)
      }
    }),
  )
})

test('to apply is never allowed where to process is not', () => {
  check(
    fc.property(anyKey, anyVersion, moment, (key, version, now) => {
      if (refusal(key, version, 'apply', now) === undefined)
        assert.equal(refusal(key, version, 'process', now), undefined)
    }),
  )
})

const base = { key: 'k', version: 3, state: 'active', createdAt: 0, activatedAt: 10 } as const

test('dates begin and end at their first millisecond', () => {
  const version: KeyVersion = { ...base, protectStopAt: 20, processStopAt: 30 }
  const cases: readonly (readonly [number, KeyState])[] = [
    [9, 'pre-activation'],
    [10, 'active'],
    [19, 'active'],
    [20, 'deactivated'],
    [30, 'deactivated'],
  ]
  for (const [now, want] of cases) assert.equal(stateAt(version, now), want, String(now))
})

test('a version past its last date is not shown as active, whichever date it has', () => {
  assert.equal(stateAt({ ...base, processStopAt: 20 }, 19), 'active')
  assert.equal(stateAt({ ...base, processStopAt: 20 }, 20), 'deactivated')
})

test('a refusal says what is in the way', () => {
  const [key] = fc.sample(soundKey, 1)
  assert.ok(key !== undefined)
  const dated: KeyVersion = { ...base, protectStopAt: 20, processStopAt: 30 }
  const revoked = { reason: 'unspecified', revokedAt: 1 } as const
  const cases: readonly (readonly [Key, KeyVersion, Purpose, number, RegExp])[] = [
    [{ ...key, destroyAt: 99 }, dated, 'process', 15, /scheduled for destruction/],
    [{ ...key, revocation: revoked }, dated, 'process', 15, /the key is revoked/],
    [{ ...key, state: 'suspended' }, dated, 'apply', 15, /the key is suspended/],
    [key, { ...dated, revocation: revoked }, 'process', 15, /version 3 of the key is revoked/],
    [key, dated, 'apply', 9, /version 3 of the key is not yet active/],
    [key, dated, 'apply', 20, /decrypts and verifies only/],
    [key, dated, 'process', 30, /past its process-stop date/],
    [key, { ...dated, state: 'destroyed' }, 'process', 15, /version 3 of the key is destroyed/],
  ]
  for (const [of, version, wanted, now, words] of cases)
    assert.match(refusal(of, version, wanted, now)?.reason ?? '', words)
  assert.equal(refusal(key, dated, 'apply', 19), undefined)
  assert.equal(refusal(key, dated, 'process', 29), undefined)
})

test("a key is shown as its own state, or else as its current version's", () => {
  check(
    fc.property(anyKey, anyVersion, moment, (key, version, now) => {
      const own = key.state !== 'active' && key.state !== 'pre-activation'
      assert.equal(keyStateAt(key, version, now), own ? key.state : stateAt(version, now))
    }),
  )
})
