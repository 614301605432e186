import { randomBytes } from 'node:crypto'
import { constants, type BigIntStats } from 'node:fs'
import { lstat, open, rename, rm, type FileHandle } from 'node:fs/promises'

/** Taking a file's place: a crash at any moment leaves the old file or the new one, and never half of one. */

/** How temporary files are called: they stand beside the file, are hidden, and are known by this when they were left behind. */
const SUFFIX = '.claviger-rewrap'

export function isLeftover(name: string): boolean {
  return name.startsWith('.') && name.endsWith(SUFFIX)
}

/** Why a file was left as it is. */
export class FileLeftAlone extends Error {
  override readonly name = 'FileLeftAlone'
}

/** The file has changed, or gone, since it was opened. */
export class FileChanged extends FileLeftAlone {}

/** A regular file, open for reading, and what it was when it was opened. */
export interface OpenedFile extends AsyncDisposable {
  readonly handle: FileHandle
  readonly stat: BigIntStats
}

/** Opens a regular file, and follows no symbolic link; undefined where there is none any more. @throws FileLeftAlone */
export async function openRegular(path: string): Promise<OpenedFile | undefined> {
  let handle: FileHandle
  try {
    // Without NONBLOCK, a pipe that took the file's name would hold the run up for ever.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    handle = await open(path, flags)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
  const close = () => handle.close()
  try {
    const stat = await handle.stat({ bigint: true })
    if (!stat.isFile()) throw new FileLeftAlone('it is not a regular file')
    return { handle, stat, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * Writes a new content beside a file and gives it the file's name, with the owner, mode and times that the file has. Content and name are
 * on the disk when this returns. Extended attributes are not carried over.
 *
 * @throws FileLeftAlone, FileChanged, or what `write` throws; the file is as it was then
 */
export async function replaceFile(
  folder: string,
  name: string,
  old: BigIntStats,
  write: (descriptor: number) => Promise<void>,
): Promise<void> {
  if (old.nlink > 1n)
    throw new FileLeftAlone('it has other names (hard links), which would keep the old content')
  const path = `${folder}/${name}`
  const beside = `${folder}/.${randomBytes(8).toString('hex')}${SUFFIX}`
  try {
    {
      await using file = await open(beside, 'wx', 0o600)
      await write(file.fd)
      await keepAttributes(file, old)
      await file.sync()
    }
    // Between this look and the rename a writer would be overwritten: the system has no rename that compares.
    if (!(await isUnchanged(path, old))) throw new FileChanged('it changed meanwhile')
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
  await using directory = await open(folder, 'r')
  await directory.sync()
}

/** The content means what it meant, so it keeps its times too. */
async function keepAttributes(file: FileHandle, old: BigIntStats): Promise<void> {
  const mine = await file.stat({ bigint: true })
  if (mine.uid !== old.uid || mine.gid !== old.gid) {
    try {
      await file.chown(Number(old.uid), Number(old.gid))
    } catch {
      throw new FileLeftAlone('its owner cannot be kept; run this as its owner')
    }
  }
  // After the owner: changing that takes the set-user-id bit away.
  await file.chmod(Number(old.mode & 0o7777n))
  await file.utimes(old.atime, old.mtime)
}

async function isUnchanged(path: string, old: BigIntStats): Promise<boolean> {
  try {
    const now = await lstat(path, { bigint: true })
    return (
      now.dev === old.dev &&
      now.ino === old.ino &&
      now.size === old.size &&
      now.mtimeNs === old.mtimeNs &&
      now.ctimeNs === old.ctimeNs
    )
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
