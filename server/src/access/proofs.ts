import type { FactorName } from '@claviger/contract'
import { newId } from '#keyring'
import { Begun } from './begun.ts'

/** Fresh proofs of who somebody is, each made for one operation with one input, and good for one use. Held in memory only. */

/** How long a proof is good for. */
const PROOF_MS = 300_000

interface Proof {
  readonly credential: string
  readonly operation: string
  readonly inputDigest: string
  readonly factor: FactorName
}

export class Proofs {
  readonly #proofs = new Begun<Proof>()

  /** The id that the operation is to be repeated with. `now` is in milliseconds since 1970. */
  make(
    credential: string,
    operation: string,
    inputDigest: string,
    factor: FactorName,
    now: number,
  ): string {
    const id = newId()
    this.#proofs.keep(id, { credential, operation, inputDigest, factor }, now + PROOF_MS)
    return id
  }

  /** What was proved for just this, once; a proof that was shown for something else is gone too. */
  take(
    id: string,
    credential: string,
    operation: string,
    inputDigest: string,
    now: number,
  ): FactorName | undefined {
    const proof = this.#proofs.find(id, now)
    // Only whoever made it uses it up.
    if (proof?.credential !== credential) return undefined
    this.#proofs.forget(id)
    const isForThis = proof.operation === operation && proof.inputDigest === inputDigest
    return isForThis ? proof.factor : undefined
  }
}
