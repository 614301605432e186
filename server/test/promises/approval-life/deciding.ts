import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { codeOf } from '../../harness/house.ts'
import { pick } from '../allowed.ts'
import type { Of } from './actions.ts'
import type { ApprovalLife } from './life.ts'
import { RequestModel, type CredentialModel, type Doing, type ProofModel } from './model.ts'

/** Asking for approvals, deciding on them, and doing what was approved. */

const recipient = generateKeyPairSync('rsa', { modulusLength: 3_072 }).publicKey.export({
  type: 'spki',
  format: 'der',
})

/** The input of an operation as it stands on the wire. */
export function inWords({ act, reference: key }: Doing) {
  if (act === 'key.update') return { key, description: 'x' }
  return act === 'key.export' ? { key, publicKey: recipient.toString('base64') } : { key }
}

function perform(life: ApprovalLife, { act, reference: key }: Doing, caller: object) {
  const { house } = life
  if (act === 'key.update') return house.perform(act, { key, description: 'x' }, caller)
  if (act === 'key.export') return house.perform(act, { key, publicKey: recipient }, caller)
  return house.perform(act, { key }, caller)
}

/** It succeeds where nothing speaks against it, and is refused for one of the reasons where there are some. */
async function expect(doing: Promise<unknown>, reasons: readonly string[]): Promise<boolean> {
  const code = await codeOf(doing)
  if (reasons.length === 0) assert.equal(code, 'ok')
  else assert.ok(reasons.includes(code), `${code}, and not one of ${reasons.join(', ')}`)
  return code === 'ok'
}

export async function request(life: ApprovalLife, taken: Of<'request'>): Promise<void> {
  const { house, model } = life
  const credential = pick(model.credentials, taken.credential)
  assert.ok(credential !== undefined)
  const { actor: requester } = credential
  const { isAutomatic } = taken
  const doing = life.doing(taken)
  const { now } = life
  const policies = model.asking(doing)
  const isLeftToServer = isAutomatic && model.demanding(doing.act, doing.key).length === 0
  const reasons = !credential.isValid(now)
    ? ['unauthenticated']
    : [
        ...(model.may(requester, doing.act) ? [] : ['forbidden']),
        ...(policies.length > 0 ? [] : ['conflict']),
        ...(isAutomatic && doing.act === 'key.export' ? ['invalid_request'] : []),
        ...(isAutomatic && !isLeftToServer ? ['conflict'] : []),
      ]
  const asked = house.perform(
    'approval.request',
    { operation: doing.act, input: inWords(doing), comment: '', automatic: isAutomatic },
    { token: credential.text },
  )
  const isDone = await expect(asked, reasons)
  if (credential.isValid(now)) credential.use(now)
  if (!isDone) return
  const { id } = await asked
  model.requests.push(new RequestModel(id, { requester, doing, isAutomatic }, policies, now))
}

export async function decide(
  life: ApprovalLife,
  taken: Of<'approve' | 'reject' | 'withdraw'>,
): Promise<void> {
  const { house, model, now } = life
  const credential = pick(model.credentials, taken.credential)
  const one = pick(model.requests, taken.request)
  if (credential === undefined || one === undefined) return
  const { actor, text: token } = credential
  const isValid = credential.isValid(now)
  if (taken.do === 'withdraw') {
    const may = one.requester === actor && one.mayBeWithdrawn
    const doing = house.perform('approval.withdraw', { approval: one.id }, { token })
    const reasons = may ? [] : ['conflict', 'forbidden', 'not_found']
    if (await expect(doing, isValid ? reasons : ['unauthenticated'])) one.state = 'withdrawn'
  } else {
    const isProved = model.isProved(credential, 'approval.decide', undefined, {
      now,
      proof: undefined,
    })
    const reasons = [
      ...(model.may(actor, 'approval.decide') ? [] : ['forbidden']),
      ...(isProved ? [] : ['step_up_required', 'forbidden']),
      ...(one.mayDecide(actor, now) ? [] : ['conflict', 'forbidden']),
    ]
    const input = { approval: one.id, comment: '' }
    const doing = house.perform(`approval.${taken.do}`, input, { token })
    if (await expect(doing, isValid ? reasons : ['unauthenticated'])) {
      if (taken.do === 'approve') one.approve(actor, now)
      else one.state = 'rejected'
    }
  }
  if (isValid) credential.use(now)
}

interface With {
  readonly request?: RequestModel | undefined
  readonly proof?: ProofModel | undefined
}

/** What speaks against it. */
function against(
  { model, now }: ApprovalLife,
  credential: CredentialModel,
  doing: Doing,
  { request: one, proof }: With,
): { readonly reasons: readonly string[]; readonly isApproved: boolean } {
  if (!credential.isValid(now)) return { reasons: ['unauthenticated'], isApproved: false }
  const { actor } = credential
  const asking = model.asking(doing)
  const isApproved = one?.requester === actor && one.isGoodFor(doing, asking, now)
  const reasons = [
    ...(model.may(actor, doing.act) ? [] : ['forbidden']),
    ...(model.isProved(credential, doing.act, doing, { proof, now })
      ? []
      : [actor.isPerson ? 'step_up_required' : 'forbidden']),
    ...(asking.length === 0 || isApproved ? [] : ['approval_required']),
    // An approval that is not good is refused, whatever it was given for.
    ...(one === undefined || isApproved ? [] : ['forbidden']),
    ...(model.isPossible(doing) ? [] : ['wrong_state']),
  ]
  return { reasons, isApproved }
}

async function act(
  life: ApprovalLife,
  credential: CredentialModel,
  doing: Doing,
  given: With = {},
): Promise<void> {
  const { model, now } = life
  const { request: one, proof } = given
  const { reasons, isApproved } = against(life, credential, doing, given)
  const caller = { token: credential.text, approval: one?.id, stepUp: proof?.text }
  const isDone = await expect(perform(life, doing, caller), reasons)
  if (credential.isValid(now)) credential.use(now)
  // A proof is used once; whether what was refused has used it is not looked at.
  if (proof !== undefined) proof.isUsed = true
  if (isDone) model.follow(doing)
  // What changes nothing has used the approval up before it is done.
  const isUsedUp =
    isDone || (doing.act === 'key.export' && reasons.every((each) => each === 'wrong_state'))
  if (one !== undefined && isApproved && isUsedUp) one.state = 'executed'
}

export async function doUnder(
  life: ApprovalLife,
  taken: Of<'act' | 'actUnder' | 'actProved'>,
): Promise<void> {
  const { model } = life
  if (taken.do === 'actProved') {
    const proof = pick(model.proofs, taken.proof)
    if (proof !== undefined) await act(life, proof.credential, proof.doing, { proof })
    return
  }
  const credential = pick(model.credentials, taken.credential)
  assert.ok(credential !== undefined)
  if (taken.do === 'act') return act(life, credential, life.doing(taken))
  const one = pick(model.requests, taken.request)
  if (one === undefined) return
  const own = model.credentials.filter(
    (each) => each.actor === one.requester && each.isValid(life.now),
  )
  const by = taken.isByAnother ? credential : (own.at(-1) ?? credential)
  const isNamed = one.doing.reference === life.alias
  const key = model.keys.indexOf(one.doing.key)
  const doing = life.doing({
    act: one.doing.act,
    key: taken.isOther ? key + 1 : key,
    isNamed: taken.isOther ? false : isNamed,
  })
  return act(life, by, doing, { request: one })
}

/** The server does what was left to it, in the order in which it was approved. */
export async function execute(life: ApprovalLife): Promise<void> {
  const { house, model, now } = life
  for (let run = 0; run < 2; run += 1) await house.runJob('execution')
  const waiting = model.requests
    .filter(({ state, isAutomatic }) => state === 'approved' && isAutomatic)
    .toSorted((one, other) => one.approvedAt - other.approvedAt)
  for (const one of waiting) {
    const { requester, doing } = one
    const isNamed = doing.reference === life.alias
    const found = life.doing({ act: doing.act, key: model.keys.indexOf(doing.key), isNamed })
    const may =
      requester.isEnabled &&
      model.may(requester, doing.act) &&
      one.isGoodFor(found, model.asking(found), now) &&
      model.demanding(doing.act, found.key).length === 0 &&
      model.isPossible(found)
    one.state = may ? 'executed' : 'failed'
    if (may) model.follow(found)
  }
}
