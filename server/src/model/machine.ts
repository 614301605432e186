/** What programs prove who they are with, beside tokens and access keys, as it is stored. Dates are milliseconds since 1970. */

/** What a client certificate says (RFC 5280), whose authority the listener has checked. */
export interface PeerCertificate {
  /** SHA-256 of its DER, in lower-case hex digits. */
  readonly fingerprint: string
  /** Subject alternative names with their kinds, such as `DNS:app.example.com`. */
  readonly names: readonly string[]
  /** One attribute in a line. */
  readonly issuer: string
  readonly subject: string
  /** Milliseconds since 1970. */
  readonly validFrom: number
  readonly validTo: number
}

/** A client certificate that is a principal's. */
export interface CertificateMapping {
  readonly id: string
  readonly tenant: string
  readonly principal: string
  readonly by:
    /** SHA-256 of the certificate's DER, 64 hex digits. */
    | { readonly kind: 'fingerprint'; readonly fingerprint: string }
    /** One subject alternative name as node:tls says it, such as `DNS:api.example.com` or `URI:spiffe://example.com/api`. */
    | { readonly kind: 'name'; readonly name: string }
    /** Issuer and subject, one attribute in a line. */
    | { readonly kind: 'subject'; readonly issuer: string; readonly subject: string }
  readonly description: string
  readonly createdAt: number
  readonly expiresAt?: number
  readonly revokedAt?: number
}

/** A secret id: with its principal's id (the role id) it is exchanged for a short token. `clvk_<id>_<secret>`. */
export interface SecretId {
  readonly id: string
  readonly tenant: string
  readonly principal: string
  readonly description: string
  readonly hash: string
  readonly createdAt: number
  readonly expiresAt: number
  /** How often it may still be used; without limit where it is absent. */
  readonly usesLeft?: number
  /** From where, as CIDR. */
  readonly networks: readonly string[]
  readonly revokedAt?: number
}

/** What holds for everybody in a tenant, one row under the tenant's id. Nothing in it can switch a second factor off. */
export interface AccessSettings {
  readonly tenant: string
  /** Longest ages, in days. */
  readonly tokenDays: number
  readonly accessKeyDays: number
  readonly secretIdDays: number
  readonly certificateDays: number
  /** A person's login ends after so many minutes without use, and after so many hours in any case. */
  readonly idleMinutes: number
  readonly loginHours: number
  /** So many failures in a row lock a person out for so many minutes. */
  readonly lockoutFailures: number
  readonly lockoutMinutes: number
  readonly passwordLength: number
  /** PCI DSS 8.3.6 wants both, SP 800-63B-4 section 3.1.1.2 wants no such rule. */
  readonly passwordLettersAndDigits: boolean
  /** How long backups of the data are kept: what certificates of destruction say of them. Nothing is said where it is not set. */
  readonly backupDays?: number
}

export const defaultSettings: Omit<AccessSettings, 'tenant'> = Object.freeze({
  tokenDays: 366,
  accessKeyDays: 3_650,
  secretIdDays: 366,
  certificateDays: 825,
  idleMinutes: 15,
  loginHours: 12,
  lockoutFailures: 10,
  lockoutMinutes: 30,
  passwordLength: 15,
  passwordLettersAndDigits: false,
})
