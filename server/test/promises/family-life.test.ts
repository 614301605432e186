import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { life } from './family-life/actions.ts'
import { live } from './family-life/life.ts'
import type { FamilyModel, MemberModel } from './family-life/model.ts'
import { Scene } from './family-life/scene.ts'

/**
 * Random lives of keys and of those related to them, with versions that are made or imported ahead, revoked, compromised, destroyed one by
 * one and rotated by themselves, that begin and end by their dates, have limits, and keep to lifecycle policies that come and go, against
 * the plain model: whatever happens, every key can be read, shows what the model says, and opens old ciphertexts exactly where the model
 * does.
 */

const RUNS = 100

async function compareStanding(
  { house, names, now }: Scene,
  family: FamilyModel,
  member: MemberModel,
): Promise<void> {
  const { id: key } = member
  const view = await house.perform('key.get', { key })
  assert.equal(view.state, family.state(member, now))
  assert.equal(view.version, family.numberOf(family.current))
  assert.equal(view.destroyAt, member.destroyAt)
  assert.equal(view.containedUntil, member.containment?.until)
  assert.equal(view.awaitsMaterial === true, !family.current.isThere(member))
  const { publishNext = false, triggers } = view.rotation ?? {}
  assert.equal(publishNext, family.rotation?.publishNext ?? false)
  assert.equal(triggers?.everyDays, family.rotation?.everyDays)
  assert.equal(triggers?.uses, family.rotation?.uses)
  assert.equal(view.limits?.uses ?? Infinity, member.limits.uses)
  const named = [...names].filter(([, { id }]) => id === key).map(([name]) => name)
  assert.deepEqual(view.aliases, named.toSorted())
  if (family.isMultiRegion) {
    assert.equal(view.multiRegion?.primary, family.primary.region)
    const members = family.standing.map(({ id, region }) => ({ region, key: id }))
    assert.deepEqual(view.multiRegion?.members, members)
  }
  const { items } = await house.perform('key.versions', { key, limit: 1_000 })
  assert.deepEqual(
    items.map(({ state, uses, bytes, destroyAt, material, ...dates }) => ({
      state,
      uses,
      bytes,
      protectStopAt: dates.protectStopAt,
      processStopAt: dates.processStopAt,
      destroyAt,
      isThere: material !== 'absent',
    })),
    family.versions.map((version) => ({
      state: version.state(member, now),
      ...version.countedOf(member),
      protectStopAt: version.datesOf(member).protectStopAt,
      processStopAt: version.datesOf(member).processStopAt,
      destroyAt: version.destroyAt,
      isThere: version.isThere(member),
    })),
  )
  if (family.kind === 'sign') {
    const { keys } = await house.perform('key.jwks', { key })
    assert.equal(keys.length, family.shown(member, now).length, 'what is in the key set')
  }
  const rows = (await house.store.key(key))?.versions ?? []
  assert.deepEqual(
    rows.map(({ material }) => material !== undefined),
    family.versions.map((version) => version.isThere(member)),
    'material goes when it is said so, and not before',
  )
}

async function compareDestroyed({ house }: Scene, { id: key, endOfRecord }: MemberModel) {
  const view = await house.perform('key.get', { key })
  const state = endOfRecord === 'compromised' ? 'destroyed-compromised' : 'destroyed'
  assert.equal(view.state, state)
  const { items } = await house.perform('key.versions', { key, limit: 1_000 })
  assert.ok(items.every((each) => each.state.startsWith('destroyed')))
  const rows = (await house.store.key(key))?.versions ?? []
  assert.ok(rows.every(({ material }) => material === undefined))
}

async function compare(scene: Scene): Promise<void> {
  for (const { family, member } of scene.places) {
    if (member.destroyed) await compareDestroyed(scene, member)
    else await compareStanding(scene, family, member)
  }
  for (const { id, assessed, revoked, closed, destroyAt } of scene.cases) {
    const view = await scene.house.perform('compromise.get', { case: id })
    assert.deepEqual(
      [view.assessedAt, view.revokedAt, view.closedAt].map((at) => at !== undefined),
      [assessed, revoked, closed],
    )
    if (destroyAt === undefined) assert.equal(view.destroyAt, undefined)
  }
}

/** What is left of a life does nothing by itself during others. */
async function retire(scene: Scene): Promise<void> {
  const { house, families, policies } = scene
  while (policies.all.length > 0) await live(scene, { do: 'askNoMore', policy: 0 })
  for (const { primary } of families) await house.codeOf('key.suspend', { key: primary.id })
}

test('whatever happens to related keys and their versions, each can be read and does what it may', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  let lives = 0
  await fc.assert(
    fc.asyncProperty(life, async ({ families, begun, actions }) => {
      lives += 1
      const scene = new Scene(house, clock, { families, life: lives })
      try {
        for (const taken of [...begun, ...actions]) {
          await live(scene, taken)
          await compare(scene)
        }
      } finally {
        await retire(scene)
      }
    }),
    { numRuns: RUNS },
  )
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})
