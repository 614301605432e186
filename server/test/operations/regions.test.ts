import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startHouse } from '../harness/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** Where keys are seen: at the gate, as doors with a region ask, and through REST, which knows none and sees everything. */

const house = await startHouse()
after(() => house.close())
const { owner } = restDoorOver(house)
const [here, there, nowhere] = ['eu-central-1', 'us-east-1', 'ap-south-1'] as const

/** The id of the key that a reference means from a region, or from none. */
async function seen(reference: string, region?: string): Promise<string | undefined> {
  const caller = region === undefined ? {} : { region }
  const code = await house.codeOf('key.get', { key: reference }, caller)
  if (code === 'not_found') return undefined
  return (await house.perform('key.get', { key: reference }, caller)).id
}

const everywhere = await house.createKey({ alias: 'everywhere' })
const local = await house.createKey({ region: here, alias: 'local' })
const primary = await house.createKey({ region: here, multiRegion: true, alias: 'primary' })
const replica = await house.perform('key.replicate', { key: primary.id, region: there })
await house.perform('alias.create', { alias: 'replica', key: replica.id })
const keys = { everywhere, local, primary, replica } as const
const names = Object.keys(keys) as (keyof typeof keys)[]

/** By which key each is answered, from where; a dash where none is seen. */
const table: Readonly<Record<string, readonly (keyof typeof keys | '-')[]>> = {
  // from:          none         here         there        elsewhere
  everywhere: ['everywhere', 'everywhere', 'everywhere', 'everywhere'],
  local: ['local', 'local', '-', '-'],
  primary: ['primary', 'primary', 'replica', '-'],
  replica: ['replica', 'primary', 'replica', '-'],
}

for (const name of names) {
  for (const [at, region] of [undefined, here, there, nowhere].entries()) {
    const answered = table[name]?.[at] ?? '-'
    const from = region ?? 'no region'
    test(`${name}, by its id and by its name, from ${from}: ${answered}`, async () => {
      const id = answered === '-' ? undefined : keys[answered].id
      assert.equal(await seen(keys[name].id, region), id)
      assert.equal(await seen(name, region), id)
      // Once more, now that memory holds it, and as a use, which asks memory first.
      const caller = region === undefined ? {} : { region }
      const input = { key: name, plaintext: Buffer.from('a') }
      if (id === undefined) assert.equal(await house.codeOf('encrypt', input, caller), 'not_found')
      else assert.equal((await house.perform('encrypt', input, caller)).key, id)
    })
  }
}

test('what was encrypted in one region is decrypted in every region that has a related key', async () => {
  const plaintext = Buffer.from('plaintext')
  for (const from of [here, there]) {
    const input = { key: 'primary', plaintext }
    const { ciphertext } = await house.perform('encrypt', input, { region: from })
    for (const [to, key] of [
      [here, primary.id],
      [there, replica.id],
    ] as const) {
      const decrypted = await house.perform('decrypt', { ciphertext }, { region: to })
      assert.deepEqual(Buffer.from(decrypted.plaintext), plaintext)
      assert.equal(decrypted.key, key)
    }
    assert.equal(await house.codeOf('decrypt', { ciphertext }, { region: nowhere }), 'not_found')
    // Natively a ciphertext leads to the key that was made first, and any of them serves that is named.
    assert.equal((await house.perform('decrypt', { ciphertext })).key, primary.id)
    const named = await house.perform('decrypt', { ciphertext, key: replica.id })
    assert.equal(named.key, replica.id)
  }
})

test('ciphertexts of a key of one region, and of none', async () => {
  const plaintext = Buffer.from('plaintext')
  const encrypt = async (key: string) =>
    (await house.perform('encrypt', { key, plaintext })).ciphertext
  const ofLocal = await encrypt('local')
  assert.equal(
    (await house.perform('decrypt', { ciphertext: ofLocal }, { region: here })).key,
    local.id,
  )
  assert.equal(
    await house.codeOf('decrypt', { ciphertext: ofLocal }, { region: there }),
    'not_found',
  )
  const ofEverywhere = await encrypt('everywhere')
  for (const region of [here, there, nowhere])
    await house.perform('decrypt', { ciphertext: ofEverywhere }, { region })
})

test('lists have what is seen from there', async () => {
  const listed = async (region?: string) => {
    const caller = region === undefined ? {} : { region }
    const { items } = await house.perform('key.list', { limit: 100 }, caller)
    return new Set(items.map(({ id }) => id))
  }
  const ids = (...of: (keyof typeof keys)[]) => new Set(of.map((name) => keys[name].id))
  assert.deepEqual(await listed(), ids('everywhere', 'local', 'primary', 'replica'))
  assert.deepEqual(await listed(here), ids('everywhere', 'local', 'primary'))
  assert.deepEqual(await listed(there), ids('everywhere', 'replica'))
  assert.deepEqual(await listed(nowhere), ids('everywhere'))
})

test("another tenant's keys are seen from no region", async () => {
  const { token } = await house.perform('tenant.create', { name: 'other' })
  for (const name of names)
    for (const region of [here, there])
      assert.equal(
        await house.codeOf('key.get', { key: keys[name].id }, { token, region }),
        'not_found',
      )
})

test('a key gets the region that is named, or that of the door', async () => {
  const input = { algorithm: 'AES-256-GCM', exportable: false }
  assert.equal((await house.perform('key.create', input)).region, undefined)
  assert.equal((await house.perform('key.create', input, { region: here })).region, here)
  const imported = { ...input, unsafePlaintext: Buffer.alloc(32, 7) }
  assert.equal((await house.perform('key.import', imported, { region: there })).region, there)
  assert.equal((await owner.call('key.create', { region: there })).region, there)
  await owner.refuse('invalid_request', 'key.create', { region: 'EU' })
  const problem = await owner.refuse('invalid_request', 'key.create', { multiRegion: true })
  assert.equal(problem.field, 'region')
  // At a door with a region, that is where a multi-Region key is made.
  const multi = await house.perform('key.create', { ...input, multiRegion: true }, { region: here })
  assert.deepEqual(multi.multiRegion, {
    id: multi.id,
    primary: here,
    members: [{ region: here, key: multi.id }],
  })
})

test('through REST, the region and the relation of keys are shown', async () => {
  const shown = await owner.call('key.get', { key: replica.id })
  assert.equal(shown.region, there)
  assert.deepEqual(shown.multiRegion, {
    id: primary.id,
    primary: here,
    members: [
      { region: here, key: primary.id },
      { region: there, key: replica.id },
    ],
  })
  const alone = await owner.call('key.get', { key: local.id })
  assert.deepEqual([alone.region, alone.multiRegion], [here, undefined])
})

test('nothing is amiss', async () => {
  assert.deepEqual((await owner.call('system.doctor', {})).findings, [])
})
