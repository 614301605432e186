import type { Logger } from 'pino'
import { openApi, type OutputOf } from '@claviger/contract'
import { Access } from '#access'
import { closeCrypto, randomBytes, runSelfTests, selfTestReport, setPoolConcurrency, sha256 } from '#crypto'
import { listen, type Listener } from '#http'
import { checkpoints, createScheduler, destruction } from '#jobs'
import { Custody, Hierarchy, logPrimitives, Ring, RowSeals } from '#keyring'
import { Ledger, Log } from '#ledger'
import { ClavigerError, systemClock, type Key } from '#model'
import { examine } from '#oversight'
import { Ceremonies, Gate, Sources, type SystemControl } from '#operations'
import { createRestDoor } from '#rest'
import { openStoreThread, type RowReference, type Store } from '#store'
import type { Config } from './config.ts'
import { errorFields } from './log.ts'
import { createMetrics } from './metrics.ts'

/** The house put together: what is made of what, in which order it opens and closes. */

export const VERSION = '0.1.0'
/** How long requests under way may take to finish when the server stops, in milliseconds. */
const DRAIN_MS = 10_000
const TENANTS_MAX = 100_000
const ROWS_PER_READ = 1_000

export interface Server {
  readonly listener: Listener
  readonly ceremonies: Ceremonies
  readonly gate: Gate
  readonly custody: Custody
  readonly hierarchy: Hierarchy
  /** Drains, writes what is waiting, and closes. */
  close(): Promise<void>
}

/** Opens the store, tests the cryptography, and listens; sealed until somebody unseals it. */
export async function startServer(config: Config, log: Logger): Promise<Server> {
  const clock = systemClock
  // The store's thread opens while the tests run here.
  const opening = openStoreThread({ path: config.dataFolder === undefined ? ':memory:' : `${config.dataFolder}/claviger.db` })
  const tested = runSelfTests(clock)
  if (!tested.passed) log.fatal({ event: 'self-test-failed', failed: tested.failed }, 'all cryptography is refused')
  setPoolConcurrency(config.threads)
  const store = await opening
  const hierarchy = new Hierarchy()
  const seals = new RowSeals(hierarchy)
  const custody = new Custody(store, hierarchy, seals)
  await custody.load()
  const ring = new Ring({ store, clock, seals, hierarchy })
  const access = new Access({ store, seals, clock })
  const publish = (changed: readonly RowReference[]) => {
    ring.drop(changed)
    access.drop(changed)
  }
  const ledger = new Ledger({
    store,
    clock,
    publish,
    report: (event, cause) =>
      event === 'recovered'
        ? log.warn({ event }, 'the ledger can be written again')
        : log.error({ event, ...errorFields(cause) }, 'the ledger cannot be written'),
  })
  await ledger.open()
  const ledgerReader = new Log(store, clock, logPrimitives)
  const sources = new Sources(ledger, (value) => {
    const salt = randomBytes(16)
    return { salt, commitment: Buffer.from(sha256(Buffer.concat([salt, Buffer.from(value)])).subarray(0, 16)).toString('base64') }
  })
  let draining = false
  let stopping = false
  const assertServing = () => {
    if (stopping) throw new ClavigerError('shutting_down', 'The server is stopping; try another node, or again later')
    if (hierarchy.open) return
    if (custody.description === undefined) throw new ClavigerError('not_initialized', "The server is not initialized; run 'claviger init'")
    throw new ClavigerError('sealed', "The server is sealed; run 'claviger unseal'")
  }
  const ceremonies = new Ceremonies({ store, clock, hierarchy, seals, custody, ledger, log: ledgerReader, sources, origin: config.origin })
  const status = () => describeStatus(custody, hierarchy)
  const system: SystemControl = {
    custody,
    status,
    rewrapLog: (successor) => ceremonies.rewrapLog(successor),
    lock() {
      hierarchy.lock()
      ledgerReader.lock()
      ring.clear()
      access.clear()
      log.warn({ event: 'sealed' }, 'the server is sealed')
    },
    examine: () => examine({ store, seals }),
  }
  const gate = new Gate({
    access,
    ring,
    seals,
    store,
    clock,
    hierarchy,
    ledgerReader,
    system,
    ledger,
    sources,
    assertServing,
    defaultTenant: () => custody.tenant,
  })
  const metrics = createMetrics({
    entries: () => ledger.entries,
    revision: () => ledger.revision,
    keysHeld: () => ring.size,
    unsealed: () => hierarchy.open,
  })
  const door = createRestDoor({
    gate,
    ceremonies,
    status,
    openApi: JSON.stringify(openApi(VERSION)),
    metrics: () => metrics.render(),
    observe: (operation, code, milliseconds) => metrics.observe(operation, code, milliseconds),
    reportFailure: (request, error) => log.error({ request, ...errorFields(error) }, 'a request failed'),
    elapsed: () => performance.now(),
    assertReady() {
      assertServing()
      if (draining) throw new ClavigerError('shutting_down', 'The server is stopping')
      if (ledger.failed) throw new ClavigerError('ledger_unavailable', 'The ledger cannot be written')
      if (selfTestReport()?.passed !== true) throw new ClavigerError('crypto_unavailable', 'A self-test failed; see the log')
    },
  })
  const scheduler = createScheduler({
    serving: () => hierarchy.open && !ledger.failed && !stopping,
    reportFailure: (job, cause) => log.error({ job, ...errorFields(cause) }, 'a job failed and will run again'),
    jobs: [
      checkpoints({ makeCheckpoint: () => ledgerReader.makeCheckpoint() }),
      destruction({
        due: (limit) => dueForDestruction(store, seals, clock.now(), limit),
        async erase(tenant, key) {
          await gate.performAsSystem('key.erase', tenant, { key })
        },
      }),
    ],
  })
  const listener = await listen({
    door,
    host: config.listen.host,
    port: config.listen.port,
    idPrefix: Buffer.from(randomBytes(4)).toString('hex'),
    ...(config.tls === undefined ? {} : { tls: config.tls }),
  })
  scheduler.start()
  log.info({ event: 'listening', host: listener.host, port: listener.port }, 'the server listens')
  return {
    listener,
    ceremonies,
    gate,
    custody,
    hierarchy,
    async close() {
      draining = true
      log.info({ event: 'draining' }, 'the server stops')
      await listener.drain(DRAIN_MS)
      stopping = true
      await scheduler.stop()
      await ledger.close()
      if (hierarchy.open && !ledger.failed) await ledgerReader.makeCheckpoint()
      hierarchy.lock()
      ring.clear()
      await store.close()
      await closeCrypto()
      log.info({ event: 'stopped' }, 'the server has stopped')
    },
  }
}

/** Keys whose window has ended, over all tenants. */
async function dueForDestruction(store: Store, seals: RowSeals, now: number, limit: number) {
  const due: { readonly tenant: string; readonly key: string }[] = []
  for (const tenant of await store.scan('tenant', undefined, TENANTS_MAX)) {
    for (let after: string | undefined; due.length < limit; ) {
      const rows = await store.list({
        kind: 'key',
        tenant: tenant.id,
        facets: [['destruction', 'scheduled']],
        limit: ROWS_PER_READ,
        ...(after === undefined ? {} : { after }),
      })
      for (const row of rows) {
        const key = seals.open<Key>(row)
        if (key.destroyAt !== undefined && key.destroyAt <= now) due.push({ tenant: key.tenant, key: key.id })
      }
      after = rows.at(-1)?.id
      if (rows.length < ROWS_PER_READ) break
    }
  }
  return due
}

function describeStatus(custody: Custody, hierarchy: Hierarchy): OutputOf<'system.status'> {
  const test = selfTestReport() ?? { passed: false, tests: 0, ranAt: 0 }
  const { description } = custody
  const sealedState = description === undefined ? 'uninitialized' : 'sealed'
  return {
    state: test.passed ? (hierarchy.open ? 'unsealed' : sealedState) : 'error',
    version: VERSION,
    ...(description === undefined
      ? {}
      : {
          seal:
            description.kind === 'shares'
              ? { kind: description.kind, threshold: description.threshold, shares: description.shares }
              : { kind: description.kind },
        }),
    ...(hierarchy.open ? {} : { progress: custody.progress }),
    selfTest: { passed: test.passed, tests: test.tests, ranAt: test.ranAt },
    node: process.versions.node,
    openssl: process.versions.openssl,
    validatedModule: 'none',
  }
}
