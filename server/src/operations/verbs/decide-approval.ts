import type { ApprovalSignature } from '@claviger/contract/ledger'
import { assertionOptions, readAssertion } from '#access'
import { newestRow } from '#keyring'
import { ClavigerError, type Approval, type ApprovalNeed, type Decision } from '#model'
import type { RowStanding } from '#store'
import { openAsked } from '../approvals.ts'
import { passkeysAmong, provePasskey, siteOfServer } from '../logins/passkeys.ts'
import { factorsOf, loggedIn } from '../logins/stored.ts'
import { approvalRow } from '../rows.ts'
import { approvalView } from '../rule-views.ts'
import { lasts } from '../until-recorded.ts'
import type { ChangeVerb, Plan, PlannedRow, ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { own } from './own.ts'

/** Deciding on what others ask for. An approval can be a signature: of a passkey, over the digest of the statement. */

/** A request that can still be decided. @throws ClavigerError not_found, conflict */
async function pending(work: Work, id: string) {
  const held = await own<Approval>(work, 'approval', id)
  if (held.value.state !== 'pending')
    throw new ClavigerError('conflict', `The request is ${held.value.state} already`)
  await lasts(work, held.value.expiresAt, () => {
    return new ClavigerError('conflict', 'The request has expired; let it be asked anew')
  })
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

/**
 * The policies that the caller's decision counts for.
 *
 * @throws ClavigerError forbidden for the requester, and for whom no policy asks; conflict for a second decision
 */
async function policiesFor(work: Work, approval: Approval): Promise<string[]> {
  const { principal } = work.caller
  if (approval.requester === principal)
    throw new ClavigerError('forbidden', 'Nobody decides on a request of their own')
  if (approval.decisions.some((one) => one.principal === principal))
    throw new ClavigerError('conflict', 'You have decided on this request already')
  const policies: string[] = []
  for (const need of approval.needs) if (await isAsked(work, need)) policies.push(need.policy)
  if (policies.length === 0)
    throw new ClavigerError('forbidden', 'The policies of this request ask others')
  return policies
}

function isEnough({ needs }: Approval, decisions: readonly Decision[]): boolean {
  return needs.every(({ policy, approvals, signed: mustSign }) => {
    const counted = decisions.filter(
      ({ verdict, policies, signed }) =>
        verdict === 'approved' && policies.includes(policy) && (signed || !mustSign),
    )
    return new Set(counted.map(({ principal }) => principal)).size >= approvals
  })
}

/** The same, which must still be so where something changes before the decision is recorded. */
async function policiesToCount(work: Work, approval: Approval): Promise<string[]> {
  const policies = await policiesFor(work, approval)
  work.relyOn(async () => {
    const still = await policiesFor(work, approval)
    if (policies.every((policy) => still.includes(policy))) return
    throw new ClavigerError('forbidden', 'Not all of these policies ask you any more; decide again')
  })
  return policies
}

type Held = Awaited<ReturnType<typeof own<Approval>>>

/** What a decision brings beside itself. */
interface Beside {
  readonly rows?: readonly PlannedRow[]
  readonly unchanged?: readonly RowStanding[]
  readonly detail?: Readonly<Record<string, string>>
}

/** The plan of what becomes of a request. */
export function decidedPlan(
  work: Work,
  { material, standing }: Held,
  approval: Approval,
  { rows = [], unchanged = [], detail = {} }: Beside = {},
): Plan<ReturnType<typeof approvalView>> {
  const { id, key, operation, digest, state } = approval
  return {
    additive: rows.length === 0 && (state === 'pending' || state === 'approved'),
    rows: [approvalRow(approval, material), ...rows],
    unchanged: [standing, ...unchanged],
    subject: id,
    ...(key === undefined ? {} : { key }),
    detail: { operation, digest, state, ...detail },
    output: approvalView(approval, openAsked(work.parts, approval, material)),
  }
}

export const approvalChallenge: ReadVerb<'approval.challenge'> = {
  kind: 'read',
  async run(input, work) {
    const person = loggedIn(work)
    work.authorize()
    const { value } = await pending(work, input.approval)
    await policiesFor(work, value)
    const known = passkeysAmong(await factorsOf(work, person))
    if (known.length === 0)
      throw new ClavigerError('conflict', 'There is no passkey to sign with; add one')
    // Good as long as the request can be decided, which each decides once: there is nothing to remember.
    const site = siteOfServer(work)
    return { options: await assertionOptions({ site, challenge: value.digest, known }) }
  },
}

/** The caller's signature over the statement, for the record. @throws LoginRefused; ClavigerError conflict for a program */
async function signatureOf(work: Work, { digest }: Approval, answer: unknown) {
  const person = loggedIn(work)
  const { factor, row, standing } = await provePasskey(work, {
    response: answer,
    challenge: digest,
    person: person.id,
  })
  const { response } = readAssertion(answer)
  const detail: ApprovalSignature = {
    passkey: factor.id,
    credential: factor.credential,
    publicKey: factor.spki,
    authenticatorData: response.authenticatorData,
    clientData: response.clientDataJSON,
    signature: response.signature,
  }
  return { rows: [row], unchanged: [standing], detail }
}

/** @throws ClavigerError invalid_request where only a signature counts */
function assertCounts({ needs }: Approval, policies: readonly string[]): void {
  if (!needs.some(({ policy, signed }) => signed && policies.includes(policy))) return
  throw new ClavigerError(
    'invalid_request',
    'Only a signature counts here; let a passkey sign what approval.challenge says',
    { field: 'response' },
  )
}

export const approveApproval: ChangeVerb<'approval.approve'> = {
  kind: 'change',
  async run({ approval: id, comment, response }, work) {
    work.authorize()
    const held = await pending(work, id)
    const policies = await policiesToCount(work, held.value)
    if (response === undefined) assertCounts(held.value, policies)
    const signature =
      response === undefined ? undefined : await signatureOf(work, held.value, response)
    const decision: Decision = {
      principal: work.caller.principal,
      at: work.now,
      comment,
      verdict: 'approved',
      policies,
      signed: signature !== undefined,
    }
    const decisions = [...held.value.decisions, decision]
    const state = isEnough(held.value, decisions) ? 'approved' : 'pending'
    const detail = { policies: policies.join(' '), ...signature?.detail }
    const approval: Approval = { ...held.value, decisions, state }
    return decidedPlan(work, held, approval, { ...signature, detail })
  },
}

export const rejectApproval: ChangeVerb<'approval.reject'> = {
  kind: 'change',
  async run({ approval: id, comment }, work) {
    work.authorize()
    const held = await pending(work, id)
    const policies = await policiesToCount(work, held.value)
    const decision: Decision = {
      principal: work.caller.principal,
      at: work.now,
      comment,
      verdict: 'rejected',
      policies,
      signed: false,
    }
    const decisions = [...held.value.decisions, decision]
    return decidedPlan(work, held, { ...held.value, decisions, state: 'rejected' })
  },
}
