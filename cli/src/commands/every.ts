import { Command } from 'commander'
import { commandsByHand, verbsByHand } from './by-hand.ts'
import { completeCommand } from './completion.ts'
import type { Making } from './globals.ts'
import { commandWords, groups, operationNames } from './names.ts'
import { operationCommand } from './operation.ts'

/** Every command in the order of the help: one for each row of the contract, and those written by hand. */

const USES = 'Use keys:'
const MANAGE = 'Manage:'
const SERVER = 'The server:'
const HERE = 'This command:'

/** Commands by hand that are no operation, with the part of the help they stand in. */
const others = [
  ['rewrap', USES],
  ['statement', MANAGE],
  ['events', USES],
  ['profile', HERE],
  ['completion', HERE],
  ['version', HERE],
] as const

/** The server's own options, for completion; a test holds them to its help. */
const SERVER_OPTIONS = [
  'listen',
  'data',
  'tls-cert',
  'tls-key',
  'tls-client-ca',
  'origin',
  'public-url',
  'aws-path',
  'webhook-networks',
  'webhook-ca',
  'log-level',
]
const DEVELOPMENT_OPTIONS = ['token-file', 'env-file', 'seed']

/** `dev` and `server` are handed over before options are parsed; here they stand for the help and for completion. */
function serverCommands(): Command[] {
  const dev = new Command('dev').description(
    'Start a development server: in memory, unsealed, with a token',
  )
  const server = new Command('server').description(
    'Start the server with its hardening switched on',
  )
  for (const name of SERVER_OPTIONS)
    for (const command of [dev, server]) command.option(`--${name} <value>`)
  for (const name of DEVELOPMENT_OPTIONS) dev.option(`--${name} <value>`)
  return [dev, server].map((command) => command.helpGroup(SERVER).allowUnknownOption())
}

/** The group of a noun, made where it is met first. */
function groupCommand(program: Command, noun: string): Command {
  const known = program.commands.find((command) => command.name() === noun)
  if (known !== undefined) return known
  const group = new Command(noun).description(groups[noun] ?? noun).helpGroup(MANAGE)
  program.addCommand(group)
  return group
}

/** Adds the commands of operations that `first` begins, or all of them. */
async function addOperations(program: Command, making: Making, first?: string): Promise<void> {
  for (const name of operationNames) {
    const [noun = '', verb] = commandWords(name)
    if (first !== undefined && noun !== first) continue
    const make = verb === undefined ? commandsByHand[noun] : verbsByHand[noun]?.[verb]
    const command = make === undefined ? operationCommand(making, name) : await make(making)
    if (verb !== undefined) groupCommand(program, noun).addCommand(command)
    else program.addCommand(command.helpGroup(name.startsWith('system.') ? SERVER : USES))
  }
  for (const [noun, verbs] of Object.entries(verbsByHand)) {
    if (first !== undefined && noun !== first) continue
    const group = groupCommand(program, noun)
    for (const [verb, make] of Object.entries(verbs)) {
      const known = group.commands.some((command) => command.name() === verb)
      if (!known) group.addCommand(await make(making))
    }
  }
}

/** Adds the commands that a word begins; all of them where it begins none, or there is no word. */
export async function addCommands(program: Command, making: Making, first?: string): Promise<void> {
  const begins = operationNames.some((name) => commandWords(name)[0] === first)
  if (begins) {
    await addOperations(program, making, first)
    return
  }
  for (const command of serverCommands()) program.addCommand(command)
  await addOperations(program, making)
  for (const [word, heading] of others) {
    const command = await commandsByHand[word]?.(making)
    if (command !== undefined) program.addCommand(command.helpGroup(heading))
  }
  program.addCommand(
    completeCommand(making, () => program),
    { hidden: true },
  )
}
