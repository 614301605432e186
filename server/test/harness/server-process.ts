import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request as startRequest, type IncomingMessage } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The real server as a process of its own, and a client that tells what it was answered and when. */

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** How long a server may take to be ready, on a machine that is busy with other tests, in milliseconds. */
const READY_MS_MAX = 60_000

export interface ProcessOptions {
  /** Where it keeps its data; in memory unless given. */
  readonly data?: string
  readonly env?: Readonly<Record<string, string>>
  /** The largest file it may write, in KiB: a disk that is full. */
  readonly fileKiBMax?: number
}

/** What a request was answered, with the times of one clock, in milliseconds. */
export interface Answer {
  readonly status: number
  readonly body: Buffer
  /** Before its first byte was handed over. */
  readonly sentAt: number
  /** After its last byte arrived. */
  readonly answeredAt: number
}

export const passphrase = 'correct horse battery staple'

/** A folder that goes with the test. */
export async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'claviger-promises-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

export class ServerProcess implements AsyncDisposable {
  readonly address: string
  readonly token: string
  readonly port: number
  readonly #child: ChildProcess
  readonly #agent = new Agent({ keepAlive: true, scheduling: 'fifo' })
  readonly #said: string[]

  constructor(child: ChildProcess, port: number, token: string, said: string[]) {
    this.#child = child
    this.port = port
    this.#said = said
    this.token = token
    this.address = `http://127.0.0.1:${port}`
  }

  /** What it wrote on standard error, for the message of a test that fails. */
  get said(): string {
    return this.#said.join('')
  }

  /** One request over connections that are kept. Rejects where the connection breaks before the answer is whole. */
  async request(
    method: string,
    path: string,
    body?: unknown,
    token: string | undefined = this.token,
  ): Promise<Answer> {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const headers = {
      authorization: `Bearer ${token}`,
      ...(bytes === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': bytes.length }),
    }
    const sentAt = performance.now()
    const sent = startRequest(
      { host: '127.0.0.1', port: this.port, method, path, agent: this.#agent, headers },
      (response: IncomingMessage) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          if (!response.complete) return reject(new Error('the answer was cut off'))
          const status = response.statusCode ?? 0
          resolve({ status, body: Buffer.concat(chunks), sentAt, answeredAt: performance.now() })
        })
      },
    )
    sent.on('error', reject)
    // A kept connection of a server that was killed may be reset while it is between two requests.
    sent.on('socket', (socket) => {
      if (!kept.has(socket)) socket.on('error', () => undefined)
      kept.add(socket)
    })
    sent.end(bytes)
    return promise
  }

  /** A request that must succeed, and its answer. */
  async call<Output>(
    method: string,
    path: string,
    body?: unknown,
    token?: string,
  ): Promise<Output> {
    const { status, body: answer } = await this.request(method, path, body, token)
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${answer.toString()}`)
    return JSON.parse(answer.toString()) as Output
  }

  /** As a power cut: nothing of it runs any more when this returns. */
  async kill9(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** In order, as an operator stops it; its exit code. */
  async stop(): Promise<number | null> {
    await this.#end('SIGTERM')
    return this.#child.exitCode
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit')
      this.#child.kill(signal)
      await exited
    }
    this.#agent.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGKILL')
  }
}

const kept = new WeakSet<object>()

/**
 * Starts `claviger dev` as a process of its own, and waits until it is ready.
 *
 * @throws Error with what it said, where it ends instead.
 */
export async function startServerProcess(options: ProcessOptions = {}): Promise<ServerProcess> {
  const port = await freePort()
  const tokenFile = join(tmpdir(), `claviger-token-${process.pid}-${port}`)
  const given = [
    'dev',
    '--listen',
    `127.0.0.1:${port}`,
    '--token-file',
    tokenFile,
    ...(options.data === undefined ? [] : ['--data', options.data]),
  ]
  const limit = options.fileKiBMax
  // Without the two dashes Node would read the server's flags that it has too.
  const command = [process.execPath, '--no-warnings', '--', main, ...given]
  const limited = ['/bin/bash', '-c', `ulimit -f ${limit}; exec "$0" "$@"`, ...command]
  const [program = '', ...rest] = limit === undefined ? command : limited
  const child = spawn(program, rest, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], CLAVIGER_PASSPHRASE: passphrase, ...options.env },
  })
  const said: string[] = []
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  try {
    const token = await tokenOf(child, tokenFile, said)
    return new ServerProcess(child, port, token, said)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    rmSync(tokenFile, { force: true })
  }
}

/** The token file is written when the server is ready. */
async function tokenOf(
  child: ChildProcess,
  file: string,
  said: readonly string[],
): Promise<string> {
  const start = performance.now()
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the server ended at once: ${said.join('')}`)
    }
    if (performance.now() - start > READY_MS_MAX) {
      throw new Error(`the server was not ready in ${READY_MS_MAX} ms: ${said.join('')}`)
    }
    const token = textOf(file)
    if (token.endsWith('\n')) return token.trim()
    await pause(5)
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
