import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, get, request as startRequest, type IncomingMessage } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchOptions } from './options.ts'
import { withDescendants } from './proc.ts'
import { LoadGenerator, owned, pinned, stop, TemporaryFolder, type Pinning } from './processes.ts'

/** The real server, started as a user starts it. */

export const claviger = fileURLToPath(new URL('../cli/bin/claviger', import.meta.url))

/** How long a server may take to answer before the run is given up, in milliseconds. */
const READY_MS_MAX = 60_000
/** How exactly the start is measured. */
const READY_POLL_MS = 5

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/**
 * The environment without certificate authorities of this machine: Node reads their file at the start, where one is named, which takes a
 * third of the time until the server is ready and is not the server's.
 */
function quietEnvironment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _named, ...others } = process.env
  return others
}

/** The passphrase of every store of this run. */
const passphrase = randomBytes(24).toString('base64url')

export interface StartOptions {
  /** Where it keeps its data; in memory unless given. */
  readonly data?: string
  /** Where the token file goes. */
  readonly folder: string
  readonly pinning: Pinning
  /** The token of an earlier start on the same data, where no new one is written. */
  readonly token?: string
}

/** `claviger dev`, as a user starts it. */
export class Server implements AsyncDisposable {
  readonly port: number
  /** From the start of the process to the first answer of /v1/ready with 200, in milliseconds. */
  readonly readyMs: number
  readonly token: string
  readonly #child: ChildProcess
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 })

  private constructor(child: ChildProcess, port: number, readyMs: number, token: string) {
    this.#child = child
    this.port = port
    this.readyMs = readyMs
    this.token = token
  }

  static async start(options: StartOptions): Promise<Server> {
    const port = await freePort()
    const tokenFile = join(options.folder, 'token')
    const [program, given] = pinned(options.pinning, claviger, [
      'dev',
      '--listen',
      `127.0.0.1:${port}`,
      '--token-file',
      tokenFile,
      ...(options.data === undefined ? [] : ['--data', options.data]),
    ])
    const start = performance.now()
    const child = owned(
      spawn(program, given, {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...quietEnvironment(), CLAVIGER_PASSPHRASE: passphrase },
      }),
    )
    const said: string[] = []
    child.stderr.on('data', (chunk: Buffer) => {
      said.push(chunk.toString())
      said.splice(0, said.length - 20)
    })
    while (!(await isReady(port))) {
      if (child.exitCode !== null) throw new Error(`the server ended at once: ${said.join('')}`)
      if (performance.now() - start > READY_MS_MAX) {
        await stop(child)
        throw new Error(`the server was not ready in ${READY_MS_MAX} ms: ${said.join('')}`)
      }
      await pause(READY_POLL_MS)
    }
    const readyMs = performance.now() - start
    return new Server(child, port, readyMs, options.token ?? (await tokenIn(tokenFile)))
  }

  /** The command's process and the server's, where they are two. */
  get pids(): number[] {
    return this.#child.pid === undefined ? [] : withDescendants(this.#child.pid)
  }

  /** Calls an operation and gives its answer, with the time it took in milliseconds. */
  async call<Output>(
    path: string,
    body: unknown,
  ): Promise<{ output: Output; milliseconds: number }> {
    const bytes = Buffer.from(JSON.stringify(body))
    const start = performance.now()
    const sent = startRequest({
      port: this.port,
      host: '127.0.0.1',
      method: 'POST',
      path,
      agent: this.#agent,
      headers: {
        authorization: `Bearer ${this.token}`,
        'content-type': 'application/json',
        'content-length': bytes.length,
      },
    })
    sent.end(bytes)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    const milliseconds = performance.now() - start
    const text = Buffer.concat(chunks).toString()
    if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode} ${text}`)
    return { output: JSON.parse(text) as Output, milliseconds }
  }

  /** The status of an answer to somebody's request, on a connection of its own. */
  async statusOf(method: string, path: string, token: string, body?: unknown): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    await response.arrayBuffer()
    return response.status
  }

  /** The id of the owner, whose token this is. */
  async whoami(): Promise<{ readonly principal: string }> {
    const response = await fetch(`http://127.0.0.1:${this.port}/v1/whoami`, {
      headers: { authorization: `Bearer ${this.token}` },
    })
    const { principal } = (await response.json()) as { principal: { id: string } }
    return { principal: principal.id }
  }

  /** The same call as the text of an HTTP request, for the load. */
  request(path: string, body: unknown): string {
    const text = JSON.stringify(body)
    return [
      `POST ${path} HTTP/1.1`,
      `host: 127.0.0.1:${this.port}`,
      `authorization: Bearer ${this.token}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(text)}`,
      '',
      text,
    ].join('\r\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy()
    await stop(this.#child)
  }
}

/** A server that keeps its ledger on the disk, on a core of its own, and what puts load on it; both end with `use`. */
export async function withLoadedServer<Result>(
  options: Pick<BenchOptions, 'folder'>,
  use: (server: Server, load: LoadGenerator) => Promise<Result>,
): Promise<Result> {
  using folder = new TemporaryFolder(options.folder)
  await using server = await Server.start({
    folder: folder.path,
    data: `${folder.path}/data`,
    pinning: 'server',
  })
  await using load = new LoadGenerator()
  return await use(server, load)
}

/** The token file is written once the server is ready, which may be a moment after it says so. */
async function tokenIn(file: string): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const token = readFileSync(file, 'utf8').trim()
      if (token !== '') return token
    } catch (error) {
      if (attempt >= 500) throw error
    }
    await pause(10)
  }
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ port, host: '127.0.0.1', path: '/v1/ready', agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    }).on('error', () => resolve(false))
  })
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
