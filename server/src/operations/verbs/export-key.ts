import { openPublicKey, rsaAesWrap } from '#keyring'
import { ClavigerError } from '#model'
import { assertMayLeave } from '../lifecycle/govern.ts'
import type { UseVerb } from '../verb.ts'

/** Below this RSA is weaker than what it would protect (SP 800-57 part 1 section 5.6.2). */
const RECIPIENT_BITS_MIN = 3_072

/** Exporting is a use: it stands in the ledger, and a revoked key cannot be exported. */
export const exportKey: UseVerb<'key.export'> = {
  kind: 'use',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    if (!ringKey.key.exportable) {
      throw new ClavigerError(
        'not_exportable',
        'The key was not created exportable, and that is fixed for life',
      )
    }
    const admitted = work.admit(input.key, 'process', input.version)
    await assertMayLeave(work, ringKey.key)
    const recipient = openPublicKey(input.publicKey, 'rsa')
    if ((recipient.asymmetricKeyDetails?.modulusLength ?? 0) < RECIPIENT_BITS_MIN) {
      throw new ClavigerError(
        'algorithm_refused',
        `The recipient's RSA key must have at least ${RECIPIENT_BITS_MIN} bits`,
      )
    }
    const material = ringKey.openMaterial(admitted.version)
    try {
      const wrapped = rsaAesWrap(recipient, material)
      work.used(admitted)
      return {
        wrapping: 'rsa-oaep-sha-256+aes-256-kwp' as const,
        wrapped,
        algorithm: ringKey.key.algorithm,
        key: ringKey.key.id,
        version: admitted.version,
      }
    } finally {
      material.fill(0)
    }
  },
}
