import { sha256Text } from '#crypto'
import { newestRow, readNewest, type RowSeals } from '#keyring'
import { ClavigerError, type Binding, type Clock, type Principal, type Token } from '#model'
import type { RowReference, Store } from '#store'
import { parseToken, proves } from './bearer-token.ts'
import { CompiledBindings } from './decision.ts'
import { Session, SystemIdentity, type Identity } from './session.ts'

/** Sessions held at once. */
const SESSIONS_MAX = 10_000
/** Bindings of one principal that are read at once; more than this is refused rather than half read. */
const BINDINGS_MAX = 10_000

/** What a caller presents; extracted by a door, judged here. Attacker-chosen. */
export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly token: string }

/** What the server's own jobs present; no door can make one, since it is only believed when it was made here. */
export class SystemCredential {
  readonly kind = 'system'
  readonly tenant: string
  readonly #made = true

  constructor(tenant: string) {
    this.tenant = tenant
  }

  /** Whether a value was made by this class, and not only shaped like it. */
  static isGenuine(credential: object): credential is SystemCredential {
    return #made in credential && credential.#made
  }
}

/** The credential of a job in a tenant. */
export function systemCredential(tenant: string): SystemCredential {
  return new SystemCredential(tenant)
}

export interface AccessOptions {
  readonly store: Store
  readonly seals: RowSeals
  readonly clock: Clock
}

const UNAUTHENTICATED =
  'The token is unknown, expired or revoked; check CLAVIGER_TOKEN or make a new token'

export class Access {
  readonly #store: Store
  readonly #seals: RowSeals
  readonly #clock: Clock
  /** By SHA-256 of the token's text, so that the text is neither kept nor compared. */
  readonly #sessions = new Map<string, Session>()
  /** Raised when anything a session is made of changes. */
  #generation = 0

  constructor(options: AccessOptions) {
    this.#store = options.store
    this.#seals = options.seals
    this.#clock = options.clock
  }

  /**
   * Who presents this credential. Immediate for a session that is held.
   *
   * @throws ClavigerError unauthenticated, with the same words for every reason but a missing credential.
   */
  authenticate(credential: Credential | SystemCredential): Identity | Promise<Identity> {
    if (credential.kind === 'system') {
      if (!SystemCredential.isGenuine(credential))
        throw new ClavigerError('unauthenticated', UNAUTHENTICATED)
      return new SystemIdentity(credential.tenant)
    }
    if (credential.kind === 'none') {
      throw new ClavigerError(
        'unauthenticated',
        'No credential was given; send Authorization: Bearer <token>',
      )
    }
    const name = sha256Text(credential.token)
    const held = this.#sessions.get(name)
    if (held === undefined) return this.#open(credential.token, name)
    held.assertValid(this.#clock.now())
    return held
  }

  async #open(text: string, name: string): Promise<Session> {
    const generation = this.#generation
    const presented = parseToken(text)
    if (presented === undefined) throw new ClavigerError('unauthenticated', UNAUTHENTICATED)
    const token = await this.#row<Token>('token', presented.id)
    if (token === undefined || !proves(presented, token.hash) || token.revokedAt !== undefined) {
      throw new ClavigerError('unauthenticated', UNAUTHENTICATED)
    }
    const principal = await this.#row<Principal>('principal', token.principal)
    if (principal?.state !== 'enabled' || token.expiresAt <= this.#clock.now()) {
      throw new ClavigerError('unauthenticated', UNAUTHENTICATED)
    }
    const session = new Session(
      principal,
      token,
      new CompiledBindings(await this.#bindings(principal)),
    )
    // A change that came meanwhile may not be in what was read: use it this once (the ledger checks again), but do not keep it.
    if (this.#generation === generation) {
      if (this.#sessions.size >= SESSIONS_MAX) this.#sessions.clear()
      this.#sessions.set(name, session)
    }
    return session
  }

  async #row<Value>(kind: 'token' | 'principal', id: string): Promise<Value | undefined> {
    const row = await newestRow(this.#store, { kind, id })
    return row && this.#seals.open<Value>(row)
  }

  async #bindings(principal: Principal): Promise<Binding[]> {
    const rows = await readNewest(this.#store, async () => {
      const found = await this.#store.list({
        kind: 'binding',
        tenant: principal.tenant,
        facets: [['principal', principal.id]],
        limit: BINDINGS_MAX + 1,
      })
      return { rows: found, value: found }
    })
    if (rows === undefined || rows.length > BINDINGS_MAX) {
      throw new ClavigerError(
        'overloaded',
        `Principal ${principal.id} has more than ${BINDINGS_MAX} bindings; remove some`,
      )
    }
    // The facet only finds the row; the sealed row says whose it is.
    return rows
      .map((row) => this.#seals.open<Binding>(row))
      .filter((binding) => binding.principal === principal.id)
  }

  /** Forgets the sessions that a change touched. */
  drop(changed: readonly RowReference[]): void {
    for (const { kind, id } of changed) {
      if (kind === 'token') {
        this.#generation += 1
        for (const [name, session] of this.#sessions)
          if (session.token.id === id) this.#sessions.delete(name)
      } else if (kind === 'principal' || kind === 'binding' || kind === 'tenant') {
        // A binding's row does not say here whose it is, and such changes are rare: everybody is read anew.
        this.clear()
      }
    }
  }

  /** Forgets every session. */
  clear(): void {
    this.#generation += 1
    this.#sessions.clear()
  }
}
