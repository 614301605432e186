import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { filesBelow, isTest, isTypeScript, read, root } from './repository.ts'
import { bans, headingSlugs, linksOf, lockProblems, longTables, unwelcome } from './tidy.ts'

/** Style that a machine can check is a test. */

/** House rule: one idea a file. */
const FILE_LINES_MAX = 400
/** The formatter holds code to 100 columns; comments and strings, which it does not break, end here. */
const LINE_COLUMNS_MAX = 140
/** A digest or a key that a test vector gives in one word. */
const UNBREAKABLE = /[\w+/=-]{80}/

const typescript = filesBelow('.', isTypeScript)
const texts = filesBelow('.', (path) => path !== 'package-lock.json' && path !== 'LICENSE')

function none(problems: readonly string[]): void {
  if (problems.length > 0) assert.fail(`\n${problems.join('\n')}`)
}

for (const ban of bans) {
  test(`banned: ${ban.name}`, () => {
    none(
      typescript
        .filter((path) => ban.applies(path))
        .flatMap((path) => ban.findings(path, read(path))),
    )
  })
}

test('bans find what they are for', () => {
  for (const ban of bans) {
    for (const bad of ban.examples) {
      assert.equal(ban.findings('x.ts', bad).length, 1, `${ban.name}: ${bad}`)
    }
    assert.deepEqual(ban.findings('x.ts', '// a comment\nconst a = 1\n'), [], ban.name)
  }
})

test('files are short', () => {
  none(
    typescript
      .filter((path) => !longTables.includes(path))
      .map((path) => ({ path, lines: read(path).split('\n').length - 1 }))
      .filter(({ lines }) => lines > FILE_LINES_MAX)
      .map(({ path, lines }) => `${path}: ${lines} lines, more than ${FILE_LINES_MAX}`),
  )
})

test('lines are short', () => {
  none(
    typescript.flatMap((path) =>
      read(path)
        .split('\n')
        .flatMap((line, at) =>
          [...line].length > LINE_COLUMNS_MAX && !UNBREAKABLE.test(line)
            ? [`${path}:${at + 1}: ${[...line].length} columns, more than ${LINE_COLUMNS_MAX}`]
            : [],
        ),
    ),
  )
})

test('names of files are words in lower case, joined by hyphens', () => {
  const name = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config|d))?\.ts$/
  none(typescript.filter((path) => !name.test(path.slice(path.lastIndexOf('/') + 1))))
})

test('every station of the server, and every door, opens with a page that says what it owns', () => {
  const folders = new Set(
    typescript.flatMap((path) => /^server\/src\/(doors\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? []),
  )
  folders.delete('server/src/doors')
  none(
    [...folders].flatMap((folder) => {
      const page = `${folder}/index.ts`
      if (!existsSync(join(root, page))) return [`${page} is missing`]
      return /^\/\*\*[\s*]+[A-Z]/.test(read(page))
        ? []
        : [`${page} does not begin with its paragraph`]
    }),
  )
})

test('tests stand in test folders', () => {
  none(typescript.filter((path) => isTest(path) && !/(^|\/)test\//.test(path)))
})

test('links in the documents lead somewhere', () => {
  const documents = filesBelow('.', (path) => path.endsWith('.md'))
  none(
    documents.flatMap((path) =>
      linksOf(read(path)).flatMap((link) => {
        const [target = '', anchor] = link.split('#')
        const file = target === '' ? path : join(dirname(path), decodeURI(target))
        if (!existsSync(join(root, file))) return [`${path} -> ${link} (no such file)`]
        if (anchor === undefined || !statSync(join(root, file)).isFile()) return []
        return headingSlugs(read(file)).includes(anchor)
          ? []
          : [`${path} -> ${link} (no such heading)`]
      }),
    ),
  )
})

test('links and headings are read as people see them', () => {
  const text =
    'See [the ledger](docs/ledger.md#records), [x](#y) and [z](https://example.org/a).\n```\n[no](no.md)\n```\n'
  assert.deepEqual(linksOf(text), ['docs/ledger.md#records', '#y'])
  assert.deepEqual(headingSlugs("# What it's for\n\n## `claviger dev`, and more\n"), [
    'what-its-for',
    'claviger-dev-and-more',
  ])
})

test('the lock file is whole and names no registry', () => {
  none(lockProblems(read('package-lock.json')))
  const lock = (entry: object) => JSON.stringify({ packages: { 'node_modules/a': entry } })
  const integrity = 'sha512-'
  assert.deepEqual(lockProblems(lock({ integrity })), [])
  assert.deepEqual(lockProblems(lock({ resolved: 'cli', link: true })), [])
  const problems = [
    [{ resolved: 'https://example.org/a.tgz', integrity }, 'is fetched from a named place'],
    [{ version: '1.0.0' }, 'has no integrity'],
    [{ integrity, optionalDependencies: { b: '1.0.0' } }, 'lacks its optional b'],
  ] as const
  for (const [entry, problem] of problems) {
    assert.deepEqual(lockProblems(lock(entry)), [`node_modules/a ${problem}`])
  }
})

test('nothing names the place where it was written, or a registry', () => {
  none(texts.flatMap((path) => unwelcome(path, read(path))))
  const example = ['', 'root', 'x'].join('/')
  assert.equal(unwelcome('x.md', `see ${example}`).length, 1)
  assert.deepEqual(unwelcome('x.md', 'the route of a root key, and/or work'), [])
})
