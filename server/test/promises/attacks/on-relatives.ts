import {
  changedInStore,
  copyOf,
  edit,
  putBack,
  rolledBack,
  swap,
  version,
  type Attack,
  type Standing,
} from './attack.ts'

/** Attacks on multi-Region keys, whose rows speak of one another, and on names that count in one region. */

const [here, there] = ['eu-central-1', 'us-east-1'] as const
const plaintext = Buffer.from('plaintext')

/** A primary key with a replica and a ciphertext, and what the rows of the primary were before the replica. */
async function relatives({ house, path }: Standing) {
  const { id: primary } = await house.createKey({ region: here, multiRegion: true })
  const alone = copyOf(path, primary)
  const { id: replica } = await house.perform('key.replicate', { key: primary, region: there })
  const { ciphertext } = await house.perform('encrypt', { key: primary, plaintext })
  return { primary, replica, ciphertext, alone, replicaBefore: copyOf(path, replica) }
}
type Relatives = Awaited<ReturnType<typeof relatives>>

async function revokedRelatives(standing: Standing): Promise<Relatives> {
  const kept = await relatives(standing)
  await standing.house.perform('key.revoke', { key: kept.primary, reason: 'keyCompromise' })
  return kept
}

const decryptWithReplica: Attack['use'] = (house, _standing, kept) => {
  const { ciphertext, replica } = kept as Relatives
  return house.perform('decrypt', { ciphertext, key: replica })
}

/** An alias of one region, and its row's id. */
async function named({ house, key, other }: Standing) {
  const input = { alias: 'payments', key }
  await house.perform('alias.create', input, { region: here })
  return { id: `${house.house.custody.tenant}/payments`, other }
}
type Named = Awaited<ReturnType<typeof named>>

const encryptByName: Attack['use'] = (house) =>
  house.perform('encrypt', { key: 'payments', plaintext }, { region: here })

export const attacksOnRelatives: readonly Attack[] = [
  {
    name: 'the wrapped material of related keys is swapped, which in the clear is the same',
    before: relatives,
    attack(database, _standing, kept) {
      const { primary, replica } = kept as Relatives
      swap(database, 'version', [version(primary, 1), version(replica, 1)], ['material'])
    },
    use: decryptWithReplica,
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: "a replica is given another key's material",
    before: relatives,
    attack(database, { other }, kept) {
      const { replica } = kept as Relatives
      swap(database, 'version', [version(other, 1), version(replica, 1)], ['material'])
    },
    use: decryptWithReplica,
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: 'the list of related keys is rolled back, so that a revocation would pass one by',
    before: relatives,
    attack: (database, _standing, kept) => putBack(database, (kept as Relatives).alone),
    use: (house, _standing, kept) =>
      house.perform('key.revoke', { key: (kept as Relatives).primary, reason: 'keyCompromise' }),
    catches: { use: 'integrity_failed', doctor: rolledBack },
  },
  {
    name: 'a replica is edited to have no relatives',
    before: relatives,
    attack: (database, _standing, kept) =>
      edit(database, 'key', (kept as Relatives).replica, ({ multiRegion: _lost, ...key }) => key),
    use: (house, _standing, kept) =>
      house.perform('key.revoke', { key: (kept as Relatives).primary, reason: 'keyCompromise' }),
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: 'a replica is edited to be the primary',
    before: relatives,
    attack: (database, _standing, kept) =>
      edit(database, 'key', (kept as Relatives).replica, (key) => ({
        ...key,
        multiRegion: { ...(key['multiRegion'] as object), primary: there },
      })),
    use: (house, _standing, kept) =>
      house.perform('key.rotate', { key: (kept as Relatives).replica }),
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: 'a replica that was revoked with its primary is rolled back with its versions',
    before: revokedRelatives,
    attack: (database, _standing, kept) => putBack(database, (kept as Relatives).replicaBefore),
    use: decryptWithReplica,
    catches: { use: 'integrity_failed', doctor: rolledBack },
  },
  {
    name: 'a name of a region is pointed at another key',
    before: named,
    attack(database, _standing, kept) {
      const { id, other } = kept as Named
      edit(database, 'alias', id, (alias) => ({ ...alias, key: other }))
    },
    use: encryptByName,
    catches: { use: 'integrity_failed', doctor: changedInStore },
  },
  {
    name: 'a name of a region is put back after it was deleted',
    async before(standing) {
      const { house, key, path } = standing
      const { id } = await named(standing)
      const copy = copyOf(path, id)
      await house.perform('alias.delete', { alias: 'payments' }, { region: here })
      await house.perform('key.revoke', { key, reason: 'superseded', acknowledge: 'all' })
      return copy
    },
    attack: (database, _standing, kept) => putBack(database, kept as ReturnType<typeof copyOf>),
    use: encryptByName,
    catches: { use: 'integrity_failed', doctor: /removed it, and it is back/ },
  },
]
