import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** What finds modules without looking for them must find what Node finds. */

const project = fileURLToPath(new URL('../..', import.meta.url))
const quick = join(project, 'cli', 'bin', 'quick-imports.js')

/** Every import of our own files: who imports, and what. */
function imports(): [file: string, specifier: string][] {
  const files = globSync('{cli,sdk,contract,server}/src/**/*.ts', { cwd: project })
  return files.flatMap((file) => {
    const text = readFileSync(join(project, file), 'utf8')
    return [...text.matchAll(/^(?:import|export)\b[^'"]*?from '([^']+)'/gm)].map(
      ([, specifier = '']): [string, string] => [
        pathToFileURL(join(project, file)).href,
        specifier,
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

test('every import of every file leads where Node leads it', () => {
  const pairs = imports()
  assert.ok(pairs.length > 2_000, String(pairs.length))
  const quickly = resolveAll(pairs, '--require', quick)
  const asAlways = resolveAll(pairs)
  for (const [at, [file, specifier]] of pairs.entries())
    assert.equal(quickly[at], asAlways[at], `${specifier} in ${file}`)
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
