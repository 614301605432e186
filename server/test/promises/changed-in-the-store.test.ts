import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { temporaryFolder } from '../harness/server-process.ts'

/**
 * Somebody who can write to the database breaks the row of a right that they use, so that taking it away fails over that row. The server
 * holds what it made of the row before; it must not go on with that.
 */

type User = Awaited<ReturnType<TestHouse['createUser']>>

interface Right {
  /** The kind of the row that is broken. */
  readonly kind: string
  /** Gives the right, beside a token, and says what takes it away. */
  readonly give: (house: TestHouse, user: User, key: string) => Promise<Taking>
  /** The role that the user has from the start. */
  readonly role?: 'key-user'
}

/** The name of the first user who has no role: grants know people by their names. */
const GRANTEE = 'nobody-1'

type Taking = () => Promise<unknown>

const rights: readonly Right[] = [
  {
    kind: 'principal',
    role: 'key-user',
    give: (house, { id: principal }) =>
      Promise.resolve(() => house.perform('principal.disable', { principal })),
  },
  {
    kind: 'token',
    role: 'key-user',
    give: (house, { tokenId: token }) =>
      Promise.resolve(() => house.perform('token.revoke', { token })),
  },
  {
    kind: 'binding',
    give: async (house, { id: principal }) => {
      const scope = { kind: 'tenant' as const }
      const { id: binding } = await house.perform('binding.create', {
        role: 'key-user',
        principal,
        scope,
      })
      return () => house.perform('binding.delete', { binding })
    },
  },
  {
    kind: 'grant',
    give: async (house, _user, key) => {
      const operations = ['Encrypt' as const]
      const { id: grant } = await house.perform('grant.create', {
        key,
        grantee: GRANTEE,
        operations,
      })
      return () => house.perform('grant.revoke', { key, grant })
    },
  },
  {
    kind: 'membership',
    give: async (house, { id: principal }) => {
      const { id: group } = await house.perform('group.create', { name: 'users' })
      const scope = { kind: 'tenant' as const }
      await house.perform('binding.create', { role: 'key-user', principal: group, scope })
      await house.perform('group.add', { group, principal })
      return () => house.perform('group.remove', { group, principal })
    },
  },
]

/** What is done to every row of a kind that names the user. */
const attacks = {
  changed:
    "UPDATE stored_row SET document = document || ' ' WHERE kind = ? AND (id LIKE ? OR document LIKE ?)",
  deleted: 'DELETE FROM stored_row WHERE kind = ? AND (id LIKE ? OR document LIKE ?)',
}

for (const { kind, give, role } of rights) {
  for (const [how, statement] of Object.entries(attacks)) {
    test(`a ${kind} that is ${how} in the database is not gone on with once somebody tried to take it away`, async () => {
      await using folder = await temporaryFolder()
      const path = `${folder.path}/store`
      await using house = await startHouse({ path, tampered: true })
      const { id: key } = await house.createKey()
      const user = await house.createUser(role)
      const take = await give(house, user, key)
      const use = () =>
        house.codeOf('encrypt', { key, plaintext: Buffer.from('x') }, { token: user.token })
      assert.equal(await use(), 'ok')
      using database = new DatabaseSync(path)
      const { changes } = database
        .prepare(statement)
        .run(kind, `%${user.id}%`, `%${kind === 'grant' ? GRANTEE : user.id}%`)
      assert.ok(Number(changes) > 0, 'the attack hits something')
      assert.equal(await use(), 'ok', 'the server has read it before')
      await assert.rejects(take())
      assert.notEqual(await use(), 'ok')
    })
  }
}

for (const [how, statement] of Object.entries(attacks)) {
  test(`an alias that is ${how} in the database keeps nobody from ending its key, and leads to no key itself`, async () => {
    await using folder = await temporaryFolder()
    const path = `${folder.path}/store`
    await using house = await startHouse({ path, tampered: true })
    const { id: key } = await house.createKey({ alias: 'orders' })
    const use = (name: string) =>
      house.codeOf('encrypt', { key: name, plaintext: Buffer.from('x') })
    assert.equal(await use('orders'), 'ok')
    using database = new DatabaseSync(path)
    const { changes } = database.prepare(statement).run('alias', '%/orders', '')
    assert.equal(Number(changes), 1)
    await house.perform('key.suspend', { key })
    assert.equal(await use(key), 'wrong_state')
    await house.perform('key.resume', { key })
    await assert.rejects(house.perform('alias.delete', { alias: 'orders' }))
    assert.notEqual(await use('orders'), 'ok')
    assert.equal(await use(key), 'ok')
    const { state } = await house.perform('key.revoke', { key, reason: 'keyCompromise' })
    assert.equal(state, 'compromised')
    assert.equal(await use(key), 'wrong_state')
  })
}
