import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { OutputOf } from '@claviger/contract'
import type { Claviger } from '@claviger/sdk'
import { CommandFailure, usageFailure } from '../command-failure.ts'
import { exitCodes } from '../exit-codes.ts'
import { askHidden } from '../input/prompt.ts'
import { harmless } from '../output/text.ts'
import { say, type Shell } from '../shell.ts'

/**
 * Logging in with an OpenID Connect provider from a terminal: a browser of this machine goes there, and is sent back to a listener of this
 * command on loopback (RFC 8252 section 7.3). What comes back is of use only with the secret that this command began with.
 */

const HOST = '127.0.0.1'
const PATH = '/callback'
/** The longest answer that is taken, as in the contract. */
const QUERY_LENGTH_MAX = 8_192
const THANKS = 'Claviger has the answer. Close this page and go back to the terminal.\n'

export interface ProviderOptions {
  readonly provider: string
  readonly again?: boolean
  /** Where the provider sends the browser back to; any free port unless given. */
  readonly port?: number
}

type Done = Extract<OutputOf<'login.provider'>, { status: 'done' }>

/** The person's login, once a browser has been at the provider and a code was typed here where one is asked for. */
export async function logInWithProvider(
  shell: Shell,
  client: Claviger,
  { provider, again = false, port = 0 }: ProviderOptions,
): Promise<Done> {
  return throughBrowser(
    shell,
    port,
    (redirect) => client.login.providerStart({ provider, redirect, again }),
    async (answer) => {
      const step = await client.login.provider({ ...answer, carrier: 'token' })
      return step.status === 'done' ? step : secondFactor(shell, client, step.flow)
    },
  )
}

/** What a browser brought back from a provider, with the secret that goes with it. */
export interface BrowserAnswer {
  readonly flow: string
  readonly callback: string
}

/** Sends a browser of this machine to a provider, and does with its answer what it was sent for. The listener is there meanwhile. */
export async function throughBrowser<Result>(
  shell: Shell,
  port: number,
  begin: (redirect: string) => Promise<OutputOf<'login.providerStart'>>,
  finish: (answer: BrowserAnswer) => Promise<Result>,
): Promise<Result> {
  // Importing it would load an HTTP client with it, for every command.
  const listener = process.getBuiltinModule('node:http').createServer()
  listener.listen(port, HOST)
  await once(listener, 'listening')
  try {
    const { port: taken } = listener.address() as AddressInfo
    const { url, flow, expiresAt } = await begin(`http://${HOST}:${taken}${PATH}`)
    say(shell, 'Open this address in a browser of this machine, and log in there:')
    say(shell, harmless(url))
    const state = new URL(url).searchParams.get('state') ?? ''
    return await finish({
      flow,
      callback: await answerTo(listener, state, expiresAt - shell.now()),
    })
  } finally {
    listener.closeAllConnections()
    listener.close()
  }
}

/** A port as it was typed. @throws CommandFailure */
export function portOf(text: string | undefined): number {
  if (text === undefined) return 0
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw usageFailure('--port must be a port number')
  return Number(text)
}

/** The query string that the browser comes back with. Others on this machine can ask too: only the answer to this login is taken. */
async function answerTo(listener: Server, state: string, milliseconds: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const timer = setTimeout(
    () =>
      reject(
        new CommandFailure(
          exitCodes.unauthenticated,
          'Nobody logged in at the provider in time',
          'Begin again.',
        ),
      ),
    Math.max(0, milliseconds),
  )
  listener.on('request', (request, response) => {
    const mark = (request.url ?? '').indexOf('?')
    const query = mark === -1 ? '' : (request.url ?? '').slice(mark + 1)
    const isOurs =
      request.method === 'GET' &&
      request.url?.slice(0, mark) === PATH &&
      query.length <= QUERY_LENGTH_MAX &&
      new URLSearchParams(query).get('state') === state
    response.writeHead(isOurs ? 200 : 404, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      connection: 'close',
    })
    // The person sees the thanks before this command goes on, and away.
    response.end(isOurs ? THANKS : 'There is nothing here.\n', () => {
      if (isOurs) resolve(query)
    })
  })
  try {
    return await promise
  } finally {
    clearTimeout(timer)
  }
}

async function secondFactor(shell: Shell, client: Claviger, flow: string): Promise<Done> {
  const question = 'Code of your authenticator app, or a recovery code: '
  const typed = (await askHidden(shell, question)).trim()
  const proof = /^\d{6}$/.test(typed) ? { code: typed } : { recoveryCode: typed }
  const step = await client.login.provider({ flow, ...proof, carrier: 'token' })
  if (step.status === 'done') return step
  throw new CommandFailure(exitCodes.general, 'The server asks for yet another factor')
}
