import { operations } from '@claviger/contract'
import { RULES_MAX } from '#access'
import { newId } from '#keyring'
import { ClavigerError, type ApprovalPolicy, type Scope, type StepUpRule } from '#model'
import type { RowKind } from '#store'
import { givenNames } from '../given-names.ts'
import { noSuchKey } from '../lookup.ts'
import { approvalPolicyRow, stepUpRuleRow } from '../rows.ts'
import { approvalPolicyView, stepUpRuleView } from '../rule-views.ts'
import { holds } from '../until-recorded.ts'
import type { ChangeVerb, ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { own } from './own.ts'
import { page } from './page.ts'

/** What must have happened before something that is allowed is done. */

/** As it stands in an input: a key by its id or a name. */
export type GivenScope =
  | { readonly kind: 'tenant' }
  | { readonly kind: 'labels'; readonly selector: string }
  | { readonly kind: 'key'; readonly key: string }

const withoutRules: ReadonlySet<string> = new Set(['none', 'any'])

/** Every action that a rule can be about. */
function knownActions(): ReadonlySet<string> {
  const actions = Object.values(operations).map((row): string => row.action)
  return new Set(actions.filter((action) => !withoutRules.has(action)))
}

/** @throws ClavigerError invalid_request for an action that no operation has */
function assertKnown(actions: readonly string[], refused: ReadonlySet<string> = new Set()): void {
  const known = knownActions()
  for (const action of actions) {
    if (known.has(action) && !refused.has(action)) continue
    throw new ClavigerError(
      'invalid_request',
      known.has(action)
        ? 'Deciding on requests cannot itself wait for a decision'
        : 'There is no such action; role.list tells which there are',
      { field: 'actions' },
    )
  }
}

/** By id, so that a name pointed elsewhere later does not move the rule. */
export function fixedScope(work: Work, scope: GivenScope): Scope {
  if (scope.kind !== 'key') return scope
  const found = work.found(scope.key)
  if (found === undefined) throw noSuchKey()
  return { kind: 'key', key: found.key.id }
}

/** Rules that a tenant can have of a kind: less than are read with every session, since with more than those nobody could come in. */
const ROOM_MAX = RULES_MAX - 16

/**
 * That there is room for more rules, also beside those that are made at the same moment.
 *
 * @throws ClavigerError conflict
 */
export function assertRoom(work: Work, kind: RowKind, more = 1): Promise<void> {
  return holds(work, async () => {
    const { tenant } = work.caller
    const rows = await work.parts.store.list({ kind, tenant, facets: [], limit: RULES_MAX })
    if (more > 0 && rows.length + more > ROOM_MAX)
      throw new ClavigerError('conflict', 'The tenant has as many rules as it can; delete some')
  })
}

const keyOf = (input: { readonly scope: GivenScope }) =>
  input.scope.kind === 'key' ? [input.scope.key] : []

export const createStepUpRule: ChangeVerb<'stepUpRule.create'> = {
  kind: 'change',
  references: keyOf,
  async run(input, work) {
    work.authorize()
    assertKnown(input.actions)
    await assertRoom(work, 'stepUpRule')
    const rule: StepUpRule = {
      id: newId(),
      tenant: work.caller.tenant,
      name: input.name,
      actions: [...new Set(input.actions)],
      scope: fixedScope(work, input.scope),
      factors: [...new Set(input.factors)],
      ...(input.maxAgeSeconds === undefined ? {} : { maxAgeSeconds: input.maxAgeSeconds }),
      createdAt: work.now,
    }
    return {
      additive: false,
      rows: [stepUpRuleRow(rule)],
      absent: [{ kind: 'stepUpRule', id: rule.id }],
      subject: rule.id,
      detail: { actions: rule.actions.join(' ') },
      output: stepUpRuleView(rule),
    }
  },
}

export const listStepUpRules: ReadVerb<'stepUpRule.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return page(work, { kind: 'stepUpRule', facets: [], input }, (row) =>
      stepUpRuleView(work.parts.seals.open<StepUpRule>(row)),
    )
  },
}

export const deleteStepUpRule: ChangeVerb<'stepUpRule.delete'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { value, standing } = await own<StepUpRule>(work, 'stepUpRule', input.rule)
    return {
      additive: false,
      rows: [],
      removals: [{ kind: 'stepUpRule', id: value.id }],
      unchanged: [standing],
      subject: value.id,
      output: {},
    }
  },
}

const decisions: ReadonlySet<string> = new Set(['approval.decide'])

/** The approvers that are named, who must be there, as conditions of the change. */
async function approversOf(
  work: Work,
  named: { readonly principals: readonly string[]; readonly groups: readonly string[] },
  approvals: number,
) {
  const principals = [...new Set(named.principals)]
  const groups = [...new Set(named.groups)]
  if (groups.length === 0 && principals.length > 0 && principals.length < approvals) {
    throw new ClavigerError('invalid_request', 'So many approvers are not named', {
      field: 'approvals',
    })
  }
  const unchanged = []
  for (const id of principals) unchanged.push((await own(work, 'principal', id)).standing)
  for (const id of groups) unchanged.push((await own(work, 'group', id)).standing)
  return { principals, groups, unchanged }
}

/** For the record, whether approvals must be signatures: 1 or nothing. */
function signedDetail({ signed }: ApprovalPolicy): { readonly signed?: number } {
  return signed ? { signed: 1 } : {}
}

export const createApprovalPolicy: ChangeVerb<'approvalPolicy.create'> = {
  kind: 'change',
  references: keyOf,
  async run(input, work) {
    work.authorize()
    assertKnown(input.actions, decisions)
    await assertRoom(work, 'approvalPolicy')
    const { principals, groups, unchanged } = await approversOf(work, input, input.approvals)
    const policy: ApprovalPolicy = {
      id: newId(),
      tenant: work.caller.tenant,
      name: input.name,
      actions: [...new Set(input.actions)],
      scope: fixedScope(work, input.scope),
      approvals: input.approvals,
      principals,
      groups,
      hours: input.hours,
      signed: input.signed ?? false,
      createdAt: work.now,
    }
    return {
      additive: false,
      rows: [approvalPolicyRow(policy)],
      absent: [{ kind: 'approvalPolicy', id: policy.id }],
      unchanged,
      subject: policy.id,
      detail: {
        actions: policy.actions.join(' '),
        approvals: policy.approvals,
        ...signedDetail(policy),
      },
      output: approvalPolicyView(policy),
    }
  },
}

export const updateApprovalPolicy: ChangeVerb<'approvalPolicy.update'> = {
  kind: 'change',
  async run({ policy: id, ...changes }, work) {
    work.authorize()
    const { value, standing } = await own<ApprovalPolicy>(work, 'approvalPolicy', id)
    const approvals = changes.approvals ?? value.approvals
    const named = {
      principals: changes.principals ?? value.principals,
      groups: changes.groups ?? value.groups,
    }
    const { principals, groups, unchanged } = await approversOf(work, named, approvals)
    const policy: ApprovalPolicy = {
      ...value,
      approvals,
      principals,
      groups,
      hours: changes.hours ?? value.hours,
      signed: changes.signed ?? value.signed,
      updatedAt: work.now,
    }
    return {
      additive: false,
      rows: [approvalPolicyRow(policy)],
      unchanged: [standing, ...unchanged],
      subject: policy.id,
      detail: { approvals, ...signedDetail(policy), changed: givenNames(changes) },
      output: approvalPolicyView(policy),
    }
  },
}

export const listApprovalPolicies: ReadVerb<'approvalPolicy.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return page(work, { kind: 'approvalPolicy', facets: [], input }, (row) =>
      approvalPolicyView(work.parts.seals.open<ApprovalPolicy>(row)),
    )
  },
}

export const deleteApprovalPolicy: ChangeVerb<'approvalPolicy.delete'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { value, standing } = await own<ApprovalPolicy>(work, 'approvalPolicy', input.policy)
    return {
      additive: false,
      rows: [],
      removals: [{ kind: 'approvalPolicy', id: value.id }],
      unchanged: [standing],
      subject: value.id,
      output: {},
    }
  },
}
