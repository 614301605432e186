import type { KeyState } from '@claviger/contract'
import type { PoliciesModel } from './policies.ts'
import { VersionModel, type Containment, type Counted, type Dates, type End } from './versions.ts'

/**
 * Keys that have their versions in common with related keys, as plainly as possible and without a line of the server's: what was done
 * stands in fields, and what may be done is read off from them.
 */

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
  /** How much each of its versions protects at the most. */
  limits: Counted = { uses: Infinity, bytes: Infinity }

  constructor(id: string, region: string) {
    this.id = id
    this.region = region
  }
}

const DAY_MS = 86_400_000

export interface RotationModel {
  readonly everyDays?: number
  readonly uses?: number
  readonly beforeExpiryDays?: number
  readonly on?: 'compromise'[]
  readonly publishNext: boolean
  /** For how long the next public key is shown before it signs. */
  readonly prePublishDays?: number
}

export type Kind = 'sign' | 'encrypt' | 'imported'

export class FamilyModel {
  readonly kind: Kind
  readonly isMultiRegion: boolean
  readonly policies: PoliciesModel
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

  constructor(
    { kind, isMultiRegion }: Pick<FamilyModel, 'kind' | 'isMultiRegion'>,
    policies: PoliciesModel,
    first: MemberModel,
    version: VersionModel,
  ) {
    this.kind = kind
    this.isMultiRegion = isMultiRegion
    this.policies = policies
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

  /** What is in the key set: what verifies now, and the next one; nothing that is compromised, or of a key that is not in force. */
  shown(member: MemberModel, now: number): readonly VersionModel[] {
    if (!this.inForce(member)) return []
    return this.versions.filter((each) => {
      if (each.waits) return each === this.waiting
      return each.containment === undefined && each.processes(member, now)
    })
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

  /** Whether it breaks no policy, so that another like it may be made. Of imported keys rotation is not asked before they have material. */
  keepsToPolicies(member: MemberModel): boolean {
    const { policies, current, versions } = this
    const rotation = this.kind === 'imported' ? { everyDays: 0, uses: 0 } : this.rotation
    const asked = versions.filter(
      ({ waits, destroyed, end }) => !waits && !destroyed && end === undefined,
    )
    return (
      policies.keepsTriggersAndLimits(rotation, member.limits) &&
      asked.every((each) =>
        policies.keeps(each.activatedAt, each.datesOf(member), each !== current),
      )
    )
  }

  /** Whether it is listed as one that breaks a policy. */
  isListed(member: MemberModel, now: number): boolean {
    const { current, policies } = this
    if (member.destroyed || this.end !== undefined) return false
    const isLate =
      this.kind === 'imported' &&
      current.isThere(member) &&
      policies.isOverdue(current.activatedAt, current.countedOf(member), now)
    return isLate || !this.keepsToPolicies(member)
  }

  applies(member: MemberModel, now: number): boolean {
    const { current } = this
    return (
      this.isReady(member) && current.containment === undefined && current.isInPeriod(member, now)
    )
  }

  /** Whether so many uses and bytes more are within the limits. */
  hasRoom(member: MemberModel, more: Counted): boolean {
    const { uses, bytes } = this.current.countedOf(member)
    const { limits } = member
    return uses + more.uses <= limits.uses && bytes + more.bytes <= limits.bytes
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

  /**
   * The next version is used from now on, and the one after it is made ahead where that is asked for. On demand it has the dates that are
   * given; by itself it lives as long as the one before.
   */
  rotate(now: number, given?: Dates): void {
    const isAged = this.isAged(now)
    const before = this.current
    const next = this.waiting ?? this.#add(new VersionModel(0, now))
    next.waits = false
    next.activatedAt = now
    for (const member of this.standing)
      next.date(member, given ?? this.policies.cut(now, before.lifetimeFrom(member, now)))
    before.retired = true
    this.current = next
    if (this.rotation?.publishNext === true) this.#add(new VersionModel(0, now, true))
    if (isAged) this.since = now
    this.raised = false
  }

  #add(version: VersionModel): VersionModel {
    this.versions.push(version)
    return version
  }

  isAged(now: number): boolean {
    const { everyDays = Infinity } = this.rotation ?? {}
    return now >= this.since + everyDays * DAY_MS
  }

  /** So many days before it stops protecting, but not before half of its life is over: of the primary one. */
  isEnding(now: number): boolean {
    const { beforeExpiryDays } = this.rotation ?? {}
    const { activatedAt } = this.current
    const { protectStopAt } = this.current.datesOf(this.primary)
    if (beforeExpiryDays === undefined || protectStopAt === undefined) return false
    const half = activatedAt + (protectStopAt - activatedAt) / 2
    return now >= Math.max(protectStopAt - beforeExpiryDays * DAY_MS, half)
  }

  /** Whether it rotates itself now: any of related keys may have come to the number of uses. */
  isDue(now: number): boolean {
    const { rotation, primary } = this
    if (rotation === undefined || !this.inForce(primary)) return false
    const most = rotation.uses ?? Infinity
    const isUsed = this.standing.some(
      (each) => this.inForce(each) && this.current.usesOf(each) >= most,
    )
    return this.raised || this.isAged(now) || this.isEnding(now) || isUsed
  }

  /** No public key signs before it was shown for so long. */
  isShown(now: number): boolean {
    const { prePublishDays } = this.rotation ?? {}
    if (prePublishDays === undefined) return true
    return this.waiting !== undefined && now >= this.waiting.madeAt + prePublishDays * DAY_MS
  }

  /** What is due is done; what was not shown for long enough waits, unless the key is compromised. What was revoked is made anew. */
  rotateDue(now: number): void {
    while (this.isDue(now)) {
      if (this.raised || this.isShown(now)) {
        this.rotate(now)
        continue
      }
      if (this.waiting === undefined) this.#add(new VersionModel(0, now, true))
      return
    }
  }

  mayHaveRotation(member: MemberModel, rotation: RotationModel | undefined): boolean {
    if (this.kind === 'imported' || !this.inForce(member) || member !== this.primary) return false
    if (!this.policies.mayHaveTriggers(this.rotation, rotation)) return false
    const { publishNext = false, prePublishDays } = rotation ?? {}
    return this.kind === 'sign' || (!publishNext && prePublishDays === undefined)
  }

  /** Asked for the same days again, it goes on counting. What waits comes and goes with it. */
  setRotation(rotation: RotationModel | undefined, now: number): void {
    const before = this.rotation
    const goesOn = before !== undefined && before.everyDays === rotation?.everyDays
    if (!goesOn) this.since = now
    if (rotation === undefined) this.raised = false
    this.rotation = rotation
    if (rotation?.publishNext !== true) this.removeWaiting()
    else if (this.waiting === undefined) this.#add(new VersionModel(0, now, true))
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
  takeNew(
    version: VersionModel,
    { until, dates }: { readonly until: number | undefined; readonly dates: Dates },
  ): void {
    this.#add(version)
    for (const member of this.standing) {
      version.bring(member, until)
      version.date(member, dates)
    }
    if (version.waits) return
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

  state(member: MemberModel, now: number): KeyState {
    if (this.end !== undefined) return this.end
    if (member.containment !== undefined) return 'deactivated'
    return member.suspended ? 'suspended' : this.current.state(member, now)
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
      left.destroyAt = now + left.destroyDays * DAY_MS
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
