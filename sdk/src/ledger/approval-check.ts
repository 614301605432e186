import '../without-code-generation.ts'
import {
  approvalSignature,
  approvalStatement,
  passkeyRegistration,
  type ApprovalStatement,
  type LedgerRecord,
  type PasskeyRegistration,
} from '@claviger/contract/ledger'
import { digestOfBytes, digestOfText, wrongOfSignature } from './assertion.ts'

/**
 * Approvals over the records in their order: what was done under one was approved by as many others as its statement asks, and what they
 * signed, they signed over that statement with passkeys that the ledger has as theirs. Memory grows with the passkeys and the requests.
 */

interface Registered extends PasskeyRegistration {
  readonly principal: string
}

interface Approved {
  readonly policies: readonly string[]
  readonly signed: boolean
}

interface Request {
  readonly digest: string
  readonly statement: ApprovalStatement
  readonly approved: Map<string, Approved>
  /** How it ended: rejected, withdrawn. */
  ended?: string
  /** The request (of the door) that used it up. */
  usedBy?: string
}

type Detail = NonNullable<LedgerRecord['detail']>

export class ApprovalCheck {
  readonly #find: (index: number, why: string) => void
  readonly #passkeys = new Map<string, Registered>()
  readonly #requests = new Map<string, Request>()
  /** The request (of the door) of the record before. */
  #previous = ''
  #signatures = 0

  constructor(find: (index: number, why: string) => void) {
    this.#find = find
  }

  /** Signed approvals that hold. */
  get signatures(): number {
    return this.#signatures
  }

  /** Takes the next record of something that succeeded. */
  add(index: number, record: LedgerRecord): void {
    // The rest of a change says again what its first record said.
    if (record.part !== 'rest') this.#take(index, record)
    else if (this.#previous !== record.request) this.#find(index, 'it is the rest of nothing')
    this.#previous = record.request
  }

  #take(index: number, record: LedgerRecord): void {
    this.#checkServer(index, record)
    const { event, principal, subject = '', detail = {} } = record
    if (event === 'enrolment.complete') this.#register(index, subject, detail)
    else if (event === 'factor.add') this.#register(index, principal, detail)
    else if (event === 'factor.remove') this.#passkeys.delete(subject)
    else if (event === 'person.reset') this.#forgetPerson(subject)
    else if (event === 'approval.request') this.#request(index, record, detail)
    else if (event === 'approval.approve') this.#approve(index, record, detail)
    else if (event === 'approval.reject') this.#end(subject, 'rejected')
    else if (event === 'approval.withdraw') this.#end(subject, 'withdrawn')
    else if (event === 'approval.fail') this.#end(subject, 'given up')
    else if (event === 'approval.execute')
      this.#use(index, record, {
        id: subject,
        principal: textOf(detail, 'requester'),
        operation: textOf(detail, 'operation'),
      })
    else if (detail['approval'] !== undefined)
      this.#use(index, record, { id: textOf(detail, 'approval'), principal, operation: event })
  }

  /** What the server did for somebody, it did under an approval that leaves it to the server. */
  #checkServer(index: number, { factors = [], credential, detail = {} }: LedgerRecord): void {
    if (!factors.includes('approval')) return
    const id = textOf(detail, 'approval')
    if (credential !== id || id === '')
      return this.#find(index, 'the server did it for somebody, and it names no approval for that')
    if (this.#requests.get(id)?.statement.automatic !== true)
      this.#find(index, 'the server did it by itself, and its approval leaves it to who asked')
  }

  #register(index: number, principal: string, detail: Detail): void {
    if (detail['passkey'] === undefined) return
    const read = passkeyRegistration.safeParse(detail)
    if (!read.success) return this.#find(index, 'it does not say which key the passkey has')
    const { passkey } = read.data
    if (this.#passkeys.has(passkey))
      return this.#find(index, `passkey ${passkey} is somebody's already`)
    this.#passkeys.set(passkey, { ...read.data, principal })
  }

  #forgetPerson(person: string): void {
    for (const [id, { principal }] of this.#passkeys)
      if (principal === person) this.#passkeys.delete(id)
  }

  #request(index: number, { principal, subject = '' }: LedgerRecord, detail: Detail): void {
    const text = textOf(detail, 'statement')
    const digest = digestOfText(text)
    const statement = statementOf(text)
    if (statement === undefined) return this.#find(index, 'it has no statement of what is asked')
    if (digest !== detail['digest']) return this.#find(index, 'its digest is of another statement')
    if (statement.request !== subject || statement.requester !== principal)
      return this.#find(index, 'its statement is of another request')
    if (this.#requests.has(subject)) return this.#find(index, 'its request is there already')
    this.#requests.set(subject, { digest, statement, approved: new Map() })
  }

  #approve(index: number, record: LedgerRecord, detail: Detail): void {
    const { principal, subject = '' } = record
    const request = this.#requests.get(subject)
    if (request === undefined) return this.#find(index, 'it approves what nobody asked for')
    const { statement, digest, approved } = request
    const wrong = wrongOfApproval(request, record, detail)
    if (wrong !== undefined) return this.#find(index, wrong)
    const policies = textOf(detail, 'policies').split(' ')
    for (const { policy, principals, groups } of statement.needs) {
      const isOpen = principals.length === 0 || groups.length > 0 || principals.includes(principal)
      if (policies.includes(policy) && !isOpen)
        return this.#find(index, `policy ${policy} does not ask this principal`)
    }
    const isSigned = detail['signature'] !== undefined
    if (isSigned) {
      const why = this.#wrongOfSignature(principal, detail, digest)
      if (why !== undefined) return this.#find(index, why)
      this.#signatures += 1
    }
    approved.set(principal, { policies, signed: isSigned })
  }

  #wrongOfSignature(principal: string, detail: Detail, digest: string): string | undefined {
    const read = approvalSignature.safeParse(detail)
    if (!read.success) return 'its signature lacks a part'
    const { passkey, credential, publicKey } = read.data
    const registered = this.#passkeys.get(passkey)
    if (registered?.principal !== principal) return `passkey ${passkey} is not the approver's`
    if (registered.credential !== credential || registered.publicKey !== digestOfBytes(publicKey))
      return 'it is signed with another key than the passkey was registered with'
    return wrongOfSignature(read.data, digest)
  }

  #end(id: string, how: string): void {
    const request = this.#requests.get(id)
    if (request !== undefined) request.ended = how
  }

  #use(
    index: number,
    record: LedgerRecord,
    use: { readonly id: string; readonly principal: string; readonly operation: string },
  ): void {
    const request = this.#requests.get(use.id)
    if (request === undefined)
      return this.#find(index, 'it names an approval that nobody asked for')
    const { statement, ended, usedBy } = request
    if (use.principal !== statement.requester || use.operation !== statement.operation)
      return this.#find(index, 'its approval is of something else')
    // One change may have several records, one after the other, of which the first is about the key that was asked for.
    if (usedBy === record.request && this.#previous === record.request) return
    request.usedBy = record.request
    if (usedBy !== undefined) return this.#find(index, 'its approval was used before')
    if (ended !== undefined) return this.#find(index, `its approval was ${ended}`)
    if (statement.key !== undefined && record.key !== undefined && record.key !== statement.key)
      return this.#find(index, 'its approval is of another key')
    if (Date.parse(record.time) >= statement.expiresAt)
      return this.#find(index, 'its approval had expired')
    for (const { policy, approvals, signed } of statement.needs) {
      const counted = countOf(request, policy, signed)
      if (counted < approvals)
        this.#find(index, `${counted} of ${approvals} approved it as policy ${policy} asks`)
    }
  }
}

/** What an approval may not be, whoever signed it. */
function wrongOfApproval(
  { digest, statement, approved, ended, usedBy }: Request,
  { principal, time }: LedgerRecord,
  detail: Detail,
): string | undefined {
  if (detail['digest'] !== digest) return 'it approves another statement'
  if (principal === statement.requester) return 'who asked approves it'
  if (approved.has(principal)) return 'the same principal approves it twice'
  if (ended !== undefined || usedBy !== undefined) return 'it approves what is over'
  if (Date.parse(time) >= statement.expiresAt) return 'it approves what had expired'
  return undefined
}

function countOf({ approved }: Request, policy: string, signed: boolean): number {
  return [...approved.values()].filter(
    (one) => one.policies.includes(policy) && (one.signed || !signed),
  ).length
}

function textOf(detail: Detail, name: string): string {
  const value = detail[name]
  return typeof value === 'string' ? value : ''
}

function statementOf(text: string): ApprovalStatement | undefined {
  try {
    return approvalStatement.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
