import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { filesBelow, isTypeScript, read, root } from './repository.ts'
import { importsOf, violations, walls } from './walls.ts'

const sources = ['contract/src', 'server/src', 'sdk/src', 'cli/src']

test('imports run down the house, and no further than the table lets them', () => {
  const found = sources
    .flatMap((folder) => filesBelow(folder, isTypeScript))
    .flatMap((path) => violations(path, read(path)))
  if (found.length > 0) assert.fail(`\n${found.join('\n')}`)
})

/** An import of values. They come by process.getBuiltinModule, where they are needed. */
const COSTLY = /^import (?!type )[^']*from 'node:(?:http|https|tls)'/m

test('the server imports nothing of Node that loads more than it uses', () => {
  assert.match("import { request } from 'node:http'", COSTLY)
  const found = filesBelow('server/src', isTypeScript).filter((path) => COSTLY.test(read(path)))
  // An import of node:http reads all it exports, which loads a second HTTP client: 16 MB. TLS is 7 MB for servers that have none.
  assert.deepEqual(found, [])
})

test('the table itself runs down: a row names only rows below it', () => {
  const order = walls.map((wall) => wall.name)
  for (const [at, wall] of walls.entries()) {
    for (const name of [...wall.imports, ...(wall.typesOf ?? [])]) {
      assert.ok(
        order.indexOf(name) > at,
        `${wall.name} names ${name}, which does not stand below it`,
      )
    }
  }
})

test('every folder of the server has a row, and an alias that leads to its front page', () => {
  const inside = (folder: string) =>
    readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'doors')
      .map((entry) => entry.name)
  const folders = [...inside('server/src'), ...inside('server/src/doors')]
  assert.deepEqual(
    folders.filter((name) => !walls.some((wall) => wall.name === name)),
    [],
  )
  const { imports } = JSON.parse(read('server/package.json')) as { imports: Record<string, string> }
  for (const [alias, target] of Object.entries(imports)) {
    const wall = walls.find(({ name }) => name === alias.slice(1))
    assert.ok(wall, `${alias} of server/package.json has no row`)
    const page = wall.path.endsWith('.ts') ? wall.path : `${wall.path}/index.ts`
    assert.notEqual(wall.name, 'main', 'nothing reaches up to what knows all')
    assert.equal(target, `./${page.slice('server/'.length)}`, alias)
  }
})

test('the server offers nothing to the other packages', () => {
  const { exports } = JSON.parse(read('server/package.json')) as { exports: unknown }
  assert.deepEqual(exports, {})
})

test('every form of import is seen', () => {
  const seen = importsOf(`
import a from '#one'
import { b, type C } from '#two'
import type { D } from '#three'
import {
  e,
  f,
} from '#four'
export { g } from '#five'
export type { H } from '#six'
import '#seven'
import * as i from "#eight"
import type J from '#nine'
import type from '#ten'
const k = await import('#eleven')
const l = new Worker(new URL('./twelve.ts', import.meta.url))
export const m = 'not from here'
// import { n } from '#comment'
/**
 * import { o } from '#comment'
 */
export const p = { text: ' from ', q: '#string' }
`)
  assert.deepEqual(
    seen.map(({ specifier, typeOnly }) => `${specifier}${typeOnly ? ' type' : ''}`),
    [
      '#one',
      '#two',
      '#three type',
      '#four',
      '#five',
      '#six type',
      '#seven',
      '#eight',
      '#nine type',
      '#ten',
      '#eleven',
      './twelve.ts',
    ],
  )
})

test('what the table forbids is reported with both ends and the reason', () => {
  const cases: readonly (readonly [path: string, source: string, problem: string | undefined])[] = [
    ['server/src/doors/rest/x.ts', "import { seal } from '#crypto'", 'rest may not import crypto'],
    [
      'server/src/doors/rest/x.ts',
      "import type { Seal } from '#crypto'",
      'rest may not import crypto',
    ],
    [
      'server/src/doors/rest/x.ts',
      "import { listen } from '../http/listener.ts'",
      'write #http, if the table allows it',
    ],
    ['server/src/doors/rest/x.ts', "import { route } from './route.ts'", undefined],
    [
      'server/src/doors/rest/x.ts',
      "import { seal } from '../../crypto/aead.ts'",
      'write #crypto, if the table allows it',
    ],
    ['server/src/doors/rest/x.ts', "import type { HttpRequest } from '#http'", undefined],
    ['server/src/doors/http/x.ts', "import { createServer } from 'node:http'", undefined],
    ['server/src/doors/http/x.ts', "import { restDoor } from '#rest'", 'http may not import rest'],
    [
      'server/src/doors/rest/x.ts',
      "import { randomBytes } from 'node:crypto'",
      'rest uses nothing of Node',
    ],
    [
      'server/src/operations/encrypt.ts',
      "import { openStore } from '#store'",
      'operations may use only types of store: write import type',
    ],
    ['server/src/operations/encrypt.ts', "import type { Store } from '#store'", undefined],
    [
      'server/src/operations/encrypt.ts',
      "import { createHash } from 'node:crypto'",
      'operations uses nothing of Node',
    ],
    [
      'server/src/operations/encrypt.ts',
      "import { perform } from '#operations'",
      'inside a folder, write ./',
    ],
    [
      'server/src/model/key.ts',
      "import { perform } from '#operations'",
      'model may not import operations',
    ],
    ['server/src/model/key.ts', "import { z } from 'zod'", 'model does not use this package'],
    ['server/src/store/sqlite/x.ts', "import type { Store } from '#store'", undefined],
    [
      'server/src/store/sqlite/x.ts',
      "import { sql } from '../postgres/sql.ts'",
      'store/sqlite and store/postgres never import each other',
    ],
    ['server/src/store/sqlite/x.ts', "import { readFile } from 'node:fs/promises'", undefined],
    ['server/src/crypto/x.ts', "await import('#keyring')", 'crypto may not import keyring'],
    ['server/src/main.ts', "import { openRestDoor } from './doors/rest/index.ts'", undefined],
    ['server/src/jobs/x.ts', "import { thing } from '#nothing'", 'there is no such folder'],
    ['contract/src/x.ts', "import { Buffer } from 'node:buffer'", 'contract uses nothing of Node'],
    [
      'sdk/src/x.ts',
      "import { main } from '../../server/src/main.ts'",
      'write #main, if the table allows it',
    ],
    ['cli/src/x.ts', "import { Client } from '@claviger/sdk'", undefined],
    ['cli/src/commands/x.ts', "import manifest from '../../package.json'", undefined],
    [
      'cli/src/x.ts',
      "import manifest from '../../server/package.json'",
      'it leads out of the source folders',
    ],
    ['cli/src/x.ts', "import { x } from '@claviger/server'", 'there is no such folder'],
  ]
  for (const [path, source, problem] of cases) {
    const specifier = importsOf(source)[0]?.specifier
    const want = problem === undefined ? [] : [`${path} -> ${specifier} (${problem})`]
    assert.deepEqual(violations(path, source), want, source)
  }
  assert.deepEqual(violations('server/src/helper/x.ts', ''), [
    'server/src/helper/x.ts: no row of test/walls.ts covers it',
  ])
})
