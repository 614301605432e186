import { CompiledBindings, type Target } from '../server/src/access/decision.ts'
import { CompiledGrants } from '../server/src/access/grants.ts'
import { Session } from '../server/src/access/session.ts'
import type { Figure } from './figures.ts'
import type { BenchOptions } from './options.ts'
import { CONNECTIONS, createKey, message, percentile, rounded, warnOfFailures } from './rows.ts'
import { withLoadedServer, type Server } from './server.ts'

/** What many bindings cost: a decision by itself, and a change of one under load. */

/** In the tenant. */
const BINDINGS = 10_000
const LABELS = 1_000

type Binding = ConstructorParameters<typeof CompiledBindings>[0][number]
type Asked = Parameters<Session['decide']>[0]

const keyId = (number: number) => `key-${number}`

/** As tenants have them: most for one key, many for a label, some by alias, some with a condition, and each for a role that encrypts. */
function bindingsOf(count: number): Binding[] {
  return Array.from({ length: count }, (_, number): Binding => {
    const shared = {
      id: `binding-${number}`,
      tenant: 'tenant',
      role: 'encrypter',
      principal: 'principal',
      createdAt: 0,
    } as const
    if (number % 10 === 0)
      return { ...shared, scope: { kind: 'labels', selector: `team=${number % LABELS},tier=1` } }
    if (number % 100 === 1)
      return { ...shared, scope: { kind: 'alias', pattern: `service-${number}/*` } }
    const scope = { kind: 'key', key: keyId(number) } as const
    return number % 10 === 2
      ? { ...shared, scope, conditions: { networks: ['10.0.0.0/8'] } }
      : { ...shared, scope }
  })
}

const encrypting: Asked = {
  action: 'encrypt',
  operation: 'Encrypt',
  values: () => () => undefined,
  context: {},
  source: '10.1.2.3',
  door: 'rest',
  bytes: 32,
  aliasesOf: () => ['orders'],
}

function sessionWith(bindings: readonly Binding[]): Session {
  return new Session({
    principal: {
      id: 'principal',
      tenant: 'tenant',
      name: 'orders',
      kind: 'service',
      state: 'enabled',
      createdAt: 0,
    },
    account: '000000000000',
    credential: { kind: 'token', id: 'token', expiresAt: Number.POSITIVE_INFINITY },
    bindings: new CompiledBindings(bindings),
    grants: new CompiledGrants([]),
    rests: new Set(),
  })
}

/** Microseconds of each decision: `each` is called again and again with a number. */
function timed(decisions: number, each: (number: number) => unknown): number[] {
  const times: number[] = []
  for (let number = 0; number < decisions; number += 1) {
    const start = process.hrtime.bigint()
    const grant = each(number)
    const nanoseconds = Number(process.hrtime.bigint() - start)
    if (grant === undefined) throw new Error('a decision that should allow denied')
    times.push(nanoseconds / 1000)
  }
  return times
}

/**
 * A decision for an encrypt, in this process, for a principal that holds every binding of a tenant: on a key that was not decided about
 * before, on one that was, and where a condition has to be asked each time. 10,000 bindings of one principal are the worst case of
 * 10,000 in a tenant.
 */
export async function measureDecisions(options: BenchOptions): Promise<Figure> {
  const decisions = options.quick ? 20_000 : 200_000
  const session = sessionWith(bindingsOf(BINDINGS))
  const labels = { team: '10', tier: '1', region: 'eu' }
  const target = (number: number): Target => ({ key: keyId(number), labels })
  // Of every ten numbers, 3 is bound by its key without a condition, and 2 with one.
  const plain = (number: number) => target((number % 1_000) * 10 + 3)
  const held = Array.from({ length: 1_000 }, (_, number) => plain(number))
  const conditional: Target = { key: keyId(12), labels: {} }
  const now = Date.now()
  const decide = (on: Target) => session.decide(encrypting, on, now)
  const first = () => timed(decisions, (number) => decide(plain(number)))
  const again = () =>
    timed(decisions, (number) => decide(held[number % held.length] ?? conditional))
  const asked = () => timed(decisions, () => decide(conditional))
  for (const warmup of [first, again, asked]) warmup()
  return {
    bindings: BINDINGS,
    first_p50_us: rounded(percentile(first(), 0.5)),
    again_p50_us: rounded(percentile(again(), 0.5)),
    conditional_p50_us: rounded(percentile(asked(), 0.5)),
  }
}

/**
 * How long it takes to take a binding away among 10,000 while 64 connections encrypt, and how many of the requests that its principal
 * sent after the call had returned were still answered.
 */
export function measureUnbind(options: BenchOptions): Promise<Figure> {
  const changes = options.quick ? 10 : 100
  const bindings = options.quick ? 1_000 : BINDINGS
  return withLoadedServer(options, async (server, load) => {
    const key = await createKey(server, 'AES-256-GCM')
    const others = await Promise.all(
      Array.from({ length: 10 }, (_, at) => service(server, `o${at}`)),
    )
    const made = await load.run({
      port: server.port,
      connections: CONNECTIONS,
      warmupSeconds: 0,
      pids: server.pids,
      requests: others.map(({ principal }) =>
        server.request('/v1/bindings', { principal, role: 'auditor', scope: { kind: 'key', key } }),
      ),
      count: bindings,
    })
    warnOfFailures('unbind', made)
    const victims = []
    for (let at = 0; at < changes; at += 1) {
      const victim = await service(server, `victim${at}`)
      const { output } = await server.call<{ id: string }>('/v1/bindings', {
        principal: victim.principal,
        role: 'encrypter',
      })
      victims.push({ ...victim, binding: output.id })
    }
    const underWay = load.run({
      port: server.port,
      connections: CONNECTIONS,
      warmupSeconds: 1,
      pids: server.pids,
      requests: [server.request(`/v1/keys/${key}/encrypt`, { plaintext: message() })],
      seconds: 1 + changes * 0.2,
    })
    const times: number[] = []
    let after = 0
    for (const { token, binding } of victims) {
      const encrypt = () =>
        server.statusOf('POST', `/v1/keys/${key}/encrypt`, token, { plaintext: message() })
      if ((await encrypt()) !== 200)
        throw new Error('a principal could not encrypt with its binding')
      const start = performance.now()
      const status = await server.statusOf('DELETE', `/v1/bindings/${binding}`, server.token)
      times.push(performance.now() - start)
      if (status !== 200) throw new Error(`binding.delete answered ${status}`)
      if ((await encrypt()) !== 403) after += 1
    }
    warnOfFailures('unbind', await underWay)
    return {
      bindings,
      changes,
      p50_ms: rounded(percentile(times, 0.5)),
      p99_ms: rounded(percentile(times, 0.99)),
      answered_after: after,
    }
  })
}

async function service(server: Server, name: string) {
  const { output: principal } = await server.call<{ id: string }>('/v1/principals', {
    name,
    kind: 'service',
  })
  const { output: token } = await server.call<{ token: string }>('/v1/tokens', {
    principal: principal.id,
  })
  return { principal: principal.id, token: token.token }
}
