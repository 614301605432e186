/** The life of a key that rotates itself, as simply as it can be said: what is due, and what each version may do. Times in milliseconds. */

const DAY_MS = 86_400_000

export type Happening = 'compromise' | 'member-left' | 'alarm'

export interface Triggers {
  readonly everyDays?: number
  /** The first moment of each month, UTC. */
  readonly calendar?: '0 0 1 * *'
  readonly uses?: number
  readonly beforeExpiryDays?: number
  readonly on?: ('compromise' | 'member-left')[]
  readonly alarm?: 'critical'
}

/** What a lifecycle policy asks: the longest periods in days, and triggers. */
export interface Rules {
  readonly protect?: number
  readonly process?: number
  readonly everyDays?: number
  readonly uses?: number
  readonly on?: ('compromise' | 'member-left')[]
  readonly alarm?: 'critical'
}

interface ModelVersion {
  readonly activatedAt: number
  protectStopAt: number | undefined
  processStopAt: number | undefined
  uses: number
  isRevoked: boolean
  readonly rotatedBy: string | undefined
}

function least(...all: (number | undefined)[]): number | undefined {
  const known = all.filter((one) => one !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

export class KeyModel {
  now: number
  triggers: Triggers | undefined
  since = 0
  isSuspended = false
  usesMax = Infinity
  readonly policies: Rules[] = []
  /** What the key is to be rotated for. */
  raised: Happening | undefined
  /** What happened, and was not told to the key yet. */
  readonly untold: { readonly event: 'member-left' | 'alarm'; readonly at: number }[] = []
  readonly versions: ModelVersion[] = []

  /** Made with these dates; without any, with what policies allow. */
  constructor(
    now: number,
    given: { readonly protectDays?: number | undefined; readonly processDays?: number | undefined },
    policies: readonly Rules[],
  ) {
    this.now = now
    this.policies.push(...policies)
    const { protectDays, processDays } = given
    this.#add(undefined, {
      protect: protectDays === undefined ? undefined : now + protectDays * DAY_MS,
      process: processDays === undefined ? undefined : now + processDays * DAY_MS,
    })
  }

  get current(): ModelVersion {
    const current = this.versions.at(-1)
    if (current === undefined) throw new Error('a key has a version')
    return current
  }

  mayApply(): boolean {
    const { isRevoked, protectStopAt, processStopAt } = this.current
    const isOver = this.now >= Math.min(protectStopAt ?? Infinity, processStopAt ?? Infinity)
    return !this.isSuspended && !isRevoked && !isOver
  }

  isAtLimit(): boolean {
    return this.current.uses >= this.usesMax
  }

  mayProcess(number: number): boolean {
    const version = this.versions[number - 1]
    if (version === undefined || this.isSuspended || version.isRevoked) return false
    return this.now < (version.processStopAt ?? Infinity)
  }

  /** The key hears of what happened before, where it asks for that and its version was there then. */
  hear(): void {
    for (const { event, at } of this.untold.splice(0)) {
      const { triggers, current } = this
      const asks =
        event === 'alarm' ? triggers?.alarm !== undefined : triggers?.on?.includes(event) === true
      if (asks && current.activatedAt <= at) this.raised ??= event
    }
  }

  /** Why the key is to be rotated now. */
  due(): string | undefined {
    const { triggers, current, now } = this
    if (triggers === undefined || this.isSuspended) return undefined
    if (this.raised !== undefined) return this.raised
    if (this.#isAged()) return 'age'
    if (this.#isNamed()) return 'calendar'
    const { protectStopAt, activatedAt } = current
    if (triggers.beforeExpiryDays !== undefined && protectStopAt !== undefined) {
      const half = activatedAt + (protectStopAt - activatedAt) / 2
      if (now >= Math.max(protectStopAt - triggers.beforeExpiryDays * DAY_MS, half)) return 'expiry'
    }
    return current.uses >= (triggers.uses ?? Infinity) ? 'uses' : undefined
  }

  /** A new version; one that comes by itself lives as long as the one before was to, or as policies allow. */
  rotate(cause: string): void {
    const { activatedAt, protectStopAt, processStopAt } = this.current
    // One rotation serves whatever has come.
    if (this.#isAged() || this.#isNamed()) this.since = this.now
    const inherits = cause !== 'demand'
    const after = (date: number | undefined) =>
      inherits && date !== undefined ? this.now + date - activatedAt : undefined
    this.#add(cause, { protect: after(protectStopAt), process: after(processStopAt) })
    this.raised = undefined
  }

  #add(
    rotatedBy: string | undefined,
    wished: { readonly protect: number | undefined; readonly process: number | undefined },
  ): void {
    const longest = (end: 'protect' | 'process') => {
      const days = least(...this.policies.map((rules) => rules[end]))
      return days === undefined ? undefined : this.now + days * DAY_MS
    }
    const processStopAt = least(wished.process, longest('process'))
    const protect = least(wished.protect, longest('protect'))
    this.versions.push({
      activatedAt: this.now,
      protectStopAt: protect === undefined ? undefined : least(protect, processStopAt),
      processStopAt,
      uses: 0,
      isRevoked: false,
      rotatedBy,
    })
  }

  #isAged(): boolean {
    return this.now - this.since >= (this.triggers?.everyDays ?? Infinity) * DAY_MS
  }

  /** Whether a month has begun since. */
  #isNamed(): boolean {
    const month = new Date(this.now)
    const begun = Date.UTC(month.getUTCFullYear(), month.getUTCMonth())
    return this.triggers?.calendar !== undefined && begun > this.since
  }

  /** Whether policies allow other triggers: none may get worse than it is. */
  mayHave(triggers: Triggers = {}): boolean {
    const before = this.triggers ?? {}
    return this.policies.every((rules) => {
      const seldom = (['everyDays', 'uses'] as const).some((name) => {
        const own = triggers[name] ?? Infinity
        return own > (rules[name] ?? Infinity) && own > (before[name] ?? Infinity)
      })
      const lost = (rules.on ?? []).some(
        (event) => before.on?.includes(event) === true && triggers.on?.includes(event) !== true,
      )
      const deaf =
        rules.alarm !== undefined && before.alarm !== undefined && triggers.alarm === undefined
      return !seldom && !lost && !deaf
    })
  }

  setTriggers(triggers: Triggers | undefined): void {
    const before = this.triggers
    const goesOn =
      before !== undefined &&
      triggers !== undefined &&
      before.everyDays === triggers.everyDays &&
      before.calendar === triggers.calendar
    if (!goesOn) this.since = this.now
    if (triggers === undefined) this.raised = undefined
    this.triggers = triggers
  }

  /** The material of the current version is known to others, which is an alarm as well. */
  compromise(): void {
    this.current.isRevoked = true
    if (this.triggers?.on?.includes('compromise') === true) this.raised = 'compromise'
    this.happens('alarm')
  }

  happens(event: 'member-left' | 'alarm'): void {
    this.untold.push({ event, at: this.now })
  }

  /** What a new key is rotated by where nobody says it: all that policies ask for. */
  asked(): Triggers | undefined {
    const everyDays = least(...this.policies.map((rules) => rules.everyDays))
    const uses = least(...this.policies.map((rules) => rules.uses))
    const on = [...new Set(this.policies.flatMap((rules) => rules.on ?? []))]
    const isDeaf = this.policies.every(({ alarm }) => alarm === undefined)
    const triggers: Triggers = {
      ...(everyDays === undefined ? {} : { everyDays }),
      ...(uses === undefined ? {} : { uses }),
      ...(on.length === 0 ? {} : { on }),
      ...(isDeaf ? {} : { alarm: 'critical' }),
    }
    return Object.keys(triggers).length === 0 ? undefined : triggers
  }
}
