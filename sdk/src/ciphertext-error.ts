/** Why something did not decrypt: it is not of the format, or what it says does not hold. */
export type CiphertextFailure = 'not-claviger' | 'not-authentic'

/**
 * A file or ciphertext did not decrypt. Whoever altered it may have chosen how, so the words are the same for every way in which it
 * is not authentic: a wrong key, another context, a byte changed, cut off, added or moved.
 */
export class ClavigerCiphertextError extends Error {
  override readonly name = 'ClavigerCiphertextError'
  readonly failure: CiphertextFailure

  constructor(failure: CiphertextFailure, message: string) {
    super(message)
    this.failure = failure
  }
}
