import { newestRow, unwrap } from '#keyring'
import { ClavigerError, type Approval, type ApprovalNeed, type Decision } from '#model'
import { approvalBinding, executedRow, standingOf } from '../approvals.ts'
import { approvalRow } from '../rows.ts'
import { approvalSummary, approvalView } from '../rule-views.ts'
import type { ChangeVerb, InternalVerb, Plan, ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { own } from './own.ts'
import { page } from './page.ts'

/** Requests for approval: seen, decided, taken back, and used up. */

/** What was asked for, as it was given. */
function inputOf(work: Work, approval: Approval, material: Uint8Array | undefined) {
  if (material === undefined) throw new ClavigerError('internal', 'A request has no input')
  const { tenant, id } = approval
  const key = work.parts.hierarchy.tenantWrappingKey(tenant)
  const opened = unwrap(key, approvalBinding(tenant, id), material)
  try {
    return JSON.parse(opened.toString()) as Record<string, unknown>
  } finally {
    opened.fill(0)
  }
}

export const listApprovals: ReadVerb<'approval.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    const facets = input.state === undefined ? [] : ([['state', input.state]] as const)
    return page(work, { kind: 'approval', facets, input }, (row) =>
      approvalSummary(work.parts.seals.open<Approval>(row)),
    )
  },
}

export const getApproval: ReadVerb<'approval.get'> = {
  kind: 'read',
  async run(input, work) {
    const { store, seals } = work.parts
    const row = await newestRow(store, { kind: 'approval', id: input.approval })
    const isOwn =
      row?.tenant === work.caller.tenant &&
      seals.open<Approval>(row).requester === work.caller.principal
    // Who asked sees what became of it; others need the right to see requests, also to hear that there is none.
    if (isOwn) work.authorizeAnybody()
    else work.authorize()
    const { value, material } = await own<Approval>(work, 'approval', input.approval)
    return approvalView(value, inputOf(work, value, material))
  },
}

/** A request that can still be decided. @throws ClavigerError not_found, conflict */
async function pending(work: Work, id: string) {
  const held = await own<Approval>(work, 'approval', id)
  if (held.value.state !== 'pending')
    throw new ClavigerError('conflict', `The request is ${held.value.state} already`)
  if (held.value.expiresAt <= work.now)
    throw new ClavigerError('conflict', 'The request has expired; let it be asked anew')
  return held
}

/** Whether the caller is one of those whom a policy asks. */
async function isAsked(work: Work, { principals, groups }: ApprovalNeed): Promise<boolean> {
  const { principal, tenant } = work.caller
  if (principals.length + groups.length === 0 || principals.includes(principal)) return true
  for (const group of groups) {
    const row = await newestRow(work.parts.store, {
      kind: 'membership',
      id: `${group}/${principal}`,
    })
    if (row?.tenant !== tenant) continue
    const member = work.parts.seals.open<{ group: string; principal: string }>(row)
    if (member.group === group && member.principal === principal) return true
  }
  return false
}

/** The caller's decision. @throws ClavigerError forbidden for the requester, and for whom no policy asks; conflict for a second one */
async function decide(
  work: Work,
  approval: Approval,
  about: Pick<Decision, 'verdict' | 'comment'>,
): Promise<Decision> {
  const { principal } = work.caller
  if (approval.requester === principal)
    throw new ClavigerError('forbidden', 'Nobody decides on a request of their own')
  if (approval.decisions.some((one) => one.principal === principal))
    throw new ClavigerError('conflict', 'You have decided on this request already')
  const policies: string[] = []
  for (const need of approval.needs) if (await isAsked(work, need)) policies.push(need.policy)
  if (policies.length === 0)
    throw new ClavigerError('forbidden', 'The policies of this request ask others')
  return { principal, at: work.now, ...about, policies }
}

function isEnough({ needs }: Approval, decisions: readonly Decision[]): boolean {
  return needs.every(({ policy, approvals }) => {
    const counted = decisions.filter(
      ({ verdict, policies }) => verdict === 'approved' && policies.includes(policy),
    )
    return new Set(counted.map(({ principal }) => principal)).size >= approvals
  })
}

type Held = Awaited<ReturnType<typeof pending>>

function planOf(
  work: Work,
  { material, standing }: Held,
  approval: Approval,
): Plan<ReturnType<typeof approvalView>> {
  return {
    additive: approval.state === 'pending' || approval.state === 'approved',
    rows: [approvalRow(approval, material)],
    unchanged: [standing],
    subject: approval.id,
    ...(approval.key === undefined ? {} : { key: approval.key }),
    detail: { operation: approval.operation, digest: approval.digest, state: approval.state },
    output: approvalView(approval, inputOf(work, approval, material)),
  }
}

export const approveApproval: ChangeVerb<'approval.approve'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const held = await pending(work, input.approval)
    const { comment } = input
    const decision = await decide(work, held.value, { verdict: 'approved', comment })
    const decisions = [...held.value.decisions, decision]
    const state = isEnough(held.value, decisions) ? 'approved' : 'pending'
    return planOf(work, held, { ...held.value, decisions, state })
  },
}

export const rejectApproval: ChangeVerb<'approval.reject'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const held = await pending(work, input.approval)
    const { comment } = input
    const decision = await decide(work, held.value, { verdict: 'rejected', comment })
    const decisions = [...held.value.decisions, decision]
    return planOf(work, held, { ...held.value, decisions, state: 'rejected' })
  },
}

export const withdrawApproval: ChangeVerb<'approval.withdraw'> = {
  kind: 'change',
  async run(input, work) {
    const row = await newestRow(work.parts.store, { kind: 'approval', id: input.approval })
    const { caller } = work
    const isOwn =
      row?.tenant === caller.tenant &&
      work.parts.seals.open<Approval>(row).requester === caller.principal
    if (!isOwn) throw new ClavigerError('forbidden', 'Only who asked can take a request back')
    work.authorizeAnybody()
    const held = await own<Approval>(work, 'approval', input.approval)
    if (held.value.state !== 'pending' && held.value.state !== 'approved')
      throw new ClavigerError('conflict', `The request is ${held.value.state} already`)
    return planOf(work, held, { ...held.value, state: 'withdrawn' })
  },
}

interface Execution {
  readonly approval: string
  /** As it was when it was found good. */
  readonly revision: number
}

/** Uses an approval up before an operation that changes nothing itself: fails closed where that operation then does. */
export const executeApproval: InternalVerb<Execution> = {
  kind: 'change',
  references: () => [],
  async run(input, work) {
    work.authorize()
    const { value, material, standing } = await own<Approval>(work, 'approval', input.approval)
    const held = { value, material, revision: standing.revision }
    for (const { kind, id, revision } of standingOf(held)) {
      const row = await newestRow(work.parts.store, { kind, id })
      const wanted = kind === 'approval' ? input.revision : revision
      if (row?.revision !== wanted)
        throw new ClavigerError('forbidden', 'The approval is not good any more: something changed')
    }
    return {
      additive: false,
      rows: [executedRow(held, work.now)],
      unchanged: standingOf(held),
      subject: value.id,
      ...(value.key === undefined ? {} : { key: value.key }),
      detail: { requester: value.requester, operation: value.operation, digest: value.digest },
      output: {},
    }
  },
}
