import {
  Session,
  tenantTarget,
  type Access,
  type Caller,
  type Credential,
  type Grant,
  type Identity,
  type SystemCredential,
  type Target,
} from '#access'
import type { Hierarchy, Ring, RingKey, RowSeals, VersionHandle } from '#keyring'
import type { LedgerReader, RecordDraft } from '#ledger'
import { ClavigerError, refusal, type Clock, type Purpose } from '#model'
import type { CounterDelta, Store } from '#store'
import type { SystemControl } from './system-control.ts'
import { Tally, type Done } from './tally.ts'

/** What the gate gives every operation to work with. */
export interface Parts {
  readonly access: Access
  readonly ring: Ring
  readonly seals: RowSeals
  readonly store: Store
  readonly clock: Clock
  readonly hierarchy: Hierarchy
  /** The tenant that manages the others. */
  readonly defaultTenant: () => string
  readonly ledgerReader: LedgerReader
  readonly system: SystemControl
}

/** What a door knows of a request. `source` is the peer's address; credential and source are attacker-chosen. */
export interface Origin {
  readonly credential: Credential | SystemCredential
  readonly door: string
  readonly source: string
  readonly request: string
}

/** A key that the caller may use for a purpose now. */
export interface Admitted {
  readonly ringKey: RingKey
  readonly version: number
  readonly handle: VersionHandle
  readonly binding: string
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

interface Admission {
  readonly reference: string
  readonly purpose: Purpose | undefined
  readonly version: number | undefined
}

/** One operation under way: who asks, which keys were looked up and admitted, and what was done with them. */
export class Work {
  readonly parts: Parts
  readonly origin: Origin
  readonly action: string
  #identity: Identity | undefined
  #keys = new Map<string, RingKey>()
  #admissions: Admission[] = []
  #targets: Target[] = []
  readonly #tally = new Tally()
  #binding: string | undefined
  #authorized = false
  #kept: Map<string, unknown> | undefined
  #discard: (() => void)[] | undefined

  constructor(parts: Parts, origin: Origin, action: string) {
    this.parts = parts
    this.origin = origin
    this.action = action
  }

  /** Step one: who is it? Immediate where the session is held. */
  authenticate(): void | Promise<void> {
    const identity = this.parts.access.authenticate(this.origin.credential)
    if (identity instanceof Promise) {
      return identity.then((opened) => {
        this.#identity = opened
      })
    }
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

  get caller(): Caller {
    return this.identity.caller
  }

  /** Whether the caller was believed, for the record of a denial. */
  get known(): Caller | undefined {
    return this.#identity?.caller
  }

  /** Whether the action was allowed on something; the gate refuses to answer otherwise. */
  get authorized(): boolean {
    return this.#authorized
  }

  /** Step two: look up the keys that are named. Immediate where the ring holds them. */
  locate(references: readonly string[]): void | Promise<void> {
    const missing: string[] = []
    for (const reference of references) {
      const id = UUID.test(reference)
        ? reference
        : this.parts.ring.heldAlias(this.caller.tenant, reference)
      const key = id === undefined ? undefined : this.parts.ring.held(id)
      if (key === undefined) missing.push(reference)
      else this.#keep(reference, key)
    }
    if (missing.length > 0) return this.#load(missing)
  }

  async #load(references: readonly string[]): Promise<void> {
    for (const reference of new Set(references)) {
      const id = UUID.test(reference)
        ? reference
        : await this.parts.ring.loadAlias(this.caller.tenant, reference)
      const key = id === undefined ? undefined : await this.parts.ring.load(id)
      if (key !== undefined) this.#keep(reference, key)
    }
  }

  /** Another tenant's key is as good as none. */
  #keep(reference: string, key: RingKey): void {
    if (key.key.tenant === this.caller.tenant) this.#keys.set(reference, key)
  }

  /**
   * Step three: may the caller do the action on a target?
   *
   * @throws ClavigerError forbidden
   */
  authorize(target: Target = tenantTarget, action = this.action): string {
    const grant = this.may(target, action)
    if (grant === undefined) {
      throw new ClavigerError(
        'forbidden',
        `The principal may not do '${action}' here; ask an owner for a role that allows it`,
      )
    }
    this.#authorized = true
    this.#binding ??= grant.binding
    this.#targets.push(target)
    return grant.binding
  }

  /**
   * For listings, which show only what the caller may see: it is enough to hold the action at any scope.
   *
   * @throws ClavigerError forbidden
   */
  authorizeSomewhere(): void {
    if (!this.identity.holds(this.action, this.parts.clock.now())) this.authorize()
    this.#authorized = true
  }

  /** For what anybody with a good credential may do. */
  authorizeAnybody(): void {
    this.#authorized = true
  }

  /** Whether an action is allowed on a target, without claiming it. */
  may(target: Target, action = this.action): Grant | undefined {
    return this.identity.decide(action, target, this.parts.clock.now())
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
  ): { readonly ringKey: RingKey; readonly binding: string } {
    const ringKey = this.#keys.get(reference)
    if (ringKey === undefined) {
      this.authorize(tenantTarget, action)
      throw new ClavigerError('not_found', 'There is no key of that id or alias')
    }
    const binding = this.authorize(target(ringKey), action)
    return { ringKey, binding }
  }

  /**
   * Step four: the key may be used by this caller for this purpose now. The newest version serves unless one is named.
   *
   * @throws ClavigerError forbidden, not_found, wrong_state
   */
  admit(reference: string, purpose: Purpose, version?: number, action = this.action): Admitted {
    const { ringKey, binding } = this.key(reference, action)
    const number = version ?? ringKey.key.version
    const reason = refusal(ringKey.key, ringKey.version(number), purpose, this.parts.clock.now())
    if (reason !== undefined) {
      throw new RefusedUse(reason.reason, ringKey.key.id, number)
    }
    this.#admissions.push({ reference, purpose, version })
    return {
      ringKey,
      version: number,
      binding,
      // Looked up at each use: while a batch gives others a turn, a change may have closed the one it began with.
      get handle() {
        return ringKey.handle(number)
      },
    }
  }

  /**
   * The versions of a key that may process, newest first: for signatures and codes, which do not say which version made them. Only the
   * named one, where one is named.
   *
   * @throws ClavigerError forbidden, not_found, wrong_state where not one of them may.
   */
  admitEach(reference: string, version?: number): readonly Admitted[] {
    if (version !== undefined) return [this.admit(reference, 'process', version)]
    const { ringKey } = this.key(reference)
    const now = this.parts.clock.now()
    const admitted = ringKey.versions
      .filter((candidate) => refusal(ringKey.key, candidate, 'process', now) === undefined)
      .map((candidate) => candidate.version)
      .toReversed()
      .map((number) => this.admit(reference, 'process', number))
    return admitted.length > 0 ? admitted : [this.admit(reference, 'process')]
  }

  /** Step five, for the record: something was done with an admitted key. Adds up over the items of a batch. */
  used(admitted: Admitted | undefined, done: Done = {}): void {
    this.#tally.used(
      admitted && {
        key: admitted.ringKey.key.id,
        version: admitted.version,
        binding: admitted.binding,
      },
      done,
    )
  }

  /** An item of a batch that did not succeed; the others go on. */
  failed(error: ClavigerError, key?: string, version?: number): void {
    this.#tally.failed(outcomeOf(error), error.code, key, version)
  }

  /** Does something slow once, though the verb may run again. */
  async once<Value>(
    name: string,
    make: () => Promise<Value>,
    discard?: (value: Value) => void,
  ): Promise<Value> {
    const kept = (this.#kept ??= new Map())
    if (!kept.has(name)) {
      const value = await make()
      kept.set(name, value)
      if (discard !== undefined) (this.#discard ??= []).push(() => discard(value))
    }
    return kept.get(name) as Value
  }

  /** Overwrites what was kept. */
  dispose(): void {
    for (const discard of this.#discard ?? []) discard()
    this.#discard = undefined
    this.#kept = undefined
  }

  /** Everything again, against what stands now: for operations that waited while something changed. */
  async again(): Promise<void> {
    const admissions = this.#admissions
    const targets = this.#targets
    const references = [...this.#keys.keys()]
    this.forget()
    await this.authenticate()
    await this.locate(references)
    for (const { reference, purpose, version } of admissions) {
      if (purpose !== undefined) this.admit(reference, purpose, version)
    }
    for (const wanted of targets) {
      if (wanted.key === undefined) this.authorize(wanted)
      else this.#reauthorize(wanted.key)
    }
  }

  /** The labels of a key may have changed, and with them who may do what. */
  #reauthorize(id: string): void {
    for (const key of this.#keys.values()) {
      if (key.key.id === id) {
        this.authorize(target(key))
        return
      }
    }
    throw new ClavigerError('not_found', 'There is no key of that id or alias')
  }

  /** Before a verb runs again. */
  forget(): void {
    this.#identity = undefined
    this.#keys = new Map()
    this.#admissions = []
    this.#targets = []
    this.#authorized = false
    this.#binding = undefined
  }

  /** A record of this operation: what every entry of it shares, and what is said of this one. */
  draft(
    event: string,
    source: string,
    about: Partial<RecordDraft> & Pick<RecordDraft, 'outcome'>,
  ): RecordDraft {
    const caller = this.known
    return {
      event,
      outcome: about.outcome,
      reason: about.reason,
      tenant: caller?.tenant,
      principal: caller?.principal ?? 'anonymous',
      credential: caller?.credential,
      factors: caller?.factors,
      binding: about.binding ?? this.#binding,
      door: this.origin.door,
      source,
      request: this.origin.request,
      key: about.key,
      version: about.version,
      part: about.part,
      count: about.count === 1 ? undefined : about.count,
      bytes: about.bytes,
      subject: about.subject,
      detail: about.detail,
    }
  }

  /** The records of what was used, one for each key, version and outcome. */
  records(event: string, source: string): RecordDraft[] {
    return this.#tally.sums().map((use) => this.draft(event, source, use))
  }

  /** What is added to the durable counters of the versions used. */
  counters(): CounterDelta[] {
    return this.#tally.counters()
  }
}

/** A key's state refused a use: the record says which key. */
export class RefusedUse extends ClavigerError {
  readonly key: string
  readonly version: number

  constructor(reason: string, key: string, version: number) {
    super('wrong_state', `Refused: ${reason}`)
    this.key = key
    this.version = version
  }
}

/** What a key looks like to the access rules; one object per ring entry, so that decisions can be remembered by it. */
const targets = new WeakMap<RingKey, Target>()
export function target(ringKey: RingKey): Target {
  let known = targets.get(ringKey)
  if (known === undefined) {
    known = { key: ringKey.key.id, labels: ringKey.key.labels }
    targets.set(ringKey, known)
  }
  return known
}

/** How an error is recorded. */
export function outcomeOf(error: ClavigerError): RecordDraft['outcome'] {
  switch (error.code) {
    case 'unauthenticated':
    case 'forbidden':
      return 'denied'
    case 'wrong_state':
    case 'wrong_usage':
    case 'algorithm_refused':
    case 'not_exportable':
      return 'refused'
    default:
      return 'failed'
  }
}
