import type { FactorName } from '@claviger/contract'
import { newId } from '#keyring'

/** Fresh proofs of who somebody is, each made for one operation with one input, and good for one use. Held in memory only. */

/** How long a proof is good for. */
const PROOF_MS = 300_000
/** Proofs held at once; the oldest go first, and whoever made them proves again. */
const PROOFS_MAX = 10_000

interface Proof {
  readonly credential: string
  readonly operation: string
  readonly inputDigest: string
  readonly factor: FactorName
  readonly madeAt: number
}

export class Proofs {
  readonly #proofs = new Map<string, Proof>()

  /** The id that the operation is to be repeated with. `now` is in milliseconds since 1970. */
  make(
    credentialId: string,
    operation: string,
    inputDigest: string,
    factor: FactorName,
    now: number,
  ): string {
    for (const [id, { madeAt }] of this.#proofs) {
      if (this.#proofs.size < PROOFS_MAX && now - madeAt < PROOF_MS) break
      this.#proofs.delete(id)
    }
    const id = newId()
    this.#proofs.set(id, {
      credential: credentialId,
      operation,
      inputDigest,
      factor,
      madeAt: now,
    })
    return id
  }

  /** What was proved for just this, once; a proof that was shown for something else is gone too. */
  take(
    id: string,
    credentialId: string,
    operation: string,
    inputDigest: string,
    now: number,
  ): FactorName | undefined {
    const proof = this.#proofs.get(id)
    // Only whoever made it uses it up.
    if (proof === undefined || proof.credential !== credentialId) return undefined
    this.#proofs.delete(id)
    return proof.operation === operation &&
      proof.inputDigest === inputDigest &&
      now - proof.madeAt < PROOF_MS
      ? proof.factor
      : undefined
  }
}
