import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHouse } from '../harness/house.ts'
import { Load } from '../harness/load.ts'

/** What notices a database writer must not take honest changes for one, however many come at once. */

const TURNS = 1_500

test('many changes of one key, its names and its users, with uses between them, never look like tampering', async () => {
  await using house = await startHouse({ thread: true })
  const { id: key } = await house.createKey({ alias: 'name' })
  const { id: other } = await house.createKey()
  const { id: principal, token } = await house.createUser('key-user')
  const codes = new Set<string>()
  const plaintext = Buffer.from('a')
  const doing: (() => Promise<string>)[] = [
    () => house.codeOf('key.rotate', { key }),
    () => house.codeOf('key.update', { key, description: 'changed' }),
    () => house.codeOf('key.update', { key, labels: { a: 'b' } }),
    () => house.codeOf('alias.update', { alias: 'name', key: other }),
    () => house.codeOf('alias.update', { alias: 'name', key }),
    async () => {
      const scope = { kind: 'tenant' } as const
      const { id } = await house.perform('binding.create', { role: 'auditor', principal, scope })
      return house.codeOf('binding.delete', { binding: id })
    },
    async () => {
      assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
      return 'ok'
    },
  ]
  await using load = new Load(24, async (user) => {
    const use = () =>
      house.codeOf('encrypt', { key: user % 2 === 0 ? key : 'name', plaintext }, { token })
    codes.add(await (doing[user] ?? use)())
  })
  await load.more(TURNS)
  await load.end()
  assert.ok(codes.has('ok'))
  codes.delete('ok')
  // Who loses too often is told so; and a name may be pointed elsewhere while a use of it waits.
  codes.delete('overloaded')
  codes.delete('not_found')
  assert.deepEqual([...codes], [])
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})
