import { readFileSync, statSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { ClavigerError } from '#model'
import type { StoredCheckpoint } from '../store.ts'
import { damaged, integer, text } from './columns.ts'
import { replaceDurably } from './durable-files.ts'
import type { Entries } from './entries.ts'
import { HASH_BYTES } from './merkle.ts'
import type { Tree } from './tree.ts'

/** A note is a few lines and a few signatures; anything longer is not ours. */
const NOTE_BYTES_MAX = 65_536

/** What a checkpoint commits to (C2SP tlog-checkpoint): the second and third line of the note. Its signatures are not the store's job. */
function parseNote(note: string): { size: number; root: Buffer } | undefined {
  const [, size, root] = note.split('\n', 4)
  if (size === undefined || root === undefined || !/^(?:0|[1-9][0-9]{0,15})$/.test(size))
    return undefined
  const bytes = Buffer.from(root, 'base64')
  if (bytes.length !== HASH_BYTES || bytes.toString('base64') !== root) return undefined
  return { size: Number(size), root: bytes }
}

/**
 * The newest signed checkpoint: in the database, and, where that is a file, once more in a file beside it. A checkpoint is a promise
 * to the outside, so a database that cannot keep it (restored from an older backup, or changed) is not opened: going on would be a
 * fork of the ledger. The file outlives the restoring of the database alone.
 */
export class Checkpoints {
  readonly #path: string | undefined
  readonly #entries: Entries
  readonly #tree: Tree
  readonly #newest: StatementSync
  readonly #save: StatementSync

  /** @param path of the file beside the database, or undefined for a store in memory. */
  constructor(database: DatabaseSync, path: string | undefined, entries: Entries, tree: Tree) {
    this.#path = path
    this.#entries = entries
    this.#tree = tree
    this.#newest = database.prepare('SELECT size, note FROM checkpoint WHERE ledger = 1')
    this.#save = database.prepare(
      `INSERT INTO checkpoint (ledger, size, note) VALUES (1, ?, ?)
       ON CONFLICT (ledger) DO UPDATE SET size = excluded.size, note = excluded.note`,
    )
  }

  newest(): StoredCheckpoint | undefined {
    const found = this.#newest.get()
    return found === undefined
      ? undefined
      : { size: integer(found['size']), note: text(found['note']) }
  }

  /**
   * Saves to the file first and to the database second: whichever of them a crash leaves behind is made good at the next opening.
   *
   * @throws ClavigerError conflict for a checkpoint that is not of this tree, or is smaller than the newest.
   */
  save(checkpoint: StoredCheckpoint): void {
    const parsed = parseNote(checkpoint.note)
    if (parsed?.size !== checkpoint.size || Buffer.byteLength(checkpoint.note) > NOTE_BYTES_MAX) {
      throw new ClavigerError(
        'conflict',
        'The checkpoint is not a note over the size it is saved for',
      )
    }
    const newest = this.newest()?.size ?? 0
    if (checkpoint.size < newest) {
      throw new ClavigerError(
        'conflict',
        `A checkpoint over ${newest} entries stands; one over ${checkpoint.size} would take it back`,
      )
    }
    if (checkpoint.size > this.#tree.size()) {
      throw new ClavigerError(
        'conflict',
        `The tree is built over ${this.#tree.size()} entries, not yet over ${checkpoint.size}`,
      )
    }
    if (!parsed.root.equals(this.#tree.rootAt(checkpoint.size))) {
      throw new ClavigerError(
        'conflict',
        `The checkpoint's root is not that of the first ${checkpoint.size} entries`,
      )
    }
    if (this.#path !== undefined) replaceDurably(this.#path, checkpoint.note)
    this.#save.run(checkpoint.size, checkpoint.note)
  }

  /**
   * Compares the ledger with both copies of the checkpoint, without reading more of it than its right edge, and makes the copies
   * alike.
   *
   * @throws ClavigerError ledger_unavailable where the ledger cannot be the one that was signed; integrity_failed where a copy is not
   * a checkpoint.
   */
  verify(): void {
    const saved = this.newest()
    const beside = this.#path === undefined ? undefined : readNote(this.#path)
    for (const copy of [saved, beside]) if (copy !== undefined) this.#assertKept(copy)
    if (beside !== undefined && beside.size >= (saved?.size ?? 0)) {
      if (beside.note !== saved?.note) this.#save.run(beside.size, beside.note)
    } else if (saved !== undefined && this.#path !== undefined) {
      replaceDurably(this.#path, saved.note)
    }
  }

  #assertKept({ size, note }: StoredCheckpoint): void {
    const signed = parseNote(note)
    if (signed?.size !== size) throw damaged('its checkpoint is not a note over its size')
    const { next } = this.#entries.head()
    if (size > next) {
      throw new ClavigerError(
        'ledger_unavailable',
        `The database holds ${next} entries, and a checkpoint over ${size} was signed: it is older than what was ` +
          'published, so going on would fork the ledger; restore a newer one',
      )
    }
    // A restored tree may be behind entries that it already had.
    const behind = size - this.#tree.size()
    if (behind > 0) this.#tree.integrate(behind)
    if (!signed.root.equals(this.#tree.rootAt(size))) {
      throw new ClavigerError(
        'ledger_unavailable',
        `The first ${size} entries of the database are not those that were signed: its tree has another root; ` +
          'restore the right one',
      )
    }
  }
}

function readNote(path: string): StoredCheckpoint | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size
  if (size === undefined) return undefined
  const note = size > NOTE_BYTES_MAX ? '' : readFileSync(path, 'utf8')
  const parsed = parseNote(note)
  if (parsed === undefined) throw damaged(`${path} is not a checkpoint`)
  return { size: parsed.size, note }
}
