import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import {
  editEntry,
  forgetChanges,
  putBack,
  revoke,
  rolledBack,
  truncate,
  type Attack,
  type Revoked,
} from './attack.ts'

/** Attacks on what happened: the ledger, its checkpoints, its counters, and the whole file. */
export const attacksOnLedger: readonly Attack[] = [
  {
    // The seals are good and the log agrees: only the ledger knows better, and doctor asks it.
    name: 'a revoked key is rolled back with its versions and the log of changes',
    before: revoke,
    attack: (database, { key }, kept) => {
      const { copy, revision } = kept as Revoked
      putBack(database, copy)
      forgetChanges(database, key, revision)
    },
    catches: { doctor: rolledBack },
  },
  {
    // As above, and the entries since are made unread too; they were signed.
    name: 'a revocation is taken out of rows, log of changes, and the end of the ledger',
    before: async (standing) => {
      const { next } = await standing.house.store.head()
      const revoked = await revoke(standing)
      await standing.house.checkpoint()
      return { ...revoked, next }
    },
    attack: (database, { key }, kept) => {
      const { copy, revision, next } = kept as Revoked & { readonly next: number }
      putBack(database, copy)
      forgetChanges(database, key, revision)
      database.prepare('UPDATE sequencer SET revision = ?').run(revision)
      truncate(database, next)
    },
    catches: { start: 'ledger_unavailable' },
  },
  {
    // Whoever can also write the files beside the database leaves nothing here to compare with; the verifier elsewhere has it.
    name: 'the same, with both copies of the checkpoint',
    before: async (standing) => {
      const { next } = await standing.house.store.head()
      const revoked = await revoke(standing)
      await standing.house.checkpoint()
      return { ...revoked, next }
    },
    attack: (database, { key, path }, kept) => {
      const { copy, revision, next } = kept as Revoked & { readonly next: number }
      putBack(database, copy)
      forgetChanges(database, key, revision)
      database.prepare('UPDATE sequencer SET revision = ?').run(revision)
      truncate(database, next)
      database.exec('DELETE FROM checkpoint; DELETE FROM tile; UPDATE tree SET size = 0')
      rmSync(`${path}.checkpoint`)
    },
    catches: { verify: 'history' },
  },
  {
    name: 'counters are lowered',
    attack: (database, { key }) => {
      database.prepare('UPDATE counter SET uses = 0 WHERE key = ?').run(key)
    },
    catches: { doctor: /counts 0 uses, and the ledger has/ },
  },
  {
    name: 'the last entries of the ledger are cut off',
    attack: (database) => truncate(database, 3),
    catches: { start: 'ledger_unavailable' },
  },
  {
    name: 'the last batch is deleted, and the sequencer left',
    attack: (database) => {
      database.exec(
        'DELETE FROM ledger_batch WHERE first_index = (SELECT max(first_index) FROM ledger_batch)',
      )
    },
    catches: { start: 'ledger_unavailable' },
  },
  {
    name: 'a batch in the middle is deleted',
    attack: (database) => {
      database.exec(
        'DELETE FROM ledger_batch WHERE first_index = (SELECT max(first_index) FROM ledger_batch WHERE first_index < 8)',
      )
    },
    catches: { doctor: /integrity_failed/, verify: 'integrity_failed' },
  },
  {
    name: 'an entry is edited: who did it',
    attack: (database, { user, auditor }) =>
      editEntry(database, `"principal":"${user.id}"`, `"principal":"${auditor.id}"`),
    catches: { verify: 'tree' },
  },
  {
    name: 'an entry is edited: a denial becomes a success',
    before: ({ house, key, auditor }) =>
      house.codeOf('encrypt', { key, plaintext: Buffer.from('a') }, { token: auditor.token }),
    attack: (database) => editEntry(database, '"outcome":"denied"', '"outcome":"failed"'),
    catches: { verify: 'tree' },
  },
  {
    name: 'an entry is edited together with the row that it speaks of',
    before: revoke,
    attack: (database, { key }, kept) => {
      const { copy, revision } = kept as Revoked
      putBack(database, copy)
      forgetChanges(database, key, revision)
      editEntry(database, `"event":"key.revoke"`, `"event":"key.update"`)
    },
    catches: { doctor: rolledBack, verify: 'tree' },
  },
  {
    name: 'a tile of the tree is edited',
    attack: (database) => {
      database.exec('UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE level = 0')
    },
    catches: { start: 'ledger_unavailable' },
  },
  {
    name: 'the checkpoint is taken out of the database; the file beside it stands',
    attack: (database) => {
      database.exec('DELETE FROM checkpoint')
      truncate(database, 3)
    },
    catches: { start: 'ledger_unavailable' },
  },
  {
    name: 'the file beside the database is deleted; the checkpoint in it stands',
    attack: (database, { path }) => {
      rmSync(`${path}.checkpoint`)
      truncate(database, 3)
    },
    catches: { start: 'ledger_unavailable' },
  },
  {
    name: 'the checkpoint is replaced by one over fewer entries, signed by nobody',
    attack: (database, { path }) => {
      const note = readFileSync(`${path}.checkpoint`, 'utf8').replace(/\n\d+\n/, '\n1\n')
      writeFileSync(`${path}.checkpoint`, note)
      database.prepare('UPDATE checkpoint SET size = 1, note = ?').run(note)
    },
    catches: { start: 'ledger_unavailable' },
  },
  {
    name: 'an old copy of the whole database is put in its place',
    before: async (standing) => {
      const { path, house } = standing
      {
        // As a backup tool copies it.
        using database = new DatabaseSync(path)
        database.prepare('VACUUM INTO ?').run(`${path}.old`)
      }
      await revoke(standing)
      await house.checkpoint()
    },
    attack: (database, { path }) => {
      database.close()
      for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
      copyFileSync(`${path}.old`, path)
    },
    catches: { start: 'ledger_unavailable' },
  },
]
