import { setTimeout as wait } from 'node:timers/promises'
import type { OutputOf } from '@claviger/contract'
import type { Claviger } from '@claviger/sdk'
import { createCaller } from '@claviger/sdk/call'
import { ClavigerApiError } from '@claviger/sdk/errors'
import { Command } from 'commander'
import { CommandFailure, usageFailure } from '../command-failure.ts'
import { exitCodes } from '../exit-codes.ts'
import { askHidden } from '../input/prompt.ts'
import { harmless } from '../output/text.ts'
import { connectTo } from '../settings/client.ts'
import {
  findConnection,
  loginTarget,
  type Globals,
  type LoginTarget,
} from '../settings/connection.ts'
import { readProfiles, writeProfiles } from '../settings/profiles.ts'
import { say, type Shell } from '../shell.ts'
import { globalsOf, type Making } from './globals.ts'
import { logInWithProvider, portOf } from './login-provider.ts'
import { rowOf } from './names.ts'
import { callOrPrint } from './run.ts'

/** Logging a person in and out. The login's token is kept in the profile, and shown nowhere. */

interface LoginOptions {
  readonly name?: string
  readonly tenant?: string
  readonly provider?: string
  readonly again?: boolean
  readonly port?: string
}

type LoggedIn = Extract<OutputOf<'login.devicePoll'>, { status: 'done' }>

const SECOND_MS = 1_000
/** The longest pause between two questions, in seconds, whatever the server says. */
const PAUSE_SECONDS_MAX = 60

/** RFC 8628: shows where to go and which code to type there, and asks until somebody has. */
async function logInElsewhere(shell: Shell, client: Claviger, address: string) {
  const { deviceCode, userCode, page, intervalSeconds, expiresAt } =
    await client.login.deviceStart()
  say(shell, harmless(`Open ${address.replace(/\/+$/, '')}${page} in a browser,`))
  say(shell, harmless(`log in there, and type this code: ${userCode}`))
  const pause = Math.min(Math.max(intervalSeconds, 1), PAUSE_SECONDS_MAX) * SECOND_MS
  while (shell.now() < expiresAt) {
    await wait(pause)
    const answer = await client.login.devicePoll({ deviceCode }).catch((error: unknown) => {
      // What was begun is over: it was refused, or took too long.
      if (error instanceof ClavigerApiError && error.code === 'not_found') return undefined
      throw error
    })
    if (answer === undefined) break
    if (answer.status === 'done') return answer
  }
  throw new CommandFailure(
    exitCodes.unauthenticated,
    'Nobody typed the code in time',
    "Begin again with 'claviger login'.",
  )
}

/** With a password and a code, both typed here and shown nowhere. */
async function logInHere(shell: Shell, client: Claviger, { name = '', tenant }: LoginOptions) {
  const password = await askHidden(shell, 'Password: ')
  const code = (await askHidden(shell, 'Code of your authenticator app: ')).trim()
  const { session, token } = await client.login({
    name,
    password,
    code,
    carrier: 'token',
    ...(tenant === undefined ? {} : { tenant }),
  })
  return { session, token }
}

/** Keeps the login in its profile, read anew: another command may have written the file while a person was typing. */
async function keep(shell: Shell, target: LoginTarget, token: string): Promise<void> {
  const file = await readProfiles(shell)
  const before = Object.hasOwn(file.profiles, target.name) ? file.profiles[target.name] : undefined
  const { caFile = before?.caFile } = target
  await writeProfiles(shell, {
    current: file.current ?? target.name,
    profiles: {
      ...file.profiles,
      [target.name]: {
        address: target.address,
        token,
        ...(caFile === undefined ? {} : { caFile }),
      },
    },
  })
}

/** Whichever way the person chose. */
function loggedInBy(
  shell: Shell,
  client: Claviger,
  address: string,
  { provider, again, port, ...options }: LoginOptions,
): Promise<Pick<LoggedIn, 'session'> & { readonly token?: string | undefined }> {
  if (provider !== undefined) {
    return logInWithProvider(shell, client, {
      provider,
      ...(again === undefined ? {} : { again }),
      port: portOf(port),
    })
  }
  return options.name === undefined
    ? logInElsewhere(shell, client, address)
    : logInHere(shell, client, options)
}

/** @throws CommandFailure for options that do not go together */
function assertTogether({ name, tenant, provider, again, port }: LoginOptions): void {
  if (tenant !== undefined && name === undefined)
    throw usageFailure('--tenant goes with --name; in a browser, it is chosen there')
  if (name !== undefined && provider !== undefined)
    throw usageFailure('--name and --provider are two ways to log in: give one')
  if ((again !== undefined || port !== undefined) && provider === undefined)
    throw usageFailure('--again and --port go with --provider')
  portOf(port)
}

async function logIn(shell: Shell, globals: Globals, options: LoginOptions): Promise<void> {
  const target = await loginTarget(shell, globals)
  // Says at once where the login would be read on the way, and sends nothing: it comes back in an answer too.
  createCaller({ ...target, token: 'none', insecurePlainHttp: globals.insecurePlainHttp })
  // Nobody yet: an old login is no help here, and is not sent.
  const client = await connectTo(globals, { ...target, token: undefined })
  const { session, token } = await loggedInBy(shell, client, target.address, options)
  if (token === undefined)
    throw new CommandFailure(exitCodes.general, 'The server made a login without a token')
  await keep(shell, target, token)
  if (globals.quiet === true) return
  const until = new Date(session.expiresAt).toISOString()
  say(shell, `Logged in until ${until} at the latest; the profile ${target.name} has the login.`)
  if ((shell.environment['CLAVIGER_TOKEN'] ?? '') !== '' && globals.profile === undefined)
    say(shell, 'CLAVIGER_TOKEN is set and goes first: unset it to act as yourself.')
}

export function loginCommand(making: Making): Command {
  const command = new Command('login')
    .description('Log in as a person: in a browser, with --name here, or with --provider')
    .option('--name <name>', 'log in here, with a password and a code that are asked for')
    .option('--tenant <tenant>', 'the id or name of the tenant; the first unless given')
    .option('--provider <id>', 'log in with an OpenID Connect provider, in a browser here')
    .option('--again', 'prove it to the provider anew')
    .option('--port <number>', 'where the browser comes back to on this machine; any unless given')
  return command.action(async (options: LoginOptions) => {
    const { shell } = making
    const globals = globalsOf(command)
    assertTogether(options)
    const { provider } = options
    if (globals.curl === true && provider !== undefined)
      await callOrPrint(shell, globals, rowOf('login.providerStart'), { provider })
    else if (globals.curl === true)
      await callOrPrint(shell, globals, rowOf('login.deviceStart'), {})
    else await logIn(shell, globals, options)
  })
}

/** Takes a token out of every profile that has it. */
async function forget(shell: Shell, token: string): Promise<void> {
  const file = await readProfiles(shell)
  const profiles = Object.fromEntries(
    Object.entries(file.profiles).map(([name, profile]) => {
      const { token: kept, ...rest } = profile
      return [name, kept === token ? rest : profile]
    }),
  )
  await writeProfiles(shell, { ...file, profiles })
}

export function logoutCommand(making: Making): Command {
  const command = new Command('logout').description(rowOf('logout').summary)
  return command.action(async () => {
    const { shell } = making
    const globals = globalsOf(command)
    if (globals.curl === true) {
      await callOrPrint(shell, globals, rowOf('logout'), {})
      return
    }
    const connection = await findConnection(shell, globals)
    const { token } = connection
    if (token === undefined) throw usageFailure('Nobody is logged in here')
    const client = await connectTo(globals, connection)
    await client.logout().catch((error: unknown) => {
      // It has ended already; what is kept of it goes all the same.
      if (!(error instanceof ClavigerApiError) || error.code !== 'unauthenticated') throw error
    })
    if (shell.environment['CLAVIGER_TOKEN'] !== token) await forget(shell, token)
    if (globals.quiet !== true) say(shell, 'Logged out.')
  })
}
