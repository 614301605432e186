import type { Claviger } from '@claviger/sdk'
import type { Fetch } from '@claviger/sdk/call'
import { Command } from 'commander'
import { exitCodes } from '../exit-codes.ts'
import { explainFailure } from '../failure.ts'
import { presentValue } from '../output/present.ts'
import { connect } from '../settings/client.ts'
import { findConnection, type Globals } from '../settings/connection.ts'
import { send } from '../settings/send.ts'
import { say, type Shell } from '../shell.ts'
import { globalsOf, presentationOf, type Making } from './globals.ts'
import { rowOf } from './names.ts'
import { callOrPrint } from './run.ts'

/** Checks what is here and what the server says of itself, and goes on after a failure, so that one run tells all. */

type Result = 'ok' | 'warning' | 'failed'

interface Check {
  readonly check: string
  readonly result: Result
  readonly detail: string
  /** What the command exits with because of it; not printed. */
  readonly exitCode: number
}

/** A clock that is further off than this makes times in answers and in the ledger look wrong, in milliseconds. */
const SKEW_WARNING_MS = 5_000
const SKEW_FAILURE_MS = 60_000
/** A token that ends sooner than this wants a successor, in milliseconds. */
const TOKEN_WARNING_MS = 14 * 86_400_000
/** The oldest version of Node that this command is made for. */
const NODE_MAJOR_MIN = 26

function check(name: string, result: Result, detail: string, exitCode = 1): Check {
  return { check: name, result, detail, exitCode: result === 'failed' ? exitCode : exitCodes.ok }
}

/** What the Date header of the server says beside our own clock; the header counts whole seconds. */
export function clockCheck(date: string | undefined, now: number): Check {
  const theirs = date === undefined ? Number.NaN : Date.parse(date)
  if (Number.isNaN(theirs)) return check('clock', 'warning', 'the server did not say its time')
  const skew = Math.max(0, Math.abs(now - theirs) - 1_000)
  const detail = `${(skew / 1_000).toFixed(1)} s between here and the server`
  if (skew > SKEW_FAILURE_MS) return check('clock', 'failed', detail)
  return check('clock', skew > SKEW_WARNING_MS ? 'warning' : 'ok', detail)
}

export function tokenCheck(expiresAt: number | undefined, now: number): Check {
  if (expiresAt === undefined) return check('token', 'ok', 'valid until it is revoked')
  const days = Math.floor((expiresAt - now) / 86_400_000)
  const detail = `valid until ${new Date(expiresAt).toISOString()} (${days} days)`
  return check('token', expiresAt - now < TOKEN_WARNING_MS ? 'warning' : 'ok', detail)
}

export function runtimeCheck(node: string, openssl: string): Check {
  const enough = Number(node.split('.')[0]) >= NODE_MAJOR_MIN
  const detail = `Node ${node}, OpenSSL ${openssl}`
  return check(
    'runtime',
    enough ? 'ok' : 'warning',
    enough ? detail : `${detail}; made for Node ${NODE_MAJOR_MIN}`,
  )
}

async function attempt(
  name: string,
  run: () => Promise<readonly Check[]>,
): Promise<readonly Check[]> {
  try {
    return await run()
  } catch (error) {
    const { exitCode, lines } = explainFailure(error)
    return [check(name, 'failed', lines.join(' '), exitCode)]
  }
}

async function serverChecks(client: Claviger): Promise<readonly Check[]> {
  const status = await client.system.status()
  const { selfTest } = status
  return [
    check(
      'server',
      'ok',
      `version ${status.version}, Node ${status.node}, OpenSSL ${status.openssl}`,
    ),
    check(
      'self-test',
      selfTest.passed ? 'ok' : 'failed',
      `${selfTest.tests} known answers at ${new Date(selfTest.ranAt).toISOString()}`,
      exitCodes.unavailable,
    ),
    check(
      'seal',
      status.state === 'unsealed' ? 'ok' : 'failed',
      status.state,
      exitCodes.unavailable,
    ),
  ]
}

async function storeChecks(client: Claviger): Promise<readonly Check[]> {
  const { rows, entries, findings, advice } = await client.system.doctor()
  const store =
    findings.length === 0
      ? [check('store', 'ok', `${rows} rows and ${entries} ledger entries agree`)]
      : findings.map(({ subject, finding }) =>
          check('store', 'failed', `${subject}: ${finding}`, exitCodes.integrity),
        )
  const told = advice.map((one) => check('advice', 'warning', `${one.subject}: ${one.advice}`))
  return [...store, ...told]
}

/** Every check, in the order in which one depends on another. */
export async function examine(shell: Shell, globals: Globals): Promise<readonly Check[]> {
  const { node, openssl } = process.versions
  const checks: Check[] = [runtimeCheck(node, openssl)]
  let date: string | undefined
  const recording: Fetch = async (url, request) => {
    const answer = await send(url, request)
    date = answer.headers.get('date') ?? undefined
    return answer
  }
  let client: Claviger | undefined
  const settings = await attempt('address', async () => {
    const { address, token, source } = await findConnection(shell, globals)
    client = await connect(shell, globals, recording)
    const result = token === undefined ? 'warning' : 'ok'
    return [
      check(
        'address',
        result,
        `${address} (${source})${token === undefined ? ', and no token' : ''}`,
      ),
    ]
  })
  checks.push(...settings)
  if (client === undefined) return checks
  const reached = client
  const server = await attempt('server', () => serverChecks(reached))
  if (date !== undefined) checks.push(clockCheck(date, shell.now()))
  checks.push(...server)
  // A server that does not answer, or is sealed, cannot be asked more.
  if (server.some(({ check: name, result }) => name !== 'self-test' && result === 'failed')) {
    return checks
  }
  const token = await attempt('token', async () => {
    const { expiresAt } = await reached.whoami()
    return [tokenCheck(expiresAt, shell.now())]
  })
  checks.push(...token)
  if (token.some(({ result }) => result === 'failed')) return checks
  return [...checks, ...(await attempt('store', () => storeChecks(reached)))]
}

export function doctorCommand(making: Making): Command {
  const command = new Command('doctor').description(
    'Check the settings here, the clock, the token, and every stored row against the ledger',
  )
  return command.action(async () => {
    const { shell } = making
    const globals = globalsOf(command)
    if (globals.curl === true) {
      await callOrPrint(shell, globals, rowOf('system.doctor'), {})
      return
    }
    const checks = await examine(shell, globals)
    const items = checks.map(({ check: name, result, detail }) => ({ check: name, result, detail }))
    await presentValue(shell, 'doctor', { items }, presentationOf(globals))
    // What is damaged weighs more than what is not reachable.
    const worst = Math.max(...checks.map(({ exitCode }) => exitCode))
    if (worst !== exitCodes.ok) making.fail(worst)
    if (globals.quiet !== true)
      say(shell, worst === exitCodes.ok ? 'All well.' : 'Something is wrong.')
  })
}
