import { hostname } from 'node:os'
import { openApi } from '@claviger/contract'
import type { Logger } from 'pino'
import { createAwsDoor, isAwsPath } from '#aws'
import { createConsoleDoor } from '#console'
import {
  closeCrypto,
  randomBytes,
  runSelfTests,
  selfTestReport,
  setPoolConcurrency,
  setWorkerEnvironment,
} from '#crypto'
import { createSwitch, listen, type HttpDoor, type Listener } from '#http'
import { createScheduler } from '#jobs'
import { ClavigerError, systemClock } from '#model'
import { createRestDoor } from '#rest'
import { openStoreThread } from '#store'
import { compose, type House } from './compose.ts'
import type { Config } from './config.ts'
import { giveFreeMemoryBack } from './free-memory.ts'
import { errorFields } from './log.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { VERSION } from './status.ts'

/** The server: the house with its doors open, in which order it opens and closes. */

/** Errors that an operator must hear of. */
const failures: ReadonlySet<string> = new Set([
  'internal',
  'integrity_failed',
  'ledger_unavailable',
  'crypto_unavailable',
])
/** How long requests under way may take to finish when the server stops, in milliseconds. */
const DRAIN_MS = 10_000

export interface Server extends Pick<House, 'ceremonies' | 'gate' | 'custody' | 'hierarchy'> {
  readonly listener: Listener
  /** Drains, writes what is waiting, and closes. */
  close(): Promise<void>
}

/** A failure is told to operators here, and to everybody else by refusing all cryptography. */
function testCryptography(log: Logger): void {
  const { passed, failed } = runSelfTests(systemClock)
  if (!passed) log.fatal({ event: 'self-test-failed', failed }, 'all cryptography is refused')
}

/** What is measured of the house. */
function metricsOf(house: House): Metrics {
  const { ledger } = house
  return createMetrics({
    entries: () => ledger.entries,
    revision: () => ledger.revision,
    keysHeld: () => house.keysHeld(),
    unsealed: () => house.hierarchy.open,
    jobs: house.jobs,
  })
}

/** What is behind the listener: REST, the pages, and AWS's clients. */
export function openDoors(
  house: House,
  {
    log,
    metrics = metricsOf(house),
    awsPath,
    isDraining,
  }: {
    readonly metrics?: Metrics
    readonly log: Logger
    readonly awsPath: string
    readonly isDraining: () => boolean
  },
): HttpDoor {
  const { ledger } = house
  const observation = {
    observe: (operation: string, code: string, milliseconds: number) =>
      metrics.observe(operation, code, milliseconds),
    // Sealed, stopping or busy is a condition, not a failure; asking for it again and again must not fill the log. Nor must a store that
    // failed, which the log was told of once: where its disk is full, the log's may be as well.
    reportFailure(request: string, error: ClavigerError) {
      const isTold = error.code === 'ledger_unavailable' && ledger.failed
      log[failures.has(error.code) && !isTold ? 'error' : 'debug'](
        { request, ...errorFields(error) },
        'a request failed',
      )
    },
    elapsed: () => performance.now(),
  }
  const rest = createRestDoor({
    ...observation,
    gate: house.gate,
    ceremonies: house.ceremonies,
    status: () => house.status(),
    revision: () => ledger.revision,
    openApi: () => JSON.stringify(openApi(VERSION)),
    metrics: () => metrics.render(),
    assertReady() {
      house.assertServing()
      if (isDraining()) throw new ClavigerError('shutting_down', 'The server is stopping')
      if (ledger.failed)
        throw new ClavigerError('ledger_unavailable', 'The ledger cannot be written')
      if (selfTestReport()?.passed !== true)
        throw new ClavigerError('crypto_unavailable', 'A self-test failed; see the log')
    },
  })
  const aws = createAwsDoor({
    ...observation,
    gate: house.gate,
    prefix: awsPath,
    now: () => systemClock.now(),
  })
  const pages = createConsoleDoor()
  return createSwitch(
    [
      { takes: pages.takes, door: pages },
      { takes: (path) => path === '/' || isAwsPath(path, awsPath), door: aws },
    ],
    rest,
  )
}

/** Where somebody at this machine finds it: passkeys need a name, and are not made for addresses. */
function defaultPublicUrl({ tls }: Config, port: number): string {
  return `${tls === undefined ? 'http' : 'https'}://localhost:${port}`
}

/** Opens the store, tests the cryptography, and listens; sealed until somebody unseals it. */
export async function startServer(config: Config, log: Logger): Promise<Server> {
  const clock = systemClock
  const { compileCache } = config
  // Of the environment, a thread gets nothing else. Without it, each would load the compiler that strips types: 30 MB.
  const environment = compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache }
  // The store's thread opens while the tests run here.
  const opening = openStoreThread({
    path: config.dataFolder === undefined ? ':memory:' : `${config.dataFolder}/claviger.db`,
    environment,
  })
  setWorkerEnvironment(environment)
  testCryptography(log)
  // Some threads of the pool stay free for files and names, whatever is being signed.
  setPoolConcurrency(Math.max(1, config.threads - 2))
  let port = config.listen.port
  let metrics: Metrics | undefined
  const house = await compose({
    store: await opening,
    clock,
    log,
    origin: config.origin,
    webhookNetworks: config.webhookNetworks,
    webhookAuthorities: config.webhookAuthorities,
    observeNotice: (type, milliseconds) => metrics?.observeNotice(type, milliseconds),
    publicUrl: () => config.publicUrl ?? defaultPublicUrl(config, port),
    node: hostname(),
    isDevelopment: config.mode === 'dev',
  })
  let draining = false
  metrics = metricsOf(house)
  const door = openDoors(house, {
    log,
    metrics,
    awsPath: config.awsPath,
    isDraining: () => draining,
  })
  const scheduler = createScheduler({
    serving: () => house.serving(),
    reportFailure: (job, cause) =>
      log.error({ job, ...errorFields(cause) }, 'a job failed and will run again'),
    jobs: house.jobs,
  })
  const listener = await listen({
    door,
    host: config.listen.host,
    port: config.listen.port,
    idPrefix: Buffer.from(randomBytes(4)).toString('hex'),
    ...(config.tls === undefined ? {} : { tls: config.tls }),
  })
  port = listener.port
  scheduler.start()
  const keepMemory = giveFreeMemoryBack()
  log.info({ event: 'listening', host: listener.host, port: listener.port }, 'the server listens')
  return {
    listener,
    ceremonies: house.ceremonies,
    gate: house.gate,
    custody: house.custody,
    hierarchy: house.hierarchy,
    async close() {
      draining = true
      log.info({ event: 'draining' }, 'the server stops')
      await listener.drain(DRAIN_MS)
      house.stop()
      keepMemory()
      await scheduler.stop()
      await house.close()
      await closeCrypto()
    },
  }
}
