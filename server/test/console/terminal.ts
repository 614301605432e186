import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** A shell on a machine of somebody's own, with the command line in its path. */

const bin = fileURLToPath(new URL('../../../cli/bin', import.meta.url))

export class Terminal implements AsyncDisposable {
  readonly #home: string
  readonly #variables: Readonly<Record<string, string>>
  readonly #running: ChildProcessByStdio<null, Readable, Readable>[] = []

  private constructor(home: string, variables: Readonly<Record<string, string>>) {
    this.#home = home
    this.#variables = variables
  }

  static async open(variables: Readonly<Record<string, string>> = {}): Promise<Terminal> {
    return new Terminal(await mkdtemp(join(tmpdir(), 'claviger-terminal-')), variables)
  }

  /** Begins a command line, word for word. */
  start(line: string) {
    const child = spawn('/bin/sh', ['-c', `exec ${line}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: `${bin}:${process.env['PATH']}`, HOME: this.#home, ...this.#variables },
    })
    this.#running.push(child)
    const closed = once(child, 'close') as Promise<[number | null]>
    let out = ''
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
    return {
      /** Waits for words on standard error. @throws Error where the command ends without them */
      async says(words: RegExp): Promise<RegExpExecArray> {
        for (;;) {
          const found = words.exec(said)
          if (found !== null) return found
          if (child.exitCode !== null) throw new Error(`${line} ended: ${said}`)
          await Promise.race([once(child.stderr, 'data'), closed])
        }
      },
      /** What it wrote, once it has ended well. @throws Error where it ends otherwise */
      async ended(): Promise<{ readonly out: string; readonly said: string }> {
        const [code] = await closed
        if (code !== 0) throw new Error(`${line} ended with ${code}: ${said}`)
        return { out: out.trim(), said }
      },
    }
  }

  /** Runs a command line to its end, and gives what it wrote. */
  async run(line: string): Promise<string> {
    return (await this.start(line).ended()).out
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running) if (child.exitCode === null) child.kill('SIGKILL')
    await rm(this.#home, { recursive: true, force: true })
  }
}
