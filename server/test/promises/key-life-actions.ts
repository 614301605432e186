import { createHash } from 'node:crypto'
import fc from 'fast-check'

/** What may happen to keys in the random lives that key-life.test.ts leads. */

/** Dates are in hours from the time at which they are set. */
const dates = fc.record(
  {
    protectStop: fc.integer({ min: -10, max: 60 }),
    processStop: fc.integer({ min: -10, max: 90 }),
  },
  { requiredKeys: [] },
)
const reason = fc.constantFrom(
  'unspecified' as const,
  'superseded' as const,
  'keyCompromise' as const,
)
/** Which key, version or ciphertext: taken modulo how many there are. */
const which = fc.nat({ max: 11 })
/** Newer versions more often: what waits is the last. */
const version = fc.oneof(which, fc.constantFrom(-1, -2))

/** How long imported material lasts. */
const hours = fc.option(fc.integer({ min: 1, max: 72 }))

export const action = fc.oneof(
  fc.record({
    do: fc.constant('create' as const),
    activate: fc.option(fc.integer({ min: -5, max: 48 })),
    dates,
    from: fc.constantFrom(
      'here' as const,
      'outside' as const,
      'outside' as const,
      'later' as const,
    ),
  }),
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('bring' as const), key: which, version, until: hours }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('bringNew' as const),
      key: which,
      pending: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
      until: hours,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const), key: which, version }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rotate' as const), key: which, dates }) },
  fc.record({ do: fc.constant('update' as const), key: which, dates }),
  fc.record({
    do: fc.constantFrom('suspend' as const, 'resume' as const, 'erase' as const),
    key: which,
  }),
  fc.record({ do: fc.constant('restore' as const), key: which, suspended: fc.boolean() }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('revoke' as const),
      key: which,
      reason,
      version: fc.option(version, { freq: 4 }),
    }),
  },
  fc.record({
    do: fc.constant('destroy' as const),
    key: which,
    days: fc.integer({ min: 1, max: 3 }),
  }),
  { weight: 4, arbitrary: fc.record({ do: fc.constant('encrypt' as const), key: which }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('decrypt' as const), key: which, ciphertext: which }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      hours: fc.integer({ min: 1, max: 48 }),
    }),
  },
  fc.record({ do: fc.constantFrom('job' as const, 'reopen' as const) }),
)
export type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never

/** Material of a number, the same each time. */
export function materialOf(number: number): Buffer {
  return createHash('sha256').update(`material ${number}`).digest()
}
