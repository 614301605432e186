import assert from 'node:assert/strict'
import type { Of } from './actions.ts'
import { CaseModel } from './case-model.ts'
import { FamilyModel, MemberModel } from './model.ts'
import { rotationOf } from './policies.ts'
import { allowed, versionAt, type Place, type Scene } from './scene.ts'
import { VersionModel } from './versions.ts'

/** Compromises of keys and of versions: they are opened, others take their place, and the cases come to their ends. */

function mayOpen(family: FamilyModel, version: VersionModel | undefined): boolean {
  const { standing, current, kind } = family
  if (version === undefined)
    return kind !== 'imported' && standing.every((each) => family.isUntouched(each))
  const isInForce = standing.every((each) => family.inForce(each))
  const isReplaced = version !== current || kind !== 'imported'
  return (
    isInForce && isReplaced && !version.waits && !version.destroyed && version.end === undefined
  )
}

export async function open(
  scene: Scene,
  { family, member }: Place,
  { hours, isNamed, version: at }: Of<'open'>,
): Promise<void> {
  // A destroyed key is not told what becomes of the others.
  if (member.destroyed) return
  const named = at === undefined ? undefined : versionAt(family, at)
  const { now, owner } = scene
  const doing = scene.house.perform('compromise.open', {
    key: member.id,
    reason: 'found',
    since: now,
    hours,
    principals: isNamed ? [owner] : [],
    ...(named === undefined ? {} : { version: named.number }),
  })
  const version = named?.version
  const { containment: before } = version ?? member
  if (before !== undefined) {
    assert.equal((await doing).id, before.case.id, 'there is one case of each')
    return
  }
  const opened = await allowed(doing, mayOpen(family, version), () => undefined)
  if (opened === undefined) return
  const one = new CaseModel(opened.id, family, member, version)
  scene.cases.push(one)
  const containment = { case: one, until: now + hours * 3_600_000, isNamed }
  if (version !== undefined) {
    version.containment = containment
    if (version === family.current) family.rotate(now)
    return
  }
  for (const each of family.standing) Object.assign(each, { containment, suspended: false })
  replace(scene, family, [
    { member, id: opened.replacement.key },
    ...(opened.related ?? []).flatMap(({ key, replacement }) =>
      family.members
        .filter(({ id }) => id === key)
        .map((each) => ({ member: each, id: replacement.key })),
    ),
  ])
}

interface Replaced {
  readonly member: MemberModel
  readonly id: string
}

/** Others take the place of keys, with their names, and live as the old ones did. Where there are enough, nobody follows them. */
function replace(scene: Scene, family: FamilyModel, replaced: readonly Replaced[]): void {
  const { names, families, familiesMax, policies, now } = scene
  for (const [name, target] of names) {
    const by = replaced.find(({ member }) => member.id === target.id)
    if (by !== undefined) names.set(name, { ...target, id: by.id })
  }
  if (families.length > familiesMax) return
  // The primary one is first; the others in the order they were made.
  const rank = ({ member }: Replaced) =>
    member === family.primary ? -1 : family.members.indexOf(member)
  const [first, ...others] = replaced
    .toSorted((a, b) => rank(a) - rank(b))
    .map(({ member, id }) => {
      const made = new MemberModel(id, member.region)
      made.limits = policies.limitsFor(member.limits)
      return made
    })
  assert.ok(first !== undefined)
  const version = new VersionModel(0, now)
  const next = new FamilyModel(family, policies, first, version)
  next.members.push(...others)
  for (const { member, id } of replaced) {
    const made = next.members.find((each) => each.id === id)
    assert.ok(made !== undefined)
    version.date(made, policies.cut(now, family.current.lifetimeFrom(member, now)))
  }
  next.rotation = rotationOf(policies, family)
  next.since = now
  families.push(next)
}

export async function step(scene: Scene, one: CaseModel, taken: Of<'step' | 'end'>): Promise<void> {
  const { house } = scene
  const id = { case: one.id }
  const anyway = 'it is ordered'
  switch (taken.step) {
    case 'assess':
      await house.perform('compromise.assess', id)
      return one.assess()
    case 'rewrap':
      await house.perform('compromise.rewrap', id)
      return one.rewrap()
    case 'revoke':
      await allowed(
        house.perform('compromise.revoke', { ...id, anyway }),
        one.revoked || !one.closed,
        () => one.revoke(),
      )
      return
    case 'destroy': {
      const at = scene.after(taken.days)
      const doing = house.perform('compromise.destroy', { ...id, days: taken.days })
      const may = one.revoked && taken.days >= scene.policies.daysMin
      await allowed(doing, one.destroyAt !== undefined || may, () => one.destroy(at))
      return
    }
    case 'close':
      await house.perform('compromise.close', { ...id, anyway })
      one.closed = true
      return
    default:
      taken satisfies never
  }
}
