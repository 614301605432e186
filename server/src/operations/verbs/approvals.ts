import { newestRow } from '#keyring'
import { ClavigerError, type Approval } from '#model'
import { executedRow, openAsked, standingOf } from '../approvals.ts'
import { approvalRow } from '../rows.ts'
import { approvalSummary, approvalView } from '../rule-views.ts'
import { lasts } from '../until-recorded.ts'
import type { ChangeVerb, InternalVerb, ReadVerb } from '../verb.ts'
import { decidedPlan } from './decide-approval.ts'
import { own, ownOrNone, there } from './own.ts'
import { page } from './page.ts'

/** Requests for approval: seen, taken back, used up, and given up. */

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
    const held = await ownOrNone<Approval>(work, 'approval', input.approval)
    // Who asked sees what became of it; others need the right to see requests, also to hear that there is none.
    if (held?.value.requester === work.caller.principal) work.authorizeAnybody()
    else work.authorize()
    const { value, material } = there(held, 'approval')
    return approvalView(value, openAsked(work.parts, value, material))
  },
}

export const withdrawApproval: ChangeVerb<'approval.withdraw'> = {
  kind: 'change',
  async run(input, work) {
    const held = await ownOrNone<Approval>(work, 'approval', input.approval)
    // Whether there is one is for those to know who may see requests.
    if (held?.value.requester !== work.caller.principal)
      throw new ClavigerError('forbidden', 'Only who asked can take a request back')
    work.authorizeAnybody()
    if (held.value.state !== 'pending' && held.value.state !== 'approved')
      throw new ClavigerError('conflict', `The request is ${held.value.state} already`)
    return decidedPlan(work, held, { ...held.value, state: 'withdrawn' })
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
    await lasts(work, value.expiresAt, () => {
      return new ClavigerError('forbidden', 'The approval is not good any more: it has expired')
    })
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

interface Failure extends Execution {
  /** The code of the error. */
  readonly code: string
}

/** Says of an approved request that the server tried to do it and was refused: it is not tried again. */
export const failApproval: InternalVerb<Failure> = {
  kind: 'change',
  references: () => [],
  async run(input, work) {
    work.authorize()
    const { value, material, standing } = await own<Approval>(work, 'approval', input.approval)
    if (standing.revision !== input.revision)
      throw new ClavigerError('wrong_state', 'Something became of the request meanwhile')
    const { id, key, requester, operation, digest } = value
    const failure = { code: input.code, at: work.now }
    return {
      additive: false,
      rows: [approvalRow({ ...value, state: 'failed', failure }, material)],
      unchanged: [standing],
      subject: id,
      ...(key === undefined ? {} : { key }),
      detail: { requester, operation, digest, reason: input.code },
      output: {},
    }
  },
}
