import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command } from 'commander'
import { commandsByHand, verbsByHand } from '../src/commands/by-hand.ts'
import { makeProgram } from '../src/program.ts'
import { run, shellOf } from './in-process.ts'

/** A word makes the commands it begins and no other, and those are what the whole program has at that word. */

const making = { shell: shellOf({}, [], []), fail: () => {} }
const whole = await makeProgram(making)

/** The help of a command and of all below it, by their words. */
function helps(command: Command, words: readonly string[] = []): [string, string][] {
  const path = [...words, command.name()]
  return [
    [path.join(' '), command.helpInformation()],
    ...command.commands.flatMap((inner) => helps(inner, path)),
  ]
}

const HANDED_OVER = new Set(['dev', 'server', 'complete'])

for (const command of whole.commands) {
  if (HANDED_OVER.has(command.name())) continue
  test(`${command.name()} alone is what it is among all`, async () => {
    const { commands } = await makeProgram(making, command.name())
    assert.deepEqual(
      commands.map((made) => made.name()),
      [command.name()],
    )
    const [alone] = commands
    assert.ok(alone)
    assert.deepEqual(Object.fromEntries(helps(alone)), Object.fromEntries(helps(command)))
  })
}

test('every other first word makes all of it', async () => {
  const others = [
    ...HANDED_OVER,
    'help',
    '--help',
    '-o',
    'encrpyt',
    'key import',
    'constructor',
    '',
  ]
  for (const first of others) {
    const { commands } = await makeProgram(making, first)
    assert.equal(commands.length, whole.commands.length, first)
  }
})

test('what is written by hand has its place among the commands', () => {
  const find = (command: Command | undefined, word: string) =>
    command?.commands.find((inner) => inner.name() === word)
  for (const word of Object.keys(commandsByHand)) assert.ok(find(whole, word), word)
  for (const [noun, verbs] of Object.entries(verbsByHand))
    for (const verb of Object.keys(verbs)) assert.ok(find(find(whole, noun), verb), verb)
})

test('a mistyped command is told what it may have meant, at the top and in a group', async () => {
  const top = await run(['encrpyt'])
  assert.equal(top.exitCode, 2)
  assert.match(top.stderr, /unknown command 'encrpyt'\n\(Did you mean encrypt\?\)/)
  const group = await run(['key', 'rotat'])
  assert.equal(group.exitCode, 2)
  assert.match(group.stderr, /unknown command 'rotat'\n\(Did you mean rotate\?\)/)
})

test('help fits into 80 columns, and says of every group what it is about', () => {
  for (const [name, help] of helps(whole)) {
    const long = help.split('\n').filter((line) => line.length > 80)
    assert.deepEqual(long, [], name)
  }
  for (const command of whole.commands) assert.notEqual(command.description(), command.name())
})
