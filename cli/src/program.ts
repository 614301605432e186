import type { OperationName } from '@claviger/contract'
import { Command } from 'commander'
import { completeCommand, completionCommand } from './commands/completion.ts'
import { decryptCommand } from './commands/decrypt.ts'
import { doctorCommand } from './commands/doctor.ts'
import { encryptCommand } from './commands/encrypt.ts'
import { eventsCommand } from './commands/events.ts'
import { importCommand } from './commands/import.ts'
import { initCommand } from './commands/init.ts'
import { keyCompromiseCommand } from './commands/key-compromise.ts'
import { ledgerExportCommand } from './commands/ledger-export.ts'
import { ledgerProveCommand } from './commands/ledger-prove.ts'
import { ledgerTailCommand } from './commands/ledger-tail.ts'
import { ledgerVerifyCommand } from './commands/ledger-verify.ts'
import { loginCommand, logoutCommand } from './commands/login.ts'
import { commandWords, groups, operationNames } from './commands/names.ts'
import { operationCommand } from './commands/operation.ts'
import { profileCommand } from './commands/profile.ts'
import { providerLinkCommand } from './commands/provider-link.ts'
import { rewrapCommand } from './commands/rewrap.ts'
import { reissueSealCommand, rotateRootCommand } from './commands/root-key.ts'
import { addGlobalOptions, type Making } from './commands/run.ts'
import { statementCommand } from './commands/statement-verify.ts'
import { unsealCommand } from './commands/unseal.ts'
import { versionCommand } from './commands/version.ts'

/** Operations whose command is written by hand, because it asks, reads or checks more than the row says. */
const byHand: Readonly<Partial<Record<OperationName, (making: Making) => Command>>> = Object.freeze(
  {
    encrypt: encryptCommand,
    decrypt: decryptCommand,
    'key.import': importCommand,
    'ledger.prove': ledgerProveCommand,
    login: loginCommand,
    logout: logoutCommand,
    'login.providerLink': providerLinkCommand,
    'system.init': initCommand,
    'system.unseal': unsealCommand,
    'system.rotateRoot': rotateRootCommand,
    'system.reissueSeal': reissueSealCommand,
    'system.doctor': doctorCommand,
  },
)

const USES = 'Use keys:'
const MANAGE = 'Manage:'
const SERVER = 'The server:'
const HERE = 'This command:'

function groupCommand(program: Command, noun: string): Command {
  const known = program.commands.find((command) => command.name() === noun)
  if (known !== undefined) return known
  const group = new Command(noun).description(groups[noun] ?? noun).helpGroup(MANAGE)
  program.addCommand(group)
  return group
}

/** `dev` and `server` are handed over before options are parsed; here they stand for the help and for completion. */
function serverCommands(): Command[] {
  const dev = new Command('dev').description(
    'Start a development server: in memory, unsealed, with a token',
  )
  const server = new Command('server').description(
    'Start the server with its hardening switched on',
  )
  return [dev, server].map((command) => command.helpGroup(SERVER).allowUnknownOption())
}

/** The whole command: one sub-command for every row of the contract, and those written by hand. */
export function makeProgram(making: Making): Command {
  const { shell } = making
  const program = new Command('claviger')
    .description(
      'Claviger keeps keys: make them, use them, rotate and revoke them, and prove what was done.',
    )
    .helpCommand('help [command]', 'Show the help of a command')
    .addHelpText('after', '\nEvery command has --help. The manual is docs/cli.md.')
  addGlobalOptions(program)
  for (const command of serverCommands()) program.addCommand(command)
  for (const name of operationNames) {
    const make = byHand[name] ?? ((with_: Making) => operationCommand(with_, name))
    const command = make(making)
    const [noun = '', verb] = commandWords(name)
    if (verb !== undefined) groupCommand(program, noun).addCommand(command)
    else program.addCommand(command.helpGroup(name.startsWith('system.') ? SERVER : USES))
  }
  groupCommand(program, 'key').addCommand(keyCompromiseCommand(making))
  const ledger = groupCommand(program, 'ledger')
  for (const make of [ledgerTailCommand, ledgerVerifyCommand, ledgerExportCommand]) {
    ledger.addCommand(make(making))
  }
  program.addCommand(rewrapCommand(making).helpGroup(USES))
  program.addCommand(statementCommand(making).helpGroup(MANAGE))
  program.addCommand(eventsCommand(making).helpGroup(USES))
  const here = [profileCommand(making), completionCommand(making), versionCommand(making)]
  for (const command of here) program.addCommand(command.helpGroup(HERE))
  program.addCommand(
    completeCommand(making, () => program),
    { hidden: true },
  )
  settle(
    program,
    (text) => void shell.output.write(text),
    (text) => void shell.errors.write(text),
  )
  return program
}

/** Errors are thrown and not exited with, and every command writes to the shell's streams. */
function settle(
  command: Command,
  out: (text: string) => void,
  errors: (text: string) => void,
): void {
  command
    .exitOverride()
    .configureOutput({
      writeOut: out,
      writeErr: errors,
      outputError: (text, print) => print(text.replace(/^error: /, 'claviger: ')),
    })
    .configureHelp({ showGlobalOptions: true })
  for (const inner of command.commands) settle(inner, out, errors)
}
