import type { FactorName } from '@claviger/contract'
import type { Scope } from './principal.ts'

/** Who may do what, beside bindings, as it is stored. Dates are milliseconds since 1970. */

/** When a binding counts; all of what is there must hold. */
export interface Conditions {
  /** One of these was proved, and not longer ago than that. */
  readonly factors?: { readonly anyOf: readonly FactorName[]; readonly maxAgeSeconds?: number }
  /** CIDR: the request came from one of them. */
  readonly networks?: readonly string[]
  /** On these days (1 is Monday) from one time of the day until before another, in a time zone. */
  readonly times?: {
    readonly days?: readonly number[]
    readonly from: string
    readonly until: string
    readonly zone: string
  }
  readonly doors?: readonly string[]
  readonly context?: {
    readonly equals?: Readonly<Record<string, string>>
    readonly contains?: Readonly<Record<string, string>>
  }
  /** The key's algorithm is one of these. */
  readonly algorithms?: readonly string[]
  /** The message, or each item of a batch, is at most so long. */
  readonly bytesMax?: number
}

/** A role of a tenant's own, beside the built-in ones. Its row id is `<tenant>/<name>`. */
export interface CustomRole {
  readonly tenant: string
  readonly name: string
  readonly summary: string
  readonly actions: readonly string[]
  readonly createdAt: number
  readonly updatedAt?: number
}

export interface Group {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly createdAt: number
}

/** Its row id is `<group>/<principal>`. */
export interface Membership {
  readonly group: string
  readonly principal: string
  readonly tenant: string
  readonly createdAt: number
  /** The login provider that says so, which may take it away again. */
  readonly provider?: string
}

/** Duties that no principal may have two of. */
export interface Separation {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly duties: readonly string[]
  readonly createdAt: number
}

/** Actions that ask for a fresh proof of who is asking. */
export interface StepUpRule {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly actions: readonly string[]
  readonly scope: Scope
  readonly factors: readonly FactorName[]
  /** Not older than this; absent where it is made for the very operation. */
  readonly maxAgeSeconds?: number
  readonly createdAt: number
}

/** Actions that others must approve. */
export interface ApprovalPolicy {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly actions: readonly string[]
  readonly scope: Scope
  /** How many must. */
  readonly approvals: number
  /** Who may; whoever may do approval.decide where both are empty. */
  readonly principals: readonly string[]
  readonly groups: readonly string[]
  readonly hours: number
  /** Whether only approvals count that a passkey signed. */
  readonly signed: boolean
  readonly createdAt: number
  readonly updatedAt?: number
}

/** A right for emergencies: whoever has its code, and may break the glass, has its role for a while. It is used once. */
export interface BreakGlass {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly role: string
  readonly scope: Scope
  readonly minutes: number
  /** What approval policies ask for is not waited for meanwhile. */
  readonly waivesApprovals: boolean
  /** SHA-256 of the code's secret (base64); none once it was used. */
  readonly hash?: string
  readonly createdAt: number
  readonly createdBy: string
  readonly use?: Emergency
  readonly review?: {
    readonly principal: string
    readonly at: number
    readonly verdict: 'justified' | 'unjustified'
    readonly comment: string
  }
}

/** The use of it. */
export interface Emergency {
  readonly principal: string
  readonly reason: string
  /** What gave the role: records name it. */
  readonly binding: string
  readonly openedAt: number
  readonly endsAt: number
}

export interface Decision {
  readonly principal: string
  readonly at: number
  readonly comment: string
  readonly verdict: 'approved' | 'rejected'
  /** The policies that it counts for. */
  readonly policies: readonly string[]
  /** Whether a passkey signed it; the signature is in the ledger. */
  readonly signed: boolean
}

/** What one policy asked for when the request was made. */
export interface ApprovalNeed {
  readonly policy: string
  readonly approvals: number
  readonly principals: readonly string[]
  readonly groups: readonly string[]
  readonly signed: boolean
}

/**
 * A request that others approve something. What is asked for is the row's material, wrapped by the tenant's key: canonical JSON of the
 * operation's input and a random salt.
 */
export interface Approval {
  readonly id: string
  readonly tenant: string
  readonly requester: string
  /** The statement that is approved, as it was hashed (canonical JSON), and SHA-256 of it (base64url). */
  readonly statement: string
  readonly digest: string
  readonly operation: string
  /** SHA-256 of the material before it was wrapped (base64url): the salt keeps the ledger from telling what the input was. */
  readonly inputDigest: string
  readonly key?: string
  /** The keys and policies that the statement is about, as `kind/id`, at their revisions. */
  readonly rows: Readonly<Record<string, number>>
  /** The ids of the keys that the input names, in its order: names may lead elsewhere by the time that it is done. */
  readonly named?: readonly string[]
  readonly needs: readonly ApprovalNeed[]
  readonly comment: string
  readonly state: 'pending' | 'approved' | 'rejected' | 'withdrawn' | 'executed' | 'failed'
  readonly decisions: readonly Decision[]
  readonly createdAt: number
  readonly expiresAt: number
  /** The server does it by itself with the last approval that it takes. */
  readonly automatic?: true
  readonly executedAt?: number
  /** Why the server could not do it: the code of the error. */
  readonly failure?: { readonly code: string; readonly at: number }
}
