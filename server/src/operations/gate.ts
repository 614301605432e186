import { operations, type InputOf, type OutputOf } from '@claviger/contract'
import { systemCredential, type Caller } from '#access'
import { rootKinds } from '#keyring'
import type { Ledger, RecordDraft } from '#ledger'
import { ClavigerError, KeyError, LoginRefused, PolicyViolated, toClavigerError } from '#model'
import type { Change, RowKind } from '#store'
import { underApproval } from './approvals.ts'
import { FailureLimiter } from './failure-limiter.ts'
import { forgetUnfit } from './forget-row.ts'
import { limitReached } from './limits.ts'
import { outcomeOf } from './outcome.ts'
import type { Facts, Origin, Parts, Subject } from './parts.ts'
import type { Sources } from './sources.ts'
import type { GatedName, InternalVerb, Plan, Verb } from './verb.ts'
import { internalVerbs, verbs, type InternalName } from './verbs.ts'
import { Work } from './work.ts'

/**
 * The gate. Every use of a key and every change, from every door and every job, goes through `perform`, and nothing it does is told
 * before the ledger has it.
 */

/** How often a change is computed anew because what it was computed from changed meanwhile. */
const CHANGE_ATTEMPTS = 8

/** What changes something: a verb, or a job's. */
interface Changing<Input, Output> {
  references?(input: Input): readonly string[]
  run(input: Input, work: Work): Plan<Output> | Promise<Plan<Output>>
}

type InternalInput<Name extends InternalName> = Parameters<(typeof internalVerbs)[Name]['run']>[0]

type InternalOutput<Name extends InternalName> =
  (typeof internalVerbs)[Name] extends InternalVerb<never, infer Output> ? Output : never

/** What a door hands over. `read` decodes the input once the caller is known; it may throw invalid_request, or a door's own error. */
export interface Call<Name extends GatedName> extends Origin {
  readonly operation: Name
  read(caller: Caller): InputOf<Name>
  /** Told once, whatever comes of it, before the answer or the error leaves. */
  readonly told?: (facts: Facts) => void
  /**
   * Do everything but what would be changed: whether it would succeed. It is recorded where that is something only the key can say: whether
   * a ciphertext, a signature or a code is good.
   */
  readonly isRehearsal?: () => boolean
}

export interface GateOptions extends Omit<Parts, 'referencesOf'> {
  readonly ledger: Ledger
  readonly sources: Sources
  /** Throws when the server cannot serve now: sealed, failed self-test, stopping. */
  readonly assertServing: () => void
}

export class Gate {
  readonly #options: GateOptions & Parts
  readonly #ledger: Ledger
  readonly #limiter: FailureLimiter

  constructor(options: GateOptions) {
    this.#options = { ...options, referencesOf }
    this.#ledger = options.ledger
    this.#limiter = new FailureLimiter(options.clock)
  }

  /**
   * Authenticate, read, locate, authorize, check the state, do it, record it, answer. The middle steps are {@link Work}'s, called by the
   * verb, which has no other way to a key.
   *
   * @throws ClavigerError with a code of the contract; a denial, a refusal and a failure are in the ledger before it is thrown.
   */
  async perform<Name extends GatedName>(call: Call<Name>): Promise<OutputOf<Name>> {
    const verb: Verb<Name> = verbs[call.operation]
    const work = new Work(this.#options, call, call.operation, operations[call.operation].action)
    try {
      this.#options.assertServing()
      const revision = this.#ledger.revision
      const authenticating = work.authenticate()
      if (authenticating !== undefined) await authenticating
      const input = call.read(work.caller)
      work.subject = input
      work.input = input
      if (verb.kind === 'change') return await this.#changeOnce(call, verb, input, work, revision)
      if (verb.kind === 'use') {
        const locating = work.locate(verb.references(input))
        if (locating !== undefined) await locating
      }
      if (call.approval !== undefined) await this.#useUp(work, call.operation, input)
      const running = verb.run(input, work)
      const output = running instanceof Promise ? await running : running
      assertAuthorized(work)
      if (verb.kind === 'use') {
        if (call.isRehearsal?.() !== true) await this.#recordUse(call, work, revision)
        else if (work.tally.hasProcessed) await this.#recordUse(call, work, revision, rehearsed)
      }
      return output
    } catch (thrown) {
      const error = toClavigerError(thrown)
      forgetUnfit(this.#options, error)
      if (!this.#isRecorded(error)) await this.#recordRefusal(call, verb.kind, work, error)
      throw error
    } finally {
      work.dispose()
      call.told?.(work.facts)
    }
  }

  /** The approval of an operation that changes nothing is used up before it is done: nothing is done twice under it. */
  async #useUp(work: Work, name: GatedName, input: Subject): Promise<void> {
    const held = await work.demands.useApproval(referencesOf(name, input))
    if (held === undefined) return
    await this.performAsSystem('approval.execute', work.caller.tenant, {
      approval: held.value.id,
      revision: held.revision,
    })
  }

  /** A change whose request nobody can send again, where it was signed; one that failed changed nothing and may be. */
  async #changeOnce<Input, Output>(
    call: Call<GatedName>,
    verb: Changing<Input, Output>,
    input: Input,
    work: Work,
    revision: number,
  ): Promise<Output> {
    const release = this.#options.access.claim(call.credential, work.caller.tenant)
    try {
      return await this.#change(call, verb, input, work, revision)
    } catch (thrown) {
      release?.()
      throw thrown
    }
  }

  /**
   * The same gate for the server's own jobs, as principal `system` in a tenant.
   *
   * @throws ClavigerError as {@link perform} does
   */
  async performAsSystem<Name extends InternalName>(
    name: Name,
    tenant: string,
    input: InternalInput<Name>,
  ): Promise<InternalOutput<Name>> {
    const verb = internalVerbs[name] as InternalVerb<InternalInput<Name>, InternalOutput<Name>>
    const origin = {
      credential: systemCredential(tenant),
      door: 'jobs',
      source: 'local',
      request: `job-${name}`,
    }
    const work = new Work(this.#options, origin, name, name)
    work.subject = input as Subject
    this.#options.assertServing()
    try {
      return await this.#change(
        { operation: name, source: origin.source },
        verb,
        input,
        work,
        this.#ledger.revision,
      )
    } catch (thrown) {
      forgetUnfit(this.#options, thrown)
      throw thrown
    } finally {
      work.dispose()
    }
  }

  #recordUse(
    call: Call<GatedName>,
    work: Work,
    revision: number,
    as?: (record: RecordDraft) => RecordDraft,
  ): Promise<unknown> {
    const source = this.#options.sources.commitment(call.source)
    const records = () => work.records(call.operation, source)
    return this.#ledger.record({
      records: as === undefined ? records : () => records().map(as),
      counters: () => work.counters(),
      change: undefined,
      revision,
      until: () => work.until,
      recheck: () => this.#recheck(call, work, source),
      beyond: (key, version) => this.#beyond(call, work, source, { key, version }),
    })
  }

  /** A version would come beyond a limit. What the ring has counted is behind, so it is read anew. */
  #beyond(
    call: { readonly operation: string },
    work: Work,
    source: string,
    { key: id, version }: { readonly key: string; readonly version: number },
  ) {
    const key = work.foundById(id)?.key
    this.#options.ring.drop([{ kind: 'key', id }])
    const error = this.#markRecorded(
      key === undefined
        ? new ClavigerError('limit_reached', 'The version has been used as often as it may')
        : limitReached(key, version),
    )
    return { records: [refusalRecord(work, call.operation, source, error)], error }
  }

  async #change<Input, Output>(
    call: {
      readonly operation: string
      readonly source: string
      readonly isRehearsal?: () => boolean
    },
    verb: Changing<Input, Output>,
    input: Input,
    work: Work,
    firstRevision: number,
  ): Promise<Output> {
    const source = this.#options.sources.commitment(call.source)
    let revision = firstRevision
    for (let attempt = 0; attempt < CHANGE_ATTEMPTS; attempt += 1) {
      if (attempt > 0) {
        work.forget()
        revision = this.#ledger.revision
      }
      await work.authenticate()
      await work.locate(verb.references?.(input) ?? [])
      const approval = await work.demands.useApproval(referencesOf(call.operation, input))
      const plan = underApproval(await verb.run(input, work), approval, work.now)
      assertAuthorized(work)
      if (call.isRehearsal?.() === true) return plan.output
      const recorded = await this.#ledger.record({
        records: () => changeRecords(work, call.operation, source, plan),
        counters: () => [],
        change: {
          additive: plan.additive,
          plan: (next) => this.#sealed(plan, next),
          digest: (row) => this.#options.seals.digest(row),
        },
        revision,
        until: () => work.until,
        recheck: () => this.#recheck(call, work, source),
      })
      if (recorded.kind === 'recorded') {
        await plan.after?.()
        if (plan.refused !== undefined) throw this.#markRecorded(plan.refused)
        return plan.output
      }
      if (recorded.condition === 'absent' && plan.anew !== true) {
        throw new ClavigerError(
          'conflict',
          plan.taken ?? `There is a ${recorded.subject.kind} of that name already`,
        )
      }
      this.#options.ring.drop([recorded.subject])
      this.#options.access.drop([recorded.subject])
      this.#options.lifecycle.drop([recorded.subject])
    }
    throw new ClavigerError('overloaded', 'Others keep changing the same thing; try again later')
  }

  #sealed(plan: Plan<unknown>, revision: number): Change {
    const { seals } = this.#options
    // Below the tenants' keys nothing changes where the root key does.
    const sealsOf = (kind: RowKind) => (rootKinds.includes(kind) ? (plan.seals ?? seals) : seals)
    return {
      writes: plan.rows.map(({ facets, due = [], ...content }) => ({
        row: sealsOf(content.kind).seal(content, revision),
        facets,
        due,
      })),
      removals: plan.removals ?? [],
      absent: plan.absent ?? [],
      unchanged: plan.unchanged ?? [],
    }
  }

  async #recheck(call: { readonly operation: string }, work: Work, source: string) {
    try {
      await work.again()
      return undefined
    } catch (thrown) {
      const error = this.#markRecorded(toClavigerError(thrown))
      return { records: [refusalRecord(work, call.operation, source, error)], error }
    }
  }

  readonly #recorded = new WeakSet<ClavigerError>()

  /** The ledger writes this refusal itself, in place of the use. */
  #markRecorded(error: ClavigerError): ClavigerError {
    this.#recorded.add(error)
    return error
  }

  #isRecorded(error: ClavigerError): boolean {
    return this.#recorded.has(error)
  }

  /** Puts a denial, refusal or failure into the ledger before the caller hears of it. */
  async #recordRefusal<Name extends GatedName>(
    call: Call<Name>,
    kind: Verb<Name>['kind'],
    work: Work,
    error: ClavigerError,
  ): Promise<void> {
    if (error.code === 'unauthenticated' && this.#limiter.isOneTooMany(call.source)) {
      throw new ClavigerError(
        'too_many_requests',
        'Too many failed authentications from this address; wait a few seconds',
        { cause: error },
      )
    }
    if (unrecorded.has(error.code)) return
    const outcome = outcomeOf(error)
    if (kind === 'read' && outcome !== 'denied') return
    const source = this.#options.sources.commitment(call.source)
    await this.#ledger.record({
      records: () => [refusalRecord(work, call.operation, source, error)],
      counters: () => [],
      change: undefined,
      revision: this.#ledger.revision,
      recheck: () => Promise.resolve(undefined),
    })
  }
}

/** Errors that say nothing about who may do what with which key: malformed requests, and a server that cannot serve. */
const unrecorded: ReadonlySet<string> = new Set([
  'invalid_request',
  'not_found',
  'sealed',
  'not_initialized',
  'overloaded',
  'too_many_requests',
  'ledger_unavailable',
  'crypto_unavailable',
  'shutting_down',
])

/** A verb that answered without having been authorized would be a hole; it is a defect, and it fails closed. */
function assertAuthorized(work: Work): void {
  if (!work.authorized) throw new ClavigerError('internal', 'An operation was not authorized')
}

/** The key was used, and what came of it was not told but for its being good. */
function rehearsed(record: RecordDraft): RecordDraft {
  return { ...record, detail: { ...record.detail, rehearsal: 1 } }
}

function refusalRecord(
  work: Work,
  event: string,
  source: string,
  error: ClavigerError,
): RecordDraft {
  const about = {
    outcome: outcomeOf(error),
    reason: error.code,
    ...(error instanceof LoginRefused || error instanceof PolicyViolated
      ? { detail: error.detail }
      : {}),
    ...(error instanceof PolicyViolated ? { key: error.key } : {}),
    ...(error instanceof KeyError ? { key: error.key.id, version: error.version } : {}),
  }
  return work.draft(event, source, about)
}

function changeRecords(
  work: Work,
  operation: string,
  source: string,
  plan: Plan<unknown>,
): RecordDraft[] {
  const { event = operation, key, version, subject, detail, refused, alsoOf = [] } = plan
  const how: { outcome: RecordDraft['outcome']; reason?: string } =
    refused === undefined
      ? { outcome: 'ok' }
      : { outcome: outcomeOf(refused), reason: refused.code }
  return [key, ...alsoOf].map((each) =>
    work.draft(event, source, { ...how, key: each, version, subject, detail }),
  )
}

/** The keys that an operation names, also where its verb looks them up by itself. */
function referencesOf(name: string, input: unknown): readonly string[] {
  const verb = Object.hasOwn(verbs, name)
    ? (verbs[name as GatedName] as { references?(input: unknown): readonly string[] })
    : undefined
  const named = verb?.references?.(input)
  if (named !== undefined) return [...new Set(named)]
  const key = (input as { readonly key?: unknown }).key
  return typeof key === 'string' ? [key] : []
}
