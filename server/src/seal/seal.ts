import { ClavigerError } from '#model'
import type { SealDescription } from './description.ts'
import { createPassphrase, openPassphrase } from './passphrase.ts'
import { createShares, openShares } from './shares.ts'

/** Every kind of seal under the same two verbs. */

export type SealRequest =
  | { readonly kind: 'shares'; readonly shares: number; readonly threshold: number }
  | { readonly kind: 'passphrase'; readonly passphrase: string }

export interface NewSeal {
  /** 32 bytes: overwrite them after use. */
  readonly sealKey: Buffer
  readonly description: SealDescription
  /** For the custodians, shown once; absent where the seal has none. */
  readonly shares?: readonly string[]
}

/**
 * Makes a seal with a fresh key and id; nothing that opened an earlier one opens it.
 *
 * @throws ClavigerError invalid_request where the request is out of bounds.
 */
export function createSeal(request: SealRequest): Promise<NewSeal> {
  switch (request.kind) {
    case 'shares':
      return createShares(request)
    case 'passphrase':
      return createPassphrase(request.passphrase)
  }
}

/**
 * Opens a seal with all that it needs at once: as many shares as its threshold, or its passphrase alone.
 *
 * @throws ClavigerError invalid_share where that does not open it.
 */
export async function openSeal(
  description: SealDescription,
  proof: readonly string[],
): Promise<Buffer> {
  if (description.kind === 'shares') return openShares(description, proof)
  const [passphrase, ...others] = proof
  if (passphrase !== undefined && others.length === 0) {
    return openPassphrase(description, passphrase)
  }
  throw new ClavigerError('invalid_share', 'Give the passphrase of the seal, and nothing else')
}
