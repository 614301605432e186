import type { OutputOf } from '@claviger/contract'
import type { Logger } from 'pino'
import { Access, LoginProviders } from '#access'
import { randomBytes, sha256 } from '#crypto'
import {
  checkpoints,
  compromise,
  createLeases,
  destruction,
  endDates,
  execution,
  expiry,
  occurrences,
  rotation,
  type Job,
} from '#jobs'
import { Custody, Hierarchy, logPrimitives, Ring, RowSeals } from '#keyring'
import { Ledger, Log, type LedgerOptions } from '#ledger'
import { ClavigerError, RotationWaits, type Clock, type DueJob } from '#model'
import {
  BegunLogins,
  Ceremonies,
  doApproved,
  dueFor,
  Gate,
  LifecyclePolicies,
  Sources,
  type DueItem,
  type SystemControl,
} from '#operations'
import { examine } from '#oversight'
import type { RowReference, Store } from '#store'
import { composeDeliveries, type NoticeOptions } from './compose-deliveries.ts'
import { errorFields } from './log.ts'
import { describeStatus } from './status.ts'

/** The house behind the doors: what is made of what, from the store up to the gate. It knows no socket, no process and no file. */

export interface HouseOptions extends NoticeOptions {
  /** The house closes it. */
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  /** The ledger's name, fixed when it is made. */
  readonly origin: string
  /** What persons' browsers call the server: an origin (RFC 6454). It is asked for when it is needed, since a port may be given late. */
  readonly publicUrl: () => string
  /** What this node is called among those over the same store: the same again when it starts again. */
  readonly node: string
  /** One user has it all, for trying things out. */
  readonly isDevelopment?: boolean
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

/** A commitment to a personal value: half of SHA-256 over a fresh salt and the value, in base64. */
function commit(value: string) {
  const salt = randomBytes(16)
  const digest = sha256(Buffer.concat([salt, Buffer.from(value)]))
  return { salt, commitment: digest.subarray(0, 16).toString('base64') }
}

/** Tells the log how it is with the ledger. What fails twice a second for the same reason is said once. */
function ledgerReport(log: Logger): LedgerOptions['report'] {
  let said: unknown
  return (event, cause) => {
    if (event === 'recovered') {
      said = undefined
      log.warn({ event }, 'the ledger can be written again')
      return
    }
    const fields = errorFields(cause)
    const reason = JSON.stringify([event, fields['causes']])
    if (reason !== said) log.error({ event, ...fields }, 'the ledger cannot be written')
    said = reason
  }
}

/** Everything below the gate. */
async function layFoundation({ store, clock, log }: HouseOptions) {
  const hierarchy = new Hierarchy()
  const seals = new RowSeals(hierarchy)
  const custody = new Custody(store, hierarchy, seals)
  await custody.load()
  const ring = new Ring({ store, clock, seals, hierarchy })
  const access = new Access({ store, seals, hierarchy, clock })
  const lifecycle = new LifecyclePolicies({ store, seals })
  const ledger = new Ledger({
    store,
    clock,
    publish(changed: readonly RowReference[]) {
      ring.drop(changed)
      access.drop(changed)
      lifecycle.drop(changed)
      custody.drop(changed)
    },
    report: ledgerReport(log),
  })
  await ledger.open()
  const ledgerReader = new Log(store, clock, logPrimitives)
  const sources = new Sources(ledger, commit)
  return {
    store,
    clock,
    hierarchy,
    seals,
    custody,
    ring,
    access,
    lifecycle,
    ledger,
    ledgerReader,
    sources,
  }
}

/** @throws ClavigerError where the seal stands between callers and keys */
function assertOpen(custody: Custody, hierarchy: Hierarchy): void {
  if (hierarchy.open) return
  if (custody.description === undefined) {
    throw new ClavigerError('not_initialized', "The server is not initialized; run 'claviger init'")
  }
  throw new ClavigerError('sealed', "The server is sealed; run 'claviger unseal'")
}

/** What the server does by itself. */
function jobsOf(
  foundation: Awaited<ReturnType<typeof layFoundation>>,
  gate: Gate,
  node: string,
): readonly Job[] {
  const { store, clock, custody, ledger, ledgerReader } = foundation
  const now = () => clock.now()
  const lease = createLeases({
    now,
    async take(job, seconds) {
      const asked = { job, node, seconds }
      return (await gate.performAsSystem('job.lease', custody.tenant, asked)).until
    },
  })
  const partsOf = (job: DueJob) => ({
    now,
    lease,
    due: (until: number, after: DueItem | undefined, limit: number) =>
      dueFor(store, { job, now: until, after, limit }),
  })
  return [
    checkpoints({ log: ledgerReader, ledger }),
    destruction({
      ...partsOf('destruction'),
      async act({ tenant, key, version }) {
        if (version === undefined) await gate.performAsSystem('key.erase', tenant, { key })
        else await gate.performAsSystem('key.eraseVersion', tenant, { key, version })
      },
    }),
    compromise({
      ...partsOf('compromise'),
      async act({ tenant, id }) {
        // Each step is a change of its own: where this is cut off, the next life goes on from there.
        while ((await gate.performAsSystem('compromise.look', tenant, { case: id })).more);
      },
    }),
    occurrences({
      ...partsOf('occurrence'),
      async step({ tenant, id }) {
        const asked = { occurrence: id }
        return (await gate.performAsSystem('rotation.raise', tenant, asked)).isDone
      },
    }),
    rotation({
      ...partsOf('rotation'),
      async act({ tenant, key }) {
        try {
          await gate.performAsSystem('key.rotateDue', tenant, { key })
        } catch (thrown) {
          if (!(thrown instanceof RotationWaits)) throw thrown
          await gate.performAsSystem('rotation.wait', tenant, { key })
        }
      },
    }),
    execution({ ...partsOf('execution'), act: (due) => doApproved(gate, foundation, due) }),
    expiry({
      ...partsOf('expiry'),
      async act({ tenant, key, version = 0 }) {
        await gate.performAsSystem('key.expireMaterial', tenant, { key, version })
      },
    }),
    endDates({
      ...partsOf('endDates'),
      async act({ tenant, key, version = 0 }) {
        await gate.performAsSystem('key.tellEndDate', tenant, { key, version })
      },
    }),
  ]
}

/** Puts the house together over an open store; sealed until somebody unseals it. */
export async function compose(options: HouseOptions): Promise<House> {
  const foundation = await layFoundation(options)
  const { store, hierarchy, seals, custody, ring, access, lifecycle, ledger, ledgerReader } =
    foundation
  let stopping = false
  const assertServing = () => {
    if (stopping) {
      throw new ClavigerError(
        'shutting_down',
        'The server is stopping; try another node, or again later',
      )
    }
    assertOpen(custody, hierarchy)
  }
  const ceremonies = new Ceremonies({ ...foundation, log: ledgerReader, origin: options.origin })
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
      lifecycle.clear()
      options.log.warn({ event: 'sealed' }, 'the server is sealed')
    },
    examine: () => examine({ store, seals, isDevelopment: options.isDevelopment }),
  }
  const gate = new Gate({
    ...foundation,
    system,
    assertServing,
    defaultTenant: () => custody.tenant,
    begunLogins: new BegunLogins(),
    loginProviders: new LoginProviders(options.clock),
    publicUrl: options.publicUrl,
    alarm: (event, about) => options.log.error({ event, ...about }, 'alarm'),
  })
  const notices = composeDeliveries(foundation, gate, options.log, options)
  return {
    ceremonies,
    gate,
    custody,
    hierarchy,
    ledger,
    jobs: [...jobsOf(foundation, gate, options.node), notices.job],
    keysHeld: () => ring.size,
    status,
    assertServing,
    serving: () => hierarchy.open && !ledger.failed && !stopping,
    stop() {
      stopping = true
    },
    async close() {
      stopping = true
      await notices.close()
      await ledger.close()
      if (hierarchy.open && !ledger.failed) await ledgerReader.makeCheckpoint()
      hierarchy.lock()
      ring.clear()
      await store.close()
    },
  }
}
