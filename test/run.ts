import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { stripVTControlCharacters } from 'node:util'
import {
  browserPath,
  clientsAreInstalled,
  isOrdinaryTest,
  needsBrowser,
  needsClients,
  needsPostgres,
  postgresFolder,
} from './clients/tools.ts'
import { filesBelow, isTest, root } from './repository.ts'

/**
 * `npm test`: runs every `*.test.ts` of the workspaces and of this folder with Node's own runner, each file in a process of its own,
 * and passes the runner's exit code on. Arguments are files, or options of the runner: `npm test -- server/test/crypto/aead.test.ts`.
 *
 * Tests that drive programs of others run where those are installed. CLAVIGER_CLIENTS_REQUIRED, which `.ci/run` sets, makes it a failure
 * where they are not.
 */

/** A test that hangs fails after this long, in milliseconds; the promises' own tests are the longest and need a few minutes. */
const TEST_TIMEOUT_MS = 600_000

/** The runner's closing lines, `ℹ tests 12`: written with a hash, as its TAP form does, since that is what tools read. */
const CLOSING = /^ℹ (?=(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) )/

/** Programs of others, which tests need them, and what is said where those are left out: at the end, where it is seen. */
const programs = [
  {
    installed: clientsAreInstalled,
    neededBy: needsClients,
    message:
      'Not run: the tests of SOPS, the AWS command line, boto3 and S3, which are not installed here; scripts/install-clients.sh does it.',
  },
  {
    installed: () => postgresFolder() !== undefined,
    neededBy: needsPostgres,
    message:
      'Not run: the tests with PostgreSQL, which is not installed here; scripts/install-debian.sh --clients installs it.',
  },
  {
    installed: () => browserPath() !== undefined,
    neededBy: needsBrowser,
    message:
      'Not run: the tests of the pages in Chromium, which is not installed here; scripts/install-debian.sh --clients installs it.',
  },
]

/** Every test that can be run here. */
function allTests(): string[] {
  const missing = programs.filter(({ installed }) => !installed())
  const required = (process.env['CLAVIGER_CLIENTS_REQUIRED'] ?? '') !== ''
  for (const { message } of missing) {
    if (required) console.error(message)
    else process.on('exit', () => console.error(message))
  }
  if (required && missing.length > 0) process.exit(1)
  return filesBelow('.', isTest)
    .filter(isOrdinaryTest)
    .filter((path) => !missing.some(({ neededBy }) => neededBy(path)))
}

const given = process.argv.slice(2)
const files = given.some((argument) => !argument.startsWith('-')) ? [] : allTests()
const runner = spawn(
  process.execPath,
  [
    '--import',
    new URL('property-seed.ts', import.meta.url).href,
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${availableParallelism()}`,
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    ...given,
    ...files,
  ],
  {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      // The thread pool carries fsync beside slow signatures; 16 keeps the first from waiting for the second.
      UV_THREADPOOL_SIZE: '16',
      // node:ffi and the like announce themselves once in every process.
      NODE_NO_WARNINGS: '1',
      ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
      ...process.env,
    },
  },
)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal))
const closed = new Promise<number>((resolve, reject) => {
  runner.on('error', reject)
  runner.on('close', (code) => resolve(code ?? 1))
})
for await (const line of createInterface({ input: runner.stdout })) {
  const plain = stripVTControlCharacters(line)
  process.stdout.write(`${CLOSING.test(plain) ? plain.replace(CLOSING, '# ') : line}\n`)
}
process.exitCode = await closed
