import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** Names at doors that know regions: the same name leads to another key from another region, and no name is taken from anybody. */

const clock = new DrivenClock()
const house = await startHouse({ clock })
after(() => house.close())
const { owner } = restDoorOver(house)
const [here, there] = ['eu-central-1', 'us-east-1'] as const
type Region = string | undefined

const from = (region: Region) => (region === undefined ? {} : { region })
const keyIn = async (region: Region) => (await house.createKey(from(region))).id
let names = 0
const aName = () => `name-${(names += 1)}`

const create = (alias: string, key: string, region: Region) =>
  house.perform('alias.create', { alias, key }, from(region))
const createCode = (alias: string, key: string, region: Region) =>
  house.codeOf('alias.create', { alias, key }, from(region))
/** The key that a name leads to, or the code it is refused with. */
async function leadsTo(alias: string, region: Region): Promise<string> {
  const code = await house.codeOf('key.get', { key: alias }, from(region))
  if (code !== 'ok') return code
  return (await house.perform('key.get', { key: alias }, from(region))).id
}
async function list(region: Region, key?: string) {
  const input = key === undefined ? { limit: 1_000 } : { limit: 1_000, key }
  const { items } = await house.perform('alias.list', input, from(region))
  return items
}

test('one name, a key in each region, and natively both', async () => {
  const [a, b] = [await keyIn(here), await keyIn(there)]
  const name = aName()
  const first = await create(name, a, here)
  assert.deepEqual([first.alias, first.region, first.key], [name, here, a])
  const second = await create(name, b, there)
  assert.deepEqual([second.alias, second.region, second.key], [`${name}@${there}`, there, b])
  assert.equal(await leadsTo(name, here), a)
  assert.equal(await leadsTo(name, there), b)
  assert.equal(await leadsTo(name, 'ap-south-1'), 'not_found')
  assert.equal(await leadsTo(name, undefined), a)
  assert.equal(await leadsTo(`${name}@${there}`, undefined), b)
  for (const [region, key] of [
    [here, b],
    [there, a],
  ] as const)
    assert.equal(await createCode(name, key, region), 'not_found')
  for (const [region, key] of [
    [here, a],
    [there, b],
    [undefined, a],
  ] as const)
    assert.equal(await createCode(name, key, region), 'conflict')
  assert.deepEqual((await owner.call('key.get', { key: b })).aliases, [`${name}@${there}`])
})

/** Where a name was made first, and second: what is stored for the second, or why it is not. */
const second: readonly (readonly [first: Region, second: Region, stored: string])[] = [
  [undefined, undefined, 'conflict'],
  [undefined, here, 'conflict'],
  [here, undefined, 'conflict'],
  [here, here, 'conflict'],
  [here, there, 'with its region'],
]

for (const [one, other, stored] of second) {
  test(`a name of ${one ?? 'no region'} is made in ${other ?? 'no region'}: ${stored}`, async () => {
    const name = aName()
    await create(name, await keyIn(undefined), one)
    const key = await keyIn(undefined)
    const code = await createCode(name, key, other)
    if (stored === 'conflict') assert.equal(code, 'conflict')
    else assert.equal(await leadsTo(`${name}@${other}`, undefined), key)
  })
}

test('a name that is free again is taken plainly, and only by who does not have it', async () => {
  const [a, b] = [await keyIn(here), await keyIn(there)]
  const name = aName()
  await create(name, a, here)
  await create(name, b, there)
  await house.perform('alias.delete', { alias: name }, from(here))
  assert.equal(await leadsTo(name, here), 'not_found')
  assert.equal(await leadsTo(name, there), b)
  // It is free, but not for the region that has it with its own name behind.
  assert.equal(await createCode(name, b, there), 'conflict')
  assert.equal((await create(name, a, here)).alias, name)
})

test('what looks like the name of a region, and was made elsewhere, takes no place', async () => {
  const [a, intruder] = [await keyIn(here), await keyIn(undefined)]
  const name = aName()
  await create(`${name}@${here}`, intruder, undefined)
  assert.equal(await leadsTo(name, here), 'not_found')
  assert.equal((await create(name, a, here)).alias, name)
  assert.equal(await leadsTo(name, here), a)
  const encrypted = await house.perform(
    'encrypt',
    { key: name, plaintext: Buffer.from('a') },
    from(here),
  )
  assert.equal(encrypted.key, a)
  assert.equal(await leadsTo(`${name}@${here}`, undefined), intruder)
  await house.perform('alias.delete', { alias: name }, from(here))
  assert.equal(await leadsTo(`${name}@${here}`, undefined), intruder)
  // Where the name would be needed, it is not there to be had.
  await create(name, await keyIn(there), there)
  assert.equal(await createCode(name, a, here), 'conflict')
})

test('names are pointed elsewhere and deleted where they are seen', async () => {
  const [a, b] = [await keyIn(here), await keyIn(there)]
  const [a2, b2] = [await keyIn(here), await keyIn(there)]
  const name = aName()
  await create(name, a, here)
  await create(name, b, there)
  clock.advance(1_000)
  const update = (key: string, region: Region) =>
    house.perform('alias.update', { alias: name, key }, from(region))
  const moved = await update(b2, there)
  assert.deepEqual(
    [moved.alias, moved.region, moved.key, moved.updatedAt],
    [`${name}@${there}`, there, b2, clock.now()],
  )
  assert.equal(moved.createdAt, clock.now() - 1_000)
  assert.equal((await update(a2, here)).alias, name)
  assert.equal(await leadsTo(name, here), a2)
  assert.equal(await leadsTo(name, there), b2)
  for (const name2 of [name, aName()]) {
    const input = { alias: name2, key: await keyIn(undefined) }
    assert.equal(await house.codeOf('alias.update', input, { region: 'ap-south-1' }), 'not_found')
    const deleted = house.codeOf('alias.delete', { alias: name2 }, { region: 'ap-south-1' })
    assert.equal(await deleted, 'not_found')
  }
  await house.perform('alias.delete', { alias: name }, from(there))
  assert.deepEqual([await leadsTo(name, here), await leadsTo(name, there)], [a2, 'not_found'])
  // A name of no region is everybody's.
  const shared = aName()
  await create(shared, await keyIn(undefined), undefined)
  await house.perform('alias.update', { alias: shared, key: b }, from(there))
  assert.deepEqual([await leadsTo(shared, here), await leadsTo(shared, there)], ['not_found', b])
})

test('whoever may only change the related key here does not change where the name leads elsewhere', async () => {
  const primary = await house.createKey({ region: here, multiRegion: true })
  const replica = await house.perform('key.replicate', { key: primary.id, region: there })
  const other = await keyIn(there)
  const alias = aName()
  await create(alias, primary.id, undefined)
  assert.equal(await leadsTo(alias, there), replica.id)
  const { id: principal, token } = await house.createUser()
  for (const key of [replica.id, other]) {
    const scope = { kind: 'key', key } as const
    await house.perform('binding.create', { principal, role: 'key-admin', scope })
  }
  const caller = { token, region: there }
  assert.equal(await house.codeOf('alias.update', { alias, key: other }, caller), 'wrong_state')
  assert.equal(await house.codeOf('alias.delete', { alias }, caller), 'wrong_state')
  assert.equal(await house.codeOf('alias.delete', { alias }, { token }), 'forbidden')
  assert.equal(await leadsTo(alias, here), primary.id)
  await house.perform('alias.delete', { alias }, { region: here })
})

test('lists have what is seen from there, once, and for related keys what leads to them', async () => {
  const local = await keyIn(here)
  const primary = await house.createKey({ region: here, multiRegion: true })
  const replica = await house.perform('key.replicate', { key: primary.id, region: there })
  const [ofLocal, plain, both] = [aName(), aName(), aName()]
  await create(ofLocal, local, undefined)
  await create(plain, primary.id, undefined)
  await create(both, primary.id, here)
  await create(both, replica.id, there)
  // Made natively afterwards, and hidden where the region has its own.
  await house.perform('alias.delete', { alias: both }, from(here))
  await create(both, local, undefined)
  const listed = async (region: Region, key?: string) => {
    const mine = new Set([ofLocal, plain, both, `${both}@${there}`])
    const items = (await list(region, key)).filter(({ alias }) => mine.has(alias))
    return items.map((item) => `${item.alias} ${item.key}`).toSorted()
  }
  const entry = (alias: string, key: string) => `${alias} ${key}`
  assert.deepEqual(
    await listed(undefined),
    [
      entry(ofLocal, local),
      entry(plain, primary.id),
      entry(both, local),
      entry(`${both}@${there}`, replica.id),
    ].toSorted(),
  )
  assert.deepEqual(
    await listed(here),
    [entry(ofLocal, local), entry(plain, primary.id), entry(both, local)].toSorted(),
  )
  const inThere = [entry(plain, replica.id), entry(`${both}@${there}`, replica.id)].toSorted()
  assert.deepEqual(await listed(there), inThere)
  assert.deepEqual(await listed(there, replica.id), inThere)
  assert.deepEqual(await listed(here, primary.id), [entry(plain, primary.id)])
  assert.deepEqual(await listed(undefined, primary.id), [entry(plain, primary.id)])
  const [one] = (await list(there, replica.id)).filter(({ alias }) => alias === plain)
  assert.equal(one?.multiRegionId, primary.id)
})

test('several at once in several regions: each has the name, and leads to its own key', async () => {
  for (let round = 0; round < 5; round += 1) {
    const regions = [here, there, 'ap-south-1', 'sa-east-1']
    const keys = await Promise.all(regions.map(keyIn))
    const name = aName()
    const codes = await Promise.all(
      [...regions, ...regions].map((region, at) =>
        createCode(name, keys[at % regions.length] ?? '', region),
      ),
    )
    assert.deepEqual(codes.toSorted(), [
      ...regions.map(() => 'conflict'),
      ...regions.map(() => 'ok'),
    ])
    for (const [at, region] of regions.entries())
      assert.equal(await leadsTo(name, region), keys[at])
  }
})

test('a name is not put on a key that is destroyed meanwhile, and goes with it', async () => {
  const key = await keyIn(here)
  const [one, other] = [aName(), aName()]
  await create(one, key, here)
  await create(other, key, undefined)
  await house.perform('key.destroy', { key, days: 1 })
  clock.advance(86_400_000)
  await house.renewToken()
  const late = aName()
  const [made] = await Promise.all([createCode(late, key, here), house.runJob('destruction')])
  assert.equal((await house.perform('key.get', { key })).state, 'destroyed')
  if (made !== 'ok') assert.equal(made, 'wrong_state')
  assert.equal(await createCode(aName(), key, here), 'wrong_state')
  for (const alias of [one, other]) {
    assert.equal(await leadsTo(alias, undefined), 'not_found')
    assert.equal(await createCode(alias, await keyIn(here), here), 'ok')
  }
})

test('a name that is pointed elsewhere while its key is destroyed stays', async () => {
  const [key, next] = [await keyIn(undefined), await keyIn(undefined)]
  const alias = aName()
  await create(alias, key, undefined)
  await house.perform('key.destroy', { key, days: 1 })
  clock.advance(86_400_000)
  await house.renewToken()
  const [moved] = await Promise.all([
    house.codeOf('alias.update', { alias, key: next }),
    house.runJob('destruction'),
  ])
  assert.equal(await leadsTo(alias, undefined), moved === 'ok' ? next : 'not_found')
  assert.equal((await house.perform('key.get', { key })).state, 'destroyed')
})

test('the longest name and the longest region fit', async () => {
  const [name, region] = ['n'.repeat(256), 'r'.repeat(63)]
  await create(name, await keyIn(here), here)
  const key = await keyIn(region)
  await create(name, key, region)
  const shown = await owner.call('key.get', { key: `${name}@${region}` })
  assert.deepEqual([shown.id, shown.aliases], [key, [`${name}@${region}`]])
})

test('nothing is amiss', async () => {
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})
