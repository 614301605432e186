import { sha256Text } from '#crypto'
import { unwrap, type Hierarchy, type RowSeals } from '#keyring'
import { ClavigerError, type AccessKey, type Clock, type PeerCertificate, type Token } from '#model'
import type { RowReference, Store } from '#store'
import { accessKeyBinding } from './access-key.ts'
import { openApproved } from './approved.ts'
import { isSession, openSealedSession } from './bearer-session.ts'
import { parseToken, proves } from './bearer-token.ts'
import { openCertificate } from './certificate.ts'
import {
  ApprovedCredential,
  SystemCredential,
  type Credential,
  type OwnCredential,
} from './credential.ts'
import { Accounts, isIdentityToken, openBearerIdentity, openIdentity } from './identity/index.ts'
import { isLoginText, LoginSightings, openLogin, provesCsrf } from './logins.ts'
import { openSession, readRow } from './opening.ts'
import { Proofs } from './proofs.ts'
import { stands, type StandingRow } from './rests.ts'
import type { Session } from './session.ts'
import { SystemIdentity, type Identity } from './session.ts'
import {
  deriveSigningKey,
  invocationOf,
  readSignature,
  Replays,
  SignatureError,
  SigningKeys,
  verifySignature,
  type Presented,
  type SignedRequest,
} from './sigv4/index.ts'
import { openTemporary } from './temporary.ts'
import { madeOf, touchedBy, type Touched } from './touched.ts'

/** Sessions held at once. */
const SESSIONS_MAX = 10_000

export interface AccessOptions {
  readonly store: Store
  readonly seals: RowSeals
  readonly hierarchy: Hierarchy
  readonly clock: Clock
}

const UNAUTHENTICATED =
  'The token is unknown, expired or revoked; check CLAVIGER_TOKEN or make a new token'

const NO_LOGIN = 'The login has ended, or was not used for too long; log in again'

/** A session, and for those that sign their requests, the secret they sign with: the caller overwrites it. */
interface Held {
  readonly session: Session
  readonly openSecret?: () => Buffer
  /** Of a login: it ends when it is not used for so long, in milliseconds. */
  readonly idle?: number
}

export class Access {
  readonly #options: AccessOptions
  readonly #clock: Clock
  /**
   * By SHA-256 of the token's text, so that the text is neither kept nor compared, or by the access key's id. What must be proved in
   * another way than by saying it has its kind before the hash: no text that a stranger sends as a token is found as that.
   */
  readonly #held = new Map<string, Held>()
  /** The signing keys of an access key; gone with the session. */
  readonly #signingKeys = new SigningKeys()
  readonly #replays: Replays
  /** Fresh proofs that were made for one operation each. */
  readonly proofs = new Proofs()
  readonly #accounts: Accounts
  /** When each login was last used. */
  readonly #sightings = new LoginSightings()
  /** Raised when anything a session is made of changes. */
  #generation = 0

  constructor(options: AccessOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#replays = new Replays({ since: options.clock.now() })
    this.#accounts = new Accounts(options)
  }

  /**
   * Who presents this credential. Immediate for a session that is held.
   *
   * @throws ClavigerError unauthenticated, with the same words for every reason but a missing credential; SignatureError and
   *   IdentityError, which are such errors, for signed requests and identity tokens.
   */
  authenticate(credential: Credential | OwnCredential): Identity | Promise<Identity> {
    switch (credential.kind) {
      case 'system':
        if (!SystemCredential.isGenuine(credential))
          throw new ClavigerError('unauthenticated', UNAUTHENTICATED)
        return new SystemIdentity(credential.tenant)
      case 'approval':
        if (!ApprovedCredential.isGenuine(credential))
          throw new ClavigerError('unauthenticated', UNAUTHENTICATED)
        return openApproved(this.#options, credential.approval, this.#clock.now())
      case 'none':
        throw new ClavigerError(
          'unauthenticated',
          'No credential was given; send Authorization: Bearer <token>',
        )
      case 'bearer':
        return isIdentityToken(credential.token)
          ? this.#authenticateIdentity(credential.token, credential.principal)
          : this.#authenticateToken(credential.token)
      case 'certificate':
        return this.#authenticateCertificate(credential.certificate, credential.principal)
      case 'cookie':
        if (!isLoginText(credential.token) || !provesCsrf(credential))
          throw new ClavigerError('unauthenticated', NO_LOGIN)
        return this.#authenticateToken(credential.token)
      case 'signed':
        return this.#authenticateSigned(credential.request, credential.services)
      case 'identity':
        // Not held: such a token is presented once, for temporary credentials.
        return openIdentity(
          { ...this.#options, accounts: this.#accounts },
          credential,
          this.#clock.now(),
        )
      default:
        return credential satisfies never
    }
  }

  /**
   * Takes note of a signed request that is about to change something, so that nobody can send it again. `tenant` is its caller's, who has
   * been authenticated by it.
   *
   * @returns what gives the note back, where nothing was changed after all
   * @throws SignatureError replayed; ClavigerError overloaded
   */
  claim(credential: Credential | OwnCredential, tenant: string): (() => void) | undefined {
    if (credential.kind !== 'signed') return undefined
    const { request } = credential
    const { signature, signedHeaders, time } = readSignature(request, credential.services)
    const invocation = invocationOf(request, signedHeaders)
    const asked = { tenant, signature, invocation, signedAt: time }
    const claimed = this.#replays.claim(asked, this.#clock.now())
    return () => claimed.release()
  }

  #authenticateToken(text: string): Identity | Promise<Identity> {
    const name = sha256Text(text)
    const held = this.#held.get(name)
    if (held === undefined) {
      const open = () => (isSession(text) ? this.#openSealed(text) : this.#openToken(text))
      return this.#open(name, open).then(({ session }) => session)
    }
    const now = this.#clock.now()
    held.session.assertValid(now)
    if (held.idle !== undefined && !this.#sightings.see(held.session.credential.id, now, held.idle))
      throw new ClavigerError('unauthenticated', NO_LOGIN)
    return held.session
  }

  #authenticateCertificate(
    certificate: PeerCertificate,
    principal: string | undefined,
  ): Identity | Promise<Identity> {
    const name = `certificate ${sha256Text(`${certificate.fingerprint} ${principal ?? ''}`)}`
    return this.#validOr(name, async () =>
      openCertificate(
        this.#options,
        { certificate, principal, tenants: await this.#accounts.tenants() },
        this.#clock.now(),
      ),
    )
  }

  /** A program's identity token. It is held until it ends, so that its signature is checked once. */
  #authenticateIdentity(
    token: string,
    principal: string | undefined,
  ): Identity | Promise<Identity> {
    const opening = { ...this.#options, accounts: this.#accounts }
    return this.#validOr(`identity ${sha256Text(`${token} ${principal ?? ''}`)}`, () =>
      openBearerIdentity(opening, { token, principal }, this.#clock.now()),
    )
  }

  /** The session that is held, while its credential counts, or one that is opened now. */
  #validOr(name: string, open: () => Promise<Session>): Identity | Promise<Identity> {
    const held = this.#held.get(name)
    if (held === undefined)
      return this.#open(name, async () => ({ session: await open() })).then(
        ({ session }) => session,
      )
    held.session.assertValid(this.#clock.now())
    return held.session
  }

  async #openToken(text: string): Promise<Held> {
    if (isLoginText(text)) {
      const login = await openLogin(this.#options, text, this.#clock.now(), this.#sightings)
      if (login === undefined) throw new ClavigerError('unauthenticated', NO_LOGIN)
      return login
    }
    const refused = new ClavigerError('unauthenticated', UNAUTHENTICATED)
    const presented = parseToken(text)
    if (presented === undefined) throw refused
    const token = (await readRow<Token>(this.#options, 'token', presented.id))?.value
    if (
      token === undefined ||
      !proves(presented, token.hash) ||
      token.revokedAt !== undefined ||
      token.expiresAt <= this.#clock.now()
    ) {
      throw refused
    }
    const session = await openSession(this.#options, {
      principal: token.principal,
      credential: { kind: 'token', id: token.id, expiresAt: token.expiresAt },
      rests: [`token/${token.id}`],
    })
    if (session === undefined) throw refused
    return { session }
  }

  /** A short token that was made with another credential, and ends with it. */
  async #openSealed(text: string): Promise<Held> {
    const refused = new ClavigerError('unauthenticated', UNAUTHENTICATED)
    const claims = openSealedSession(this.#options.hierarchy, text)
    if (claims === undefined || claims.expiresAt <= this.#clock.now()) throw refused
    for (const one of claims.rests) if (!(await this.#stands(one))) throw refused
    const { principal, kind, id, expiresAt, rests } = claims
    const session = await openSession(this.#options, {
      principal,
      credential: { kind, id, expiresAt },
      rests,
    })
    if (session === undefined) throw refused
    return { session }
  }

  #authenticateSigned(
    request: SignedRequest,
    services: readonly string[],
  ): Identity | Promise<Identity> {
    const presented = readSignature(request, services)
    const { accessKey, sessionToken } = presented
    const name = sessionToken === undefined ? accessKey : `temporary ${sha256Text(sessionToken)}`
    const held = this.#held.get(name)
    if (held !== undefined) return this.#proven(held, request, presented)
    return this.#open(name, () =>
      sessionToken === undefined
        ? this.#openAccessKey(accessKey)
        : this.#openTemporary(accessKey, sessionToken),
    ).then((opened) => this.#proven(opened, request, presented))
  }

  /** The session, once the signature is the secret's. */
  #proven({ session, openSecret }: Held, request: SignedRequest, presented: Presented): Session {
    const now = this.#clock.now()
    if (openSecret === undefined || session.credential.id !== presented.accessKey)
      throw new SignatureError('invalid-token')
    const held = this.#signingKeys.find(presented)
    const key = held ?? derive(openSecret(), presented)
    verifySignature(request, presented, key, now)
    if (held === undefined) this.#signingKeys.keep(presented, key)
    if (now >= session.credential.expiresAt) throw new SignatureError('expired-token')
    return session
  }

  async #openAccessKey(id: string): Promise<Held> {
    const row = await readRow<AccessKey>(this.#options, 'accessKey', id)
    if (row?.material === undefined || row.value.revokedAt !== undefined)
      throw new SignatureError('unknown-key')
    const { tenant, principal, expiresAt = Number.POSITIVE_INFINITY } = row.value
    const session = await openSession(this.#options, {
      principal,
      credential: { kind: 'access-key', id, expiresAt },
      rests: [`accessKey/${id}`],
    })
    if (session === undefined) throw new SignatureError('unknown-key')
    const { material } = row
    return {
      session,
      openSecret: () =>
        unwrap(
          this.#options.hierarchy.tenantWrappingKey(tenant),
          accessKeyBinding(tenant, id),
          material,
        ),
    }
  }

  async #openTemporary(accessKey: string, text: string): Promise<Held> {
    const opened = openTemporary(this.#options.hierarchy, text)
    if (opened === undefined || opened.claims.accessKey !== accessKey)
      throw new SignatureError('invalid-token')
    const { principal, session: sessionName, expiresAt, rests, secret } = opened.claims
    for (const one of rests)
      if (!(await this.#stands(one))) throw new SignatureError('invalid-token')
    const session = await openSession(this.#options, {
      principal,
      credential: { kind: 'temporary', id: accessKey, expiresAt },
      sessionName,
      rests,
    })
    if (session === undefined) throw new SignatureError('invalid-token')
    return { session, openSecret: () => Buffer.from(secret) }
  }

  /** A row that a temporary session rests on: there, and neither revoked nor disabled. */
  async #stands(reference: string): Promise<boolean> {
    const at = reference.indexOf('/')
    const kind = reference.slice(0, at)
    const row = await readRow<StandingRow>(
      this.#options,
      kind as RowReference['kind'],
      reference.slice(at + 1),
    )
    return row !== undefined && stands(row.value)
  }

  async #open(name: string, open: () => Promise<Held>): Promise<Held> {
    const generation = this.#generation
    const held = await open()
    // A change that came meanwhile may not be in what was read: use it this once (the ledger checks again), but do not keep it.
    if (this.#generation === generation) {
      if (this.#held.size >= SESSIONS_MAX) this.#held.clear()
      this.#held.set(name, held)
    }
    return held
  }

  /** When a login was last used, where that is remembered. */
  lastUseOf(login: string): number | undefined {
    return this.#sightings.lastOf(login)
  }

  /** Forgets the sessions that a change touched. */
  drop(changed: readonly RowReference[]): void {
    for (const row of changed) {
      if (row.kind === 'tenant') this.#accounts.clear()
      this.#forget(touchedBy(row))
    }
  }

  /** Forgets the sessions that are made of a row which is not in the store as it was. */
  forgetRow(row: RowReference): void {
    this.#forget(madeOf(row))
  }

  /** The same for a grant on a key that is not there. */
  forgetGrant(key: string, grant: string): void {
    this.#forget((session) => session.grantsInclude(key, grant))
  }

  #forget(touched: Touched | undefined): void {
    if (touched === undefined) return
    this.#generation += 1
    for (const [name, { session }] of this.#held) {
      if (!touched(session)) continue
      this.#held.delete(name)
      this.#signingKeys.forget(session.credential.id)
    }
  }

  /** Forgets every session. */
  clear(): void {
    this.#generation += 1
    this.#held.clear()
    this.#signingKeys.clear()
    this.#accounts.clear()
  }
}

function derive(secret: Buffer, presented: Presented) {
  try {
    return deriveSigningKey(secret, presented)
  } finally {
    secret.fill(0)
  }
}
