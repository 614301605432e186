import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** The real server as a child of the test, as a stranger would meet it: over its port, its files and its log. */

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
/** A start takes about a second on an idle machine, and so does an end. */
const START_MS_MAX = 30_000

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A process that listens, or has failed to. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly #ended: Promise<Ended>
  #out = ''
  #log = ''
  #watchers: (() => void)[] = []

  constructor(command: string, argv: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'pipe'], env })
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text
      this.#changed()
    })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text
      this.#changed()
    })
    this.#ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        resolve({ code, signal })
        this.#changed()
      })
    })
  }

  /** Everything written to standard output so far. */
  get out(): string {
    return this.#out
  }

  /** Everything written to standard error so far. */
  get log(): string {
    return this.#log
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Reads its standard output no more, nor does anybody else. */
  leaveOut(): void {
    this.#child.stdout.destroy()
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Resolves once what was written says so. @throws Error where the process ends first, or takes too long. */
  async until(says: (server: ServerProcess) => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const look = () => {
      if (says(this)) resolve()
      else if (!this.alive) reject(new Error(`The server ended: ${this.#log.slice(-2_000)}`))
    }
    const timer = setTimeout(() => reject(new Error('The server takes too long')), START_MS_MAX)
    this.#watchers.push(look)
    look()
    try {
      await promise
    } finally {
      clearTimeout(timer)
      this.#watchers = this.#watchers.filter((watcher) => watcher !== look)
    }
  }

  /** How it ended. @throws Error where it goes on for too long */
  async end(): Promise<Ended> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(new Error('The server goes on')), START_MS_MAX)
    try {
      return await Promise.race([this.#ended, late.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Ends it in order. */
  async stop(): Promise<Ended> {
    this.kill('SIGTERM')
    return this.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL')
    await this.#ended
  }

  #changed(): void {
    for (const look of this.#watchers) look()
  }
}

/** A folder of the test's own, and how it is removed. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'claviger-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export interface StartOptions {
  /** Beside the mode and the address. */
  readonly argv?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly listen?: string
}

/** Starts `main.ts` in a mode; says nothing of whether it succeeds. */
export function spawnServer(mode: 'dev' | 'server', options: StartOptions = {}): ServerProcess {
  const { argv = [], env = {}, listen = '127.0.0.1:0' } = options
  return new ServerProcess(
    process.execPath,
    ['--no-warnings', '--', main, mode, '--listen', listen, ...argv],
    { PATH: process.env['PATH'], ...env },
  )
}

/** Where a server listens, from the line its log has about it (at level info). */
export async function listening(server: ServerProcess): Promise<number> {
  const line = /"event":"listening"[^\n]*"port":(\d+)/
  await server.until(({ log }) => line.test(log))
  return Number(line.exec(server.log)?.[1])
}

export interface DevelopmentServer {
  readonly process: ServerProcess
  /** `http://127.0.0.1:port` */
  readonly address: string
  readonly port: number
  /** A token of the owner. */
  readonly token: string
  /** The modes of the token file and the file for a shell. */
  readonly modes: { readonly token: number; readonly env: number }
  close(): Promise<void>
}

/** Starts a development server: in memory, initialized and unsealed. */
export async function startDevelopmentServer(
  argv: readonly string[] = [],
): Promise<DevelopmentServer> {
  const folder = temporaryFolder()
  const tokenFile = join(folder.path, 'token')
  const envFile = join(folder.path, 'env')
  const files = ['--token-file', tokenFile, '--env-file', envFile]
  const server = spawnServer('dev', { argv: [...files, ...argv] })
  try {
    await server.until(({ out }) => out.includes('npx claviger decrypt'))
    const address = /^CLAVIGER_ADDR=(.*)$/m.exec(readFileSync(envFile, 'utf8'))?.[1] ?? ''
    return {
      process: server,
      address,
      port: Number(new URL(address).port),
      token: readFileSync(tokenFile, 'utf8').trim(),
      modes: { token: statSync(tokenFile).mode & 0o777, env: statSync(envFile).mode & 0o777 },
      async close() {
        await server[Symbol.asyncDispose]()
        folder.remove()
      },
    }
  } catch (error) {
    await server[Symbol.asyncDispose]()
    folder.remove()
    throw error
  }
}
