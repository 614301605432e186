import { ClavigerError, toClavigerError, type Clock } from '#model'
import type { Change, CounterDelta, PersonalValue, RowReference, Store } from '#store'
import { addCounter, addFacets, describe, subjects, unavailable } from './batch-parts.ts'
import { assertFits, encodeBundle } from './bundle.ts'
import { refuse, refuseBeyond } from './limits.ts'
import { encodeChange, encodeRecord, type RecordDraft } from './record.ts'
import type { Recorded, Submission, Waiting } from './submission.ts'

/**
 * The ledger's order (docs/architecture.md). What the node did is collected while one batch is on its way to the disk, and the
 * next batch is everything that arrived meanwhile: greedy group commit, no timer. A batch commits in a transaction that takes the
 * sequencer row; answers leave after that commit and never before.
 */

/** Entries in one batch, so that its transaction stays short. */
const BATCH_ENTRIES_MAX = 1_024
/** Submissions waiting; beyond it the server says that it is busy instead of holding ever more of them. */
const WAITING_MAX = 16_384
/** Entries that are taken into the tree at once, with a batch: so it is never far behind, and no commit waits long for it. */
const INTEGRATED_WITH_BATCH = 1_024
/** How long to wait before trying again to open a store that failed, in milliseconds. */
const RECOVERY_PAUSE_MS = 500

interface Formed {
  readonly members: readonly Waiting[]
  readonly firsts: readonly number[]
  readonly changes: readonly Change[]
  readonly batch: Parameters<Store['commit']>[0]
}

export interface LedgerOptions {
  readonly store: Store
  readonly clock: Clock
  /** Drops from every cache of this node what was changed. Called after the commit and before any answer of it leaves. */
  readonly publish: (changed: readonly RowReference[]) => void
  /** Tells the log of what went wrong in the store, and of its recovery. */
  readonly report: (
    event: 'write-failed' | 'recovered' | 'recovery-failed',
    cause?: unknown,
  ) => void
}

export class Ledger {
  readonly #store: Store
  readonly #clock: Clock
  readonly #publish: LedgerOptions['publish']
  readonly #report: LedgerOptions['report']
  #queue: Waiting[] = []
  #personal: PersonalValue[] = []
  #scheduled = false
  #committing = false
  #failed = false
  #closed = false
  #revision = 0
  #next = 0
  /** Entries that no batch has taken into the tree yet; the job that signs checkpoints takes what is left. */
  #unhashed = 0
  #idle: (() => void)[] = []
  /** Tells of conflicts, once what they may be with has been committed: whoever tries again sees it. */
  #conflicts: (() => void)[] = []

  constructor(options: LedgerOptions) {
    this.#store = options.store
    this.#clock = options.clock
    this.#publish = options.publish
    this.#report = options.report
  }

  /** Reads where the sequencer stands. Call before anything else. */
  async open(): Promise<void> {
    const head = await this.#store.head()
    this.#next = head.next
    this.#revision = head.revision
  }

  /** The revision that this node's caches stand at. */
  get revision(): number {
    return this.#revision
  }

  /** Entries known to be durable. */
  get entries(): number {
    return this.#next
  }

  /** Whether a commit failed and the store has not come back. */
  get failed(): boolean {
    return this.#failed
  }

  /** Keeps the opening of a commitment with the next batch; records made from now on may name it. */
  keepPersonal(value: PersonalValue): void {
    this.#personal.push(value)
  }

  /**
   * Resolves once the submission is durable and has its place.
   *
   * @throws ClavigerError ledger_unavailable (nothing was recorded and nothing changed), overloaded, or the refusal that a re-check
   * led to (which is recorded).
   */
  record(submission: Submission): Promise<Recorded> {
    if (this.#closed)
      return Promise.reject(
        new ClavigerError('shutting_down', 'The server is stopping; ask another node or try again'),
      )
    if (this.#failed) return Promise.reject(unavailable())
    if (this.#queue.length >= WAITING_MAX) {
      return Promise.reject(
        new ClavigerError('overloaded', 'Too many operations wait for the ledger; try again later'),
      )
    }
    const { promise, resolve, reject } = Promise.withResolvers<Recorded>()
    this.#queue.push({
      submission,
      records: submission.records(),
      change: submission.change,
      counters: submission.counters(),
      revision: submission.revision,
      until: untilOf(submission),
      refusal: undefined,
      resolve,
      reject,
    })
    this.#schedule()
    return promise
  }

  /**
   * The store failed in something else than a commit, such as saving a checkpoint, and answers nothing since: it is opened again as after
   * a commit that failed.
   */
  async reopen(cause: unknown): Promise<void> {
    if (!this.#closed) await this.#fail(cause, [])
  }

  /** Resolves when everything submitted so far has been answered, and refuses what comes later. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#queue.length > 0 || this.#committing) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#idle.push(resolve)
      await promise
    }
  }

  #schedule(): void {
    if (this.#scheduled || this.#committing || this.#queue.length === 0) return
    this.#scheduled = true
    // After the requests that this turn of the event loop has read, so that they share the first batch too.
    setImmediate(() => {
      this.#scheduled = false
      this.#committing = true
      void this.#pump()
    })
  }

  async #pump(): Promise<void> {
    try {
      while (this.#queue.length > 0 && !this.#failed) {
        // One turn of the event loop: the answers of the last batch leave, and what their receivers ask next comes along. Without it
        // the callers fall into two halves that wait for each other, and every commit carries half of what it could.
        await new Promise((resolve) => setImmediate(resolve))
        await this.#recheckStale()
        await this.#commit(this.#form())
      }
    } catch (cause) {
      // Nothing above throws but for a defect here; fail closed rather than hang every caller.
      await this.#fail(cause, [])
    } finally {
      for (const tell of this.#conflicts.splice(0)) tell()
      this.#committing = false
      if (this.#queue.length === 0) for (const resolve of this.#idle.splice(0)) resolve()
    }
    this.#schedule()
  }

  /** What the next batch can hold: it ends with the first change that could refuse what follows it. */
  #upNext(): Waiting[] {
    const upNext = this.#queue.slice(0, BATCH_ENTRIES_MAX)
    const last = upNext.findIndex(({ change }) => change?.additive === false)
    return last === -1 ? upNext : upNext.slice(0, last + 1)
  }

  /**
   * Checks again whatever was checked against caches that have moved since, or what is over by now. What comes after a change that could
   * refuse it is checked when that stands: of many such changes at once each would have all others checked for nothing.
   */
  async #recheckStale(): Promise<void> {
    const revision = this.#revision
    const now = this.#clock.now()
    const stale = this.#upNext().filter(
      (waiting) => waiting.revision !== revision || waiting.until <= now,
    )
    if (stale.length === 0) return
    await Promise.all(
      stale.map(async (waiting) => {
        // What is refused stays so.
        if (waiting.refusal === undefined) await recheck(waiting)
        waiting.revision = revision
      }),
    )
  }

  /** Takes the next batch off the queue: up to the limit, and ending with the first change that could refuse what follows it. */
  #form(): Formed {
    const members: Waiting[] = []
    const firsts: number[] = []
    const texts: string[] = []
    const changes: Change[] = []
    const facets = new Set<string>()
    const counters = new Map<string, CounterDelta>()
    const time = this.#clock.now()
    let taken = 0
    let before: RecordDraft | undefined
    for (const waiting of this.#queue) {
      if (members.length > 0 && texts.length + waiting.records.length > BATCH_ENTRIES_MAX) break
      if (waiting.revision !== this.#revision || waiting.until <= time) break
      taken += 1
      const first = texts.length
      try {
        const planned = this.#encode(waiting, time, changes.length, texts)
        if (planned !== undefined) changes.push(planned)
      } catch (cause) {
        texts.length = first
        waiting.reject(toClavigerError(cause))
        continue
      }
      members.push(waiting)
      firsts.push(first)
      for (const record of waiting.records) {
        addFacets(facets, record, before)
        before = record
      }
      for (const delta of waiting.counters) addCounter(counters, delta)
      if (waiting.change !== undefined && !waiting.change.additive) break
    }
    this.#queue = this.#queue.slice(taken)
    const batch = {
      expectedRevision: this.#revision,
      count: texts.length,
      entries: encodeBundle(texts),
      time,
      facets: [...facets],
      counters: [...counters.values()],
      changes,
      // Where there is nothing to commit, what was to be kept with it waits for the next batch.
      personal: members.length === 0 ? [] : this.#personal.splice(0),
      ...(this.#unhashed < INTEGRATED_WITH_BATCH ? {} : { integrate: this.#unhashed }),
    }
    return { members, firsts, changes, batch }
  }

  /**
   * Adds the entries of one submission, after so many changes of the same batch; gives what its change writes.
   *
   * @throws whatever the planning does, and for entries that are too long
   */
  #encode(
    { change, records }: Waiting,
    time: number,
    changesBefore: number,
    texts: string[],
  ): Change | undefined {
    const [first, ...others] = records
    if (change === undefined || first === undefined) {
      for (const record of records) {
        const entry = encodeRecord(record, time)
        assertFits(entry)
        texts.push(entry)
      }
      return undefined
    }
    const revision = this.#revision + changesBefore + 1
    const { planned, changed } = describe(change, revision)
    const entries = [
      ...encodeChange(first, time, { revision, changed }),
      ...others.map((record) => encodeRecord(record, time)),
    ]
    for (const entry of entries) assertFits(entry)
    texts.push(...entries)
    return planned
  }

  async #commit(formed: Formed): Promise<void> {
    if (formed.members.length === 0) return
    let result
    try {
      result = await this.#store.commit(formed.batch)
    } catch (cause) {
      this.#personal.push(...formed.batch.personal)
      await this.#fail(cause, formed.members)
      return
    }
    switch (result.kind) {
      case 'committed': {
        this.#next = result.firstIndex + formed.batch.count
        this.#revision = result.revision
        this.#unhashed =
          (formed.batch.integrate === undefined ? this.#unhashed : 0) + formed.batch.count
        if (formed.changes.length > 0) this.#publish(formed.changes.flatMap(subjects))
        await this.#answer(formed, result.firstIndex, result.revision)
        break
      }
      case 'moved': {
        // Another node changed something: drop it here, and try the same operations again against what stands now.
        this.#personal.push(...formed.batch.personal)
        this.#revision = result.revision
        this.#publish(result.changed)
        this.#queue.unshift(...formed.members)
        break
      }
      case 'conflict': {
        this.#personal.push(...formed.batch.personal)
        const culprit = formed.members.filter((member) => member.change !== undefined)[
          result.change
        ]
        this.#queue.unshift(...formed.members.filter((member) => member !== culprit))
        const { subject, condition } = result
        this.#conflicts.push(() => culprit?.resolve({ kind: 'conflict', subject, condition }))
        return
      }
      case 'exceeded': {
        this.#personal.push(...formed.batch.personal)
        refuseBeyond(formed.members, result)
        this.#queue.unshift(...formed.members)
        break
      }
    }
    for (const tell of this.#conflicts.splice(0)) tell()
  }

  /** Lets the answers leave: uses first, and changes only when those have been written to their sockets (drained). */
  async #answer(formed: Formed, firstIndex: number, revision: number): Promise<void> {
    const changes: (() => void)[] = []
    for (const [position, member] of formed.members.entries()) {
      const index = firstIndex + (formed.firsts[position] ?? 0)
      const answer = () => {
        if (member.refusal === undefined) member.resolve({ kind: 'recorded', index, revision })
        else member.reject(member.refusal)
      }
      if (member.change === undefined) answer()
      else changes.push(answer)
    }
    if (changes.length > 0) {
      await new Promise((resolve) => setImmediate(resolve))
      for (const answer of changes) answer()
    }
  }

  /**
   * A commit failed, so whether it happened is unknown. Everybody waiting is told that nothing was done; the store is opened again to
   * learn what stands, and until that succeeds everything is refused.
   */
  async #fail(cause: unknown, members: readonly Waiting[]): Promise<void> {
    const isRecovering = this.#failed
    this.#failed = true
    for (const member of [...members, ...this.#queue.splice(0)]) member.reject(unavailable(cause))
    if (isRecovering) return
    this.#report('write-failed', cause)
    await this.#recover()
  }

  async #recover(): Promise<void> {
    try {
      const head = await this.#store.recover()
      const changed = await this.#store.changedSince(this.#revision)
      this.#next = head.next
      this.#revision = head.revision
      this.#publish(changed)
      this.#failed = false
      this.#report('recovered')
    } catch (cause) {
      this.#report('recovery-failed', cause)
      if (!this.#closed) setTimeout(() => void this.#recover(), RECOVERY_PAUSE_MS).unref()
    }
  }
}

/** Checks what waits against what stands now, and takes what is to be recorded from that. */
async function recheck(waiting: Waiting): Promise<void> {
  const { submission } = waiting
  const refusal = await submission.recheck()
  if (refusal !== undefined) {
    refuse(waiting, refusal)
    return
  }
  waiting.records = submission.records()
  waiting.counters = submission.counters()
  waiting.until = untilOf(submission)
}

/** From when on a submission would not be allowed any more, in milliseconds since 1970. */
function untilOf(submission: Submission): number {
  return submission.until?.() ?? Number.POSITIVE_INFINITY
}
