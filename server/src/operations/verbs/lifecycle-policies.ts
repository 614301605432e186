import type { InputOf, LifecyclePreset, LifecycleRules, OutputOf } from '@claviger/contract'
import { findAlgorithm, newId } from '#keyring'
import {
  assertCalendar,
  ClavigerError,
  loosenedBy,
  rulesOfPreset,
  strictest,
  type LifecyclePolicy,
} from '#model'
import { LIFECYCLE_POLICIES_MAX } from '../lifecycle/policies.ts'
import { lifecyclePolicyRow } from '../rows.ts'
import { ruleScopeView } from '../rule-views.ts'
import { holds } from '../until-recorded.ts'
import type { ChangeVerb, Plan, ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { own } from './own.ts'
import { page } from './page.ts'
import { fixedScope, type GivenScope } from './rules.ts'

/** What is asked of keys. It counts for every key that is made or changed after the call has returned. */

type View = OutputOf<'lifecyclePolicy.get'>

function view(policy: LifecyclePolicy): View {
  const { id, name, scope, preset, rules, createdAt, updatedAt } = policy
  return {
    id,
    name,
    scope: ruleScopeView(scope),
    ...(preset === undefined ? {} : { preset }),
    rules,
    createdAt,
    ...(updatedAt === undefined ? {} : { updatedAt }),
  }
}

/**
 * Rules in their one spelling, with the names that the table of algorithms has, and calendars that name a day.
 *
 * @throws ClavigerError algorithm_refused, invalid_request
 */
export function normalRules(rules: LifecycleRules, now: number): LifecycleRules {
  const { algorithms } = rules
  for (const calendar of rules.rotation?.calendars ?? []) assertCalendar(calendar, now)
  const named =
    algorithms === undefined
      ? {}
      : { algorithms: algorithms.map((name) => findAlgorithm(name).name) }
  return strictest([{ ...rules, ...named }])
}

/** What a new policy asks: what its preset does, but for the rules that are given. */
export function rulesOfNew(
  preset: LifecyclePreset | undefined,
  rules: LifecycleRules,
  now: number,
): LifecycleRules {
  const begun = preset === undefined ? {} : rulesOfPreset(preset)
  return normalRules({ ...begun, ...rules }, now)
}

/** The keys that are named, for looking them up. */
export const keyOfScope = (input: { readonly scope?: GivenScope | undefined }) =>
  input.scope?.kind === 'key' ? [input.scope.key] : []

/** That there is room for one more, also beside those that are made at the same moment. @throws ClavigerError conflict */
function assertRoom(work: Work): Promise<void> {
  return holds(work, async () => {
    const held = await work.parts.lifecycle.of(work.caller.tenant)
    if (held.length >= LIFECYCLE_POLICIES_MAX - 16)
      throw new ClavigerError('conflict', 'The tenant has as many policies as it can; delete some')
  })
}

export const createLifecyclePolicy: ChangeVerb<'lifecyclePolicy.create'> = {
  kind: 'change',
  references: keyOfScope,
  async run(input, work) {
    work.authorize()
    await assertRoom(work)
    const { name, preset } = input
    const policy: LifecyclePolicy = {
      id: newId(),
      tenant: work.caller.tenant,
      name,
      scope: fixedScope(work, input.scope),
      rules: rulesOfNew(preset, input.rules, work.now),
      ...(preset === undefined ? {} : { preset }),
      createdAt: work.now,
    }
    return {
      additive: false,
      rows: [lifecyclePolicyRow(policy)],
      absent: [{ kind: 'lifecyclePolicy', id: policy.id }],
      subject: policy.id,
      detail: { rules: Object.keys(policy.rules).join(' ') },
      output: view(policy),
    }
  },
}

type Changes = Pick<InputOf<'lifecyclePolicy.update'>, 'name' | 'scope' | 'rules'>

/** A policy as it would be. */
export function changedPolicy(
  work: Work,
  policy: LifecyclePolicy,
  { name, scope, rules }: Changes,
): LifecyclePolicy {
  return {
    ...policy,
    name: name ?? policy.name,
    scope: scope === undefined ? policy.scope : fixedScope(work, scope),
    rules: rules === undefined ? policy.rules : normalRules(rules, work.now),
    updatedAt: work.now,
  }
}

type Change = InputOf<'lifecyclePolicy.update'> & { readonly reason?: string }

async function planChanged(work: Work, input: Change): Promise<Plan<View>> {
  const { value, standing } = await own<LifecyclePolicy>(work, 'lifecyclePolicy', input.policy)
  const policy = changedPolicy(work, value, input)
  const looser = loosenedBy(value, policy)
  if (looser.length > 0 && input.reason === undefined) {
    throw new ClavigerError(
      'conflict',
      `This asks less of keys (${looser.join(', ')}); do it with lifecyclePolicy.loosen, and a reason`,
    )
  }
  return {
    additive: false,
    rows: [lifecyclePolicyRow(policy)],
    unchanged: [standing],
    subject: policy.id,
    detail: {
      rules: Object.keys(policy.rules).join(' '),
      ...(looser.length === 0 ? {} : { loosened: looser.join(' ') }),
      ...(input.reason === undefined ? {} : { reason: input.reason }),
    },
    output: view(policy),
  }
}

/** Two operations with a right each; to ask less takes the second, with a reason. */
const change = {
  kind: 'change',
  references: keyOfScope,
  run(input: Change, work: Work) {
    work.authorize()
    return planChanged(work, input)
  },
} as const

export const updateLifecyclePolicy: ChangeVerb<'lifecyclePolicy.update'> = change

export const loosenLifecyclePolicy: ChangeVerb<'lifecyclePolicy.loosen'> = change

export const deleteLifecyclePolicy: ChangeVerb<'lifecyclePolicy.delete'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { value, standing } = await own<LifecyclePolicy>(work, 'lifecyclePolicy', input.policy)
    return {
      additive: false,
      rows: [],
      removals: [{ kind: 'lifecyclePolicy', id: value.id }],
      unchanged: [standing],
      subject: value.id,
      detail: { loosened: loosenedBy(value, undefined).join(' '), reason: input.reason },
      output: {},
    }
  },
}

export const getLifecyclePolicy: ReadVerb<'lifecyclePolicy.get'> = {
  kind: 'read',
  async run(input, work) {
    work.authorize()
    return view((await own<LifecyclePolicy>(work, 'lifecyclePolicy', input.policy)).value)
  },
}

export const listLifecyclePolicies: ReadVerb<'lifecyclePolicy.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return page(work, { kind: 'lifecyclePolicy', facets: [], input }, (row) =>
      view(work.parts.seals.open<LifecyclePolicy>(row)),
    )
  },
}
