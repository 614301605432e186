import { defaultApprovals, type InputOf, type OutputOf } from '@claviger/contract'
import { newId } from '#keyring'
import { ClavigerError, type ApprovalPolicy } from '#model'
import { approvalPolicyRow } from '../rows.ts'
import type { ChangeVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { othersWhoCouldApprove } from './approvers.ts'
import { assertRoom } from './rules.ts'

/** The approval policies that every tenant had better have, made together. */

type Wanted = InputOf<'approvalPolicy.createDefaults'>

type Item = OutputOf<'approvalPolicy.createDefaults'>['items'][number]

/** What no policy asks for yet, under the names of the policies to make, and the policies that ask for the rest. */
interface Missing {
  readonly make: readonly { readonly name: string; readonly actions: readonly string[] }[]
  readonly kept: readonly Item[]
}

function itemOf(policy: ApprovalPolicy, actions: string[], made: boolean): Item {
  const { id, name, approvals, signed } = policy
  return { policy: id, name, made, approvals, signed, actions }
}

/** Policies of the whole tenant that ask for at least as much. */
function standingFor(work: Work, action: string, { approvals, signed }: Wanted) {
  const found = work.identity.rules?.approvalsOf(action) ?? []
  return found
    .map(({ policy }) => policy)
    .filter(
      (policy) =>
        policy.scope.kind === 'tenant' &&
        policy.approvals >= approvals &&
        (policy.signed || signed !== true),
    )
}

function missingOf(work: Work, input: Wanted): Missing {
  const isOperator = work.caller.tenant === work.parts.defaultTenant()
  const kept = new Map<string, Item>()
  const make: { name: string; actions: string[] }[] = []
  for (const { name, actions, operators } of defaultApprovals) {
    if (operators === true && !isOperator) continue
    const missing: string[] = []
    for (const action of actions) {
      const [standing] = standingFor(work, action, input)
      if (standing === undefined) missing.push(action)
      else
        kept
          .getOrInsertComputed(standing.id, () => itemOf(standing, [], false))
          .actions.push(action)
    }
    if (missing.length > 0) make.push({ name, actions: missing })
  }
  return { make, kept: [...kept.values()] }
}

/** Whoever is left alone with such policies could never do what they are about. @throws ClavigerError conflict */
async function assertOthers(work: Work, { approvals, signed = false }: Wanted): Promise<void> {
  const others = await othersWhoCouldApprove(work, { signed, enough: approvals })
  if (others >= approvals) return
  const who = signed ? 'log in with a passkey' : 'log in, or are programs'
  throw new ClavigerError(
    'conflict',
    `${others} others could approve, and ${approvals} would have to, so nobody could do these things any more; ` +
      `give the role approver, for the whole tenant and without conditions, to others who can ${who}, or ask for fewer approvals`,
  )
}

export const createDefaultApprovalPolicies: ChangeVerb<'approvalPolicy.createDefaults'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { make, kept } = missingOf(work, input)
    if (make.length > 0) await assertOthers(work, input)
    await assertRoom(work, 'approvalPolicy', make.length)
    const { tenant } = work.caller
    const { approvals, hours, signed = false } = input
    const shared = { tenant, approvals, hours, signed, createdAt: work.now }
    const policies = make.map(({ name, actions }): ApprovalPolicy => ({
      id: newId(),
      name,
      actions,
      scope: { kind: 'tenant' },
      principals: [],
      groups: [],
      ...shared,
    }))
    work.relyOn(async () => {
      // Two who make them at once would make them twice.
      if (missingOf(work, input).make.length !== make.length)
        throw new ClavigerError('conflict', 'The approval policies have just changed; ask again')
      if (make.length > 0) await assertOthers(work, input)
    })
    return {
      additive: false,
      rows: policies.map(approvalPolicyRow),
      absent: policies.map(({ id }) => ({ kind: 'approvalPolicy', id })),
      subject: tenant,
      detail: {
        actions: policies.flatMap(({ actions }) => actions).join(' '),
        approvals,
        ...(signed ? { signed: 1 } : {}),
      },
      output: {
        items: [...policies.map((one) => itemOf(one, [...one.actions], true)), ...kept],
      },
    }
  },
}
