import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Job, Result } from './load.ts'

/** Processes on cores of their own: the bare server and the load. Each is disposed of by the one who started it. */

/** The core that serves, and the core that asks. Without taskset nothing is pinned. */
const SERVER_CORE = 0
const LOAD_CORE = 1
export const hasTaskset = spawnSync('taskset', ['-V']).error === undefined

export type Pinning = 'server' | 'load' | 'none'

export function pinned(
  pinning: Pinning,
  program: string,
  given: readonly string[],
): [program: string, given: string[]] {
  if (pinning === 'none' || !hasTaskset) return [program, [...given]]
  const core = pinning === 'server' ? SERVER_CORE : LOAD_CORE
  return ['taskset', ['-c', String(core), program, ...given]]
}

/** What is to be undone when the run is ended from outside: otherwise a server would go on, on a core of its own. */
const undone = new Set<() => void>()

for (const [signal, number] of [
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const) {
  process.once(signal, () => {
    // The newest first: folders belong to processes.
    for (const undo of [...undone].toReversed()) undo()
    process.exit(128 + number)
  })
}

/** Ends the process with this one, however this one is ended by a signal. */
export function owned<Child extends ChildProcess>(child: Child): Child {
  const kill = () => void child.kill('SIGKILL')
  undone.add(kill)
  child.once('exit', () => undone.delete(kill))
  return child
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}

/** A folder that is gone with its owner. */
export class TemporaryFolder implements Disposable {
  readonly path: string
  readonly #remove: () => void

  constructor(parent: string) {
    const path = mkdtempSync(join(parent, 'claviger-bench-'))
    this.path = path
    this.#remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 5 })
    undone.add(this.#remove)
  }

  [Symbol.dispose](): void {
    undone.delete(this.#remove)
    this.#remove()
  }
}

/** The bare node:http server. */
export class Bare implements AsyncDisposable {
  readonly port: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  static async start(answerBytes: number): Promise<Bare> {
    const file = fileURLToPath(new URL('bare.ts', import.meta.url))
    const [program, given] = pinned('server', process.execPath, [file, String(answerBytes)])
    const child = owned(spawn(program, given, { stdio: ['ignore', 'pipe', 'inherit'] }))
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    return new Bare(child, Number(line))
  }

  get pids(): number[] {
    return this.#child.pid === undefined ? [] : [this.#child.pid]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stop(this.#child)
  }
}

/** The load generator, in a process and on a core of its own, warm from job to job. */
export class LoadGenerator implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #answers: AsyncIterator<string, undefined>
  readonly #write: (line: string) => void

  constructor() {
    const file = fileURLToPath(new URL('load.ts', import.meta.url))
    const [program, given] = pinned('load', process.execPath, [file])
    const child = owned(spawn(program, given, { stdio: ['pipe', 'pipe', 'inherit'] }))
    this.#child = child
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    this.#write = (line) => child.stdin.write(line)
  }

  async run(job: Job): Promise<Result> {
    this.#write(`${JSON.stringify(job)}\n`)
    const answer = await this.#answers.next()
    if (answer.done === true) throw new Error('the load generator ended')
    return JSON.parse(answer.value) as Result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stop(this.#child)
  }
}
