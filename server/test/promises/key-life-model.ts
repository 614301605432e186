import type { KeyState } from '@claviger/contract'

/**
 * The life of a key as NIST SP 800-57 part 1 section 7 tells it, as plainly as possible and without a line of the server's: what was
 * done to it stands in fields, and states and permissions are read off from them.
 */

/** Why something was revoked: whether the material may be known to others. */
export type End = 'deactivated' | 'compromised'

export class VersionModel {
  activatedAt: number
  protectStopAt: number | undefined
  processStopAt: number | undefined
  /** Whether a newer version has taken over. */
  retired = false
  end: End | undefined
  uses = 0
  /** Which material it has or had; none yet where it is a key's that was made to wait. */
  material: number | undefined = 0
  hasMaterial = true
  materialEnd: number | undefined

  constructor(activatedAt: number, protectStopAt?: number, processStopAt?: number) {
    this.activatedAt = activatedAt
    this.protectStopAt = protectStopAt
    this.processStopAt = processStopAt
  }

  /** The first end counts, but for a compromise that is found later. */
  revoke(end: End): void {
    if (this.end !== 'compromised') this.end = end
  }

  protects(now: number): boolean {
    return this.processes(now) && !this.retired && !isOver(this.protectStopAt, now)
  }

  processes(now: number): boolean {
    const begun = this.retired || now >= this.activatedAt
    return begun && this.hasMaterial && this.end === undefined && !isOver(this.processStopAt, now)
  }

  /** It was made to wait for its first material. */
  lack(): void {
    this.lose()
    this.material = undefined
  }

  /** The first material begins its life; later it is the same again. */
  bring(material: number, now: number, until: number | undefined): void {
    if (this.material === undefined) this.activatedAt = Math.max(this.activatedAt, now)
    this.material = material
    this.hasMaterial = true
    this.materialEnd = until
  }

  lose(): void {
    this.hasMaterial = false
    this.materialEnd = undefined
  }

  /** A period that is over does not begin again. */
  mayMove(
    given: { readonly protectStop?: number; readonly processStop?: number },
    now: number,
  ): boolean {
    const isDeactivated = this.state(now) === 'deactivated'
    if (given.protectStop !== undefined && isDeactivated) return false
    return given.processStop === undefined || !isOver(this.processStopAt, now)
  }

  state(now: number): KeyState {
    if (this.end !== undefined) return this.end
    if (this.retired) return 'deactivated'
    if (now < this.activatedAt) return 'pre-activation'
    const over = isOver(this.protectStopAt, now) || isOver(this.processStopAt, now)
    return over ? 'deactivated' : 'active'
  }
}

export class KeyModel {
  /** By their numbers. */
  readonly all: VersionModel[]
  current: VersionModel
  suspended = false
  end: End | undefined
  destroyAt: number | undefined
  destroyed = false
  readonly imported: boolean
  /** Imported, and not used before a rotation. */
  pending: VersionModel | undefined

  constructor(first: VersionModel, imported = false) {
    this.all = [first]
    this.current = first
    this.imported = imported
  }

  /** Nothing was done to the key as a whole that ends or pauses it. */
  get inForce(): boolean {
    return (
      !this.destroyed && this.destroyAt === undefined && this.end === undefined && !this.suspended
    )
  }

  mayEncrypt(now: number): boolean {
    return this.inForce && this.current.protects(now)
  }

  mayDecrypt(version: VersionModel, now: number): boolean {
    return this.inForce && version.processes(now)
  }

  /** Whether there is something to rotate to is another question. */
  get mayRotate(): boolean {
    return this.inForce && (!this.imported || this.current.hasMaterial)
  }

  get hasNext(): boolean {
    return !this.imported || this.waiting !== undefined
  }

  /** One that was revoked waits no more, and others may take its place. */
  get waiting(): VersionModel | undefined {
    return this.pending?.end === undefined ? this.pending : undefined
  }

  /** One of the versions, from the end where it is negative, and its place among them. */
  pick(which: number): { readonly version: VersionModel; readonly at: number } {
    const at = ((which % this.all.length) + this.all.length) % this.all.length
    return { version: this.all[at] ?? this.current, at }
  }

  numberOf(version: VersionModel): number {
    return this.all.indexOf(version) + 1
  }

  get isEndless(): boolean {
    return !this.destroyed && this.end === undefined
  }

  /** A suspended key takes material, too. */
  get takesMaterial(): boolean {
    return this.isEndless && this.destroyAt === undefined
  }

  get maySuspend(): boolean {
    return this.isEndless && this.current.hasMaterial && !this.suspended
  }

  get mayResume(): boolean {
    return this.isEndless && this.current.hasMaterial && this.suspended
  }

  get mayDestroy(): boolean {
    return !this.destroyed && this.destroyAt === undefined
  }

  get mayRestore(): boolean {
    return this.destroyAt !== undefined
  }

  /** What is revoked is revoked, unless it turns out to be compromised; what is destroyed can only be found to have been compromised. */
  mayRevoke(end: End): boolean {
    if (this.destroyed && end !== 'compromised') return false
    return mayEnd(this.end, end)
  }

  mayRevokeVersion(version: VersionModel, end: End): boolean {
    return !this.destroyed && mayEnd(version.end, end)
  }

  mayErase(now: number): boolean {
    return this.destroyAt !== undefined && now >= this.destroyAt
  }

  rotate(next: VersionModel): void {
    this.current.retired = true
    this.current = next
    if (next === this.pending) this.pending = undefined
    else this.all.push(next)
  }

  wait(next: VersionModel): void {
    this.pending = next
    this.all.push(next)
  }

  revoke(end: End): void {
    this.end = end
    for (const version of this.all) version.revoke(end)
  }

  /** What only waited is as if it had never been; what was revoked stays, so that its material never comes back. */
  lose(version: VersionModel): void {
    if (version !== this.waiting) return version.lose()
    this.pending = undefined
    this.all.splice(this.all.indexOf(version), 1)
  }

  /** What is over, or waits for its material, is not suspended on the way. */
  restore(suspended: boolean): void {
    this.destroyAt = undefined
    if (suspended && this.isEndless && this.current.hasMaterial) this.suspended = true
  }

  expire(now: number): void {
    if (this.destroyed) return
    const over = this.all.filter(({ materialEnd }) => isOver(materialEnd, now))
    for (const version of over) this.lose(version)
  }

  erase(): void {
    this.destroyed = true
    this.destroyAt = undefined
  }

  state(now: number): KeyState {
    if (this.destroyed) return destroyedState(this.end)
    if (this.end !== undefined) return this.end
    return this.suspended ? 'suspended' : this.current.state(now)
  }

  versionState(version: VersionModel, now: number): KeyState {
    if (this.destroyed) return destroyedState(version.end)
    return version === this.pending ? (version.end ?? 'pre-activation') : version.state(now)
  }
}

function mayEnd(earlier: End | undefined, later: End): boolean {
  return earlier === undefined || (earlier === 'deactivated' && later === 'compromised')
}

function destroyedState(end: End | undefined): KeyState {
  return end === 'compromised' ? 'destroyed-compromised' : 'destroyed'
}

/** An end date is the first moment at which what it ends is over. */
function isOver(date: number | undefined, now: number): boolean {
  return date !== undefined && now >= date
}

/** SP 800-57 part 1 section 5.3.5: a version first protects, and goes on processing at least as long. */
export function areInOrder({ activatedAt, protectStopAt, processStopAt }: VersionModel): boolean {
  if (protectStopAt !== undefined && protectStopAt <= activatedAt) return false
  if (processStopAt === undefined) return true
  return processStopAt > activatedAt && processStopAt >= (protectStopAt ?? activatedAt)
}
