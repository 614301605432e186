import type { InputOf } from '@claviger/contract'
import { wrapKeyMaterial } from '../../../../sdk/src/index.ts'
import type { TestHouse } from '../../harness/house.ts'
import {
  changedInStore,
  copyOf,
  decrypt,
  documentOf,
  edit,
  encryptAs,
  forgetChanges,
  putBack,
  revoke,
  rolledBack,
  swap,
  version,
  type Attack,
  type Revoked,
  type Standing,
} from './attack.ts'

/** Keys of 256 bits only, from now on; the id of the policy. */
async function askStrength({ house }: Standing): Promise<string> {
  const asked = { name: 'strong', scope: { kind: 'tenant' }, rules: { strengthMin: 256 } } as const
  return (await house.perform('lifecyclePolicy.create', asked)).id
}

function makeWeakKey(house: TestHouse): Promise<unknown> {
  return house.createKey({ algorithm: 'AES-128-GCM' })
}

/** A request that the server is to do, and that it has not come to; its id. */
async function askAndApprove({ house, key }: Standing): Promise<string> {
  const { token } = await house.createUser('approver')
  await house.perform('approvalPolicy.create', {
    name: 'another',
    actions: ['key.suspend'],
    scope: { kind: 'tenant' },
    approvals: 1,
    principals: [],
    groups: [],
    hours: 1,
  })
  const asked = { operation: 'key.suspend', input: { key }, comment: '', automatic: true }
  const { id: approval } = await house.perform('approval.request', asked)
  await house.perform('approval.approve', { approval, comment: '' }, { token })
  return approval
}

/** Attacks on keys, versions, names, credentials, bindings and the seal. */
export const attacksOnRows: readonly Attack[] = [
  {
    name: 'the wrapped material of two keys is swapped',
    attack: (database, { key, other }) =>
      swap(database, 'version', [version(key, 1), version(other, 1)], ['material']),
    use: decrypt,
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: 'the wrapped material of two versions of a key is swapped',
    attack: (database, { key }) =>
      swap(database, 'version', [version(key, 1), version(key, 2)], ['material']),
    use: decrypt,
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: 'two versions of a key are swapped whole, with their seals',
    attack: (database, { key }) =>
      swap(
        database,
        'version',
        [version(key, 1), version(key, 2)],
        ['document', 'material', 'revision', 'seal'],
      ),
    use: decrypt,
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: 'two keys are swapped whole, with their seals',
    attack: (database, { key, other }) =>
      swap(database, 'key', [key, other], ['document', 'revision', 'seal']),
    use: decrypt,
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: "a key is put under another key's alias",
    before: async ({ house, key, other }) => {
      await house.perform('alias.create', { alias: 'one', key })
      await house.perform('alias.create', { alias: 'two', key: other })
      return house.house.custody.tenant
    },
    attack: (database, _standing, tenant) =>
      swap(
        database,
        'alias',
        [`${String(tenant)}/one`, `${String(tenant)}/two`],
        ['document', 'revision', 'seal'],
      ),
    use: (house) => house.perform('encrypt', { key: 'one', plaintext: Buffer.from('a') }),
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: 'a suspended key is made active in its document',
    before: ({ house, key }) => house.perform('key.suspend', { key }),
    attack: (database, { key }) =>
      edit(database, 'key', key, (value) => ({ ...value, state: 'active' })),
    use: decrypt,
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: 'the protect-stop date of a version is put off',
    before: ({ house, key }) =>
      house.perform('key.update', { key, protectStopAt: house.clock.now() + 3_600_000 }),
    attack: (database, { key }) =>
      edit(database, 'version', version(key, 2), (value) => ({
        ...value,
        protectStopAt: 9_000_000_000_000,
      })),
    use: decrypt,
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: 'a key is made exportable',
    attack: (database, { key }) =>
      edit(database, 'key', key, (value) => ({ ...value, exportable: true })),
    use: decrypt,
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: 'a token is made to live longer',
    attack: (database, { user }) =>
      edit(database, 'token', user.tokenId, (value) => ({
        ...value,
        expiresAt: 9_000_000_000_000,
      })),
    use: encryptAs('user'),
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: "a token's hash is replaced by one whose secret the attacker knows",
    attack: (database, { user, auditor }) => {
      const { hash } = documentOf(database, 'token', user.tokenId)
      edit(database, 'token', auditor.tokenId, (value) => ({ ...value, hash }))
    },
    use: (house, { auditor }) => house.perform('whoami', {}, { token: auditor.token }),
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: 'a token is given to another principal',
    attack: (database, { user, auditor }) =>
      edit(database, 'token', auditor.tokenId, (value) => ({ ...value, principal: user.id })),
    use: encryptAs('auditor'),
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: "a binding's role is raised",
    attack: (database, { auditor }) =>
      edit(database, 'binding', auditor.binding ?? '', (value) => ({ ...value, role: 'owner' })),
    use: encryptAs('auditor'),
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: "somebody else's binding is made to be found for a principal",
    attack: (database, { auditor, user }) => {
      database
        .prepare("UPDATE row_facet SET value = ? WHERE name = 'principal' AND id = ?")
        .run(auditor.id, user.binding ?? '')
    },
    use: encryptAs('auditor'),
    catches: { use: 'forbidden' },
  },
  {
    name: 'a binding is put back after it was deleted',
    before: async ({ house, user, path }) => {
      const copy = copyOf(path, user.binding ?? '')
      await house.perform('binding.delete', { binding: user.binding ?? '' })
      return copy
    },
    attack: (database, _standing, copy) => putBack(database, copy as ReturnType<typeof copyOf>),
    use: encryptAs('user'),
    catches: { use: 'integrity_failed', doctor: /removed it, and it is back/ },
  },
  {
    name: 'a revoked token is rolled back to before',
    before: async ({ house, user, path }) => {
      const copy = copyOf(path, user.tokenId)
      await house.perform('token.revoke', { token: user.tokenId })
      return copy
    },
    attack: (database, _standing, copy) => putBack(database, copy as ReturnType<typeof copyOf>),
    use: encryptAs('user'),
    catches: { use: 'integrity_failed', doctor: rolledBack },
  },
  {
    name: 'a disabled principal is rolled back to before, and looked at',
    before: async ({ house, user, path }) => {
      const copy = copyOf(path, user.id)
      await house.perform('principal.disable', { principal: user.id })
      return copy
    },
    attack: (database, _standing, copy) => putBack(database, copy as ReturnType<typeof copyOf>),
    use: (house, { user }) => house.perform('principal.get', { principal: user.id }),
    catches: { use: 'integrity_failed', doctor: rolledBack },
  },
  {
    name: 'import parameters are put back after they were used',
    before: async ({ house, path }) => {
      const { id, publicKey } = await house.perform('key.importParameters', {
        wrapping: 'rsa-oaep-sha-256+aes-256-kwp',
        bits: 3_072,
      })
      const wrapped = wrapKeyMaterial(publicKey, Buffer.alloc(32, 7))
      const input = { algorithm: 'AES-256-GCM', exportable: false, parameters: id, wrapped }
      const copy = copyOf(path, id)
      await house.perform('key.import', input)
      return { copy, again: input }
    },
    attack: (database, _standing, kept) =>
      putBack(database, (kept as { copy: ReturnType<typeof copyOf> }).copy),
    use: (house, _standing, kept) =>
      house.perform('key.import', (kept as { again: InputOf<'key.import'> }).again),
    catches: { use: 'integrity_failed', doctor: /removed it, and it is back/ },
  },
  {
    name: 'a lifecycle policy is made to ask less',
    before: askStrength,
    attack: (database, _standing, policy) =>
      edit(database, 'lifecyclePolicy', String(policy), (value) => ({ ...value, rules: {} })),
    use: makeWeakKey,
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: 'a lifecycle policy is rolled back to before it got stricter',
    before: async (standing) => {
      const { house, path } = standing
      const { id: policy } = await house.perform('lifecyclePolicy.create', {
        name: 'anything',
        scope: { kind: 'tenant' },
        rules: {},
      })
      const copy = copyOf(path, policy)
      const rules = { strengthMin: 256 }
      await house.perform('lifecyclePolicy.update', { policy, rules })
      return copy
    },
    attack: (database, _standing, copy) => putBack(database, copy as ReturnType<typeof copyOf>),
    use: makeWeakKey,
    catches: { use: 'integrity_failed', doctor: rolledBack },
  },
  {
    // Nothing tells the gate of a row that is not there, of a rule no more than of a policy: the doctor, who replays the ledger, misses it.
    name: 'a lifecycle policy is taken away',
    before: askStrength,
    attack: (database, _standing, policy) =>
      database.prepare('DELETE FROM stored_row WHERE id = ?').run(String(policy)),
    catches: { doctor: /lifecyclePolicy/ },
  },
  {
    name: 'a disabled principal is rolled back to before',
    before: async ({ house, user, path }) => {
      const copy = copyOf(path, user.id)
      await house.perform('principal.disable', { principal: user.id })
      return copy
    },
    attack: (database, _standing, copy) => putBack(database, copy as ReturnType<typeof copyOf>),
    use: encryptAs('user'),
    catches: { use: 'integrity_failed', doctor: rolledBack },
  },
  {
    name: 'a revoked key is rolled back alone, without its versions',
    before: revoke,
    attack: (database, _standing, kept) => {
      const { copy } = kept as Revoked
      putBack(database, { ...copy, rows: copy.rows.filter(({ kind }) => kind === 'key') })
    },
    use: decrypt,
    catches: { use: 'integrity_failed', doctor: rolledBack },
  },
  {
    name: 'a revoked key is rolled back with its versions',
    before: revoke,
    attack: (database, _standing, kept) => putBack(database, (kept as Revoked).copy),
    use: decrypt,
    catches: { use: 'integrity_failed', doctor: rolledBack },
  },
  {
    // Facets bear no seal: they only find rows. What is hidden from the job that destroys keys would live on.
    name: 'a key whose destruction is scheduled is hidden from the job that does it',
    before: ({ house, key }) => house.perform('key.destroy', { key, days: 1, acknowledge: 'all' }),
    attack: (database, { key }) => {
      database.prepare("DELETE FROM due WHERE job = 'destruction' AND id = ?").run(key)
    },
    catches: { doctor: /its destruction is due some time/ },
  },
  {
    name: 'an approved request is hidden from the job that does it',
    before: askAndApprove,
    attack: (database, _standing, approval) => {
      database.prepare("DELETE FROM due WHERE job = 'execution' AND id = ?").run(String(approval))
    },
    catches: { doctor: /it waits for the server to do it/ },
  },
  {
    name: 'a notice on its way is hidden from the job that sends it',
    before: async ({ house, key }) => {
      // Nobody listens at this port: it waits for another attempt.
      const scope = { kind: 'tenant' as const }
      const input = {
        name: 'x',
        url: 'http://127.0.0.1:1/',
        scope,
        types: [],
        signature: 'v1' as const,
      }
      await house.perform('subscription.create', input)
      await house.perform('key.suspend', { key })
      await house.perform('key.resume', { key })
      await house.runJob('deliveries')
    },
    attack: (database) => {
      database.exec("DELETE FROM due WHERE job = 'deliveries'")
    },
    catches: { doctor: /it waits for the server to do it/ },
  },
  {
    name: 'somebody leaves, and it is hidden from the job that tells the keys',
    async before({ house }) {
      const { id: principal } = await house.createUser('key-user')
      await house.perform('principal.disable', { principal })
    },
    attack: (database) => {
      database.prepare("DELETE FROM due WHERE job = 'occurrence'").run()
    },
    catches: { doctor: /it waits for the server to do it/ },
  },
  {
    name: 'a version is deleted',
    attack: (database, { key }) => {
      database
        .prepare("DELETE FROM stored_row WHERE kind = 'version' AND id = ?")
        .run(version(key, 2))
    },
    use: decrypt,
    catches: { use: 'integrity_failed', doctor: /it was taken away/ },
  },
  {
    name: 'a key is deleted with its versions',
    attack: (database, { key }) => {
      database.prepare('DELETE FROM stored_row WHERE id LIKE ?').run(`${key}%`)
    },
    use: decrypt,
    catches: { use: 'not_found', doctor: /it was taken away/ },
  },
  {
    name: "the log's last changes of a key are deleted",
    attack: (database, { key }) => forgetChanges(database, key, 0),
    use: decrypt,
    catches: { use: 'integrity_failed' },
  },
  {
    name: 'the seal is rolled back to the one before, whose shares somebody kept',
    before: async ({ house, path }) => {
      const copy = copyOf(path, 'seal')
      const shares = house.shares
      await house.perform('system.reissueSeal', {
        proof: [...shares],
        seal: { kind: 'shares', shares: 2, threshold: 2 },
      })
      return copy
    },
    attack: (database, _standing, copy) => putBack(database, copy as ReturnType<typeof copyOf>),
    catches: { start: 'integrity_failed' },
  },
  {
    name: "a tenant's key is replaced by another tenant's",
    before: async ({ house }) =>
      (await house.perform('tenant.create', { name: 'other' })).tenant.id,
    attack: (database, { house }, other) =>
      swap(database, 'tenant', [house.house.custody.tenant, String(other)], ['material']),
    catches: { start: 'integrity_failed' },
  },
]
