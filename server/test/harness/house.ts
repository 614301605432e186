import assert from 'node:assert/strict'
import type { InputOf, OutputOf } from '@claviger/contract'
import { parseRecord, type LedgerRecord } from '@claviger/contract/ledger'
import { pino, type Logger } from 'pino'
import { runSelfTests } from '#crypto'
import { ClavigerError, systemClock, type Clock } from '#model'
import type { GatedName } from '#operations'
import { openSqliteStore, openStoreThread, type Store } from '#store'
import { compose, type House } from '../../src/compose.ts'
import { findingsIn } from './honest.ts'

/** The whole house behind the doors in this process, with real parts: what a test does to it goes through the gate. */

export interface StartOptions {
  /** The database file; in memory unless given. */
  readonly path?: string
  /** The system's unless given. */
  readonly clock?: Clock
  /** Stands between the house and its store, to see or to break what passes. */
  readonly wrapStore?: (store: Store) => Store
  /** The store on a thread of its own, as the server has it. */
  readonly thread?: boolean
  /** How a new house is sealed; two shares, both needed, unless given. */
  readonly seal?: InputOf<'system.init'>['seal']
  /** What opens a house that was there before. */
  readonly shares?: readonly string[]
  readonly passphrase?: string
  /** An owner's token from before; a new one is made unless given. */
  readonly token?: string
  /** What browsers call it; {@link PUBLIC_URL} unless given. */
  readonly publicUrl?: () => string
  /** Authorities that vouch for webhook receivers, in PEM; none but Node's unless given. */
  readonly webhookAuthorities?: Uint8Array
  /** What the node is called; always the same unless given. */
  readonly node?: string
  /** Silent unless given. */
  readonly log?: Logger
  /** Somebody wrote to the database, so the ledger may be anything. */
  readonly tampered?: boolean
}

/** What browsers call the house. */
export const PUBLIC_URL = 'https://keys.example.com'

/** An entry of the ledger with its place. */
export interface Entry extends LedgerRecord {
  readonly index: number
}

interface Caller {
  /** The owner's unless given; undefined for none. */
  readonly token?: string | undefined
  readonly source?: string
  /** As doors say it that know regions. */
  readonly region?: string
  /** As headers say them. */
  readonly approval?: string
  readonly stepUp?: string
}

const origin = { door: 'test', source: '127.0.0.1', request: 'ceremony' }

export class TestHouse implements AsyncDisposable {
  readonly house: House
  /** The store itself, whatever stands before it. */
  readonly store: Store
  readonly clock: Clock
  /** The owner's token. */
  token = ''
  isTampered = false
  /** The shares that open the seal, where it has any. */
  shares: readonly string[] = []
  #requests = 0
  /** Makes the names of users; no two principals ever have the same. */
  #users = 0
  #closed = false

  constructor(house: House, store: Store, clock: Clock) {
    this.house = house
    this.store = store
    this.clock = clock
  }

  /** Calls an operation as the owner, or as whom `caller` names. */
  perform<Name extends GatedName>(
    operation: Name,
    input: InputOf<Name>,
    caller: Caller = {},
  ): Promise<OutputOf<Name>> {
    const token = 'token' in caller ? caller.token : this.token
    this.#requests += 1
    return this.house.gate.perform({
      operation,
      credential: token === undefined ? { kind: 'none' } : { kind: 'bearer', token },
      door: 'test',
      source: caller.source ?? '127.0.0.1',
      request: `test-${this.#requests}`,
      approval: caller.approval,
      stepUp: caller.stepUp,
      ...(caller.region === undefined ? {} : { region: caller.region }),
      read: () => input,
    })
  }

  /** The code that an operation is refused with, or `ok`. */
  async codeOf<Name extends GatedName>(
    operation: Name,
    input: InputOf<Name>,
    caller: Caller = {},
  ): Promise<string> {
    return codeOf(this.perform(operation, input, caller))
  }

  createKey(rest: Partial<InputOf<'key.create'>> = {}): Promise<OutputOf<'key.create'>> {
    return this.perform('key.create', { algorithm: 'AES-256-GCM', exportable: false, ...rest })
  }

  /** A principal with its token, and a role in the tenant where one is named. */
  async createUser(role?: InputOf<'binding.create'>['role']) {
    this.#users += 1
    const { id } = await this.perform('principal.create', {
      name: `${role ?? 'nobody'}-${this.#users}`,
      kind: 'service',
    })
    const { token, id: tokenId } = await this.perform('token.create', {
      principal: id,
      description: '',
      days: 1,
    })
    const binding =
      role === undefined
        ? undefined
        : (await this.perform('binding.create', { role, principal: id, scope: { kind: 'tenant' } }))
            .id
    return { id, token, tokenId, binding }
  }

  /** Gives shares until the seal opens; whether it did. */
  async unseal(shares = this.shares): Promise<boolean> {
    for (const share of shares) {
      if (await this.house.ceremonies.unseal({ share }, origin)) return true
    }
    return false
  }

  /** A new token for the owner, for when the clock has gone past the old one's end. */
  async renewToken(): Promise<void> {
    const { gate, custody } = this.house
    this.token = (await gate.performAsSystem('token.createForOwner', custody.tenant, {})).token
  }

  /** Every entry of the ledger from an index on. */
  async entries(first = 0): Promise<Entry[]> {
    const { next } = await this.store.head()
    const entries: Entry[] = []
    while (first + entries.length < next) {
      const read = await this.store.entries(first + entries.length, 1_000)
      for (const { index, bytes } of read) entries.push({ index, ...parseRecord(bytes) })
      if (read.length === 0) throw new Error('the ledger ends before its sequencer')
    }
    return entries
  }

  /** Signs a checkpoint now. */
  async checkpoint(): Promise<string> {
    await this.runJob('checkpoints')
    return Buffer.from((await this.perform('ledger.checkpoint', {})).body).toString()
  }

  /** Does what a job does when it comes round. */
  async runJob(name: string): Promise<void> {
    const job = this.house.jobs.find((candidate) => candidate.name === name)
    if (job === undefined) throw new Error(`there is no job ${name}`)
    await job.run()
  }

  /**
   * In order, as on SIGTERM. Whatever a test had the house do, its ledger is an honest one, and the verifier finds nothing in it; a store
   * that a test broke has none to read.
   */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const findings = this.isTampered ? [] : await findingsIn(this.store).catch(() => [])
    await this.house.close()
    assert.deepEqual(findings, [])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/**
 * Opens a house, and initializes or unseals it.
 *
 * @throws ClavigerError as the server does that cannot start
 */
export async function startHouse(options: StartOptions = {}): Promise<TestHouse> {
  const clock = options.clock ?? systemClock
  runSelfTests(clock)
  const path = options.path ?? ':memory:'
  const store = await (options.thread === true ? openStoreThread({ path }) : openSqliteStore(path))
  try {
    const wrapped = options.wrapStore?.(store) ?? store
    const log = options.log ?? pino({ level: 'silent' })
    const house = await compose({
      store: wrapped,
      clock,
      log,
      origin: 'claviger.test/ledger',
      publicUrl: options.publicUrl ?? (() => PUBLIC_URL),
      webhookNetworks: ['127.0.0.0/8'],
      webhookAuthorities: options.webhookAuthorities,
      node: options.node ?? 'node',
    })
    const test = new TestHouse(house, store, clock)
    test.isTampered = options.tampered === true
    if (house.custody.description === undefined) await initialize(test, options)
    else await open(test, options)
    return test
  } catch (error) {
    await store.close()
    throw error
  }
}

async function initialize(test: TestHouse, options: StartOptions): Promise<void> {
  const seal = options.seal ?? { kind: 'shares', shares: 2, threshold: 2 }
  const made = await test.house.ceremonies.init({ seal, owner: 'owner' }, origin)
  test.token = made.token
  test.shares = made.shares ?? []
}

async function open(
  test: TestHouse,
  { passphrase, shares = [], token }: StartOptions,
): Promise<void> {
  const opened =
    passphrase === undefined
      ? await test.unseal(shares)
      : await test.house.ceremonies.unseal({ passphrase }, origin)
  if (!opened) return
  test.shares = shares
  if (token === undefined) await test.renewToken()
  else test.token = token
}

/** The code that something failed with, or `ok`. Errors that are not the server's go on. */
export async function codeOf(doing: Promise<unknown>): Promise<string> {
  try {
    await doing
    return 'ok'
  } catch (error) {
    if (error instanceof ClavigerError) return error.code
    throw error
  }
}
