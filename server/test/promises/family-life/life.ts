import assert from 'node:assert/strict'
import { pick } from '../allowed.ts'
import { materialOf } from '../key-life-actions.ts'
import type { Action, Of } from './actions.ts'
import { open, step } from './cases.ts'
import { FamilyModel, MemberModel, mayEnd, VersionModel } from './model.ts'
import { allowed, versionAt, type Place, type Scene } from './scene.ts'
import { material, nextMaterial, point, read, use, useByName } from './uses.ts'

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

async function create(scene: Scene, { kind, isMultiRegion }: Of<'create'>): Promise<void> {
  const { house, families } = scene
  const number = kind === 'imported' ? nextMaterial() : 0
  const input = {
    algorithm: algorithms[kind],
    exportable: false,
    ...(isMultiRegion ? { region: 'north', multiRegion: true } : {}),
  }
  const { id, owner } =
    kind === 'imported'
      ? await house.perform('key.import', { ...input, unsafePlaintext: materialOf(number) })
      : await house.createKey(input)
  scene.owner = owner
  const first = new MemberModel(id, 'north')
  families.push(new FamilyModel(kind, first, new VersionModel(number), isMultiRegion))
}

async function runJob(scene: Scene, job: Of<'job'>['job']): Promise<void> {
  const { house, families, names, cases, now } = scene
  // What one run has changed may be due in the next.
  for (let run = 0; run < 3; run += 1) await house.runJob(job)
  if (job === 'rotation')
    for (const family of families) while (family.isDue(now)) family.rotate(now)
  else if (job === 'compromise') for (const one of cases) one.goOn()
  else {
    for (const family of families) family.erase(now)
    const gone = scene.places.filter(({ member }) => member.destroyed)
    // Names go with their keys.
    for (const [name, { id }] of names)
      if (gone.some(({ member }) => member.id === id)) names.delete(name)
  }
}

type OnKey = Extract<Action, { key: number }>

async function liveOf(scene: Scene, place: Place, taken: OnKey): Promise<void> {
  const { house, now } = scene
  const { family, member } = place
  const { id: key } = member
  switch (taken.do) {
    case 'replicate':
      return replicate(scene, place, taken.region)
    case 'lead':
      return lead(scene, place, taken.region)
    case 'rotate':
      await allowed(house.perform('key.rotate', { key }), family.mayRotate(member), () =>
        family.rotate(now),
      )
      return
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

async function replicate({ house }: Scene, { family, member }: Place, region: string) {
  const { isMultiRegion, kind, standing, primary, versions } = family
  const isFree = standing.every((each) => each.region !== region)
  const may = isMultiRegion && member === primary && family.isReady(member) && isFree
  const doing = house.perform('key.replicate', { key: member.id, region })
  const made = await allowed(doing, may, () => undefined)
  if (made === undefined) return
  const replica = new MemberModel(made.id, region)
  replica.usesMax = member.usesMax
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
  { rotation, publishNext }: Of<'set'>,
): Promise<void> {
  const wanted = rotation === undefined ? undefined : { ...rotation, publishNext }
  const doing = house.perform('key.setRotation', { key: member.id, ...(wanted ?? { off: true }) })
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
      await allowed(doing, !destroyed && !isGoing, () => {
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
      const { usesMax } = taken
      await allowed(house.perform('key.update', { key, usesMax }), !destroyed, () => {
        member.usesMax = usesMax === 0 ? Infinity : usesMax
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
  await allowed(doing, may && !isGoing, () => (version.destroyAt = at))
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
