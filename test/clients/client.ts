import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDevServer, type DevServer } from '../../cli/test/e2e/dev-server.ts'
import { root } from '../repository.ts'
import { program } from './tools.ts'

/** A development server, and the programs of others run against it as a shell would run them. */

export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string | Uint8Array
  /** Beside, or in place of, what the server's env file says. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface Workbench extends AsyncDisposable {
  readonly server: DevServer
  /** Where the programs run; it goes with the server. */
  readonly folder: string
  /** Runs a program by its name, whatever it answers. */
  run(name: string, given: readonly string[], options?: RunOptions): Promise<Ran>
  /** Runs a program that must succeed; what it printed, without the last line's end. */
  ok(name: string, given: readonly string[], options?: RunOptions): Promise<string>
  write(name: string, text: string): Promise<string>
}

const OUTPUT_MAX = 67_108_864

function execute(
  path: string,
  given: readonly string[],
  { cwd, env, input }: { cwd: string; env: Record<string, string>; input: string | Uint8Array },
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      path,
      given,
      { cwd, env, encoding: 'utf8', maxBuffer: OUTPUT_MAX },
      (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
        resolve({ exitCode, stdout, stderr })
      },
    )
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** Starts a server, with a folder that has the programs named in its `bin`, which stands first in the PATH. */
export async function startWorkbench(
  programs: readonly string[],
  serverArguments: readonly string[] = [],
): Promise<Workbench> {
  const folder = await mkdtemp(join(tmpdir(), 'claviger-client-'))
  const bin = join(folder, 'bin')
  await mkdir(bin)
  const paths = new Map(programs.map((name) => [name, program(name)]))
  paths.set('claviger', join(root, 'cli/bin/claviger')).set('node', process.execPath)
  // Python finds its packages by the path that it is started with, so a link would not do.
  for (const [name, path] of paths)
    await writeFile(join(bin, name), `#!/bin/sh\nexec '${path}' "$@"\n`, { mode: 0o700 })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  const server = await startDevServer(serverArguments)
  const base = {
    ...server.environment,
    HOME: folder,
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    SOPS_DISABLE_VERSION_CHECK: '1',
    CHECKPOINT_DISABLE: '1',
    // Nobody outside of this machine is asked for the roots of a public log.
    TUF_MIRROR: 'http://127.0.0.1:9',
  }
  const run = (name: string, given: readonly string[], options: RunOptions = {}) =>
    execute(name, given, {
      cwd: folder,
      env: { ...base, ...options.environment },
      input: options.input ?? '',
    })
  return {
    server,
    folder,
    run,
    async ok(name, given, options) {
      const { exitCode, stdout, stderr } = await run(name, given, options)
      if (exitCode !== 0)
        throw new Error(`${name} ${given.join(' ')}: exit ${exitCode}\n${stderr}${stdout}`)
      return stdout.trimEnd()
    },
    async write(name, text) {
      const path = join(folder, name)
      await writeFile(path, text)
      if (text.startsWith('#!')) await chmod(path, 0o700)
      return path
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
