import { LoginRefused } from '#model'

const IDENTITY_REFUSED =
  'The identity token does not let its holder act as that principal; check its issuer, audience, expiry and subject against the trusts'

/**
 * An identity token that is not accepted: always `unauthenticated`, and always the same words, so that nobody learns from them which
 * accounts, principals and trusts there are. The reason is for the ledger, and quotes nothing of the token.
 */
export class IdentityError extends LoginRefused {
  constructor(reason: string) {
    super(IDENTITY_REFUSED, { because: reason }, new Error(reason))
    this.name = 'IdentityError'
  }
}
