import type { OutputOf } from '@claviger/contract'
import type { Logger } from 'pino'
import { Access } from '#access'
import { randomBytes, selfTestReport, sha256 } from '#crypto'
import { checkpoints, destruction, type Job } from '#jobs'
import { Custody, Hierarchy, logPrimitives, Ring, RowSeals } from '#keyring'
import { Ledger, Log } from '#ledger'
import { ClavigerError, type Clock, type Key } from '#model'
import { Ceremonies, Gate, Sources, type SystemControl } from '#operations'
import { examine } from '#oversight'
import type { RowReference, Store } from '#store'
import { errorFields } from './log.ts'

/** The house behind the doors: what is made of what, from the store up to the gate. It knows no socket, no process and no file. */

export const VERSION = '0.1.0'
const TENANTS_MAX = 100_000
const ROWS_PER_READ = 1_000

export interface HouseOptions {
  /** The house closes it. */
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  /** The ledger's name, fixed when it is made. */
  readonly origin: string
}

export interface House {
  readonly ceremonies: Ceremonies
  readonly gate: Gate
  readonly custody: Custody
  readonly hierarchy: Hierarchy
  readonly ledger: Ledger
  /** What the server does by itself, for a scheduler. */
  readonly jobs: readonly Job[]
  /** Keys held in memory now. */
  keysHeld(): number
  status(): OutputOf<'system.status'>
  /** @throws ClavigerError where operations are refused: sealed, not initialized, stopping */
  assertServing(): void
  /** Whether jobs may run. */
  serving(): boolean
  /** Refuses every operation from now on. */
  stop(): void
  /** Writes what is waiting, signs a last checkpoint, forgets every key, and closes the store. */
  close(): Promise<void>
}

/** Puts the house together over an open store; sealed until somebody unseals it. */
export async function compose(options: HouseOptions): Promise<House> {
  const { store, clock, log } = options
  const hierarchy = new Hierarchy()
  const seals = new RowSeals(hierarchy)
  const custody = new Custody(store, hierarchy, seals)
  await custody.load()
  const ring = new Ring({ store, clock, seals, hierarchy })
  const access = new Access({ store, seals, clock })
  const publish = (changed: readonly RowReference[]) => {
    ring.drop(changed)
    access.drop(changed)
    custody.drop(changed)
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
    return {
      salt,
      commitment: Buffer.from(
        sha256(Buffer.concat([salt, Buffer.from(value)])).subarray(0, 16),
      ).toString('base64'),
    }
  })
  let stopping = false
  const assertServing = () => {
    if (stopping)
      throw new ClavigerError(
        'shutting_down',
        'The server is stopping; try another node, or again later',
      )
    if (hierarchy.open) return
    if (custody.description === undefined)
      throw new ClavigerError(
        'not_initialized',
        "The server is not initialized; run 'claviger init'",
      )
    throw new ClavigerError('sealed', "The server is sealed; run 'claviger unseal'")
  }
  const ceremonies = new Ceremonies({
    store,
    clock,
    hierarchy,
    seals,
    custody,
    ledger,
    log: ledgerReader,
    sources,
    origin: options.origin,
  })
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
  return {
    ceremonies,
    gate,
    custody,
    hierarchy,
    ledger,
    jobs: [
      checkpoints({ makeCheckpoint: () => ledgerReader.makeCheckpoint() }),
      destruction({
        due: (limit) => dueForDestruction(store, seals, clock.now(), limit),
        async erase(tenant, key) {
          await gate.performAsSystem('key.erase', tenant, { key })
        },
      }),
    ],
    keysHeld: () => ring.size,
    status,
    assertServing,
    serving: () => hierarchy.open && !ledger.failed && !stopping,
    stop() {
      stopping = true
    },
    async close() {
      stopping = true
      await ledger.close()
      if (hierarchy.open && !ledger.failed) await ledgerReader.makeCheckpoint()
      hierarchy.lock()
      ring.clear()
      await store.close()
    },
  }
}

/** Keys whose window has ended, over all tenants. */
async function dueForDestruction(store: Store, seals: RowSeals, now: number, limit: number) {
  const due: { readonly tenant: string; readonly key: string }[] = []
  for (const tenant of await store.scan('tenant', undefined, TENANTS_MAX)) {
    for (let after: string | undefined; due.length < limit;) {
      const rows = await store.list({
        kind: 'key',
        tenant: tenant.id,
        facets: [['destruction', 'scheduled']],
        limit: ROWS_PER_READ,
        ...(after === undefined ? {} : { after }),
      })
      for (const row of rows) {
        const key = seals.open<Key>(row)
        if (key.destroyAt !== undefined && key.destroyAt <= now)
          due.push({ tenant: key.tenant, key: key.id })
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
              ? {
                  kind: description.kind,
                  threshold: description.threshold,
                  shares: description.shares,
                }
              : { kind: description.kind },
        }),
    ...(hierarchy.open ? {} : { progress: custody.progress }),
    selfTest: { passed: test.passed, tests: test.tests, ranAt: test.ranAt },
    node: process.versions.node,
    openssl: process.versions.openssl,
    validatedModule: 'none',
  }
}
