import assert from 'node:assert/strict'
import type { InputOf } from '@claviger/contract'
import { pick } from '../allowed.ts'
import { materialOf } from '../key-life-actions.ts'
import type { Of } from './actions.ts'
import { allowed, inInput, isDated, senseless, versionAt, type Place, type Scene } from './scene.ts'
import { areInOrder, VersionModel } from './versions.ts'

/** What is done with keys: their material comes and goes, names point at them, and they protect and process. */

/** No two materials of all lives are the same. */
let materials = 0

export function nextMaterial(): number {
  materials += 1
  return materials
}

/** Material comes again, or for another version; or goes. */
export async function material(
  scene: Scene,
  { family, member }: Place,
  taken: Of<'bring' | 'bringNew' | 'take'>,
): Promise<void> {
  const { house, now } = scene
  const { id: key, destroyed } = member
  const lasting = taken.do === 'take' ? undefined : taken.until
  const until = lasting === undefined ? undefined : now + lasting * 3_600_000
  const give = (number: number, how: Partial<InputOf<'key.import'>>) =>
    house.perform('key.import', {
      key,
      exportable: false,
      unsafePlaintext: materialOf(number),
      ...how,
      ...(until === undefined ? {} : { materialExpiresAt: until }),
    })
  if (taken.do === 'bringNew') {
    const { isPending } = taken
    const number = nextMaterial()
    const dates = scene.datesOf(taken.dates)
    const doing = give(number, { ...(isPending ? { pending: true } : {}), ...inInput(dates) })
    // What waits begins its periods when it is used.
    const isSensible = isPending ? !isDated(dates) : areInOrder(now, dates)
    if (!isSensible) return senseless(doing)
    const within = isPending ? {} : scene.policies.within(now, dates)
    const may = family.mayTakeNew(member, isPending) && within !== undefined
    await allowed(doing, may, () =>
      family.takeNew(new VersionModel(number, now, isPending), { until, dates: within ?? {} }),
    )
    return
  }
  // What became of the versions of those that are left is not told to a destroyed key.
  if (destroyed) return
  const { version, number } = versionAt(family, taken.version)
  if (taken.do === 'bring') {
    const may = family.takesMaterial(member) && version.end === undefined && !version.destroyed
    await allowed(give(version.material, { existing: true }), may, () =>
      version.bring(member, until),
    )
    return
  }
  const { items } = await house.perform('key.versions', { key, limit: 1_000 })
  const materialId = items[number - 1]?.materialId ?? ''
  const doing = house.perform('key.deleteMaterial', { key, materialId })
  await allowed(doing, family.mayLose(member, version), () => family.lose(member, version))
}

export async function point(
  { house, names }: Scene,
  { family, member }: Place,
  alias: string,
): Promise<void> {
  const before = names.get(alias)
  const isSigning = family.kind === 'sign'
  const input = { alias, key: member.id }
  const doing =
    before === undefined
      ? house.perform('alias.create', input)
      : house.perform('alias.update', input)
  const may = !member.destroyed && (before === undefined || before.isSigning === isSigning)
  await allowed(doing, may, () => names.set(alias, { id: member.id, isSigning }))
}

export async function useByName(scene: Scene, alias: string): Promise<void> {
  const name = scene.names.get(alias)
  const place = scene.places.find(({ member }) => member.id === name?.id)
  if (place !== undefined) await use(scene, place, alias)
}

/** Encrypts or signs. */
export async function use(
  { house, made, now }: Scene,
  { family, member }: Place,
  key: string,
): Promise<void> {
  const text = `text ${made.length}`
  const message = Buffer.from(text)
  const version = family.current
  const doing =
    family.kind === 'sign'
      ? house
          .perform('sign', { key, message })
          .then(({ signature, ...of }) => ({ ...of, bytes: signature }))
      : house
          .perform('encrypt', { key, plaintext: message })
          .then(({ ciphertext, ...of }) => ({ ...of, bytes: ciphertext }))
  const bytes = message.length
  const may = family.applies(member, now) && family.hasRoom(member, { uses: 1, bytes })
  const done = await allowed(doing, may, () => version.use(member, bytes))
  if (done === undefined) return
  assert.deepEqual([done.key, done.version], [member.id, family.numberOf(version)])
  made.push({ family, version, text, bytes: done.bytes })
}

/** Decrypts, verifies or re-encrypts what any of the family has made. */
export async function read(
  scene: Scene,
  { family, member }: Place,
  taken: Of<'read' | 'rewrap'>,
): Promise<void> {
  const { house, now, made } = scene
  const one = pick(
    made.filter((each) => each.family === family),
    taken.made,
  )
  if (one === undefined) return
  const { version, text, bytes } = one
  const { id: key } = member
  const number = family.numberOf(version)
  const may = family.processes(member, version, now)
  const message = Buffer.from(text)
  if (family.kind === 'sign') {
    const doing = house.perform('verify', { key, message, signature: bytes, version: number })
    const verified = await allowed(doing, may, () => version.use(member, message.length))
    assert.notEqual(verified?.valid, false)
    return
  }
  if (taken.do === 'read') {
    const doing = house.perform('decrypt', { key, ciphertext: bytes })
    const decrypted = await allowed(doing, may, () => version.use(member, message.length))
    assert.equal(Buffer.from(decrypted?.plaintext ?? message).toString(), text)
    return
  }
  const { current } = family
  // To read what the same version protects is a use as well, and may be the last that the limit allows.
  const times = version === current ? 2 : 1
  const isRoom = family.hasRoom(member, { uses: times, bytes: times * message.length })
  const doing = house.perform('reencrypt', { ciphertext: bytes, sourceKey: key, key })
  const moved = await allowed(doing, may && family.applies(member, now) && isRoom, () => {
    version.use(member, message.length)
    current.use(member, message.length)
  })
  if (moved === undefined) return
  assert.equal(moved.version, family.numberOf(current))
  made.push({ family, version: current, text, bytes: moved.ciphertext })
}
