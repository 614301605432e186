import type { KeyOrigin, KeyState, KeyUsage, RevocationReason } from '@claviger/contract'

/** RFC 5280 section 5.3.1: why and when a key was revoked. Dates are milliseconds since 1970. */
export interface Revocation {
  readonly reason: RevocationReason
  readonly revokedAt: number
  readonly compromisedAt?: number
}

/** A key as it is stored: everything but its versions. It is identified by its id and never by a name. */
export interface Key {
  readonly id: string
  readonly tenant: string
  readonly algorithm: string
  readonly usage: KeyUsage
  /** Pre-activation and end dates stand on the versions; this is what was done to the key as a whole. */
  readonly state: KeyState
  readonly origin: KeyOrigin
  readonly protection: 'software'
  readonly exportable: boolean
  readonly owner: string
  readonly description: string
  readonly labels: Readonly<Record<string, string>>
  /** The version that applies protection now; versions are numbered from 1 without gaps. */
  readonly version: number
  readonly createdAt: number
  /** When a scheduled destruction happens; while it stands, nothing may be done with the key. */
  readonly destroyAt?: number
  readonly revocation?: Revocation
}

/** One version of a key as it is stored, without its material. */
export interface KeyVersion {
  readonly key: string
  readonly version: number
  readonly state: KeyState
  readonly createdAt: number
  /** Pre-activation before this. */
  readonly activatedAt: number
  /** SP 800-57 part 1 section 5.3.5: the end of the originator-usage period; only processing after it. */
  readonly protectStopAt?: number
  /** The end of the recipient-usage period; nothing after it. */
  readonly processStopAt?: number
  readonly destroyedAt?: number
  readonly revocation?: Revocation
}

/** Counted per version, durable with the record of the use. */
export interface Counters {
  readonly uses: number
  readonly bytes: number
  readonly wraps: number
}
