/**
 * Who may do what, as plainly as possible and without a line of the server's: what was given stands in lists, and every question is
 * answered from them anew.
 */

export type Act = 'encrypt' | 'decrypt' | 'key.get' | 'key.update' | 'key.create' | 'principal.list'

/** What is done with keys that are there, which their policies are asked about. */
export type ActOnKey = Exclude<Act, 'key.create' | 'principal.list'>

/** Of the built-in roles, what is asked about here (docs/access.md). */
export const builtIn = {
  encrypter: ['encrypt', 'key.get'],
  decrypter: ['decrypt', 'key.get'],
  'key-admin': ['key.get', 'key.update', 'key.create'],
  'security-officer': ['principal.list'],
} as const satisfies Record<string, readonly Act[]>

export class PrincipalModel {
  readonly id: string
  readonly name: string
  enabled = true

  constructor(id: string, name: string) {
    this.id = id
    this.name = name
  }
}

/** A secret id, which gets short tokens for its principal. */
export interface SecretModel {
  readonly id: string
  readonly secret: string
  readonly principal: PrincipalModel
  readonly expiresAt: number
  usesLeft: number
  revoked: boolean
}

/** A token, or a short one that rests on a secret id. */
export interface CredentialModel {
  readonly id: string
  readonly text: string
  readonly principal: PrincipalModel
  readonly expiresAt: number
  readonly rests: SecretModel | undefined
  revoked: boolean
}

export interface GroupModel {
  readonly id: string
  readonly members: Set<PrincipalModel>
}

export interface RoleModel {
  readonly name: string
  actions: readonly Act[]
}

/** What a statement of a key policy says. */
export interface StatementModel {
  readonly isAllow: boolean
  /** Undefined for everybody. */
  readonly to: PrincipalModel | undefined
  readonly act: ActOnKey
  /** From where it counts; undefined for everywhere. */
  readonly network: string | undefined
}

export interface KeyPolicyModel {
  /** Whether roles decide what it does not say. */
  readonly isDelegating: boolean
  readonly statements: readonly StatementModel[]
}

export interface KeyModel {
  readonly id: string
  readonly ciphertext: Uint8Array
  team: string | undefined
  policy: KeyPolicyModel | undefined
}

export type Where =
  | { readonly kind: 'tenant' }
  | { readonly kind: 'labels'; readonly team: string }
  | { readonly kind: 'key'; readonly key: KeyModel }
  | { readonly kind: 'alias'; readonly prefix: string }

export interface BindingModel {
  readonly id: string
  readonly role: string
  readonly to: PrincipalModel | GroupModel
  readonly where: Where
  readonly expiresAt: number
  readonly bytesMax: number | undefined
  readonly network: string | undefined
}

export interface GrantModel {
  readonly id: string
  readonly to: PrincipalModel
  readonly key: KeyModel
  readonly act: Act
}

/** What is asked: `key` is the one concerned, or what a new one would be labelled with. */
export interface Asking {
  readonly act: Act
  readonly key: KeyModel | undefined
  readonly team: string | undefined
  /** How long the message is; undefined where there is none. */
  readonly bytes: number | undefined
  readonly network: string
}

export class AccessModel {
  readonly principals: PrincipalModel[] = []
  readonly secrets: SecretModel[] = []
  readonly credentials: CredentialModel[] = []
  readonly groups: GroupModel[] = []
  readonly roles: RoleModel[] = []
  readonly keys: KeyModel[] = []
  readonly bindings: BindingModel[] = []
  readonly grants: GrantModel[] = []
  /** What names point at. */
  readonly names = new Map<string, KeyModel>()
  /** Lifecycle policies that allow AES-256-GCM alone, by their ids. */
  readonly policies: string[] = []

  isValid({ principal, expiresAt, revoked, rests }: CredentialModel, now: number): boolean {
    const isStanding = !revoked && rests?.revoked !== true
    return principal.enabled && isStanding && now < expiresAt
  }

  mayExchange({ principal, expiresAt, revoked, usesLeft }: SecretModel, now: number): boolean {
    return principal.enabled && !revoked && usesLeft > 0 && now < expiresAt
  }

  /** What the key policy denies is denied, and what it allows allowed; then come roles, where it leaves it to them, and grants. */
  may(principal: PrincipalModel, asking: Asking, now: number): boolean {
    const { isDelegating = true, statements = [] } = asking.key?.policy ?? {}
    const said = statements.filter(
      ({ to, act, network }) =>
        (to === undefined || to === principal) &&
        act === asking.act &&
        (network === undefined || network === asking.network),
    )
    if (said.some(({ isAllow }) => !isAllow)) return false
    if (said.length > 0) return true
    return this.#isGiven(principal, asking, { isDelegating, now })
  }

  #isGiven(
    principal: PrincipalModel,
    asking: Asking,
    { isDelegating, now }: { readonly isDelegating: boolean; readonly now: number },
  ): boolean {
    const isBound = this.bindings.some(
      (each) =>
        this.#holds(each, principal) &&
        now < each.expiresAt &&
        this.#actionsOf(each.role).includes(asking.act) &&
        this.#reaches(each.where, asking) &&
        meets(each, asking),
    )
    return (
      (isBound && isDelegating) ||
      this.grants.some(
        ({ to, key, act }) => to === principal && key === asking.key && act === asking.act,
      )
    )
  }

  #holds({ to }: BindingModel, principal: PrincipalModel): boolean {
    return to === principal || ('members' in to && to.members.has(principal))
  }

  #actionsOf(role: string): readonly Act[] {
    const own = this.roles.find(({ name }) => name === role)
    return own?.actions ?? builtIn[role as keyof typeof builtIn]
  }

  #reaches(where: Where, { key, team }: Asking): boolean {
    switch (where.kind) {
      case 'tenant':
        return true
      case 'labels':
        return team === where.team
      case 'key':
        return key === where.key
      case 'alias':
        return [...this.names].some(
          ([name, target]) => target === key && name.startsWith(where.prefix),
        )
      default:
        return where satisfies never
    }
  }
}

function meets({ bytesMax, network }: BindingModel, asking: Asking): boolean {
  if (network !== undefined && asking.network !== network) return false
  return bytesMax === undefined || (asking.bytes ?? Infinity) <= bytesMax
}
