import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { launch, startServerOfFile } from './dev-server.ts'

/** A command starts the sooner the less it loads: what it loads is held here, and not how long that takes. */

const { server } = await startServerOfFile()
const list = join(server.folder, 'loaded')

/** Keeps the address of every module that is loaded after it, and at the end what of Node's own was. */
const PRELOAD = `
import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
const modules = []
registerHooks({ load(url, context, next) { modules.push(url); return next(url, context) } })
process.on('exit', () => writeFileSync(${JSON.stringify(list)}, JSON.stringify({ modules, own: process.moduleLoadList })))`

interface Loaded {
  readonly stdout: Buffer
  /** Our own, from the workspace on, in the order of their names: contract/src/codecs.ts. */
  readonly ours: readonly string[]
  /** The names of packages. */
  readonly packages: ReadonlySet<string>
  /** Whether fetch was used. */
  readonly fetch: boolean
}

/** Runs the command as its launcher starts it, and says what was loaded for it. */
async function loadedBy(given: readonly string[], stdin?: Uint8Array): Promise<Loaded> {
  await rm(list, { force: true })
  const preload = `data:text/javascript,${encodeURIComponent(PRELOAD)}`
  const environment = { ...server.environment, NODE_OPTIONS: `--import ${preload}` }
  const { exitCode, stdout, stderr } = await launch(given, environment, stdin)
  assert.equal(exitCode, 0, stderr)
  const { modules, own } = JSON.parse(await readFile(list, 'utf8')) as Record<string, string[]>
  const found = (pattern: RegExp) =>
    (modules ?? []).flatMap((url) => pattern.exec(url)?.groups?.['name'] ?? [])
  return {
    stdout,
    ours: found(/\/(?<name>(?:cli|contract|sdk|server)\/src\/.*)$/).toSorted(),
    packages: new Set(found(/\/node_modules\/(?<name>(?:@[^/]+\/)?[^/]+)\//)),
    fetch: (own ?? []).some((name) => name.includes('undici')),
  }
}

/** The rows of `encrypt`, `decrypt` and `datakey`, and what these are made of. */
const ROWS = [
  'contract/src/codecs.ts',
  'contract/src/errors.ts',
  'contract/src/file-format.ts',
  'contract/src/operation.ts',
  'contract/src/operations/encryption.ts',
  'contract/src/operations/uses.ts',
]

await server.claviger(['key', 'create', '--alias', 'app'])
const plaintext = Buffer.from('a small file')

test('files are encrypted and decrypted with the rows of that, and without the table of all', async () => {
  const encrypted = await loadedBy(['encrypt', '-k', 'app'], plaintext)
  const decrypted = await loadedBy(['decrypt'], encrypted.stdout)
  assert.deepEqual(decrypted.stdout, plaintext)
  for (const { ours, packages, fetch } of [encrypted, decrypted]) {
    assert.deepEqual(
      ours.filter((name) => name.startsWith('contract/')),
      ROWS,
    )
    const parts = ours.filter((name) => name.startsWith('sdk/'))
    assert.deepEqual(
      parts.filter((name) => !/^sdk\/src\/(?:call|file|[\w-]+\.ts)/.test(name)),
      [],
    )
    assert.ok(!parts.includes('sdk/src/index.ts') && !parts.includes('sdk/src/client.ts'))
    assert.deepEqual([...packages].toSorted(), ['commander', 'zod'])
    assert.equal(fetch, false, 'fetch loads a second HTTP client')
  }
})

test('one message needs no more', async () => {
  const message = join(server.folder, 'message')
  await writeFile(message, plaintext)
  const { ours } = await loadedBy(['encrypt', '-k', 'app', '--text', '--in', message])
  assert.deepEqual(
    ours.filter((name) => name.startsWith('contract/')),
    ROWS,
  )
})

test('an operation loads the table, and no command of another word', async () => {
  const { ours, fetch } = await loadedBy(['key', 'get', 'app'])
  assert.ok(ours.includes('contract/src/operations/index.ts'))
  for (const other of ['encrypt', 'login', 'doctor', 'rewrap'])
    assert.ok(!ours.includes(`cli/src/commands/${other}.ts`), other)
  const more = /^sdk\/src\/(?:index\.ts|file\/|ledger\/|rewrap\/)/
  assert.deepEqual(
    ours.filter((name) => more.test(name)),
    [],
  )
  assert.equal(fetch, false)
})

test('the version is told without a schema', async () => {
  const { ours, packages } = await loadedBy(['--version'])
  assert.deepEqual(
    ours.filter((name) => name.startsWith('contract/')),
    [],
  )
  assert.deepEqual([...packages], ['commander'])
})
