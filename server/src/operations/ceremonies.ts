import type { InputOf, OutputOf } from '@claviger/contract'
import {
  createLogRow,
  LOG_ROW,
  openLogRow,
  rewrapLogRow,
  newestRow,
  newId,
  RowSeals,
  type Custody,
  type Hierarchy,
  type RowContent,
} from '#keyring'
import type { Ledger, Log } from '#ledger'
import { ClavigerError, type Clock, type Tenant } from '#model'
import type { Change, Row, Store } from '#store'
import type { Sources } from './sources.ts'
import type { PlannedRow } from './verb.ts'
import { newTenant } from './verbs/tenants.ts'

/**
 * What happens around the seal, where nobody can be authenticated yet: making the root key, and unsealing. What is made or opened stays
 * apart until the record of it is durable, and is served only then: no use stands in the ledger before it, and what fails on the way
 * leaves the server as it was.
 */

type LogKeyHolder = ReturnType<typeof openLogRow>['keys']['ed25519']['privateKey']

export interface CeremonyParts {
  readonly store: Store
  readonly clock: Clock
  readonly hierarchy: Hierarchy
  readonly seals: RowSeals
  readonly custody: Custody
  readonly ledger: Ledger
  readonly log: Log<LogKeyHolder>
  readonly sources: Sources
  /** The ledger's name: a URL without its scheme (C2SP tlog-checkpoint), fixed for life when it is made. */
  readonly origin: string
}

/** Where a ceremony's request came from. */
export interface CeremonyOrigin {
  readonly door: string
  readonly source: string
  readonly request: string
}

export class Ceremonies {
  readonly #parts: CeremonyParts
  #busy = false

  constructor(parts: CeremonyParts) {
    this.#parts = parts
  }

  /** Makes everything a new server needs. The shares and the token are told this once. */
  init(input: InputOf<'system.init'>, origin: CeremonyOrigin): Promise<OutputOf<'system.init'>> {
    return this.#alone(async () => {
      const { custody, clock } = this.#parts
      if (custody.description !== undefined) {
        throw new ClavigerError(
          'already_initialized',
          'The server has a root key already; unseal it',
        )
      }
      const tenant: Tenant = {
        id: newId(),
        name: 'default',
        createdAt: clock.now(),
        ...(input.account === undefined ? {} : { account: input.account }),
      }
      const created = await custody.create(input.seal, tenant.id)
      const { opened } = created
      const made = newTenant(tenant, input.owner, opened.createTenantKey(tenant.id))
      const log = await createLogRow(opened, this.#parts.origin)
      const system: PlannedRow[] = [created.row, log].map((content: RowContent) => ({
        ...content,
        facets: [],
      }))
      const seals = new RowSeals(opened)
      await this.#record(
        'system.init',
        origin,
        { subject: 'root key', detail: { seal: input.seal.kind } },
        { rows: [...system, ...made.rows], seals },
      )
      await custody.load()
      this.#serve(opened, openLogRow(opened, seals, await this.#logRow()))
      return {
        ...(created.shares === undefined ? {} : { shares: [...created.shares] }),
        token: made.token,
        tenant: tenant.id,
        principal: made.owner.id,
      }
    })
  }

  /** Takes one share or the passphrase; true when that unsealed the server. */
  unseal(input: InputOf<'system.unseal'>, origin: CeremonyOrigin): Promise<boolean> {
    return this.#alone(async () => {
      const { custody, hierarchy } = this.#parts
      if (custody.description === undefined) {
        throw new ClavigerError(
          'not_initialized',
          "The server is not initialized; run 'claviger init'",
        )
      }
      if (hierarchy.open) return true
      if (input.reset === true) {
        custody.forgetShares()
        return false
      }
      const offered = await custody.offer({
        ...(input.share === undefined ? {} : { share: input.share }),
        ...(input.passphrase === undefined ? {} : { passphrase: input.passphrase }),
      })
      if (offered.kind === 'more') return false
      const { opened } = offered
      const log = openLogRow(opened, new RowSeals(opened), await this.#logRow())
      await this.#record('system.unseal', origin, { subject: 'seal' })
      this.#serve(opened, log)
      return true
    })
  }

  /** The log's row with its keys under a successor's root key, for replacing the root key. */
  async rewrapLog(successor: Hierarchy): Promise<RowContent> {
    return rewrapLogRow(this.#parts.hierarchy, successor, this.#parts.seals, await this.#logRow())
  }

  #serve(opened: Hierarchy, { origin, keys }: ReturnType<typeof openLogRow>): void {
    this.#parts.log.unlock(origin, keys)
    this.#parts.hierarchy.adopt(opened)
  }

  async #logRow(): Promise<Row> {
    const row = await newestRow(this.#parts.store, LOG_ROW)
    if (row === undefined)
      throw new ClavigerError(
        'integrity_failed',
        "The ledger's signing keys are gone; restore a backup",
      )
    return row
  }

  async #record(
    event: string,
    origin: CeremonyOrigin,
    about: { readonly subject: string; readonly detail?: Record<string, string> },
    written?: { readonly rows: readonly PlannedRow[]; readonly seals: RowSeals },
  ): Promise<void> {
    const { ledger, sources } = this.#parts
    const recorded = await ledger.record({
      records: () => [
        {
          event,
          outcome: 'ok',
          principal: 'anonymous',
          door: origin.door,
          source: sources.commitment(origin.source),
          request: origin.request,
          ...about,
        },
      ],
      counters: () => [],
      change: written && changeOf(written),
      revision: ledger.revision,
      recheck: () => Promise.resolve(undefined),
    })
    if (recorded.kind === 'conflict')
      throw new ClavigerError('already_initialized', 'Another node initialized the server just now')
  }

  /** Ceremonies are one at a time: they are rare, and two at once would mix their shares. */
  async #alone<Value>(ceremony: () => Promise<Value>): Promise<Value> {
    if (this.#busy)
      throw new ClavigerError(
        'too_many_requests',
        'Another ceremony is under way; try again in a moment',
      )
    this.#busy = true
    try {
      return await ceremony()
    } finally {
      this.#busy = false
    }
  }
}

/** Rows that are all written for the first time. */
function changeOf({
  rows,
  seals,
}: {
  readonly rows: readonly PlannedRow[]
  readonly seals: RowSeals
}) {
  return {
    additive: false,
    digest: (row: Row) => seals.digest(row),
    plan: (revision: number): Change => ({
      writes: rows.map(({ facets, ...content }) => ({
        row: seals.seal(content, revision),
        facets,
      })),
      removals: [],
      absent: rows.map(({ kind, id }) => ({ kind, id })),
      unchanged: [],
    }),
  }
}
