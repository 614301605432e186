import type { Access, Caller, Credential, LoginProviders, OwnCredential } from '#access'
import type { Hierarchy, Ring, RowSeals } from '#keyring'
import type { LedgerReader } from '#ledger'
import type { Clock, Key, KeyVersion } from '#model'
import type { Store } from '#store'
import type { LifecyclePolicies } from './lifecycle/policies.ts'
import type { BegunLogins } from './logins/begun-logins.ts'
import type { SystemControl } from './system-control.ts'

/** What an operation is given, and what it tells: values that the gate, the doors and the verbs hand to one another. */

/** What the gate gives every operation to work with. */
export interface Parts {
  /** The keys that an operation names, also where its verb looks them up by itself. */
  readonly referencesOf: (name: string, input: unknown) => readonly string[]
  readonly access: Access
  readonly ring: Ring
  readonly seals: RowSeals
  readonly store: Store
  readonly clock: Clock
  readonly hierarchy: Hierarchy
  /** The tenant that manages the others. */
  readonly defaultTenant: () => string
  readonly ledgerReader: LedgerReader
  readonly system: SystemControl
  readonly begunLogins: BegunLogins
  readonly loginProviders: LoginProviders
  readonly lifecycle: LifecyclePolicies
  /** What persons' browsers call the server: an origin (RFC 6454). */
  readonly publicUrl: () => string
  /** Tells whoever watches the server of something that must not go unseen; ids and names of operations only. */
  readonly alarm: (event: string, about: Readonly<Record<string, string>>) => void
}

/** What a door knows of a request. `source` is the peer's address; credential and source are attacker-chosen. */
export interface Origin {
  readonly credential: Credential | OwnCredential
  readonly door: string
  readonly source: string
  readonly request: string
  /** Whether the connection is encrypted, where a door knows. */
  readonly secure?: boolean | undefined
  /** The id of an approved request to do just this (approval.request); attacker-chosen. */
  readonly approval?: string | undefined
  /** The id of a proof that was made for just this (login.stepUp); attacker-chosen. */
  readonly stepUp?: string | undefined
  /** From doors that know regions: only keys of this one are seen. Attacker-chosen. */
  readonly region?: string
  /** AWS's name of the operation, where a door knows it more exactly than the operation tells. */
  readonly kmsOperation?: string
  /** A door's own demands on a key that the caller may use: it throws where the key does not meet them. */
  readonly examine?: (key: Key, current: KeyVersion, reference: string) => void
}

/** What a door is told beside the answer. */
export interface Facts {
  readonly caller: Caller | undefined
  /** A key by the reference it was looked up by. */
  key(reference: string): Key | undefined
}

/** An operation's input, or one item of a batch. */
export type Subject = Readonly<Record<string, unknown>>
