import type { FamilyModel, MemberModel } from './model.ts'
import type { VersionModel } from './versions.ts'

/** A case of a compromise, without stores or services that wait. */
export class CaseModel {
  readonly id: string
  readonly family: FamilyModel
  readonly member: MemberModel
  /** The keys of the case. */
  readonly keys: readonly MemberModel[]
  /** Undefined where the whole key is compromised. */
  readonly version: VersionModel | undefined
  isLookedAt = true
  assessed = false
  rewraps = false
  revoked = false
  destroyAt: number | undefined
  closed = false

  constructor(
    id: string,
    family: FamilyModel,
    member: MemberModel,
    version: VersionModel | undefined,
  ) {
    this.id = id
    this.family = family
    this.member = member
    this.keys = [...family.standing]
    this.version = version
  }

  /** Where it was used, nobody has said where what it protects is. */
  get mayProtect(): boolean {
    const { kind, versions } = this.family
    const concerned = this.version === undefined ? versions : [this.version]
    return (
      kind !== 'sign' &&
      concerned.some((version) => this.keys.some((key) => version.usesOf(key) > 0))
    )
  }

  assess(): void {
    if (this.closed) return
    this.assessed = true
    this.isLookedAt = true
  }

  rewrap(): void {
    if (this.closed || this.revoked) return
    this.rewraps = true
    this.isLookedAt = true
  }

  revoke(): void {
    if (this.closed || this.revoked) return
    this.revoked = true
    this.isLookedAt = true
    if (this.version === undefined) this.family.revoke(this.member, 'compromised')
    else this.family.revokeVersion(this.version, 'compromised')
  }

  destroy(at: number): void {
    if (this.destroyAt !== undefined) return
    const concerned = this.version === undefined ? this.family.standing : [this.version]
    for (const each of concerned) if (!each.destroyed) each.destroyAt ??= at
    if (this.version === undefined)
      for (const member of this.family.standing) member.destroyDays = undefined
    this.destroyAt = at
    if (!this.closed) this.isLookedAt = true
  }

  /** What the server does by itself, until somebody else is to do something. */
  goOn(): void {
    if (!this.isLookedAt || this.closed) return
    this.isLookedAt = false
    this.assessed = true
    if (!this.revoked) {
      this.rewraps = true
      if (!this.mayProtect) this.revoke()
      this.isLookedAt = false
    }
    if (this.revoked && this.destroyAt !== undefined) this.closed = true
  }
}
