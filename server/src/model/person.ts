import type { FactorName } from '@claviger/contract'

/** What persons prove who they are with, as it is stored. Dates are milliseconds since 1970. */

/** Something a person proved, and when. */
export interface Authentication {
  readonly factor: FactorName
  readonly at: number
}

/**
 * A password, one row for each person that has one, under the person's id. The row's material, wrapped by the tenant's key, holds the
 * salted argon2id hashes, newest first, so that a copy of the database is not even guessed at.
 */
export interface Password {
  readonly principal: string
  readonly tenant: string
  /** Of each hash that is kept, newest first: the one in force and those that may not come again. */
  readonly hashes: readonly PasswordHashParameters[]
  readonly changedAt: number
}

/** RFC 9106: memory in KiB, passes, lanes, and the salt (base64). */
export interface PasswordHashParameters {
  readonly memory: number
  readonly passes: number
  readonly lanes: number
  readonly salt: string
}

interface FactorOf {
  readonly id: string
  readonly principal: string
  readonly tenant: string
  /** What its owner calls it. */
  readonly name: string
  readonly createdAt: number
  readonly lastUsedAt?: number
}

/** A generator of one-time passwords (RFC 6238); its secret is the row's material, wrapped by the tenant's key. */
export interface TotpFactor extends FactorOf {
  readonly kind: 'totp'
  /** The newest time step that was accepted: neither it nor an earlier one is again. */
  readonly lastStep: number
}

/** A WebAuthn credential. */
export interface PasskeyFactor extends FactorOf {
  readonly kind: 'passkey'
  /** base64url. */
  readonly credential: string
  /** COSE_Key (RFC 9052), base64url. */
  readonly publicKey: string
  /** The same as SubjectPublicKeyInfo in DER (RFC 5280), base64url: what the ledger names it by. */
  readonly spki: string
  readonly counter: number
  readonly transports: readonly string[]
  /** Whether it is copied to other devices (the BS flag). */
  readonly backedUp: boolean
}

/** Codes for when everything else is lost. Each is used once; only SHA-256 of its 80 bits is kept (base64). */
export interface RecoveryFactor extends FactorOf {
  readonly kind: 'recovery'
  readonly codes: readonly { readonly hash: string; readonly usedAt?: number }[]
}

export type Factor = TotpFactor | PasskeyFactor | RecoveryFactor

/** Failed logins in a row, under the person's id. */
export interface Lockout {
  readonly principal: string
  readonly tenant: string
  readonly failures: number
  readonly lockedUntil?: number
}

/** A person's login: `clvs_<id>_<secret>`, of which only SHA-256 of the secret is kept (base64). */
export interface LoginSession {
  readonly id: string
  readonly tenant: string
  readonly principal: string
  readonly hash: string
  /** The newest of each factor. */
  readonly authentications: readonly Authentication[]
  readonly createdAt: number
  /** The absolute end. */
  readonly expiresAt: number
  /** Ends when it was not used for so long, in milliseconds. */
  readonly idle: number
  /** At least so late it was used; what is held in memory may know better. */
  readonly seenAt: number
  readonly endedAt?: number
  /** Where it was made with a login provider: the provider's id and the link's. It rests on both. */
  readonly provider?: string
  readonly link?: string
}

/** A single-use link for setting up factors: `clve_<id>_<secret>`. */
export interface Enrolment {
  readonly id: string
  readonly tenant: string
  readonly principal: string
  readonly hash: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly usedAt?: number
}

/** Where persons may log in with OpenID Connect. The client secret, where there is one, is the row's material. */
export interface LoginProvider {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly issuer: string
  readonly client: string
  /** The claim that lists groups, and which of our groups each means. */
  readonly groupsClaim?: string
  readonly groups: readonly { readonly claim: string; readonly group: string }[]
  /** The claim that says whom of ours somebody is at the first login, by name. */
  readonly linkClaim?: string
  /** Whether persons it knows and we do not are added. */
  readonly admits: boolean
  /** Values of `amr` or `acr` that say two factors were used. */
  readonly strong: readonly string[]
  /** What is asked for beside `openid`. */
  readonly scopes: readonly string[]
  readonly createdAt: number
}

/** Who a person is at a login provider. Its row id is `<provider>/<SHA-256 of the subject, base64url>`. */
export interface LoginLink {
  readonly id: string
  readonly tenant: string
  readonly provider: string
  readonly principal: string
  /** The `sub` claim. */
  readonly subject: string
  readonly createdAt: number
  /** Whether the person has logged in with it, and it alone was enough: then nobody else may set up factors for them. */
  readonly proven?: boolean
}
