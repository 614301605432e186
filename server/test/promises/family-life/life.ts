import assert from 'node:assert/strict'
import { pick } from '../allowed.ts'
import { materialOf } from '../key-life-actions.ts'
import type { Action, Of } from './actions.ts'
import { open, step } from './cases.ts'
import { FamilyModel, MemberModel, mayEnd } from './model.ts'
import { inWords, rotationOf } from './policies.ts'
import { allowed, inInput, isDated, senseless, versionAt, type Place, type Scene } from './scene.ts'
import { material, nextMaterial, point, read, use, useByName } from './uses.ts'
import { areInOrder, VersionModel } from './versions.ts'

/** Does to the house what random lives of related keys are made of, and to the model what it should come to. */

const algorithms = { sign: 'Ed25519', encrypt: 'AES-256-GCM', imported: 'AES-256-GCM' } as const

export async function live(scene: Scene, taken: Action): Promise<void> {
  const { house, families, familiesMax } = scene
  switch (taken.do) {
    case 'create':
      if (families.length < familiesMax) await create(scene, taken)
      return
    case 'wait':
      await scene.wait(taken.hours)
      await house.runJob('expiry')
      for (const family of families) family.expire(scene.now)
      return
    case 'job':
      return runJob(scene, taken.job)
    case 'reopen':
      // Everything is forgotten, and read again from what is stored.
      await house.perform('system.seal', {})
      assert.equal(await house.unseal(), true)
      return
    case 'check':
      return check(scene)
    case 'ask':
    case 'askNoMore':
      return ask(scene, taken)
    case 'useByName':
      return useByName(scene, scene.nameOf(taken.alias))
    case 'step':
    case 'end': {
      const one = pick(scene.cases, taken.case)
      return one && step(scene, one, taken)
    }
    default: {
      const place = pick(scene.places, taken.key)
      return place && liveOf(scene, place, taken)
    }
  }
}

/** The keys that are listed are those that break a policy. */
async function check({ house, places, now }: Scene): Promise<void> {
  const listed = new Set<string>()
  for (let cursor: string | undefined, isMore = true; isMore; isMore = cursor !== undefined) {
    const page = { limit: 1_000, ...(cursor === undefined ? {} : { cursor }) }
    const found = await house.perform('policy.check', page)
    for (const { key } of found.items) listed.add(key)
    cursor = found.cursor
  }
  for (const { family, member } of places)
    assert.equal(listed.has(member.id), family.isListed(member, now))
}

async function ask({ house, policies }: Scene, taken: Of<'ask' | 'askNoMore'>): Promise<void> {
  const { all } = policies
  if (taken.do === 'ask') {
    const { rules } = taken
    const name = `policy ${all.length}`
    const given = { name, scope: { kind: 'tenant' as const }, rules: inWords(rules) }
    const { id } = await house.perform('lifecyclePolicy.create', given)
    all.push({ id, rules })
    return
  }
  const one = pick(all, taken.policy)
  if (one === undefined) return
  await house.perform('lifecyclePolicy.delete', { policy: one.id, reason: 'it goes' })
  all.splice(all.indexOf(one), 1)
}

async function create(
  scene: Scene,
  { kind, isMultiRegion, activate, dates: given }: Of<'create'>,
): Promise<void> {
  const { house, families, policies, now } = scene
  const dates = scene.datesOf(given)
  const activateAt = scene.at(activate)
  const number = kind === 'imported' ? nextMaterial() : 0
  const input = {
    algorithm: algorithms[kind],
    exportable: false,
    ...(isMultiRegion ? { region: 'north', multiRegion: true } : {}),
    ...(activateAt === undefined ? {} : { activateAt }),
    ...inInput(dates),
  }
  if (!areInOrder(activateAt ?? now, dates)) return senseless(house.createKey(input))
  const within = policies.within(activateAt ?? now, dates)
  if (within === undefined) return senseless(house.createKey(input))
  const { id, owner } =
    kind === 'imported'
      ? await house.perform('key.import', { ...input, unsafePlaintext: materialOf(number) })
      : await house.createKey(input)
  scene.owner = owner
  const first = new MemberModel(id, 'north')
  first.limits = policies.limitsFor(first.limits)
  const version = new VersionModel(number, now)
  version.activatedAt = activateAt ?? now
  version.date(first, within)
  const family = new FamilyModel({ kind, isMultiRegion }, policies, first, version)
  families.push(family)
  family.setRotation(rotationOf(policies, family), now)
}

async function runJob(scene: Scene, job: Of<'job'>['job']): Promise<void> {
  const { house, families, names, cases, now } = scene
  // What one run has changed may be due in the next.
  for (let run = 0; run < 3; run += 1) await house.runJob(job)
  if (job === 'rotation') for (const family of families) family.rotateDue(now)
  else if (job === 'compromise') for (const one of cases) one.goOn()
  else if (job === 'destruction') {
    for (const family of families) family.erase(now)
    const gone = scene.places.filter(({ member }) => member.destroyed)
    // Names go with their keys.
    for (const [name, { id }] of names)
      if (gone.some(({ member }) => member.id === id)) names.delete(name)
  }
}

type OnKey = Extract<Action, { key: number }>

async function liveOf(scene: Scene, place: Place, taken: OnKey): Promise<void> {
  const { id: key } = place.member
  switch (taken.do) {
    case 'replicate':
      return replicate(scene, place, taken.region)
    case 'lead':
      return lead(scene, place, taken.region)
    case 'rotate':
      return rotate(scene, place, taken)
    case 'update':
      return update(scene, place, taken)
    case 'set':
      return set(scene, place, taken)
    case 'suspend':
    case 'resume':
    case 'destroy':
    case 'restore':
    case 'limit':
      return change(scene, place, taken)
    case 'destroyVersion':
    case 'restoreVersion':
      return destroyVersion(scene, place, taken)
    case 'revoke':
    case 'revokeVersion':
      return revoke(scene, place, taken)
    case 'open':
      return open(scene, place, taken)
    case 'bring':
    case 'bringNew':
    case 'take':
      return material(scene, place, taken)
    case 'point':
      return point(scene, place, scene.nameOf(taken.alias))
    case 'use':
      return use(scene, place, key)
    case 'read':
    case 'rewrap':
      return read(scene, place, taken)
    default:
      taken satisfies never
  }
}

async function rotate(
  scene: Scene,
  { family, member }: Place,
  { dates: given, now: atOnce }: Of<'rotate'>,
): Promise<void> {
  const { house, now } = scene
  const dates = scene.datesOf(given)
  const input = { key: member.id, ...inInput(dates), ...(atOnce ? { now: true } : {}) }
  const doing = house.perform('key.rotate', input)
  if (!areInOrder(now, dates)) return senseless(doing)
  const may = family.mayRotate(member) && (atOnce || family.isShown(now))
  const within = scene.policies.within(now, dates)
  await allowed(doing, may && within !== undefined, () => family.rotate(now, within))
}

/** What is given takes the place of what was, of one key. */
async function update(
  scene: Scene,
  { family, member }: Place,
  { dates: given }: Of<'update'>,
): Promise<void> {
  const { current } = family
  const dates = scene.datesOf(given)
  const wanted = { ...current.datesOf(member), ...inInput(dates) }
  const doing = scene.house.perform('key.update', {
    key: member.id,
    description: 'x',
    ...inInput(dates),
  })
  const isBounded = family.end === undefined && current.end === undefined
  const isNoWorse = scene.policies.mayMove(current.activatedAt, current.datesOf(member), wanted)
  const may =
    !member.destroyed && current.mayMove(member, dates, scene.now) && (!isBounded || isNoWorse)
  if (isDated(dates) && !areInOrder(current.activatedAt, wanted)) return senseless(doing)
  await allowed(doing, may, () => current.date(member, wanted))
}

async function replicate({ house }: Scene, { family, member }: Place, region: string) {
  const { isMultiRegion, kind, standing, primary, versions } = family
  const isFree = standing.every((each) => each.region !== region)
  const isReady = family.isReady(member) && family.keepsToPolicies(member)
  const may = isMultiRegion && member === primary && isReady && isFree
  const doing = house.perform('key.replicate', { key: member.id, region })
  const made = await allowed(doing, may, () => undefined)
  if (made === undefined) return
  const replica = new MemberModel(made.id, region)
  replica.limits = member.limits
  for (const version of versions) version.date(replica, version.datesOf(member))
  family.members.push(replica)
  // Imported material does not travel.
  if (kind === 'imported') for (const version of versions) version.lacking.add(replica)
}

async function lead({ house }: Scene, { family, member }: Place, region: string): Promise<void> {
  const next = family.standing.find((each) => each.region === region) ?? member
  const isPrimary = family.isMultiRegion && member === family.primary
  const may = isPrimary && next !== member && family.isReady(member) && family.isReady(next)
  await allowed(house.perform('key.setPrimary', { key: member.id, region }), may, () => {
    family.primary = next
  })
}

async function set(
  { house, now }: Scene,
  { family, member }: Place,
  { rotation, publishNext, prePublishDays: days }: Of<'set'>,
): Promise<void> {
  const shown = days === undefined ? {} : { prePublishDays: days }
  const given = rotation === undefined ? undefined : { ...rotation, publishNext, ...shown }
  const doing = house.perform('key.setRotation', { key: member.id, ...(given ?? { off: true }) })
  // The days of the window include that the next one is made ahead, and are no more than those between rotations.
  if (days !== undefined && (rotation?.everyDays ?? Infinity) < days) return senseless(doing)
  const wanted = given && { ...given, publishNext: publishNext || days !== undefined }
  await allowed(doing, family.mayHaveRotation(member, wanted), () =>
    family.setRotation(wanted, now),
  )
}

async function change(
  scene: Scene,
  { family, member }: Place,
  taken: Of<'suspend' | 'resume' | 'destroy' | 'restore' | 'limit'>,
): Promise<void> {
  const { house } = scene
  const { id: key, destroyed, destroyAt } = member
  const isGoing = destroyAt !== undefined
  switch (taken.do) {
    case 'suspend':
    case 'resume': {
      const isNext = taken.do === 'suspend'
      const may = family.maySuspend(member) && member.suspended !== isNext
      await allowed(house.perform(`key.${taken.do}`, { key }), may, () => {
        member.suspended = isNext
      })
      return
    }
    case 'destroy': {
      const { days } = taken
      const at = scene.after(days)
      const doing = house.perform('key.destroy', { key, days, acknowledge: 'all' })
      const may = !destroyed && !isGoing && days >= scene.policies.daysMin
      await allowed(doing, may, () => {
        member.destroyAt = at
        member.destroyDays = family.hasReplicas(member) ? days : undefined
      })
      return
    }
    case 'restore': {
      const { suspended } = taken
      await allowed(house.perform('key.restore', { key, suspended }), isGoing, () => {
        member.destroyAt = undefined
        member.destroyDays = undefined
        if (suspended && family.maySuspend(member)) member.suspended = true
      })
      return
    }
    case 'limit': {
      const { usesMax, bytesMax } = taken
      const given = {
        ...(usesMax === undefined ? {} : { usesMax }),
        ...(bytesMax === undefined ? {} : { bytesMax }),
      }
      const { uses, bytes } = member.limits
      const limits = { uses: mostOf(usesMax) ?? uses, bytes: mostOf(bytesMax) ?? bytes }
      const isNoWorse =
        family.end !== undefined || scene.policies.mayHaveLimits(member.limits, limits)
      await allowed(house.perform('key.update', { key, ...given }), !destroyed && isNoWorse, () => {
        member.limits = limits
      })
      return
    }
    default:
      taken satisfies never
  }
}

async function destroyVersion(
  scene: Scene,
  { family, member }: Place,
  taken: Of<'destroyVersion' | 'restoreVersion'>,
): Promise<void> {
  const { id: key } = member
  // What became of the versions of those that are left is not told to a destroyed key.
  if (member.destroyed) return
  const { version, number } = versionAt(family, taken.version)
  const may = family.isOld(version) && member === family.primary
  const isGoing = version.destroyAt !== undefined
  if (taken.do === 'restoreVersion') {
    const doing = scene.house.perform('key.restoreVersion', { key, version: number })
    await allowed(doing, may && isGoing, () => (version.destroyAt = undefined))
    return
  }
  const { days } = taken
  const input = { key, version: number, days, anyway: 'it goes' }
  const at = scene.after(days)
  const doing = scene.house.perform('key.destroyVersion', input)
  const isLong = days >= scene.policies.daysMin
  await allowed(doing, may && !isGoing && isLong, () => (version.destroyAt = at))
}

async function revoke(
  { house }: Scene,
  { family, member }: Place,
  taken: Of<'revoke' | 'revokeVersion'>,
): Promise<void> {
  const { reason } = taken
  const end = reason === 'keyCompromise' ? 'compromised' : 'deactivated'
  const input = { key: member.id, reason, acknowledge: 'all' }
  if (taken.do === 'revoke') {
    const may = family.mayRevoke(member, end)
    await allowed(house.perform('key.revoke', input), may, () => family.revoke(member, end))
    return
  }
  if (member.destroyed) return
  const { version, number } = versionAt(family, taken.version)
  const doing = house.perform('key.revoke', { ...input, version: number })
  await allowed(doing, mayEnd(version.end, end), () => family.revokeVersion(version, end))
}

/** A limit of 0 is none. */
function mostOf(given: number | undefined): number | undefined {
  return given === 0 ? Infinity : given
}
