/**
 * What others approve, and who must prove anew who they are, as docs/approvals.md and docs/logins.md tell it, as plainly as possible and
 * without a line of the server's: what happened stands in fields, and what may be done is read off from them.
 */

export const acts = ['key.suspend', 'key.resume', 'key.update', 'key.export'] as const
export type Act = (typeof acts)[number]
/** What a rule may be about. */
export type Ruled = Act | 'approval.decide'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const IDLE_MS = 15 * MINUTE_MS
const AGE_MS = 12 * HOUR_MS
const PROOF_MS = 5 * MINUTE_MS

export class ActorModel {
  readonly id: string
  readonly isPerson: boolean
  isEnabled = true
  isInGroup = false

  constructor(id: string, isPerson: boolean) {
    this.id = id
    this.isPerson = isPerson
  }
}

/** A token of a program, or the login of a person. */
export class CredentialModel {
  readonly actor: ActorModel
  readonly text: string
  readonly id: string
  readonly #madeAt: number
  #usedAt: number
  hasEnded = false
  provedAt: number

  constructor(actor: ActorModel, id: string, text: string, now: number) {
    this.actor = actor
    this.id = id
    this.text = text
    this.#madeAt = now
    this.#usedAt = now
    this.provedAt = now
  }

  isValid(now: number): boolean {
    if (!this.actor.isEnabled || this.hasEnded) return false
    return !this.actor.isPerson || (now < this.#usedAt + IDLE_MS && now < this.#madeAt + AGE_MS)
  }

  use(now: number): void {
    this.#usedAt = now
  }
}

export interface KeyModel {
  readonly id: string
  team: string | undefined
  isSuspended: boolean
  /** How often it was changed. */
  changes: number
}

export type Where =
  | { readonly kind: 'tenant' }
  | { readonly kind: 'team'; readonly team: string }
  | { readonly kind: 'key'; readonly key: KeyModel }

function covers(where: Where, key: KeyModel | undefined): boolean {
  if (where.kind === 'tenant') return true
  return where.kind === 'key' ? key?.id === where.key.id : key?.team === where.team
}

export interface PolicyModel {
  readonly id: string
  readonly actions: readonly Act[]
  readonly where: Where
  approvals: number
  /** Whose approvals count; everybody's where there are none, and no group. */
  approvers: readonly ActorModel[]
  /** Whether those of the group's members count. */
  isOfGroup: boolean
  readonly hours: number
  /** How often it was changed. */
  changes: number
  /** What is gone asks nothing any more. */
  isGone: boolean
}

export interface StepUpModel {
  readonly id: string
  readonly actions: readonly Ruled[]
  readonly where: Where
  /** The proof is made for the very operation where it is not given. */
  readonly maxAgeSeconds: number | undefined
}

/** What is asked of the server: an operation, and its input as it was written. */
export interface Doing {
  readonly act: Act
  readonly key: KeyModel
  /** The key's id, or a name. */
  readonly reference: string
}

function isSame(one: Doing, other: Doing): boolean {
  return one.act === other.act && one.key === other.key && one.reference === other.reference
}

export interface ProofModel {
  readonly credential: CredentialModel
  readonly doing: Doing
  readonly text: string
  readonly madeAt: number
  isUsed: boolean
}

interface Need {
  readonly policy: PolicyModel
  readonly changes: number
  readonly approvals: number
  readonly approvers: readonly ActorModel[]
  readonly isOfGroup: boolean
}

export class RequestModel {
  readonly id: string
  readonly requester: ActorModel
  readonly doing: Doing
  readonly isAutomatic: boolean
  readonly expiresAt: number
  readonly #needs: readonly Need[]
  readonly #changes: number
  readonly #decided = new Map<ActorModel, readonly PolicyModel[]>()
  approvedAt = 0
  state: 'pending' | 'approved' | 'rejected' | 'withdrawn' | 'executed' | 'failed' = 'pending'

  constructor(
    id: string,
    given: Pick<RequestModel, 'requester' | 'doing' | 'isAutomatic'>,
    policies: readonly PolicyModel[],
    now: number,
  ) {
    this.id = id
    this.requester = given.requester
    this.doing = given.doing
    this.isAutomatic = given.isAutomatic
    this.#needs = policies.map((policy) => ({
      policy,
      changes: policy.changes,
      approvals: policy.approvals,
      approvers: policy.approvers,
      isOfGroup: policy.isOfGroup,
    }))
    this.#changes = given.doing.key.changes
    this.expiresAt = now + Math.min(...policies.map(({ hours }) => hours)) * HOUR_MS
  }

  /** The policies that count what somebody decides now. */
  #countingFor(actor: ActorModel): readonly PolicyModel[] {
    return this.#needs
      .filter(
        ({ approvers, isOfGroup }) =>
          (approvers.length === 0 && !isOfGroup) ||
          approvers.includes(actor) ||
          (isOfGroup && actor.isInGroup),
      )
      .map(({ policy }) => policy)
  }

  /** Whether the right to decide is there is another question. */
  mayDecide(actor: ActorModel, now: number): boolean {
    const isOpen = this.state === 'pending' && now < this.expiresAt
    const isFirst = actor !== this.requester && !this.#decided.has(actor)
    return isOpen && isFirst && this.#countingFor(actor).length > 0
  }

  approve(actor: ActorModel, now: number): void {
    this.#decided.set(actor, this.#countingFor(actor))
    const isEnough = this.#needs.every(
      ({ policy, approvals }) =>
        [...this.#decided.values()].filter((counting) => counting.includes(policy)).length >=
        approvals,
    )
    if (!isEnough) return
    this.state = 'approved'
    this.approvedAt = now
  }

  get mayBeWithdrawn(): boolean {
    return this.state === 'pending' || this.state === 'approved'
  }

  /** Whether it is good for what is done now, by its requester: everything it rests on is as it was, and nothing else is asked. */
  isGoodFor(doing: Doing, asking: readonly PolicyModel[], now: number): boolean {
    const isAsItWas =
      this.doing.key.changes === this.#changes &&
      this.#needs.every(({ policy, changes }) => policy.isGone || policy.changes === changes)
    const isAll = asking.every((one) => this.#needs.some(({ policy }) => policy === one))
    const isOpen = this.state === 'approved' && now < this.expiresAt
    return isOpen && isSame(this.doing, doing) && isAsItWas && isAll
  }
}

export class ApprovalsModel {
  readonly actors: ActorModel[] = []
  readonly credentials: CredentialModel[] = []
  readonly keys: KeyModel[] = []
  readonly policies: PolicyModel[] = []
  readonly stepUps: StepUpModel[] = []
  readonly requests: RequestModel[] = []
  readonly proofs: ProofModel[] = []
  /** Who may do what: bindings by their ids. */
  readonly rights: { readonly id: string; readonly actor: ActorModel; readonly role: Role }[] = []
  /** What the name that all use points at. */
  named: KeyModel | undefined

  may(actor: ActorModel, act: Ruled): boolean {
    const role: Role = act === 'approval.decide' ? 'approver' : 'operator'
    return this.rights.some((right) => right.actor === actor && right.role === role)
  }

  asking({ act, key }: Doing): readonly PolicyModel[] {
    return this.policies.filter(({ actions, where }) => actions.includes(act) && covers(where, key))
  }

  /** Whether each rule that asks for a proof has one. */
  isProved(
    credential: CredentialModel,
    act: Ruled,
    doing: Doing | undefined,
    { proof, now }: { readonly proof: ProofModel | undefined; readonly now: number },
  ): boolean {
    const isMade =
      proof !== undefined &&
      doing !== undefined &&
      proof.credential === credential &&
      !proof.isUsed &&
      now < proof.madeAt + PROOF_MS &&
      isSame(proof.doing, doing)
    return this.demanding(act, doing?.key).every(({ maxAgeSeconds }) => {
      if (!credential.actor.isPerson) return false
      if (isMade) return true
      return maxAgeSeconds !== undefined && now <= credential.provedAt + maxAgeSeconds * 1_000
    })
  }

  demanding(act: Ruled, key: KeyModel | undefined): readonly StepUpModel[] {
    return this.stepUps.filter(({ actions, where }) => actions.includes(act) && covers(where, key))
  }

  /** Whether the state of the key lets it be done. */
  isPossible({ act, key }: Doing): boolean {
    if (act === 'key.suspend') return !key.isSuspended
    if (act === 'key.resume') return key.isSuspended
    return act === 'key.update' || !key.isSuspended
  }

  /** What is done, with its effect on the key. */
  follow({ act, key }: Doing): void {
    if (act === 'key.export') return
    key.changes += 1
    if (act === 'key.suspend') key.isSuspended = true
    if (act === 'key.resume') key.isSuspended = false
  }
}

export type Role = 'operator' | 'approver'
