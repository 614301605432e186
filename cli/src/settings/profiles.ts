import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { systemReason, usageFailure, type CommandFailure } from '../command-failure.ts'
import type { Shell } from '../shell.ts'

/** The profiles file: which servers there are, and the token for each. Only its owner may read it. */

const profile = z.strictObject({
  address: z.string().max(2_048),
  token: z.string().max(4_096).optional(),
  caFile: z.string().max(4_096).optional(),
})
const profilesFile = z.strictObject({
  current: z.string().optional(),
  profiles: z.record(z.string(), profile).default({}),
})

export const PROFILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

export type Profile = z.infer<typeof profile>
export type ProfilesFile = z.infer<typeof profilesFile>

const FILE_BYTES_MAX = 1_048_576
const OWNER_ONLY = 0o600

/** `$XDG_CONFIG_HOME/claviger/config.yaml`, or under ~/.config. An XDG path that is not absolute is ignored, as the standard says. */
export function profilesPath(shell: Shell): string {
  const xdg = shell.environment['XDG_CONFIG_HOME']
  const home = shell.environment['HOME'] ?? homedir()
  const base = xdg?.startsWith('/') === true ? xdg : join(home, '.config')
  return join(base, 'claviger', 'config.yaml')
}

function damaged(path: string, why: string): CommandFailure {
  return usageFailure(
    `The profiles file ${path} ${why}`,
    "Mend or remove it, and store profiles again with 'claviger profile add NAME'.",
  )
}

/** Where it is wrong; neither a value nor a name that is not known, since either may be a token. */
function wrongAt(issue: z.core.$ZodIssue | undefined): string {
  const place = issue?.path.map(String).join('.') ?? ''
  if (issue?.code === 'unrecognized_keys') return `has a name that is not known at '${place}'`
  return `is not as it should be at '${place}'`
}

/** The profiles; none where there is no file. Refuses a file that others may read, because it holds tokens. */
export async function readProfiles(shell: Shell): Promise<ProfilesFile> {
  const path = profilesPath(shell)
  const status = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw damaged(path, `cannot be read (${error.code ?? 'error'})`)
  })
  if (status === undefined) return { profiles: {} }
  if ((status.mode & 0o077) !== 0) {
    throw usageFailure(
      `The profiles file ${path} can be read by others`,
      `Fix it with: chmod 600 ${path}`,
    )
  }
  if (status.size > FILE_BYTES_MAX) throw damaged(path, 'is too large')
  const { parse } = await import('yaml')
  let content: unknown
  try {
    content = parse(await readFile(path, 'utf8'), { maxAliasCount: 0 }) ?? {}
  } catch {
    // The parser's own message would quote the line, which may hold a token.
    throw damaged(path, 'is not YAML')
  }
  const parsed = profilesFile.safeParse(content)
  if (parsed.success) return parsed.data
  throw damaged(path, wrongAt(parsed.error.issues[0]))
}

/** Writes the profiles whole or not at all, readable by the owner only. */
export async function writeProfiles(shell: Shell, content: ProfilesFile): Promise<void> {
  const path = profilesPath(shell)
  const { stringify } = await import('yaml')
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeOwnerOnly(path, stringify(content, { lineWidth: 0 }))
  } catch (error) {
    throw usageFailure(
      `Cannot write the profiles file ${path}: ${systemReason(error)}`,
      'Set CLAVIGER_ADDR and CLAVIGER_TOKEN instead, or XDG_CONFIG_HOME to a folder that you may write.',
    )
  }
}

/** Writes a file with mode 0600 beside its place and moves it there, so that nobody sees half of it or reads it meanwhile. */
export async function writeOwnerOnly(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  await rm(temporary, { force: true })
  try {
    const file = await open(temporary, 'wx', OWNER_ONLY)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    // The umask may have taken more away than it should.
    await chmod(temporary, OWNER_ONLY)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
