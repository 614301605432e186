import type { PeerCertificate } from '#model'
import type { IdentityCredential } from './identity/index.ts'
import type { SignedRequest } from './sigv4/index.ts'

/** What a caller presents; extracted by a door, judged here. Attacker-chosen. */
export type Credential =
  | { readonly kind: 'none' }
  /** A token of this server, or an identity token, and which principal it is to be, where several could be meant. */
  | {
      readonly kind: 'bearer'
      readonly token: string
      readonly principal?: string | undefined
    }
  /** A browser's login, which it sends along whoever asks it to: whatever is not only read needs the code beside it. */
  | {
      readonly kind: 'cookie'
      readonly token: string
      readonly reads: boolean
      readonly csrf: string | undefined
    }
  /** A request signed with an access key (AWS Signature Version 4), for one of the services named. */
  | {
      readonly kind: 'signed'
      readonly request: SignedRequest
      readonly services: readonly string[]
    }
  /** A client certificate whose authority the listener has checked, and which principal it is to be, where several could be meant. */
  | {
      readonly kind: 'certificate'
      readonly certificate: PeerCertificate
      readonly principal?: string | undefined
    }
  | IdentityCredential

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

/**
 * What the server presents where it does for somebody what others have approved; believed only when it was made here, too. It says which
 * request it is, and whose it is stands in the request.
 */
export class ApprovedCredential {
  readonly kind = 'approval'
  readonly approval: string
  readonly #made = true

  constructor(approval: string) {
    this.approval = approval
  }

  /** Whether a value was made by this class, and not only shaped like it. */
  static isGenuine(credential: object): credential is ApprovedCredential {
    return #made in credential && credential.#made
  }
}

/** What the server itself presents. */
export type OwnCredential = SystemCredential | ApprovedCredential

/** The credential of what was approved under a request, for the server to do. */
export function approvedCredential(approval: string): ApprovedCredential {
  return new ApprovedCredential(approval)
}
