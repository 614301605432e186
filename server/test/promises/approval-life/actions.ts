import fc from 'fast-check'
import { acts } from './model.ts'

/** What may happen to rules, requests and logins in the random lives that approval-life.test.ts leads. */

const ACTIONS_MAX = 40

/** Which of several: taken modulo how many there are. */
const which = fc.nat({ max: 11 })
/** Newer ones more often. */
const newer = fc.oneof(which, fc.constantFrom(-1, -2))
const act = fc.constantFrom(...acts)
const isNamed = fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true))
const where = fc.constantFrom('tenant' as const, 'team' as const, 'key' as const)
const approvals = fc.constantFrom(1, 1, 2)
/** Whose approvals count: everybody's, or those of some. */
const approvers = fc.oneof(
  { weight: 2, arbitrary: fc.constant<number[]>([]) },
  fc.uniqueArray(fc.nat({ max: 3 }), { minLength: 2, maxLength: 3 }),
)

const isOfGroup = fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true))

function often<Value>(weight: number, arbitrary: fc.Arbitrary<Value>) {
  return { weight, arbitrary }
}

const action = fc.oneof(
  often(
    2,
    fc.record({
      do: fc.constant('policy' as const),
      actions: fc.uniqueArray(act, { minLength: 1 }),
      where,
      key: which,
      approvals,
      approvers,
      isOfGroup,
      hours: fc.constantFrom(1, 6, 24),
    }),
  ),
  fc.record({
    do: fc.constant('changePolicy' as const),
    policy: which,
    approvals: fc.option(approvals, { nil: undefined }),
    approvers,
    isOfGroup,
  }),
  fc.record({ do: fc.constant('deletePolicy' as const), at: which }),
  fc.record({ do: fc.constant('deleteStepUp' as const), at: which }),
  fc.record({
    do: fc.constant('stepUpRule' as const),
    actions: fc.uniqueArray(act, { minLength: 1, maxLength: 2 }),
    isOfDeciding: fc.oneof(often(3, fc.constant(false)), fc.constant(true)),
    where,
    key: which,
    maxAgeSeconds: fc.option(fc.constantFrom(60, 600), { nil: undefined, freq: 1 }),
  }),
  often(
    2,
    fc.record({
      do: fc.constant('bind' as const),
      actor: which,
      role: fc.constantFrom('operator' as const, 'approver' as const),
    }),
  ),
  fc.record({ do: fc.constant('unbind' as const), right: which }),
  often(2, fc.record({ do: fc.constantFrom('join' as const, 'leave' as const), actor: which })),
  fc.record({ do: fc.constantFrom('disable' as const, 'enable' as const), actor: which }),
  often(3, fc.record({ do: fc.constant('login' as const), person: which })),
  fc.record({ do: fc.constantFrom('logout' as const, 'end' as const), credential: which }),
  often(
    3,
    fc.record({
      do: fc.constant('stepUp' as const),
      credential: which,
      doing: fc.option(fc.record({ act, key: which, isNamed }), { nil: undefined }),
    }),
  ),
  often(
    7,
    fc.record({
      do: fc.constant('request' as const),
      credential: which,
      act,
      key: which,
      isNamed,
      isAutomatic: fc.boolean(),
    }),
  ),
  often(9, fc.record({ do: fc.constant('approve' as const), credential: which, request: newer })),
  fc.record({ do: fc.constant('reject' as const), credential: which, request: newer }),
  fc.record({ do: fc.constant('withdraw' as const), credential: which, request: newer }),
  often(
    4,
    fc.record({ do: fc.constant('act' as const), credential: which, act, key: which, isNamed }),
  ),
  /** What was asked for, or with another input now and then; by whoever asked, or by somebody. */
  often(
    10,
    fc.record({
      do: fc.constant('actUnder' as const),
      request: newer,
      isByAnother: fc.oneof(often(6, fc.constant(false)), fc.constant(true)),
      isOther: fc.oneof(often(6, fc.constant(false)), fc.constant(true)),
      credential: which,
    }),
  ),
  /** Once more with a proof that was made for it. */
  often(3, fc.record({ do: fc.constant('actProved' as const), proof: newer })),
  often(4, fc.record({ do: fc.constant('rotate' as const), key: which })),
  fc.record({ do: fc.constant('point' as const), key: which }),
  fc.record({ do: fc.constantFrom('label' as const, 'unlabel' as const), key: which }),
  often(3, fc.record({ do: fc.constant('job' as const) })),
  often(
    2,
    fc.record({
      do: fc.constant('wait' as const),
      minutes: fc.constantFrom(1, 4, 10, 16, 70, 400),
    }),
  ),
  fc.record({ do: fc.constant('reopen' as const) }),
)
export type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never
export type Of<Name extends Action['do']> = Extract<Action, { do: Name }>

const asked = {
  do: 'policy',
  actions: ['key.suspend', 'key.resume', 'key.update'],
  where: 'tenant',
  key: 0,
  approvals: 1,
  approvers: [],
  isOfGroup: false,
  hours: 24,
} as const satisfies Action

/** Two ask and two approve: a program and a person each. */
const cast: readonly Action[] = [
  { do: 'bind', actor: 0, role: 'operator' },
  { do: 'bind', actor: 1, role: 'approver' },
  { do: 'bind', actor: 2, role: 'operator' },
  { do: 'bind', actor: 2, role: 'approver' },
  { do: 'login', person: 0 },
]

function requestOf(isNamed: boolean, isAutomatic: boolean): Action {
  return { do: 'request', credential: 0, act: 'key.suspend', key: 0, isNamed, isAutomatic }
}

/** What is often there already: something asked for, or approved, or a proof made for one operation. */
const beginnings: readonly (readonly Action[])[] = [
  [],
  cast,
  [...cast, asked, requestOf(false, true)],
  [...cast, asked, requestOf(false, false), { do: 'approve', credential: 1, request: 0 }],
  [...cast, asked, requestOf(true, false), { do: 'approve', credential: 1, request: 0 }],
  [...cast, asked, requestOf(false, true), { do: 'approve', credential: 1, request: 0 }],
  [
    ...cast,
    {
      do: 'stepUpRule',
      actions: ['key.update', 'key.export'],
      isOfDeciding: false,
      where: 'tenant',
      key: 0,
      maxAgeSeconds: undefined,
    },
    { do: 'stepUp', credential: 2, doing: { act: 'key.update', key: 0, isNamed: false } },
  ],
]

export const life = fc.record({
  begun: fc.constantFrom(...beginnings),
  actions: fc.array(action, { minLength: 1, maxLength: ACTIONS_MAX, size: 'max' }),
})
