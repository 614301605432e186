import type { KeyState } from '@claviger/contract'
import type { CaseModel } from './case-model.ts'

/**
 * Versions of a key that they have in common with related keys, as plainly as possible and without a line of the server's: what was done
 * stands in fields, and what may be done is read off from them. Versions have no end dates here; key-life-model.ts has those.
 */

/** Why something was revoked: whether the material may be known to others. */
export type End = 'deactivated' | 'compromised'

/** What a compromise leaves: decrypting, for those who were named, for a while. */
export interface Containment {
  readonly case: CaseModel
  readonly until: number
  readonly isNamed: boolean
}

export class VersionModel {
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
  readonly uses = new Map<MemberModel, number>()

  constructor(material: number, waits = false) {
    this.material = material
    this.waits = waits
  }

  get state(): KeyState {
    if (this.destroyed) return this.end === 'compromised' ? 'destroyed-compromised' : 'destroyed'
    if (this.end !== undefined) return this.end
    if (this.waits) return 'pre-activation'
    return this.retired ? 'deactivated' : 'active'
  }

  usesOf(member: MemberModel): number {
    return this.uses.get(member) ?? 0
  }

  use(member: MemberModel): void {
    this.uses.set(member, this.usesOf(member) + 1)
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

  processes(member: MemberModel, now: number): boolean {
    const { until = Infinity, isNamed = true } = this.containment ?? {}
    // Where the whole key is compromised as well, it is the key's case that names who goes on.
    const isLeft = now < until && (isNamed || member.containment !== undefined)
    const isStanding = this.end === undefined && this.destroyAt === undefined
    return !this.waits && isStanding && isLeft && this.isThere(member)
  }
}

/** One of related keys, or a key that is related to none. */
export class MemberModel {
  readonly id: string
  readonly region: string
  suspended = false
  destroyAt: number | undefined
  /** The window that begins when the last replica is gone. */
  destroyDays: number | undefined
  destroyed = false
  /** Whether a destroyed key is known to be compromised: where others are told, it is only if somebody says so of it. */
  endOfRecord: End | undefined
  containment: Containment | undefined
  usesMax = Infinity

  constructor(id: string, region: string) {
    this.id = id
    this.region = region
  }
}

export interface RotationModel {
  readonly everyDays?: number
  readonly uses?: number
  readonly on?: 'compromise'[]
  readonly publishNext: boolean
}

export type Kind = 'sign' | 'encrypt' | 'imported'

export class FamilyModel {
  readonly kind: Kind
  readonly isMultiRegion: boolean
  /** In the order they were made; the first is the one that ciphertexts name. */
  readonly members: MemberModel[]
  primary: MemberModel
  /** By their numbers. */
  readonly versions: VersionModel[]
  current: VersionModel
  end: End | undefined
  rotation: RotationModel | undefined
  since = 0
  raised = false

  constructor(kind: Kind, first: MemberModel, version: VersionModel, isMultiRegion: boolean) {
    this.kind = kind
    this.isMultiRegion = isMultiRegion
    this.members = [first]
    this.primary = first
    this.versions = [version]
    this.current = version
  }

  get standing(): readonly MemberModel[] {
    return this.members.filter(({ destroyed }) => !destroyed)
  }

  /** The version that the next rotation would use: one that was revoked waits no more. */
  get waiting(): VersionModel | undefined {
    const last = this.versions.at(-1)
    return last?.waits === true && last.end === undefined ? last : undefined
  }

  numberOf(version: VersionModel): number {
    return this.versions.indexOf(version) + 1
  }

  /** Nothing was done to the key that ends or pauses it. */
  inForce(member: MemberModel): boolean {
    return this.isUntouched(member) && !member.suspended
  }

  isUntouched({ destroyed, destroyAt, containment }: MemberModel): boolean {
    const isKept = !destroyed && destroyAt === undefined
    return isKept && containment === undefined && this.end === undefined
  }

  /** In force and with material: only such a one is copied, gives its place away or takes it. */
  isReady(member: MemberModel): boolean {
    return this.inForce(member) && this.current.isThere(member)
  }

  /** Suspended and resumed is what has not ended. */
  maySuspend(member: MemberModel): boolean {
    const isEndless = this.end === undefined && member.containment === undefined
    return isEndless && !member.destroyed && this.current.isThere(member)
  }

  applies(member: MemberModel): boolean {
    const { end, containment } = this.current
    return this.isReady(member) && end === undefined && containment === undefined
  }

  processes(member: MemberModel, version: VersionModel, now: number): boolean {
    const { containment, destroyed, destroyAt } = member
    const isContained =
      containment !== undefined && !destroyed && destroyAt === undefined && this.end === undefined
    const may = this.inForce(member) || (isContained && isOpen(containment, now))
    return may && version.processes(member, now)
  }

  mayRotate(member: MemberModel): boolean {
    if (member !== this.primary || !this.inForce(member)) return false
    if (this.kind !== 'imported') return true
    const next = this.waiting
    const isNext = next !== undefined && this.standing.every((each) => next.isThere(each))
    return this.current.isThere(member) && isNext
  }

  /** The next version is used from now on, and the one after it is made ahead where that is asked for. */
  rotate(now: number): void {
    const isAged = this.isAged(now)
    this.current.retired = true
    const next = this.waiting ?? this.#add(new VersionModel(0))
    next.waits = false
    this.current = next
    if (this.rotation?.publishNext === true) this.#add(new VersionModel(0, true))
    if (isAged) this.since = now
    this.raised = false
  }

  #add(version: VersionModel): VersionModel {
    this.versions.push(version)
    return version
  }

  isAged(now: number): boolean {
    const { everyDays = Infinity } = this.rotation ?? {}
    return now >= this.since + everyDays * 86_400_000
  }

  /** Whether it rotates itself now: any of related keys may have come to the number of uses. */
  isDue(now: number): boolean {
    const { rotation, primary } = this
    if (rotation === undefined || !this.inForce(primary)) return false
    const most = rotation.uses ?? Infinity
    const isUsed = this.standing.some(
      (each) => this.inForce(each) && this.current.usesOf(each) >= most,
    )
    return this.raised || this.isAged(now) || isUsed
  }

  mayHaveRotation(member: MemberModel, rotation: RotationModel | undefined): boolean {
    if (this.kind === 'imported' || !this.inForce(member) || member !== this.primary) return false
    return rotation?.publishNext !== true || this.kind === 'sign'
  }

  /** Asked for the same days again, it goes on counting. What waits comes and goes with it. */
  setRotation(rotation: RotationModel | undefined, now: number): void {
    const before = this.rotation
    const goesOn = before !== undefined && before.everyDays === rotation?.everyDays
    if (!goesOn) this.since = now
    if (rotation === undefined) this.raised = false
    this.rotation = rotation
    if (rotation?.publishNext !== true) this.removeWaiting()
    else if (this.waiting === undefined) this.#add(new VersionModel(0, true))
  }

  /** What only waited is as if it had never been. */
  removeWaiting(): void {
    if (this.waiting !== undefined) this.versions.pop()
  }

  takesMaterial(member: MemberModel): boolean {
    return this.kind === 'imported' && this.isUntouched(member)
  }

  mayTakeNew(member: MemberModel, isPending: boolean): boolean {
    if (!this.takesMaterial(member) || member !== this.primary) return false
    if (this.waiting !== undefined) return false
    return isPending || this.isReady(member)
  }

  /** Related keys get it at once. */
  takeNew(material: number, isPending: boolean, until: number | undefined): void {
    const version = this.#add(new VersionModel(material, isPending))
    for (const member of this.standing) version.bring(member, until)
    if (isPending) return
    this.current.retired = true
    this.current = version
  }

  mayLose(member: MemberModel, version: VersionModel): boolean {
    if (this.kind !== 'imported' || member.destroyed || version.destroyed) return false
    return version !== this.waiting || member === this.primary
  }

  lose(member: MemberModel, version: VersionModel): void {
    if (version === this.waiting) this.removeWaiting()
    else version.lose(member)
  }

  /** Each loses what is its own; what the primary one loses while it waits waits for nobody any more. */
  expire(now: number): void {
    for (const version of this.versions.filter(({ destroyed }) => !destroyed))
      for (const member of this.standing) {
        if (now < (version.ends.get(member) ?? Infinity)) continue
        if (member === this.primary) this.lose(member, version)
        else version.lose(member)
      }
  }

  isOld(version: VersionModel): boolean {
    return this.numberOf(version) < this.numberOf(this.current) && !version.destroyed
  }

  mayRevoke(member: MemberModel, end: End): boolean {
    if (!member.destroyed) return mayEnd(this.end, end)
    return end === 'compromised' && member.endOfRecord !== 'compromised'
  }

  /** What ends one of related keys ends them all; those who are destroyed hear of it only where ciphertexts name them. */
  revoke(member: MemberModel | undefined, end: End): void {
    if (this.end !== 'compromised') this.end = end
    for (const version of this.versions) version.revoke(end)
    for (const each of this.members)
      if (!each.destroyed || each === this.members[0] || each === member)
        if (each.endOfRecord !== 'compromised') each.endOfRecord = end
  }

  revokeVersion(version: VersionModel, end: End): void {
    version.revoke(end)
    const isAsked = this.rotation?.on !== undefined
    if (isAsked && version === this.current && end === 'compromised') this.raised = true
  }

  state(member: MemberModel): KeyState {
    if (this.end !== undefined) return this.end
    if (member.containment !== undefined) return 'deactivated'
    return member.suspended ? 'suspended' : this.current.state
  }

  hasReplicas(member: MemberModel): boolean {
    return member === this.primary && this.standing.length > 1
  }

  /** Primary keys go last. */
  mayErase(member: MemberModel, now: number): boolean {
    const isDue = !member.destroyed && member.destroyAt !== undefined && now >= member.destroyAt
    return isDue && !this.hasReplicas(member)
  }

  erase(now: number): void {
    for (const version of this.versions) {
      if (version.destroyAt === undefined || now < version.destroyAt) continue
      if (this.standing.length === 0) continue
      version.destroyed = true
      version.destroyAt = undefined
    }
    for (let gone: MemberModel | undefined; ;) {
      gone = this.standing.find((member) => this.mayErase(member, now))
      if (gone === undefined) return
      gone.destroyed = true
      gone.destroyAt = undefined
      const [left, ...others] = this.standing
      if (left?.destroyDays === undefined || others.length > 0) continue
      left.destroyAt = now + left.destroyDays * 86_400_000
      left.destroyDays = undefined
    }
  }
}

function isOpen({ until, isNamed }: Containment, now: number): boolean {
  return isNamed && now < until
}

export function mayEnd(earlier: End | undefined, later: End): boolean {
  return earlier === undefined || (earlier === 'deactivated' && later === 'compromised')
}
