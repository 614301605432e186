import { mkdir, open, rename, rm, stat } from 'node:fs/promises'

/** Files that are whole and on the disk when the call returns, or not there at all. */
export class DurableFiles {
  readonly #root: string
  readonly #made = new Set<string>()

  /** `root` is made where it is missing; its parent must be there. */
  constructor(root: string) {
    this.#root = root.replace(/\/+$/, '')
  }

  /** The length of a file in bytes; undefined where there is none. */
  async lengthOf(path: string): Promise<number | undefined> {
    try {
      const found = await stat(`${this.#root}/${path}`)
      return found.isFile() ? found.size : undefined
    } catch (error) {
      if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return undefined
      throw error
    }
  }

  /** Writes beside, syncs, renames, and syncs the directory, so that a crash leaves the old file or the new one. */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    const folder = path.split('/').slice(0, -1).join('/')
    await this.#makeFolder(folder)
    const target = `${this.#root}/${path}`
    const beside = `${target}.unfinished`
    {
      await using file = await open(beside, 'w')
      await file.writeFile(bytes)
      await file.sync()
    }
    await rename(beside, target)
    await syncFolder(this.#pathOf(folder))
  }

  /** Removes a folder with what is in it, where it is there. */
  async removeFolder(path: string): Promise<void> {
    await rm(this.#pathOf(path), { recursive: true, force: true })
  }

  #pathOf(folder: string): string {
    return folder === '' ? this.#root : `${this.#root}/${folder}`
  }

  /** A new folder is only there after a crash if its parent was synced too. */
  async #makeFolder(folder: string): Promise<void> {
    if (this.#made.has(folder)) return
    const parent = folder.split('/').slice(0, -1).join('/')
    if (folder !== '') await this.#makeFolder(parent)
    try {
      await mkdir(this.#pathOf(folder))
      await syncFolder(folder === '' ? `${this.#root}/..` : this.#pathOf(parent))
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error
    }
    this.#made.add(folder)
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder to sync it.
  if (process.platform === 'win32') return
  await using folder = await open(path, 'r')
  await folder.sync()
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
