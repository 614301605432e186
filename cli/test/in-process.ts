import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { runCommandLine } from '../src/command-line.ts'
import type { Shell } from '../src/shell.ts'

/** Runs the whole command inside the test's process, on streams in memory: quick, and all of it is the real thing but the terminal. */

export interface RunOptions {
  readonly stdin?: string | Uint8Array
  readonly environment?: Record<string, string>
  /** Whether stdout is a terminal. */
  readonly terminal?: boolean
  /** Milliseconds since 1970. */
  readonly now?: number
}

export interface RunResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stdoutBytes: Buffer
  readonly stderr: string
}

function sinkOf(chunks: Buffer[]): NodeJS.WriteStream {
  return new Writable({
    write(chunk: Buffer | string, _encoding, done) {
      chunks.push(Buffer.from(chunk))
      done()
    },
  }) as unknown as NodeJS.WriteStream
}

/** A shell on streams in memory. */
export function shellOf(options: RunOptions, out: Buffer[], err: Buffer[]): Shell {
  const { stdin = '', environment = {}, terminal = false, now = 1_800_000_000_000 } = options
  return {
    environment: { HOME: '/nonexistent', ...environment },
    input: Readable.from([Buffer.from(stdin)], {
      objectMode: false,
    }) as unknown as NodeJS.ReadStream,
    output: sinkOf(out),
    errors: sinkOf(err),
    terminals: { input: false, output: terminal, errors: false },
    now: () => now,
  }
}

export async function run(given: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const out: Buffer[] = []
  const err: Buffer[] = []
  const exitCode = await runCommandLine(shellOf(options, out, err), given)
  const stdoutBytes = Buffer.concat(out)
  return {
    exitCode,
    stdout: stdoutBytes.toString('utf8'),
    stdoutBytes,
    stderr: Buffer.concat(err).toString('utf8'),
  }
}

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'claviger-cli-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

export interface SeenRequest {
  readonly line: string
  readonly authorization: string | undefined
  readonly body: string
}

/** A listener that gives one answer to everything and remembers what it was asked: for how the command reads and shows answers. */
export async function listener(
  status: number,
  answer: unknown,
): Promise<{ address: string; seen: SeenRequest[] } & AsyncDisposable> {
  const seen: SeenRequest[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const { authorization } = request.headers
      seen.push({ line: `${request.method} ${request.url}`, authorization, body })
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(answer instanceof Uint8Array ? answer : JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    address: `http://127.0.0.1:${port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
