import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startDevServer } from './dev-server.ts'

/** The program of docs/sdk.md, in a folder of its own that has the client installed as that page says. */

const manual = readFileSync(new URL('../../../docs/sdk.md', import.meta.url), 'utf8')
const program = /^```js\n([\s\S]*?)^```/m.exec(manual)?.[1] ?? ''
const sdk = fileURLToPath(new URL('../../../sdk', import.meta.url))

test('the program of the manual runs, and prints what the manual says', async () => {
  await using server = await startDevServer()
  const folder = join(server.folder, 'shop')
  const modules = join(folder, 'node_modules', '@claviger')
  await mkdir(modules, { recursive: true })
  // What npm makes of a folder that is installed.
  await symlink(sdk, join(modules, 'sdk'))
  const file = join(folder, 'orders.mjs')
  await writeFile(file, program)
  const { stdout } = await promisify(execFile)(process.execPath, [file], {
    env: server.environment,
  })
  assert.match(stdout, /^[0-9a-f-]{36} 10 apples\ninvalid_ciphertext [\w-]+\n$/)
  const request = stdout.trim().split(' ').at(-1)
  const { stdout: found } = await server.claviger(
    'ledger search --outcome failed -o json'.split(' '),
  )
  assert.ok(found.toString().includes(`"${request}"`), 'the ledger has the failure')
})
