/** What a caller presents; attacker-chosen. `role` is the name of a principal in the tenant of the account. */
export interface IdentityCredential {
  readonly kind: 'identity'
  readonly token: string
  readonly account: string
  readonly role: string
}
