import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { ErrorCode } from '@claviger/contract'
import type { Command } from 'commander'
import { adviceForError, exitCodeOfError, exitCodes } from '../src/exit-codes.ts'
import { makeProgram } from '../src/program.ts'
import { shellOf } from './in-process.ts'

const manual = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
const program = await makeProgram({ shell: shellOf({}, [], []), fail: () => {} })

function leaves(command: Command, path: readonly string[]): string[] {
  const here = command.commands.filter((inner) => inner.name() !== 'complete')
  if (here.length === 0) return [path.join(' ')]
  return here.flatMap((inner) => leaves(inner, [...path, inner.name()]))
}

test('the manual names every command, and no other', () => {
  const commands = new Set(leaves(program, []))
  const section = manual.slice(manual.indexOf('## Commands'), manual.indexOf('## Completion'))
  const named = new Set(
    [...section.matchAll(/^(?:\| |- )(?<cell>`[^|:]+`)(?: +\||:)/gm)].flatMap(({ groups }) =>
      [...(groups?.['cell'] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    ),
  )
  assert.deepEqual([...named].toSorted(), [...commands].toSorted())
})

test('the manual has every exit code, and every error beside its own', () => {
  const rows = [...manual.matchAll(/^\| (?<code>\d+) +\| [^|]+\| (?<errors>[^|]*)\|$/gm)]
  const errorsOf = new Map(
    rows.map(({ groups }) => [
      Number(groups?.['code']),
      [...(groups?.['errors'] ?? '').matchAll(/`(\w+)`/g)].map(([, error = '']) => error),
    ]),
  )
  const interrupted = 130
  assert.deepEqual([...errorsOf.keys()], [...Object.values(exitCodes), interrupted])
  for (const [error, code] of Object.entries(exitCodeOfError)) {
    assert.ok(errorsOf.get(code)?.includes(error), `${error} belongs to ${code}`)
  }
  const listed = [...errorsOf.values()].flat()
  assert.equal(listed.length, Object.keys(exitCodeOfError).length, 'each once, and no other')
})

test('the manual names every global option and every variable of the environment that is read', () => {
  for (const { long = '' } of program.options) assert.ok(manual.includes(`\`${long}`), long)
  for (const name of ['ADDR', 'TOKEN', 'PROFILE', 'CA_FILE', 'PASSPHRASE', 'NEW_PASSPHRASE']) {
    assert.ok(manual.includes(`CLAVIGER_${name}`), name)
  }
})

test('what is advised after an error is a sentence', () => {
  for (const code of Object.keys(exitCodeOfError) as ErrorCode[]) {
    assert.match(adviceForError[code], /^['A-Z].{10,}[a-z.'NAMEKYD]$/, code)
  }
})

/** What a page says to type: the rest of each line, or of each span of code, that begins with `claviger`. */
function commandLines(page: string): string[] {
  return [...page.replaceAll('\\\n', ' ').matchAll(/\bclaviger ([a-z-][^`\n|;<>]*)/g)].map(
    ([, line = '']) => line.split(/ #|\$\(/)[0] ?? '',
  )
}

/** The command that the words lead to, and those of its options that it does not have. */
function unknownOptions(line: string): string[] {
  const words = line.split(/[\s()"']+/).filter((word) => word !== '')
  let command = program
  const known = new Set(program.options.flatMap(({ long, short }) => [long, short]))
  for (const word of words) {
    const next = command.commands.find((inner) => inner.name() === word)
    if (next === undefined) continue
    command = next
    for (const { long, short } of command.options) known.add(long).add(short)
  }
  if (command === program) return []
  return words
    .filter((word) => /^--?[a-z]/.test(word))
    .map((word) => word.split('=')[0] ?? '')
    .filter((word) => !['--help', '-h', '--version'].includes(word) && !known.has(word))
}

test('every option that the manual says to type is one of its command', () => {
  const folder = new URL('../../docs/', import.meta.url)
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  for (const page of [...pages.filter((name) => name.endsWith('.md')), '../README.md']) {
    const text = readFileSync(new URL(page, folder), 'utf8')
    for (const line of commandLines(text))
      assert.deepEqual(unknownOptions(line), [], `${page}: claviger ${line}`)
  }
})
