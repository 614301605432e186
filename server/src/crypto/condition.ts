import { ClavigerError } from '#model'

/**
 * The error state of ISO/IEC 19790 section 7.10: once a self-test has failed, no cryptography is done in this process until it is
 * started again. Every function of the folder asks here first.
 */

let failedTest: string | undefined

/** @throws ClavigerError crypto_unavailable after a failed self-test. */
export function assertOperational(): void {
  if (failedTest !== undefined) {
    throw new ClavigerError(
      'crypto_unavailable',
      `The self-test '${failedTest}' failed, so all cryptography is refused; replace or repair this installation and restart`,
    )
  }
}

/** Enters the error state, for good. `test` is the name of the first test that failed. */
export function enterErrorState(test: string): void {
  failedTest ??= test
}
