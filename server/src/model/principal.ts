import type { RoleName } from '@claviger/contract'

/** Who there is, as it is stored. Dates are milliseconds since 1970. */
export interface Tenant {
  readonly id: string
  readonly name: string
  readonly createdAt: number
}

export interface Principal {
  readonly id: string
  readonly tenant: string
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

/** Where a binding counts. */
export type Scope =
  | { readonly kind: 'tenant' }
  | { readonly kind: 'labels'; readonly selector: string }
  | { readonly kind: 'key'; readonly key: string }

/** A role given to a principal at a scope. */
export interface Binding {
  readonly id: string
  readonly tenant: string
  readonly role: RoleName
  readonly principal: string
  readonly scope: Scope
  readonly createdAt: number
  readonly expiresAt?: number
}

/** Whether every `name=value` pair of a selector is among the labels; what is no such pair is among none. */
export function selects(selector: string, labels: Readonly<Record<string, string>>): boolean {
  return selector.split(',').every((pair) => {
    const at = pair.indexOf('=')
    return at > 0 && labels[pair.slice(0, at)] === pair.slice(at + 1)
  })
}
