import { ClavigerError } from '#model'

/** Why a signed request is refused; the door has AWS's name of an exception for each. */
export type SignatureFault = keyof typeof texts

/** What is said where there is no more to say. The words are AWS's: people search for them, and some clients look for them. */
const texts = {
  missing: 'Missing Authentication Token',
  incomplete: 'The request signature does not conform to AWS standards.',
  mismatch:
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing ' +
    'method. Consult the service documentation for details.',
  expired: 'Signature expired.',
  'not-yet-current': 'Signature not yet current.',
  'unknown-key': 'The security token included in the request is invalid.',
  'invalid-token': 'The security token included in the request is invalid.',
  'expired-token': 'The security token included in the request is expired',
  replayed:
    'Signature already used: a signed request that changes something is accepted once. Sign the request again.',
} as const

/** A signed request that is not accepted: always `unauthenticated`, with the reason as `kind`. */
export class SignatureError extends ClavigerError {
  readonly kind: SignatureFault

  constructor(kind: SignatureFault, message: string = texts[kind]) {
    super('unauthenticated', message)
    this.name = 'SignatureError'
    this.kind = kind
  }
}
