import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

/**
 * Files that are on the disk when a call returns. Node's permission model, under which a server runs, refuses fsync; so files are opened
 * with O_SYNC, by which POSIX makes each write what fsync would make it (synchronized I/O file integrity completion). Directories have
 * no such flag: under that model their new names are durable when the file system says so, and what depends on one is said below.
 */

const { O_CREAT, O_RDWR, O_TRUNC } = constants
/** Windows has none; there fsync does it. */
const O_SYNC = (constants as Partial<typeof constants>).O_SYNC ?? 0

/**
 * Makes an empty file that only its owner reads; SQLite's own files take its mode. SQLite syncs the directory when it makes its journal
 * beside it, before its first commit returns, and with that this name too.
 */
export function createDurably(path: string): void {
  if (existsSync(path)) return
  const file = openSync(path, O_CREAT | O_RDWR | O_SYNC, 0o600)
  try {
    sync(file)
  } finally {
    closeSync(file)
  }
  syncDirectory(dirname(path))
}

/**
 * Replaces a file so that after a crash it holds either the old text or the new: write aside, sync, rename, sync the directory. Where
 * that last step is refused, the old text may come back after a loss of power; whoever calls keeps the new one in the database too.
 */
export function replaceDurably(path: string, content: string): void {
  const aside = `${path}.new`
  const file = openSync(aside, O_CREAT | O_RDWR | O_TRUNC | O_SYNC, 0o600)
  try {
    const data = Buffer.from(content)
    for (let written = 0; written < data.length;) written += writeSync(file, data, written)
    sync(file)
  } finally {
    closeSync(file)
  }
  renameSync(aside, path)
  syncDirectory(dirname(path))
}

/** A new name is durable when its directory is. Windows cannot open a directory, and orders its metadata itself. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return
  const directory = openSync(path, 'r')
  try {
    sync(directory)
  } finally {
    closeSync(directory)
  }
}

/** As far as the permission model lets it. @throws Error of the disk */
function sync(descriptor: number): void {
  try {
    fsyncSync(descriptor)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') throw error
  }
}
