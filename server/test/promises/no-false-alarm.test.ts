import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHouse } from '../harness/house.ts'

/** What notices a database writer must not take honest changes for one, however many come at once. */

const TURNS = 150

test('many changes of one key, its names and its users, with uses between them, never look like tampering', async () => {
  await using house = await startHouse({ thread: true })
  const { id: key } = await house.createKey({ alias: 'name' })
  const { id: other } = await house.createKey()
  const { id: principal, token } = await house.createUser('key-user')
  const codes = new Set<string>()
  const plaintext = Buffer.from('a')
  let changing = 6
  const repeat = async (change: () => Promise<string>) => {
    for (let turn = 0; turn < TURNS; turn += 1) codes.add(await change())
    changing -= 1
  }
  const changes = [
    repeat(() => house.codeOf('key.rotate', { key })),
    repeat(() => house.codeOf('key.update', { key, description: 'changed' })),
    repeat(() => house.codeOf('key.update', { key, labels: { a: 'b' } })),
    repeat(() => house.codeOf('alias.update', { alias: 'name', key: other })),
    repeat(() => house.codeOf('alias.update', { alias: 'name', key })),
    repeat(async () => {
      const scope = { kind: 'tenant' } as const
      const { id } = await house.perform('binding.create', { role: 'auditor', principal, scope })
      return house.codeOf('binding.delete', { binding: id })
    }),
  ]
  const uses = Array.from({ length: 16 }, async (_unused, at) => {
    while (changing > 0) {
      codes.add(
        await house.codeOf('encrypt', { key: at % 2 === 0 ? key : 'name', plaintext }, { token }),
      )
    }
  })
  const examinations = (async () => {
    while (changing > 0) assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
  })()
  try {
    await Promise.all([...changes, ...uses, examinations])
  } finally {
    changing = 0
  }
  assert.ok(codes.has('ok'))
  codes.delete('ok')
  // Who loses too often is told so; and a name may be pointed elsewhere while a use of it waits.
  codes.delete('overloaded')
  codes.delete('not_found')
  assert.deepEqual([...codes], [])
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})
