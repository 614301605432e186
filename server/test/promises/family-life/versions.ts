import type { KeyState } from '@claviger/contract'
import type { CaseModel } from './case-model.ts'
import type { MemberModel } from './model.ts'

/** One version, which related keys have in common: its material. When it ends, and how much it was used, is each key's own. */

/** Why something was revoked: whether the material may be known to others. */
export type End = 'deactivated' | 'compromised'

/** What a compromise leaves: decrypting, for those who were named, for a while. */
export interface Containment {
  readonly case: CaseModel
  readonly until: number
  readonly isNamed: boolean
}

/** From which moment it only processes, and from which it does nothing. */
export interface Dates {
  readonly protectStopAt?: number | undefined
  readonly processStopAt?: number | undefined
}

/** What was done with a version, or may be done at the most. */
export interface Counted {
  readonly uses: number
  readonly bytes: number
}

/** SP 800-57 part 1 section 5.3.5: a version first protects, and goes on processing at least as long. */
export function areInOrder(
  activatedAt: number,
  { protectStopAt, processStopAt = Infinity }: Dates,
): boolean {
  if (protectStopAt !== undefined && protectStopAt <= activatedAt) return false
  return processStopAt > activatedAt && processStopAt >= (protectStopAt ?? activatedAt)
}

/** An end date is the first moment at which what it ends is over. */
function isOver(date: number | undefined, now: number): boolean {
  return date !== undefined && now >= date
}

export class VersionModel {
  readonly madeAt: number
  activatedAt: number
  /** Made ahead, or imported ahead, and not used before a rotation. */
  waits: boolean
  end: End | undefined
  retired = false
  destroyAt: number | undefined
  destroyed = false
  containment: Containment | undefined
  /** Imported material is told apart by this. */
  readonly material: number
  /** Related keys where it is not, or not any more. */
  readonly lacking = new Set<MemberModel>()
  /** When imported material is forgotten, where it is. */
  readonly ends = new Map<MemberModel, number>()
  readonly #counted = new Map<MemberModel, Counted>()
  readonly #dates = new Map<MemberModel, Dates>()

  constructor(material: number, now: number, waits = false) {
    this.material = material
    this.madeAt = now
    this.activatedAt = now
    this.waits = waits
  }

  state(member: MemberModel, now: number): KeyState {
    if (this.destroyed) return this.end === 'compromised' ? 'destroyed-compromised' : 'destroyed'
    if (this.end !== undefined) return this.end
    if (this.waits) return 'pre-activation'
    if (this.retired) return 'deactivated'
    if (now < this.activatedAt) return 'pre-activation'
    const { protectStopAt, processStopAt } = this.datesOf(member)
    return isOver(protectStopAt, now) || isOver(processStopAt, now) ? 'deactivated' : 'active'
  }

  datesOf(member: MemberModel): Dates {
    return this.#dates.get(member) ?? {}
  }

  date(member: MemberModel, { protectStopAt, processStopAt }: Dates): void {
    this.#dates.set(member, { protectStopAt, processStopAt })
  }

  /** How long it was to live, from another beginning. */
  lifetimeFrom(member: MemberModel, now: number): Dates {
    const { protectStopAt, processStopAt } = this.datesOf(member)
    const moved = (date: number | undefined) =>
      date === undefined ? undefined : now + date - this.activatedAt
    return { protectStopAt: moved(protectStopAt), processStopAt: moved(processStopAt) }
  }

  /** A period that is over does not begin again. */
  mayMove(member: MemberModel, given: Dates, now: number): boolean {
    if (given.protectStopAt !== undefined && this.state(member, now) === 'deactivated') return false
    return given.processStopAt === undefined || !isOver(this.datesOf(member).processStopAt, now)
  }

  countedOf(member: MemberModel): Counted {
    return this.#counted.get(member) ?? { uses: 0, bytes: 0 }
  }

  usesOf(member: MemberModel): number {
    return this.countedOf(member).uses
  }

  use(member: MemberModel, more: number): void {
    const { uses, bytes } = this.countedOf(member)
    this.#counted.set(member, { uses: uses + 1, bytes: bytes + more })
  }

  /** The first end counts, but for a compromise that is found later. */
  revoke(end: End): void {
    if (this.end !== 'compromised') this.end = end
  }

  bring(member: MemberModel, until: number | undefined): void {
    this.lacking.delete(member)
    if (until === undefined) this.ends.delete(member)
    else this.ends.set(member, until)
  }

  lose(member: MemberModel): void {
    this.lacking.add(member)
    this.ends.delete(member)
  }

  isThere(member: MemberModel): boolean {
    return !this.destroyed && !this.lacking.has(member)
  }

  /** Whether its dates let it protect: it has begun, and neither period is over. */
  isInPeriod(member: MemberModel, now: number): boolean {
    return this.state(member, now) === 'active'
  }

  processes(member: MemberModel, now: number): boolean {
    const { until = Infinity, isNamed = true } = this.containment ?? {}
    // Where the whole key is compromised as well, it is the key's case that names who goes on.
    const isLeft = now < until && (isNamed || member.containment !== undefined)
    const isStanding = this.end === undefined && this.destroyAt === undefined
    const hasBegun = !this.waits && (this.retired || now >= this.activatedAt)
    const isDone = isOver(this.datesOf(member).processStopAt, now)
    return hasBegun && !isDone && isStanding && isLeft && this.isThere(member)
  }
}
