import { ClavigerCiphertextError } from '../ciphertext-error.ts'

/** What is said of a file that is not as it was made. */
export function notAuthentic(): ClavigerCiphertextError {
  return new ClavigerCiphertextError(
    'not-authentic',
    'The file is damaged, cut short, altered, or was made with another key; discard what was decrypted of it',
  )
}
