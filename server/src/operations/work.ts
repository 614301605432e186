import {
  AnonymousIdentity,
  Session,
  tenantTarget,
  type Caller,
  type Grant,
  type Identity,
  type Target,
} from '#access'
import type { RingKey } from '#keyring'
import type { RecordDraft } from '#ledger'
import { ClavigerError, type Purpose } from '#model'
import type { CounterDelta } from '#store'
import { Admitted } from './admitted.ts'
import { seenAliasesOf } from './aliases.ts'
import type { Admission, Authorization } from './asked-for.ts'
import { assertNamed, assertStillSame, containedUntil } from './containment.ts'
import { Demands } from './demands.ts'
import { draftOf, type About } from './draft.ts'
import { Kept } from './kept.ts'
import { Located } from './located.ts'
import { find, findHeld, noSuchKey, unheld } from './lookup.ts'
import { outcomeOf } from './outcome.ts'
import type { Facts, Origin, Parts, Subject } from './parts.ts'
import { Question } from './question.ts'
import { Tally, type Done } from './tally.ts'
import { asksForAliases, renewed, target } from './target.ts'
import { assertUsable } from './usable.ts'

const nothing: Subject = Object.freeze({})

/** One operation under way: who asks, which keys were looked up and admitted, and what was done with them. */
export class Work {
  readonly parts: Parts
  readonly origin: Origin
  /** The contract's name of the operation. */
  readonly name: string
  readonly action: string
  /** What is being done now: the input, or the item of a batch that is under way. Conditions of policies are about it. */
  subject: Subject = nothing
  /** The whole input, which proofs and approvals are bound to. */
  input: unknown
  #demands: Demands | undefined
  #identity: Identity | undefined
  #believed: Caller | undefined
  #keys = new Located()
  /** By key, where its policy or a binding asks for them. */
  #aliases: Map<string, readonly string[]> | undefined
  #admissions: Admission[] = []
  #authorizations: Authorization[] = []
  #reliances: (() => Promise<void>)[] = []
  /** What was done, added up. */
  readonly tally = new Tally()
  #binding: string | undefined
  #authorized = false
  #until = Number.POSITIVE_INFINITY
  #kept: Kept | undefined

  constructor(parts: Parts, origin: Origin, name: string, action: string) {
    this.parts = parts
    this.origin = origin
    this.name = name
    this.action = action
  }

  /** Step one: who is it? Immediate where the session is held. */
  authenticate(): void | Promise<void> {
    if (this.action === 'none') {
      // Proving who one is begins before one is anybody; what comes with the request otherwise is not looked at.
      this.#identity = new AnonymousIdentity(this.parts.defaultTenant())
      return
    }
    const identity = this.parts.access.authenticate(this.origin.credential)
    if (identity instanceof Promise)
      return identity.then((opened) => void (this.#identity = opened))
    this.#identity = identity
  }

  get identity(): Identity {
    if (this.#identity === undefined)
      throw new ClavigerError('unauthenticated', 'No credential was checked')
    return this.#identity
  }

  /** @throws ClavigerError forbidden for a job, which has no session */
  get session(): Session {
    if (this.identity instanceof Session) return this.identity
    throw new ClavigerError('forbidden', 'Only a principal has a session')
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return this.parts.clock.now()
  }

  get caller(): Caller {
    return this.identity.caller
  }

  /** Who it turned out to be, for the record of an operation that proves it. */
  believe(caller: Pick<Caller, 'principal' | 'tenant'> & Partial<Caller>): void {
    const { caller: nobody } = this.identity
    this.#believed = { ...nobody, ...caller }
  }

  /** Whether the caller was believed, for the record of a denial. */
  get known(): Caller | undefined {
    return this.#believed ?? this.#identity?.caller
  }

  /** Whether the action was allowed on something; the gate refuses to answer otherwise. */
  get authorized(): boolean {
    return this.#authorized
  }

  /** Step two: look up the keys that are named. Immediate where the ring holds them. */
  locate(references: readonly string[]): void | Promise<void> {
    const missing: string[] = []
    let asked = false
    for (const reference of references) {
      const key = findHeld(this.parts.ring, reference, this.#viewpoint)
      if (key === unheld) missing.push(reference)
      else if (key !== undefined) {
        this.#keys.set(reference, key)
        asked ||= this.#asksForAliases(key)
      }
    }
    if (missing.length > 0 || asked) return this.#load(missing)
  }

  async #load(references: readonly string[]): Promise<void> {
    for (const reference of new Set(references)) {
      const key = await find(this.parts.ring, reference, this.#viewpoint)
      if (key !== undefined) this.#keys.set(reference, key)
    }
    for (const ringKey of this.#keys.keys()) {
      if (this.#asksForAliases(ringKey)) await this.seeAliases(ringKey.key.id)
    }
  }

  /** Key policies and bindings may ask for names. */
  #asksForAliases(ringKey: RingKey): boolean {
    return this.identity.asksForAliases || asksForAliases(ringKey)
  }

  /** Looks up the names of a key, for deciding about it. */
  async seeAliases(key: string): Promise<void> {
    if (this.#aliases?.has(key) === true) return
    const aliases = await seenAliasesOf(this, key)
    this.#aliases = (this.#aliases ?? new Map()).set(key, aliases)
  }

  /** The names of a key, where a policy or a binding asks for them. */
  aliasesOf(key: string): readonly string[] | undefined {
    return this.#aliases?.get(key)
  }

  get #viewpoint() {
    return { tenant: this.caller.tenant, region: this.origin.region }
  }

  /**
   * Step three: may the caller do the action on a target?
   *
   * @throws ClavigerError forbidden
   */
  authorize(
    on: Target = tenantTarget,
    action = this.action,
    purpose?: Purpose,
    reference?: string,
  ): string {
    const grant = this.may(on, action, purpose, reference)
    if (grant === undefined) {
      throw new ClavigerError(
        'forbidden',
        `The principal may not do '${action}' here; ask an owner for a role that allows it`,
      )
    }
    this.assertMet(action, on, grant)
    this.#authorized = true
    this.#binding ??= grant.binding
    this.endsBy(grant.until)
    this.#authorizations.push({ target: on, action, purpose, subject: this.subject, reference })
    return grant.binding
  }

  /** What the tenant's rules ask for beside the right to do it. */
  assertMet(action: string, on: Target, grant?: Grant): void {
    const { rules } = this.identity
    if (rules !== undefined) this.demands.assertMet(rules, action, on, grant?.waivesApprovals)
  }

  get demands(): Demands {
    return (this.#demands ??= new Demands(this))
  }

  /**
   * For listings, which show only what the caller may see: it is enough to hold the action at any scope.
   *
   * @throws ClavigerError forbidden
   */
  authorizeSomewhere(): void {
    if (!this.identity.holds(this.action, this.now)) this.authorize()
    else this.assertMet(this.action, tenantTarget)
    this.#authorized = true
  }

  /** For batches: who holds the action at some scope is told of each item. Others must be allowed at least one of them. */
  authorizeHolder(): void {
    if (this.identity.holds(this.action, this.now)) this.#authorized = true
  }

  /** For what anybody with a good credential may do. */
  authorizeAnybody(): void {
    this.#authorized = true
  }

  /** What allows an action on a target, without claiming it. */
  may(on: Target, action = this.action, purpose?: Purpose, reference?: string): Grant | undefined {
    const question = new Question(this, { action, purpose, reference })
    return this.identity.decide(question, on, this.now)
  }

  /**
   * A key that was looked up, once the caller may do the action on it. Where the caller could not see it, it cannot tell whether the
   * key exists.
   *
   * @throws ClavigerError forbidden, not_found
   */
  key(
    reference: string,
    action = this.action,
    purpose?: Purpose,
  ): { readonly ringKey: RingKey; readonly binding: string } {
    const ringKey = this.#keys.get(reference)
    if (ringKey === undefined) {
      this.authorize(tenantTarget, action, purpose)
      throw noSuchKey()
    }
    const on = target(ringKey, this.caller, this.origin)
    const binding = this.authorize(on, action, purpose, reference)
    // Of a key that is to be used, its state comes first.
    if (purpose === undefined) this.origin.examine?.(ringKey.key, ringKey.current, reference)
    return { ringKey, binding }
  }

  /** A key that was looked up, before anybody is authorized to do anything with it: for finding out what is to be authorized. */
  found(reference: string): RingKey | undefined {
    return this.#keys.get(reference)
  }

  /**
   * Step four: the key may be used by this caller for this purpose now. The newest version serves unless one is named.
   *
   * @throws ClavigerError forbidden, not_found; KeyError wrong_state
   */
  admit(reference: string, purpose: Purpose, version?: number): Admitted {
    const { action } = this
    const { ringKey, binding } = this.key(reference, action, purpose)
    const number = version ?? ringKey.key.version
    const { now } = this
    assertUsable(ringKey, number, purpose, now)
    const { principal } = this.caller
    assertNamed(ringKey, number, { principal, action, now })
    this.endsBy(containedUntil(ringKey, number))
    this.origin.examine?.(ringKey.key, ringKey.current, reference)
    const admitted = new Admitted(ringKey, number, binding, purpose)
    this.#admissions.push({ reference, purpose, version, subject: this.subject, admitted })
    return admitted
  }

  /**
   * Something else that was found to stand, such as a row that allows this, and must still stand where something changes before the
   * record is written. `check` throws what the caller is to be told.
   */
  relyOn(check: () => Promise<void>): void {
    this.#reliances.push(check)
  }

  /** From when on it would not be allowed any more, in milliseconds since 1970. */
  get until(): number {
    const identity = this.#identity
    return identity instanceof Session
      ? Math.min(this.#until, identity.credential.expiresAt)
      : this.#until
  }

  /** What allows it ends at a time, in milliseconds since 1970. */
  endsBy(time: number): void {
    if (time < this.#until) this.#until = time
  }

  /** Step five, for the record: something was done with an admitted key. Adds up over the items of a batch. */
  used(admitted: Admitted | undefined, done: Done = {}): void {
    this.tally.used(admitted, done)
  }

  /** An item of a batch that did not succeed; the others go on. */
  failed(error: ClavigerError, key?: string, version?: number): void {
    this.tally.failed(outcomeOf(error), error.code, key, version)
  }

  /** Does something slow once, though the verb may run again. */
  once<Value>(
    name: string,
    make: () => Promise<Value>,
    discard?: (value: Value) => void,
  ): Promise<Value> {
    return (this.#kept ??= new Kept()).once(name, make, discard)
  }

  /** Overwrites what was kept. */
  dispose(): void {
    this.#kept?.dispose()
    this.#kept = undefined
  }

  /** Everything again, against what stands now: for operations that waited while something changed. */
  async again(): Promise<void> {
    const admissions = this.#admissions
    const authorizations = this.#authorizations
    const reliances = this.#reliances
    const believed = this.#believed
    const { subject } = this
    const references = this.#keys.names()
    this.forget()
    await this.authenticate()
    await this.locate(references)
    try {
      for (const before of admissions) {
        this.subject = before.subject
        const now = this.admit(before.reference, before.purpose, before.version)
        assertStillSame(before, now, this.now)
        before.admitted.allowedAs(now)
      }
      for (const before of authorizations) {
        this.subject = before.subject
        this.authorize(this.#now(before.target), before.action, before.purpose, before.reference)
      }
      for (const check of reliances) {
        await check()
        this.relyOn(check)
      }
      this.#believed = believed
    } finally {
      this.subject = subject
    }
  }

  /** The labels and the policy of a key may have changed, and with them who may do what. */
  #now(on: Target): Target {
    if (on.key === undefined) return on
    const ringKey = this.foundById(on.key)
    if (ringKey === undefined) throw noSuchKey()
    return renewed(on, target(ringKey, this.caller, this.origin))
  }

  /** Before a verb runs again. */
  forget(): void {
    this.#identity = undefined
    this.#believed = undefined
    this.#keys = new Located()
    this.#aliases = undefined
    this.#admissions = []
    this.#authorizations = []
    this.#reliances = []
    this.#authorized = false
    this.#binding = undefined
    this.#until = Number.POSITIVE_INFINITY
  }

  /** A record of this operation: what every entry of it shares, and what is said of this one. */
  draft(event: string, source: string, about: About, binding = this.#binding): RecordDraft {
    const { known: caller, origin } = this
    return draftOf({ event, source, caller, origin, binding }, about)
  }

  /** What is added to counters, within limits as they stand now: they may have changed since it was done. */
  counters(): CounterDelta[] {
    return this.tally.counters((id) => this.foundById(id)?.key.limits)
  }

  /** A key that was looked up, by its id. */
  foundById(id: string): RingKey | undefined {
    return this.#keys.byId(id)
  }

  /** The records of what was used, one for each key, version, outcome and right. */
  records(event: string, source: string): RecordDraft[] {
    return this.tally.sums().map((use) => this.draft(event, source, use, use.by?.binding))
  }

  /** What a door may want to know of the caller and of the keys that were looked up, also where the operation failed. */
  get facts(): Facts {
    return { caller: this.known, key: (reference) => this.#keys.get(reference)?.key }
  }
}
