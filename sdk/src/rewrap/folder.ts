import type { Dirent } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { FILE_PREFIX_BYTES } from '@claviger/contract/file-format'
import { ClavigerCiphertextError } from '../ciphertext-error.ts'
import { ClavigerApiError } from '../errors.ts'
import { encryptAgain, headLength, headOf, newDataKey, unwrapWith, type Head } from './content.ts'
import {
  FileChanged,
  FileLeftAlone,
  isLeftover,
  openRegular,
  replaceFile,
  type OpenedFile,
} from './replace-file.ts'
import { runThrough, type RewrapOptions, type RewrapResult, type Run } from './run.ts'

/** The encrypted files (docs/file-format.md) of a folder and the folders in it, in place. */

export interface RewrapFolderOptions extends RewrapOptions {
  readonly folder: string
  /** The encryption context that the files' data keys are bound to. */
  readonly context?: Record<string, string> | undefined
}

interface Found {
  readonly folder: string
  readonly name: string
}

/** Refusals that concern one file, where its key or its content is at fault; whatever else the server says ends the run. */
const ofOneFile: ReadonlySet<string> = new Set(['invalid_ciphertext', 'not_found', 'wrong_state'])

/**
 * Re-wraps every encrypted file under the key. Symbolic links are not followed; files of other keys and of other kinds are passed over.
 * A run may be stopped or killed at any moment: a file is the old one or the new one, and the next run passes over what is done.
 *
 * @throws ClavigerApiError, ClavigerConnectionError where the server refuses or is gone; the run stays open
 */
export function rewrapFolder(options: RewrapFolderOptions): Promise<RewrapResult> {
  const { context } = options
  return runThrough(options, {
    async pass(run) {
      const unreadable = (folder: string, error: unknown) => run.failed(folder, reasonOf(error))
      for await (const found of filesIn(options.folder.replace(/(?<=.)\/+$/, ''), unreadable)) {
        await rewrapOne(run, found, context)
        await run.at(undefined)
      }
    },
  })
}

/** Regular files, folder by folder, in the order of their names. What a run that was killed left behind is taken away on the way. */
async function* filesIn(
  folder: string,
  unreadable: (folder: string, error: unknown) => void,
): AsyncGenerator<Found> {
  let entries: Dirent[]
  try {
    entries = await readdir(folder, { withFileTypes: true })
  } catch (error) {
    unreadable(folder, error)
    return
  }
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    // A link to a folder is no folder here, and one to a file no file.
    if (entry.isDirectory()) yield* filesIn(`${folder}/${entry.name}`, unreadable)
    else if (entry.isFile() && isLeftover(entry.name)) await rm(`${folder}/${entry.name}`)
    else if (entry.isFile()) yield { folder, name: entry.name }
  }
}

async function rewrapOne(
  run: Run,
  { folder, name }: Found,
  context: Record<string, string> | undefined,
): Promise<void> {
  const path = `${folder}/${name}`
  try {
    await using file = await openRegular(path)
    if (file === undefined) return
    const head = await readHead(file)
    const place = head === undefined ? 'other' : run.placeOf(head.wrapped)
    if (head === undefined || place === 'other') return run.other()
    if (place === 'there') return run.already()
    await run.take(1)
    await replaceFile(folder, name, file.stat, (descriptor) =>
      writeAgain(run, file, head, descriptor, context),
    )
    run.done(Number(file.stat.size))
  } catch (error) {
    if (error instanceof FileChanged) return run.changed()
    if (!isOfOneFile(error)) throw error
    run.failed(path, reasonOf(error))
  }
}

/** Attacker-chosen: whoever may write to the folder made it. */
async function readHead({ handle }: OpenedFile): Promise<Head | undefined> {
  const start = Buffer.alloc(FILE_PREFIX_BYTES)
  const { bytesRead } = await handle.read(start, 0, start.length, 0)
  const length = bytesRead < start.length ? undefined : headLength(start)
  if (length === undefined) return undefined
  const bytes = Buffer.alloc(length)
  const whole = await handle.read(bytes, 0, length, 0)
  return whole.bytesRead < length ? undefined : headOf(bytes)
}

async function writeAgain(
  run: Run,
  { handle }: OpenedFile,
  head: Head,
  descriptor: number,
  context: Record<string, string> | undefined,
): Promise<void> {
  const unwrap = unwrapWith(run.client, context)
  const dataKey = await newDataKey(run.client, run.into, context)
  const source = handle.createReadStream({ start: 0, autoClose: false })
  try {
    await encryptAgain({ source, sink: descriptor, head, unwrap, dataKey })
  } finally {
    source.destroy()
    dataKey.plaintext.fill(0)
  }
}

function isOfOneFile(error: unknown): boolean {
  if (error instanceof ClavigerApiError) return ofOneFile.has(error.code)
  return (
    error instanceof FileLeftAlone || error instanceof ClavigerCiphertextError || isSystem(error)
  )
}

/** What the system says of a file: no right, no space, no such name. */
function isSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}

function reasonOf(error: unknown): string {
  if (isSystem(error)) return error.code ?? 'the system refused'
  return error instanceof Error ? error.message : 'unknown'
}
