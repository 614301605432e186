import type { Figure } from './figures.ts'
import type { BenchOptions } from './options.ts'
import { CONNECTIONS, createKey, message, rounded, warnOfFailures } from './rows.ts'
import { withLoadedServer, type Server } from './server.ts'

/** What many keys that are due at once cost those who use others meanwhile. */

/** Connections that encrypt, one request under way each: a server that is used, and not one that is full. */
const FOREGROUND = 8
/** Keys that are made in a second, at least; the calendar has to be later than the last of them. */
const KEYS_PER_SECOND = 400
const LAG_POLL_MS = 250

/**
 * Keys whose calendar names the same minute: what encrypting takes before they are due and while they are rotated, and how many are rotated
 * in a second meanwhile. It does not wait for the last of them.
 */
export function measureDue(options: BenchOptions): Promise<Figure> {
  const keys = options.quick ? 1_000 : 100_000
  return withLoadedServer(options, async (server, load) => {
    const used = await createKey(server, 'AES-256-GCM')
    const due = new Date(
      Math.ceil((Date.now() + (keys / KEYS_PER_SECOND + 10) * 1_000) / 60_000) * 60_000,
    )
    const calendar = `${due.getUTCMinutes()} ${due.getUTCHours()} * * *`
    const made = await load.run({
      port: server.port,
      connections: CONNECTIONS,
      warmupSeconds: 0,
      pids: server.pids,
      requests: [server.request('/v1/keys', { rotation: { calendar } })],
      count: keys,
    })
    warnOfFailures('due', made)
    if (Date.now() > due.getTime() - 5_000)
      throw new Error('the keys were due before all were made')
    const encrypt = (seconds: number) =>
      load.run({
        port: server.port,
        connections: FOREGROUND,
        warmupSeconds: options.warmupSeconds,
        pids: server.pids,
        requests: [server.request(`/v1/keys/${used}/encrypt`, { plaintext: message() })],
        seconds,
      })
    const seconds = options.quick ? 2 : 20
    const before = await encrypt(Math.min(seconds, (due.getTime() - Date.now()) / 1_000 - 2))
    await untilLag(server, (lag) => lag > 0)
    const begun = performance.now()
    const first = await rotations(server)
    const meanwhile = await encrypt(seconds)
    const elapsed = (performance.now() - begun) / 1_000
    const rotated = (await rotations(server)) - first
    const isStillDue = (await lagOf(server)) > 0
    for (const result of [before, meanwhile]) warnOfFailures('due', result)
    if (!isStillDue) options.say('the keys were rotated before the load had ended')
    return {
      keys,
      p50_before_ms: rounded(before.p50),
      p99_before_ms: rounded(before.p99),
      p50_while_ms: rounded(meanwhile.p50),
      p99_while_ms: rounded(meanwhile.p99),
      p99_growth: rounded(meanwhile.p99 / before.p99 - 1),
      ops_per_s_before: Math.round(before.answers / before.seconds),
      ops_per_s_while: Math.round(meanwhile.answers / meanwhile.seconds),
      rotated_per_s: Math.round(rotated / elapsed),
      all_due_during_load: isStillDue ? 'yes' : 'no',
    }
  })
}

async function metric(server: Server, name: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${server.port}/metrics`)
  const line = (await response.text()).split('\n').find((each) => each.startsWith(`${name} `))
  if (line === undefined) throw new Error(`there is no metric ${name}`)
  return Number(line.slice(name.length + 1))
}

function lagOf(server: Server): Promise<number> {
  return metric(server, 'claviger_job_lag_seconds{job="rotation"}')
}

/** Changes that are durable: while nothing else is changed, one for each rotation. */
function rotations(server: Server): Promise<number> {
  return metric(server, 'claviger_ledger_revision')
}

async function untilLag(server: Server, is: (lag: number) => boolean): Promise<void> {
  while (!is(await lagOf(server))) await new Promise((resolve) => setTimeout(resolve, LAG_POLL_MS))
}
