import fc from 'fast-check'

/** What may happen to keys, and to those related to them, in the random lives that family-life.test.ts leads. */

const ACTIONS_MAX = 40

/** Which key, version, ciphertext or case: taken modulo how many there are. */
const which = fc.nat({ max: 11 })
/** How long imported material lasts. */
const until = fc.option(fc.integer({ min: 1, max: 72 }), { nil: undefined, freq: 2 })
/** Newer ones more often: what waits is the last. */
const version = fc.oneof(which, fc.constantFrom(-1, -2))
const kind = fc.constantFrom('sign' as const, 'encrypt' as const, 'imported' as const)
const days = fc.integer({ min: 1, max: 3 })
/** In hours from the time at which they are set. */
const dates = fc.record(
  { protectStop: fc.integer({ min: -4, max: 72 }), processStop: fc.integer({ min: -4, max: 120 }) },
  { requiredKeys: [] },
)
const undated = fc.constant<{ protectStop?: number; processStop?: number }>({})
const maybeDates = fc.oneof(undated, dates)
const region = fc.constantFrom('north', 'east', 'south')
const reason = fc.constantFrom('superseded' as const, 'keyCompromise' as const)

const rotation = fc
  .record(
    {
      everyDays: fc.integer({ min: 1, max: 3 }),
      uses: fc.integer({ min: 1, max: 3 }),
      beforeExpiryDays: fc.integer({ min: 1, max: 2 }),
      on: fc.constant<'compromise'[]>(['compromise']),
    },
    { requiredKeys: [] },
  )
  .filter((given) => Object.keys(given).length > 0)

function often<Value>(weight: number, arbitrary: fc.Arbitrary<Value>) {
  return { weight, arbitrary }
}

/** What a lifecycle policy asks, in days and uses. */
const rules = fc
  .record(
    {
      protect: fc.integer({ min: 1, max: 3 }),
      process: fc.integer({ min: 1, max: 5 }),
      everyDays: fc.integer({ min: 1, max: 3 }),
      uses: fc.integer({ min: 1, max: 3 }),
      usesMax: fc.integer({ min: 1, max: 4 }),
      destructionDaysMin: fc.integer({ min: 1, max: 3 }),
    },
    { requiredKeys: [] },
  )
  .filter((given) => Object.keys(given).length > 0)

const action = fc.oneof(
  often(2, fc.record({ do: fc.constant('ask' as const), rules })),
  often(2, fc.record({ do: fc.constant('askNoMore' as const), policy: which })),
  often(2, fc.record({ do: fc.constant('check' as const) })),
  fc.record({
    do: fc.constant('create' as const),
    kind,
    isMultiRegion: fc.boolean(),
    activate: fc.option(fc.integer({ min: -5, max: 48 }), { nil: undefined, freq: 2 }),
    dates: maybeDates,
  }),
  often(3, fc.record({ do: fc.constant('replicate' as const), key: which, region })),
  fc.record({ do: fc.constant('lead' as const), key: which, region }),
  often(
    3,
    fc.record({
      do: fc.constant('rotate' as const),
      key: which,
      dates: maybeDates,
      now: fc.boolean(),
    }),
  ),
  often(2, fc.record({ do: fc.constant('update' as const), key: which, dates })),
  often(
    3,
    fc.record({
      do: fc.constant('set' as const),
      key: which,
      rotation: fc.option(rotation, { nil: undefined, freq: 3 }),
      publishNext: fc.boolean(),
      prePublishDays: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined, freq: 2 }),
    }),
  ),
  fc.record({ do: fc.constantFrom('suspend' as const, 'resume' as const), key: which }),
  fc.record({ do: fc.constant('destroy' as const), key: which, days }),
  fc.record({ do: fc.constant('restore' as const), key: which, suspended: fc.boolean() }),
  often(2, fc.record({ do: fc.constant('destroyVersion' as const), key: which, version, days })),
  fc.record({ do: fc.constant('restoreVersion' as const), key: which, version }),
  often(4, fc.record({ do: fc.constant('revokeVersion' as const), key: which, version, reason })),
  fc.record({ do: fc.constant('revoke' as const), key: which, reason }),
  often(
    2,
    fc.record({
      do: fc.constant('open' as const),
      key: which,
      version: fc.option(version, { nil: undefined, freq: 3 }),
      hours: fc.integer({ min: 1, max: 60 }),
      isNamed: fc.boolean(),
    }),
  ),
  fc.record({
    do: fc.constant('step' as const),
    case: which,
    step: fc.constantFrom('assess' as const, 'rewrap' as const, 'revoke' as const),
  }),
  fc.record({
    do: fc.constant('end' as const),
    case: which,
    step: fc.constantFrom('destroy' as const, 'close' as const),
    days,
  }),
  often(2, fc.record({ do: fc.constant('bring' as const), key: which, version, until })),
  often(
    4,
    fc.record({
      do: fc.constant('bringNew' as const),
      key: which,
      isPending: fc.boolean(),
      until,
      dates: fc.oneof(often(4, undated), dates),
    }),
  ),
  often(3, fc.record({ do: fc.constant('take' as const), key: which, version })),
  fc.record({
    do: fc.constant('limit' as const),
    key: which,
    usesMax: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
    bytesMax: fc.option(fc.constantFrom(0, 6, 12, 18), { nil: undefined }),
  }),
  often(
    2,
    fc.record({
      do: fc.constant('point' as const),
      key: which,
      alias: fc.constantFrom('a' as const, 'b' as const),
    }),
  ),
  often(5, fc.record({ do: fc.constant('use' as const), key: which })),
  fc.record({
    do: fc.constant('useByName' as const),
    alias: fc.constantFrom('a' as const, 'b' as const),
  }),
  often(5, fc.record({ do: fc.constant('read' as const), key: which, made: which })),
  often(2, fc.record({ do: fc.constant('rewrap' as const), key: which, made: which })),
  often(3, fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 48 }) })),
  often(
    4,
    fc.record({
      do: fc.constant('job' as const),
      job: fc.constantFrom('rotation', 'rotation', 'destruction', 'compromise', 'endDates'),
    }),
  ),
  fc.record({ do: fc.constant('reopen' as const) }),
)

/** What a key begins with more often than others: relatives, and a version that waits. */
const beginnings = [
  [{ do: 'replicate', key: 0, region: 'east' }],
  [{ do: 'bringNew', key: 0, isPending: true, until: undefined, dates: {} }],
  [
    { do: 'bringNew', key: 0, isPending: true, until: undefined, dates: {} },
    { do: 'replicate', key: 0, region: 'east' },
  ],
  [setting({ rotation: { everyDays: 2, on: ['compromise'] }, publishNext: true })],
  [
    { do: 'replicate', key: 0, region: 'east' },
    { do: 'update', key: 1, dates: { protectStop: 20, processStop: 40 } },
    setting({ rotation: { beforeExpiryDays: 1, uses: 3 }, publishNext: false }),
  ],
  [setting({ rotation: { uses: 2, on: ['compromise'] }, publishNext: true, prePublishDays: 1 })],
  [
    { do: 'replicate', key: 0, region: 'east' },
    setting({ rotation: { uses: 2 }, publishNext: true }),
  ],
] as const satisfies readonly (readonly Action[])[]

function setting(
  given: Pick<Of<'set'>, 'rotation' | 'publishNext'> & { readonly prePublishDays?: number },
): Action {
  return { do: 'set', key: 0, prePublishDays: undefined, ...given }
}

const first = fc.record({
  do: fc.constant('create' as const),
  kind,
  isMultiRegion: fc.oneof(often(2, fc.constant(true)), fc.constant(false)),
  activate: fc.constant(undefined),
  dates: maybeDates,
})

export const life = fc.record({
  families: fc.constantFrom(1, 1, 2),
  begun: fc
    .tuple(first, fc.constantFrom<readonly Action[]>(...beginnings, []))
    .map(([created, others]): readonly Action[] => [created, ...others]),
  actions: fc.array(action, { minLength: 1, maxLength: ACTIONS_MAX, size: 'max' }),
})
export type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never

export type Of<Name extends Action['do']> = Extract<Action, { do: Name }>
