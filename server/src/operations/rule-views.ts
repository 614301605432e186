import type { OutputOf } from '@claviger/contract'
import {
  ClavigerError,
  type Approval,
  type ApprovalPolicy,
  type Scope,
  type StepUpRule,
} from '#model'

/** What an approval is asked for: the operation's input as it stands on the wire, and the salt that hides it in the statement. */
export interface AskedInput {
  readonly input: Record<string, unknown>
  /** 16 random bytes, base64url. */
  readonly salt: string
}

/** What is shown of rules and of requests for approval. */

export function ruleScopeView(scope: Scope) {
  if (scope.kind === 'alias')
    throw new ClavigerError('internal', 'A rule has a scope that rules cannot have')
  return { ...scope }
}

export function stepUpRuleView(rule: StepUpRule): OutputOf<'stepUpRule.create'> {
  const { id, name, actions, scope, factors, maxAgeSeconds, createdAt } = rule
  return {
    id,
    name,
    actions: [...actions],
    scope: ruleScopeView(scope),
    factors: [...factors],
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
    createdAt,
  }
}

export function approvalPolicyView(policy: ApprovalPolicy): OutputOf<'approvalPolicy.create'> {
  const { id, name, actions, scope, approvals, principals, groups, hours, signed, createdAt } =
    policy
  return {
    id,
    name,
    actions: [...actions],
    scope: ruleScopeView(scope),
    approvals,
    principals: [...principals],
    groups: [...groups],
    hours,
    signed,
    createdAt,
    ...(policy.updatedAt === undefined ? {} : { updatedAt: policy.updatedAt }),
  }
}

/** A request as it stands in a list. */
export function approvalSummary(approval: Approval): OutputOf<'approval.list'>['items'][number] {
  const { id, requester, operation, key, needs, comment, state, createdAt, expiresAt } = approval
  return {
    id,
    requester,
    operation,
    ...(key === undefined ? {} : { key }),
    approvals: Math.max(...needs.map((need) => need.approvals)),
    signed: needs.some((need) => need.signed),
    automatic: approval.automatic ?? false,
    comment,
    state,
    createdAt,
    expiresAt,
    ...(approval.executedAt === undefined ? {} : { executedAt: approval.executedAt }),
    ...(approval.failure === undefined ? {} : { failure: { ...approval.failure } }),
  }
}

/** All of it, with what was asked for. */
export function approvalView(
  approval: Approval,
  { input, salt }: AskedInput,
): OutputOf<'approval.get'> {
  return {
    ...approvalSummary(approval),
    input,
    salt,
    statement: approval.statement,
    digest: approval.digest,
    policies: approval.needs.map(({ policy }) => policy),
    decisions: approval.decisions.map(({ principal, at, comment, verdict, signed }) => ({
      principal,
      at,
      comment,
      verdict,
      signed,
    })),
  }
}
