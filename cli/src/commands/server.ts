import { mkdirSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemReason, usageFailure } from '../command-failure.ts'
import type { Shell } from '../shell.ts'

/** `dev` and `server`: this process becomes the server, so that signals, the exit code and the process id are the server's own. */

/**
 * Flags of both: what the server never needs is switched off before its first line runs. Its heap is small and its garbage young, so
 * one thread collects it, and a smaller young generation keeps the process small. Of Node's four threads that compile hot functions one
 * is left: where there are few cores, four take most of one from whoever waits for an answer (docs/performance.md).
 */
const COMMON = [
  '--no-warnings',
  '--disable-sigusr1',
  '--disallow-code-generation-from-strings',
  '--disable-proto=throw',
  '--single-threaded-gc',
  '--v8-pool-size=1',
  '--min-semi-space-size=8',
  '--max-semi-space-size=8',
] as const

/**
 * OpenSSL's secure heap: locked, never in a core dump, overwritten when freed. It must have room for argon2id's 64 MiB beside the
 * private keys, since OpenSSL takes that from it too; memory that is not touched is not resident.
 */
const SECURE_HEAP = ['--secure-heap=134217728', '--secure-heap-min=32'] as const

/**
 * glibc's malloc, of the server alone: what is large goes back to the system when it is freed. Left to itself glibc comes to keep blocks
 * of up to 32 MiB, which is what the command wants for its chunks of a file.
 */
const ALLOCATOR = { MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' } as const

/** The value of an option in arguments that somebody else parses: `--data X` or `--data=X`. */
export function valueOf(flag: string, given: readonly string[]): string | undefined {
  for (const [index, argument] of given.entries()) {
    if (argument === flag) return given[index + 1]
    if (argument.startsWith(`${flag}=`)) return argument.slice(flag.length + 1)
  }
  return undefined
}

/** A grant of the permission model is one path; Node takes a comma in it for a mistake and grants nothing. */
function grantable(option: string, path: string): string {
  if (path.includes(','))
    throw usageFailure(`The path ${path} holds a comma, which Node's permissions do not allow`)
  return found(option, path, () => realpathSync(path))
}

/** What `look` finds at the path that an option names, or a failure that says which option and why. */
function found<Value>(option: string, path: string, look: () => Value): Value {
  try {
    return look()
  } catch (error) {
    throw usageFailure(`${option}: cannot open ${path}: ${systemReason(error)}`)
  }
}

/** What `server` may read and write: the program, its data, and its TLS files. */
function permissions(project: string, given: readonly string[]): string[] {
  const data = valueOf('--data', given)
  const tls = ['--tls-cert', '--tls-key', '--tls-client-ca', '--webhook-ca'].flatMap((option) => {
    const path = valueOf(option, given)
    return path === undefined ? [] : [grantable(option, path)]
  })
  // It must exist before it can be granted as a folder.
  if (data !== undefined)
    found('--data', data, () => mkdirSync(data, { recursive: true, mode: 0o700 }))
  const folder = data === undefined ? [] : [grantable('--data', data)]
  return [
    '--permission',
    '--allow-net',
    '--allow-worker',
    '--allow-ffi',
    ...[project, ...folder, ...tls].map((path) => `--allow-fs-read=${path}`),
    ...folder.map((path) => `--allow-fs-write=${path}`),
  ]
}

/** Node's own arguments and the server's, for `dev` or `server` with the arguments given after it. */
export function serverArguments(
  project: string,
  mode: 'dev' | 'server',
  given: readonly string[],
): string[] {
  const main = join(project, 'server', 'src', 'main.ts')
  const quick = ['--require', join(project, 'cli', 'bin', 'quick-imports.js')]
  const help = given.includes('--help') || given.includes('-h')
  const allowed = mode === 'server' && !help ? permissions(project, given) : []
  // Without '--' Node would take an --env-file that stands among the server's arguments for its own.
  const secureHeap = mode === 'server' ? SECURE_HEAP : []
  return [...allowed, ...COMMON, ...secureHeap, ...quick, '--', main, mode, ...given]
}

/** The folder that holds the workspaces. */
export function projectFolder(): string {
  return dirname(dirname(dirname(dirname(realpathSync(fileURLToPath(import.meta.url))))))
}

/** Becomes the server. It does not return. */
export function becomeServer(
  shell: Shell,
  mode: 'dev' | 'server',
  given: readonly string[],
): never {
  if (process.execve === undefined) {
    throw usageFailure('This system cannot replace one program by another, which the server needs')
  }
  const everything = serverArguments(projectFolder(), mode, given)
  const environment = Object.fromEntries(
    Object.entries({ ...ALLOCATOR, ...shell.environment }).filter(
      ([, value]) => value !== undefined,
    ),
  ) as Record<string, string>
  process.execve(process.execPath, [process.execPath, ...everything], environment)
  throw new Error('The server did not start')
}
