/** The life of a key that rotates itself, as simply as it can be said: what is due, and what each version may do. Times in milliseconds. */

const DAY_MS = 86_400_000

export interface Triggers {
  readonly everyDays?: number
  /** The first moment of each month, UTC. */
  readonly calendar?: '0 0 1 * *'
  readonly uses?: number
  readonly beforeExpiryDays?: number
  readonly on?: ['compromise']
}

interface ModelVersion {
  readonly activatedAt: number
  protectStopAt: number | undefined
  processStopAt: number | undefined
  uses: number
  isRevoked: boolean
  readonly rotatedBy: string | undefined
}

export class KeyModel {
  now: number
  triggers: Triggers | undefined
  since = 0
  isSuspended = false
  /** When its current version was found to be compromised, for a key that is to be rotated for it. */
  isRaised = false
  readonly versions: ModelVersion[] = []

  constructor(now: number, protectDays: number | undefined, processDays: number | undefined) {
    this.now = now
    this.versions.push({
      activatedAt: now,
      protectStopAt: protectDays === undefined ? undefined : now + protectDays * DAY_MS,
      processStopAt: processDays === undefined ? undefined : now + processDays * DAY_MS,
      uses: 0,
      isRevoked: false,
      rotatedBy: undefined,
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

  mayProcess(number: number): boolean {
    const version = this.versions[number - 1]
    if (version === undefined || this.isSuspended || version.isRevoked) return false
    return this.now < (version.processStopAt ?? Infinity)
  }

  /** Why the key is to be rotated now. */
  due(): string | undefined {
    const { triggers, current, now } = this
    if (triggers === undefined || this.isSuspended) return undefined
    if (this.isRaised) return 'event'
    if (this.#isAged()) return 'age'
    if (this.#isNamed()) return 'calendar'
    const { protectStopAt, activatedAt } = current
    if (triggers.beforeExpiryDays !== undefined && protectStopAt !== undefined) {
      const half = activatedAt + (protectStopAt - activatedAt) / 2
      if (now >= Math.max(protectStopAt - triggers.beforeExpiryDays * DAY_MS, half)) return 'expiry'
    }
    return current.uses >= (triggers.uses ?? Infinity) ? 'uses' : undefined
  }

  /** A new version; one that comes by itself lives as long as the one before was to. */
  rotate(cause: string): void {
    const { activatedAt, protectStopAt, processStopAt } = this.current
    // One rotation serves whatever has come.
    if (this.#isAged() || this.#isNamed()) this.since = this.now
    const inherits = cause !== 'demand'
    const after = (date: number | undefined) =>
      inherits && date !== undefined ? this.now + date - activatedAt : undefined
    this.versions.push({
      activatedAt: this.now,
      protectStopAt: after(protectStopAt),
      processStopAt: after(processStopAt),
      uses: 0,
      isRevoked: false,
      rotatedBy: cause,
    })
    this.isRaised = false
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

  setTriggers(triggers: Triggers | undefined): void {
    const before = this.triggers
    const goesOn =
      before !== undefined &&
      triggers !== undefined &&
      before.everyDays === triggers.everyDays &&
      before.calendar === triggers.calendar
    if (!goesOn) this.since = this.now
    if (triggers === undefined) this.isRaised = false
    this.triggers = triggers
  }

  /** The material of the current version is known to others. */
  compromise(): void {
    this.current.isRevoked = true
    this.isRaised = this.triggers?.on !== undefined
  }
}
