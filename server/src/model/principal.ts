import type { Conditions } from './rules.ts'

/** Who there is, as it is stored. Dates are milliseconds since 1970. */
export interface Tenant {
  readonly id: string
  readonly name: string
  readonly createdAt: number
  /** Twelve digits; where there is none, it is made of the id ({@link accountOf}). */
  readonly account?: string
}

/** Twelve digits that name a tenant where AWS names an account. */
export function accountOf(tenant: Pick<Tenant, 'id' | 'account'>): string {
  if (tenant.account !== undefined) return tenant.account
  const digits = BigInt(`0x${tenant.id.replaceAll('-', '')}`) % 1_000_000_000_000n
  return digits.toString().padStart(12, '0')
}

export interface Principal {
  readonly id: string
  readonly tenant: string
  /** Unique in the tenant, and never given to anybody else: policies and grants name principals by it. */
  readonly name: string
  readonly kind: 'user' | 'service'
  readonly state: 'enabled' | 'disabled'
  readonly createdAt: number
}

/** A bearer token: `clv_<id>_<secret>`, of which only the SHA-256 of the secret is kept (base64). */
export interface Token {
  readonly id: string
  readonly tenant: string
  readonly principal: string
  readonly description: string
  readonly hash: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly revokedAt?: number
}

/**
 * An access key as AWS's clients use them: `AKIA` and 16 characters, with a secret that signs requests (Signature Version 4). Signing
 * needs the secret itself, so it is kept, wrapped by the tenant's key, as the row's material.
 */
export interface AccessKey {
  readonly id: string
  readonly tenant: string
  readonly principal: string
  readonly description: string
  readonly createdAt: number
  readonly expiresAt?: number
  readonly revokedAt?: number
}

/** Who vouches for identity tokens (OpenID Connect), and with which keys. */
export interface IdentityProvider {
  readonly id: string
  readonly tenant: string
  /** The `iss` claim. */
  readonly issuer: string
  /** The `aud` claims that are meant for this server. */
  readonly audiences: readonly string[]
  /** JSON Web Key Set (RFC 7517), as it was given. */
  readonly keys: string
  readonly createdAt: number
}

/** Who may act as a principal for a while, with temporary credentials. */
export interface Trust {
  readonly id: string
  readonly tenant: string
  /** Whom it lets others act as. */
  readonly principal: string
  readonly by:
    | { readonly kind: 'principal'; readonly principal: string }
    | {
        readonly kind: 'identity'
        readonly provider: string
        /** The `sub` claim, in which `*` stands for anything. */
        readonly subject: string
      }
  /** What other claims of an identity token must say, in the same patterns; of a claim that is a list, one of its members. */
  readonly claims?: Readonly<Record<string, string>>
  /** The longest a session may last, or a token may count after it was issued, in seconds. */
  readonly seconds: number
  readonly createdAt: number
}

/** A permission on one key for one principal, beside bindings and the key policy (AWS's term). */
export interface KeyGrant {
  readonly id: string
  readonly tenant: string
  readonly key: string
  readonly name?: string
  /** The ARN as it was given, and the principal's name (and session) it says. */
  readonly grantee: string
  readonly granteeName: string
  readonly granteeSession?: string
  readonly retiring?: string
  readonly retiringName?: string
  readonly retiringSession?: string
  /** AWS's names, such as Encrypt. */
  readonly operations: readonly string[]
  readonly constraints?: {
    readonly equals?: Readonly<Record<string, string>>
    readonly subset?: Readonly<Record<string, string>>
  }
  readonly issuer: string
  readonly createdAt: number
}

/** Where a binding counts. */
export type Scope =
  | { readonly kind: 'tenant' }
  | { readonly kind: 'labels'; readonly selector: string }
  | { readonly kind: 'key'; readonly key: string }
  /** Keys that have an alias like this, in which `*` stands for anything. */
  | { readonly kind: 'alias'; readonly pattern: string }

/** A role given to a principal, or to a group, at a scope. */
export interface Binding {
  readonly id: string
  readonly tenant: string
  /** A built-in role, or one of the tenant's own. */
  readonly role: string
  /** Empty where it is a group's. */
  readonly principal: string
  readonly group?: string
  readonly scope: Scope
  readonly conditions?: Conditions
  readonly createdAt: number
  readonly expiresAt?: number
  /** Given in an emergency: approvals are not waited for. */
  readonly waivesApprovals?: true
}

/** Whether every `name=value` pair of a selector is among the labels; what is no such pair is among none. */
export function selects(selector: string, labels: Readonly<Record<string, string>>): boolean {
  return selector.split(',').every((pair) => {
    const at = pair.indexOf('=')
    return at > 0 && labels[pair.slice(0, at)] === pair.slice(at + 1)
  })
}

/** Whether a target is in a scope. Of a scope by alias `hasName` says so: names move without the key. */
export function isInScope(
  scope: Scope,
  target: { readonly key?: string; readonly labels: Readonly<Record<string, string>> },
  hasName: () => boolean,
): boolean {
  switch (scope.kind) {
    case 'tenant':
      return true
    case 'labels':
      return selects(scope.selector, target.labels)
    case 'key':
      return scope.key === target.key
    case 'alias':
      return hasName()
    default:
      return scope satisfies never
  }
}
