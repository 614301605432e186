import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RowSeals, type Hierarchy } from '#keyring'
import type { Key } from '#model'
import type { Row, Store } from '#store'
import { startHouse } from '../harness/house.ts'
import { storeWith } from '../harness/store-with.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** What a key policy may not have; and keys that have one from before there was a bound go on to be used. */

/** A store in which a key has another policy, with a good seal, as one from before may have it. */
class Rewritten {
  hierarchy: Hierarchy | undefined
  policy = ''

  readonly wrap = (store: Store): Store =>
    storeWith(store, {
      key: async (id) => {
        const stored = await store.key(id)
        return stored && { ...stored, key: this.#under(stored.key) }
      },
    })

  #under({ kind, id, tenant, revision, ...row }: Row): Row {
    if (!this.hierarchy) return { kind, id, tenant, revision, ...row }
    const seals = new RowSeals(this.hierarchy)
    const value = {
      ...seals.open<Key>({ kind, id, tenant, revision, ...row }),
      policy: this.policy,
    }
    return seals.seal({ kind, id, tenant, value }, revision)
  }
}

test('what a statement of the longest name decides is recorded, by as much of it as there is room for', async () => {
  const rewritten = new Rewritten()
  await using house = await startHouse({ wrapStore: rewritten.wrap })
  const { id: key } = await house.createKey()
  const Sid = '\u0007"\\'.repeat(3_000)
  const open = { Sid, Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' }
  rewritten.policy = JSON.stringify({ Version: '2012-10-17', Statement: [open] })
  rewritten.hierarchy = house.house.hierarchy
  await house.perform('encrypt', { key, plaintext: Buffer.from('the payroll') })
  const last = (await house.entries()).at(-1)
  assert.equal(last?.event, 'encrypt')
  assert.equal(last?.binding, `policy:${Sid.slice(0, 255)}…`)
})

test('a Sid too long for a record, or too much to search for, is refused when the policy is put', async () => {
  await using house = await startHouse()
  const { owner } = restDoorOver(house)
  const { account } = await owner.call('whoami', {})
  const { id: key } = await owner.call('key.create', {})
  const delegating = {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: 'kms:*',
    Resource: '*',
  }
  const policyOf = (rest: object) =>
    JSON.stringify({ Version: '2012-10-17', Statement: { ...delegating, ...rest } })
  const like = Array.from({ length: 101 }, (_, place) => `*${place}*`)
  for (const [rest, saying] of [
    [{ Sid: 's'.repeat(257) }, 'Statement 1.Sid: must not be longer than 256 characters'],
    [
      { Condition: { StringLike: { 'kms:EncryptionContext:a': like } } },
      'Statement: more than 100 patterns of conditions have something between two stars',
    ],
  ] as const) {
    const asked = { policy: policyOf(rest), bypassPolicyLockoutCheck: true }
    for (const refused of [
      owner.refuse('invalid_request', 'policy.put', { key, ...asked }),
      owner.refuse('invalid_request', 'key.create', asked),
    ]) {
      const { detail, field } = await refused
      assert.equal(field, 'policy')
      assert.ok(detail.startsWith(saying), detail)
    }
  }
  const policy = policyOf({ Sid: 's'.repeat(256) })
  assert.equal((await owner.call('policy.put', { key, policy })).policy, policy)
  await owner.call('encrypt', { key, plaintext: 'AAAA' })
})
