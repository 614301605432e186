import '../without-code-generation.ts'

/**
 * Temporary sessions, which leave no row: what each rests on stands in the record that made it. Those that are long over are forgotten,
 * and to name such a one is to name none; so memory grows with a day's sessions and not with all of them.
 */

export interface Session {
  readonly tenant: string | undefined
  readonly principal: string
  /** Milliseconds since 1970 from which on it counts no more. */
  readonly until: number
  /** What ends it when it ends. */
  readonly rests: readonly string[]
}

/** How long after its end a session is still known, in milliseconds: clocks of servers step back, though not so far. */
const REMEMBERED_MS = 86_400_000

/** So many new ones come before the old ones are looked for. */
const SWEPT_AFTER = 10_000

export class Sessions {
  readonly #sessions = new Map<string, Session>()
  #made = 0

  get(id: string): Session | undefined {
    return this.#sessions.get(id)
  }

  /** @returns whether there is none of that id */
  add(id: string, session: Session, now: number): boolean {
    if (this.#sessions.has(id)) return false
    this.#sessions.set(id, session)
    this.#made += 1
    if (this.#made % SWEPT_AFTER === 0) this.#sweep(now)
    return true
  }

  #sweep(now: number): void {
    for (const [id, { until }] of this.#sessions)
      if (until + REMEMBERED_MS < now) this.#sessions.delete(id)
  }
}
