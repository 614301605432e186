import type { KeyOrigin, KeyState, KeyUsage, RevocationReason, RotatedBy } from '@claviger/contract'
import type { Containment } from './compromise.ts'
import type { Rotation } from './rotation.ts'

/** RFC 5280 section 5.3.1: why and when a key was revoked. Dates are milliseconds since 1970. */
export interface Revocation {
  readonly reason: RevocationReason
  readonly revokedAt: number
  readonly compromisedAt?: number
}

/** Where a multi-Region key is (AWS's term): related keys with one shared id and the same material, each with its own access and state. */
export interface MultiRegion {
  /** What ciphertexts name, and AWS shows as `mrk-` and its hexadecimal digits: the id of the key that was made first. */
  readonly id: string
  /** The region of the related key that can be rotated and replicated. */
  readonly primary: string
  /** Every related key, this one among them, in the order they were made. */
  readonly members: readonly { readonly region: string; readonly key: string }[]
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
  /** The days that a primary key waits once the last of its replicas is gone, whatever `destroyAt` says meanwhile. */
  readonly destroyDays?: number
  readonly revocation?: Revocation
  /** Where it is seen by doors that know regions; everywhere unless set. */
  readonly region?: string
  readonly multiRegion?: MultiRegion
  /** The key policy as it was put; without one, everything is left to bindings. */
  readonly policy?: string
  readonly rotation?: Rotation
  /** What each version protects at the most: it is refused beyond, whether there is a next version or not. */
  readonly limits?: Limits
  /** The version after the current one, whose material was imported and waits for a rotation. */
  readonly pending?: number
  /** It is compromised, and only re-wrapped out of. */
  readonly containment?: Containment
  /** The key that took its place. */
  readonly replacedBy?: string
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
  /** How far its end dates were told to dependents: the moment of the last of them. */
  readonly toldUntil?: number
  /** When a scheduled destruction of this version alone happens; nothing is done with it meanwhile. */
  readonly destroyAt?: number
  readonly destroyedAt?: number
  readonly revocation?: Revocation
  /** What made it, where it is not the first. */
  readonly rotatedBy?: RotatedBy
  /** Its material is imported, and is not there: not yet, or not any more. */
  readonly awaitsMaterial?: true
  /** Of imported material: what the same material is known by when it is imported again (base64 of a MAC under the tenant's key). */
  readonly fingerprint?: string
  /** When imported material is forgotten. */
  readonly materialExpiresAt?: number
  /** What was said of imported material. */
  readonly description?: string
  /** It is compromised, and only re-wrapped out of. */
  readonly containment?: Containment
}

/** Counted per version, durable with the record of the use. */
export interface Counters {
  readonly uses: number
  readonly bytes: number
  readonly wraps: number
}

/** How far counters may come for what protects; what processes goes on beyond. */
export type Limits = { readonly [Name in keyof Counters]?: number | undefined }

export const counterNames = ['uses', 'bytes', 'wraps'] as const

/** Whether counters are beyond a limit, after so much more. */
export function isBeyond(limits: Limits, counted: Counters, more: Counters): boolean {
  return counterNames.some((name) => counted[name] + more[name] > (limits[name] ?? Infinity))
}

/** The id that ciphertexts of a key name: of related multi-Region keys the shared one. */
export function envelopeKeyId(key: Pick<Key, 'id' | 'multiRegion'>): string {
  return key.multiRegion?.id ?? key.id
}

/** Whether a key is related to a primary one in another region, which is rotated for both. */
export function isReplica({ multiRegion, region }: Pick<Key, 'multiRegion' | 'region'>): boolean {
  return multiRegion !== undefined && multiRegion.primary !== region
}

/** Whether a key is the primary one of others that still stand: it cannot go before them. */
export function hasReplicas({ multiRegion, region }: Pick<Key, 'multiRegion' | 'region'>): boolean {
  return (
    multiRegion !== undefined && multiRegion.primary === region && multiRegion.members.length > 1
  )
}
