import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** What finds modules without looking for them must find what Node finds. */

const project = fileURLToPath(new URL('../..', import.meta.url))
const quick = join(project, 'cli', 'bin', 'quick-imports.js')

const OURS = '{cli,sdk,contract,server}/src/**/*.ts'
const PACKAGES = 'node_modules/{zod,commander}'

/** Every import of the files: who imports, and what. */
function imports(pattern: string): [file: string, specifier: string][] {
  const files = globSync(pattern, { cwd: project })
  return files.flatMap((file) => {
    const text = readFileSync(join(project, file), 'utf8')
    return [...text.matchAll(/^(?:import|export)\b[^'"]*?from (['"])(?<specifier>[^'"]+)\1/gm)].map(
      ({ groups }): [string, string] => [
        pathToFileURL(join(project, file)).href,
        groups?.['specifier'] ?? '',
      ],
    )
  })
}

const RESOLVE = `
  const { stdin } = process; let text = ''; for await (const part of stdin) text += part
  const found = JSON.parse(text).map(([parent, specifier]) => import.meta.resolve(specifier, parent))
  process.stdout.write(JSON.stringify(found))`

function resolveAll(pairs: readonly [string, string][], ...flags: string[]): string[] {
  const output = execFileSync(
    process.execPath,
    [
      ...flags,
      '--no-warnings',
      '--experimental-import-meta-resolve',
      '--input-type=module',
      '--eval',
      RESOLVE,
    ],
    { input: JSON.stringify(pairs), cwd: project, maxBuffer: 64_000_000 },
  )
  return JSON.parse(String(output)) as string[]
}

function assertSame(pairs: readonly [string, string][]): void {
  const quickly = resolveAll(pairs, '--require', quick)
  const asAlways = resolveAll(pairs)
  for (const [at, [file, specifier]] of pairs.entries())
    assert.equal(quickly[at], asAlways[at], `${specifier} in ${file}`)
}

test('every import of every file leads where Node leads it', () => {
  const pairs = imports(OURS)
  assert.ok(pairs.length > 2_000, String(pairs.length))
  assertSame(pairs)
})

test('so does every import inside the packages that are modules throughout, as those are', () => {
  // What is left out on purpose has a test of its own.
  const pairs = imports(`${PACKAGES}/**/*.js`).filter(([, specifier]) => !/locales/.test(specifier))
  assert.ok(pairs.length > 200, String(pairs.length))
  assertSame(pairs)
  const manifests = globSync(`${PACKAGES}/**/package.json`, { cwd: project })
  assert.ok(manifests.length >= 2)
  for (const manifest of manifests) {
    const { type } = JSON.parse(readFileSync(join(project, manifest), 'utf8')) as { type?: string }
    assert.equal(type, 'module', manifest)
  }
})

test('of zod everything is loaded but the words of other languages', () => {
  const script = `
    const { z, locales } = await import('zod')
    process.stdout.write(JSON.stringify([Object.keys(locales ?? z.locales).length, z.string().safeParse(1).error.issues[0].message]))`
  const run = (...flags: string[]) =>
    JSON.parse(
      String(
        execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', script], {
          cwd: join(project, 'contract'),
        }),
      ),
    ) as [number, string]
  const [all, words] = run()
  const [few, same] = run('--require', quick)
  assert.ok(all > 40)
  assert.equal(few, 0)
  assert.equal(same, words)
})
