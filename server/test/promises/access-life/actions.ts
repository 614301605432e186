import fc from 'fast-check'
import { builtIn, type Act, type ActOnKey } from './model.ts'

/** What may happen to rights in the random lives that access-life.test.ts leads. */

const ACTIONS_MAX = 40

/** Which of several: taken modulo how many there are. */
const which = fc.nat({ max: 11 })
const act = fc.constantFrom<Act[]>(
  'encrypt',
  'encrypt',
  'decrypt',
  'key.get',
  'key.update',
  'key.create',
  'principal.list',
)
const acts = fc.uniqueArray(act, { minLength: 1, maxLength: 4 })
const team = fc.constantFrom('a', 'b')
const network = fc.constantFrom('10.0.0.0/8', '192.0.2.0/24')
const ownRole = fc.constantFrom('one', 'two')
const name = fc.constantFrom('app-1', 'app-2', 'other')
const builtInRoles = Object.keys(builtIn) as (keyof typeof builtIn)[]
const role = fc.oneof(ownRole, fc.constantFrom(...builtInRoles))

function often<Value>(weight: number, arbitrary: fc.Arbitrary<Value>) {
  return { weight, arbitrary }
}

const where = fc.oneof(
  fc.record({ kind: fc.constant('tenant' as const) }),
  fc.record({ kind: fc.constant('labels' as const), team }),
  fc.record({ kind: fc.constant('key' as const), key: which }),
  fc.record({ kind: fc.constant('alias' as const) }),
)

/** Of a key policy. */
const statement = fc.record({
  isAllow: fc.oneof(often(2, fc.constant(true)), fc.constant(false)),
  to: fc.option(which, { nil: undefined, freq: 3 }),
  act: fc.constantFrom<ActOnKey[]>('encrypt', 'decrypt', 'key.get', 'key.update'),
  network: fc.option(network, { nil: undefined, freq: 2 }),
})

const action = fc.oneof(
  fc.record({ do: fc.constant('principal' as const) }),
  often(
    2,
    fc.record({ do: fc.constantFrom('disable' as const, 'enable' as const), principal: which }),
  ),
  often(
    2,
    fc.record({
      do: fc.constant('token' as const),
      principal: which,
      days: fc.integer({ min: 1, max: 3 }),
    }),
  ),
  often(2, fc.record({ do: fc.constant('revokeToken' as const), credential: which })),
  fc.record({
    do: fc.constant('secret' as const),
    principal: which,
    days: fc.integer({ min: 1, max: 3 }),
    uses: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
  }),
  often(
    2,
    fc.record({
      do: fc.constant('exchange' as const),
      secret: which,
      seconds: fc.integer({ min: 900, max: 3_600 }),
    }),
  ),
  fc.record({ do: fc.constant('revokeSecret' as const), secret: which }),
  fc.record({ do: fc.constantFrom('group' as const, 'ungroup' as const), group: which }),
  often(
    3,
    fc.record({
      do: fc.constantFrom('join' as const, 'leave' as const),
      group: which,
      principal: which,
    }),
  ),
  often(2, fc.record({ do: fc.constant('role' as const), role: ownRole, acts })),
  fc.record({ do: fc.constant('deleteRole' as const), role: ownRole }),
  often(
    6,
    fc.record({
      do: fc.constant('bind' as const),
      role,
      to: which,
      isGroup: fc.boolean(),
      where,
      hours: fc.option(fc.integer({ min: 1, max: 48 }), { nil: undefined }),
      bytesMax: fc.option(fc.constantFrom(4, 16), { nil: undefined, freq: 3 }),
      network: fc.option(network, { nil: undefined, freq: 3 }),
    }),
  ),
  often(3, fc.record({ do: fc.constant('unbind' as const), binding: which })),
  often(
    2,
    fc.record({
      do: fc.constant('grant' as const),
      principal: which,
      key: which,
      act: fc.constantFrom('encrypt' as const, 'decrypt' as const),
    }),
  ),
  fc.record({ do: fc.constant('revokeGrant' as const), grant: which }),
  often(
    3,
    fc.record({
      do: fc.constant('putPolicy' as const),
      key: which,
      isDelegating: fc.boolean(),
      statements: fc.array(statement, { maxLength: 3 }),
    }),
  ),
  often(
    2,
    fc.record({
      do: fc.constant('label' as const),
      key: which,
      team: fc.option(team, { nil: undefined }),
    }),
  ),
  often(2, fc.record({ do: fc.constant('point' as const), name, key: which })),
  fc.record({ do: fc.constant('unname' as const), name }),
  fc.record({ do: fc.constantFrom('demand' as const, 'relax' as const) }),
  often(
    2,
    fc.record({ do: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 1_500 }) }),
  ),
  often(2, fc.record({ do: fc.constant('reopen' as const) })),
)
export type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never
export type Of<Name extends Action['do']> = Extract<Action, { do: Name }>

/** What is asked after each of them: of whom, and with which message, from where. */
const question = fc.record({
  credential: which,
  /** Of those that are valid, where there are any: what is refused in any case tells little. */
  isValid: fc.oneof(often(4, fc.constant(true)), fc.constant(false)),
  act,
  key: which,
  team: fc.option(team, { nil: undefined }),
  bytes: fc.constantFrom(4, 10, 30),
  network,
})
export type Question = typeof question extends fc.Arbitrary<infer Value> ? Value : never

/** Everybody begins with something that can be taken away: by a group, by a role of the tenant's own, or by a grant. */
export const beginning: readonly Action[] = [
  { do: 'token', principal: 0, days: 3 },
  { do: 'token', principal: 1, days: 3 },
  { do: 'secret', principal: 0, days: 3, uses: undefined },
  { do: 'exchange', secret: 0, seconds: 3_600 },
  { do: 'role', role: 'one', acts: ['encrypt', 'key.get', 'key.create'] },
  { do: 'role', role: 'two', acts: ['decrypt', 'key.update', 'principal.list'] },
  { do: 'group', group: 0 },
  { do: 'join', group: 0, principal: 0 },
  bindingOf({ role: 'one', isGroup: true, where: { kind: 'tenant' } }),
  bindingOf({ role: 'two', isGroup: true, where: { kind: 'labels', team: 'a' } }),
  bindingOf({ role: 'two', isGroup: false, where: { kind: 'tenant' } }),
  { do: 'point', name: 'app-1', key: 1 },
  bindingOf({ role: 'encrypter', isGroup: false, where: { kind: 'alias' } }),
  { do: 'grant', principal: 1, key: 0, act: 'encrypt' },
]

/** Of the first group, or the second principal. */
function bindingOf(given: Pick<Of<'bind'>, 'role' | 'isGroup' | 'where'>): Action {
  const to = given.isGroup ? 0 : 1
  return { do: 'bind', ...given, to, hours: undefined, bytesMax: undefined, network: undefined }
}

export const life = fc.record({
  /** How much of the beginning there is. */
  begun: fc.oneof(fc.constant(beginning.length), fc.integer({ min: 2, max: beginning.length })),
  steps: fc.array(
    fc.record({ action, questions: fc.array(question, { minLength: 3, maxLength: 6 }) }),
    { minLength: 1, maxLength: ACTIONS_MAX, size: 'max' },
  ),
})
