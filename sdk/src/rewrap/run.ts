import type { OutputOf } from '@claviger/contract'
import { readEnvelopeVersion } from '@claviger/contract/envelope'
import type { Claviger } from '../types.ts'
import { Pace } from './pace.ts'

/** One run through one place, from where it was stopped to its final figure; the server is told how far it is. */

/** How often the server is told, in milliseconds, unless asked otherwise: each report is an entry of the ledger. */
export const REPORT_EVERY_MS = 10_000
/** A place that others write to is gone through again until nothing is left; this often at most. */
const PASSES_MAX = 10
/** Failures that are told one by one; the others are counted. */
const FAILURES_TOLD_MAX = 1_000
/** What a position may be, for the server to keep it (codecs.words). */
const POSITION_LENGTH_MAX = 512

export interface RewrapOptions {
  readonly client: Claviger
  /** The key whose ciphertexts are re-wrapped, by id or alias. */
  readonly key: string
  /** The key they go to; the same, at its newest version, unless given. */
  readonly into?: string | undefined
  /** What this place is called: a run that was stopped is found again by it. */
  readonly source: string
  /** The declared store (dependent.create) that this place is, by id. */
  readonly dependent?: string | undefined
  /** Items a second at most. */
  readonly perSecond?: number | undefined
  /** Stops between two items; the run stays open, and the next one goes on. */
  readonly signal?: AbortSignal | undefined
  readonly reportEveryMs?: number | undefined
  readonly onProgress?: ((counts: RewrapCounts) => void) | undefined
}

export interface RewrapCounts {
  readonly done: number
  /** Found under the newest version already. */
  readonly already: number
  readonly failed: number
  /** Of what was re-wrapped. */
  readonly bytes: number
}

export interface RewrapFailure {
  readonly item: string
  readonly reason: string
}

export interface RewrapResult extends RewrapCounts {
  readonly run: string
  readonly outcome: 'complete' | 'incomplete' | 'abandoned'
  /** Of other keys, or no ciphertexts at all: passed over. */
  readonly others: number
  /** The first of them. */
  readonly failures: readonly RewrapFailure[]
}

/** What is gone through. */
export interface Place {
  /** Goes through all of it, from after a position where one is given, and brings what is old under the new key. */
  pass(run: Run, after: string | undefined): Promise<void>
}

type View = OutputOf<'rewrap.get'>

export class Run {
  readonly #options: RewrapOptions
  readonly #view: View
  readonly #pace: Pace
  #pass = 1
  #done: number
  #bytes: number
  #already = 0
  #others = 0
  /** Of the pass under way: what failed in an earlier one was tried again. */
  #failed = 0
  #failures: RewrapFailure[] = []
  /** Whether this pass found anything that was not there yet. */
  #moved = false
  #position: string | undefined
  #reportedAt = performance.now()

  constructor(options: RewrapOptions, view: View) {
    this.#options = options
    this.#view = view
    this.#pace = new Pace(options.perSecond, options.signal)
    this.#done = view.done
    this.#bytes = view.bytes ?? 0
  }

  get client(): Claviger {
    return this.#options.client
  }

  /** The id of the key that everything goes to. */
  get into(): string {
    return this.#view.into.key
  }

  /** Where a ciphertext stands: to be re-wrapped, there already, or not this run's business. The bytes are attacker-chosen. */
  placeOf(ciphertext: Uint8Array): 'old' | 'there' | 'other' {
    const envelope = readEnvelopeVersion(ciphertext)
    if (envelope === undefined) return 'other'
    const { envelopeKey, into } = this.#view
    if (envelope.key === into.envelopeKey && envelope.version >= into.version) return 'there'
    return envelope.key === envelopeKey ? 'old' : 'other'
  }

  /** Waits for the turn of so many items. */
  take(items: number): Promise<void> {
    return this.#pace.take(items)
  }

  done(bytes: number): void {
    this.#done += 1
    this.#bytes += bytes
    this.#moved = true
    this.#tell()
  }

  /** Items that are there already: counted once, whatever the number of passes. */
  already(items = 1): void {
    if (this.#pass === 1) this.#already += items
    this.#tell()
  }

  other(items = 1): void {
    if (this.#pass === 1) this.#others += items
  }

  /** Somebody wrote there meanwhile: it is looked at again in another pass. */
  changed(): void {
    this.#moved = true
  }

  failed(item: string, reason: string): void {
    this.#failed += 1
    if (this.#failures.length < FAILURES_TOLD_MAX) this.#failures.push({ item, reason })
    this.#tell()
  }

  #tell(): void {
    this.#options.onProgress?.(this.counts)
  }

  get counts(): RewrapCounts {
    const { done, already, position } = this.#view
    return {
      done: this.#done,
      // Where this part began at the beginning again, it found there what the earlier part did.
      already:
        position === undefined ? Math.max(already, this.#already - done) : already + this.#already,
      failed: this.#failed,
      bytes: this.#bytes,
    }
  }

  /** Everything up to a position is done. The server is told now and then. */
  async at(position: string | undefined): Promise<void> {
    if (this.#pass === 1 && position !== undefined && isKept(position)) this.#position = position
    const now = performance.now()
    if (now - this.#reportedAt < (this.#options.reportEveryMs ?? REPORT_EVERY_MS)) return
    this.#reportedAt = now
    const marks = this.#position === undefined ? {} : { position: this.#position }
    await this.client.rewrap.report({ run: this.#view.id, ...this.counts, ...marks })
  }

  /** Passes until one finds nothing left to do. */
  async through(place: Place): Promise<RewrapResult> {
    const after = this.#view.position
    this.#position = after
    for (;;) {
      await place.pass(this, this.#pass === 1 ? after : undefined)
      // Only a pass from the beginning, in which nothing was left, shows that nothing is.
      const isWhole = this.#pass > 1 || after === undefined
      if ((isWhole && !this.#moved) || this.#pass === PASSES_MAX) break
      this.#pass += 1
      this.#moved = false
      this.#failed = 0
      this.#failures = []
    }
    if (this.#moved && this.#failed === 0)
      this.failed(this.#options.source, 'it keeps changing; run it again')
    const end = await this.client.rewrap.finish({ run: this.#view.id, ...this.counts })
    return {
      run: end.id,
      outcome: end.outcome ?? 'incomplete',
      ...this.counts,
      others: this.#others,
      failures: this.#failures,
    }
  }
}

function isKept(position: string): boolean {
  return position.length <= POSITION_LENGTH_MAX && !/\p{Cc}/u.test(position)
}

/** Begins a run, or goes on with the one that was stopped, and goes through a place to its end. */
export async function runThrough(options: RewrapOptions, place: Place): Promise<RewrapResult> {
  const { client, key, into, source, dependent } = options
  const view = await client.rewrap.start({ key, into, source, dependent })
  return new Run(options, view).through(place)
}
