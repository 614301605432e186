import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createClient, type Claviger } from '@claviger/sdk'
import { run } from '../in-process.ts'

/** The real command against the real server, each as its own process. */

export const bin = fileURLToPath(new URL('../../bin/claviger', import.meta.url))

/** A server is ready in well under a second; a machine that is busy with other tests may take this long. */
const READY_MS_MAX = 30_000

export interface Outcome {
  readonly exitCode: number
  readonly stdout: Buffer
  readonly stderr: string
}

export interface DevServer extends AsyncDisposable {
  readonly address: string
  readonly token: string
  readonly pid: number
  /** A folder that goes away with the server. */
  readonly folder: string
  /** What a command finds in its environment. */
  readonly environment: Record<string, string>
  /** Runs the command against this server, inside this process, which is quick. */
  claviger(given: readonly string[], stdin?: string | Uint8Array): Promise<Outcome>
  /** Runs the command against this server as a process of its own. */
  launch(given: readonly string[], stdin?: string | Uint8Array): Promise<Outcome>
}

/** Runs the command as a process, with nothing in its environment but what is given. */
export function launch(
  given: readonly string[],
  environment: Record<string, string>,
  stdin: string | Uint8Array = '',
): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: environment, encoding: 'buffer', maxBuffer: 268_435_456 } as const
    const child = execFile(bin, given, options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ exitCode, stdout, stderr: stderr.toString('utf8') })
    })
    // A command that does not read its input closes it early.
    child.stdin?.on('error', () => {})
    child.stdin?.end(stdin)
  })
}

/** Runs the command inside this process. */
export async function inProcess(
  given: readonly string[],
  environment: Record<string, string>,
  stdin: string | Uint8Array = '',
): Promise<Outcome> {
  const { exitCode, stdoutBytes, stderr } = await run(given, {
    environment,
    stdin,
    now: Date.now(),
  })
  return { exitCode, stdout: stdoutBytes, stderr }
}

async function appears(path: string, gone: () => boolean): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX
  // The file is there, and its owner's alone, a moment before anything is in it.
  while (((await stat(path).catch(() => undefined))?.size ?? 0) === 0) {
    if (gone() || performance.now() > deadline) throw new Error('the server did not become ready')
    await wait(20)
  }
}

function parseEnvironment(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map(
        (line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const,
      ),
  )
}

/** A server for all tests of a file, and a client of its owner. It ends with the file. */
export async function startServerOfFile(): Promise<{ server: DevServer; client: Claviger }> {
  const server = await startDevServer()
  after(() => server[Symbol.asyncDispose]())
  return { server, client: createClient({ address: server.address, token: server.token }) }
}

/** Starts `claviger dev` on a free port, with further arguments where given, and waits until it has written what a shell needs. */
export async function startDevServer(
  more: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): Promise<DevServer> {
  const folder = await mkdtemp(join(tmpdir(), 'claviger-e2e-'))
  const tokenFile = join(folder, 'token')
  const envFile = join(folder, 'env')
  const base = { PATH: process.env['PATH'] ?? '', HOME: folder, XDG_CONFIG_HOME: folder }
  const server = spawn(
    bin,
    ['dev', '--listen', '127.0.0.1:0', '--token-file', tokenFile, '--env-file', envFile, ...more],
    { env: { ...base, ...variables }, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const ended = once(server, 'exit')
  const stop = async () => {
    server.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await appears(envFile, () => server.exitCode !== null)
    const given = parseEnvironment(await readFile(envFile, 'utf8'))
    const environment = { ...base, ...given }
    return {
      address: given['CLAVIGER_ADDR'] ?? '',
      token: (await readFile(tokenFile, 'utf8')).trim(),
      pid: server.pid ?? 0,
      folder,
      environment,
      claviger: (args, stdin) => inProcess(args, environment, stdin),
      launch: (args, stdin) => launch(args, environment, stdin),
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
