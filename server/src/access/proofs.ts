import type { FactorName } from '@claviger/contract'
import { randomBytes } from '#crypto'

/** Proofs that were made for one operation: of one login, one input, used once. In memory, since they live for minutes. */

const LIFE_MS = 300_000
const PROOFS_MAX = 10_000

interface Proof {
  readonly credential: string
  readonly operation: string
  readonly inputDigest: string
  readonly factor: FactorName
  readonly expiresAt: number
}

export class Proofs {
  readonly #proofs = new Map<string, Proof>()

  /** Keeps a proof; its id is what the caller sends beside the operation. `now` is in milliseconds since 1970. */
  make(
    credential: string,
    operation: string,
    inputDigest: string,
    factor: FactorName,
    now: number,
  ): string {
    if (this.#proofs.size >= PROOFS_MAX) {
      const [oldest] = this.#proofs.keys()
      if (oldest !== undefined) this.#proofs.delete(oldest)
    }
    const id = randomBytes(32).toString('base64url')
    const expiresAt = now + LIFE_MS
    this.#proofs.set(id, { credential, operation, inputDigest, factor, expiresAt })
    return id
  }

  /** What was proved, once, where the proof is for just this; one that is for something else is gone as well. */
  take(
    id: string,
    credential: string,
    operation: string,
    inputDigest: string,
    now: number,
  ): FactorName | undefined {
    const proof = this.#proofs.get(id)
    if (proof === undefined) return undefined
    this.#proofs.delete(id)
    const fits =
      proof.credential === credential &&
      proof.operation === operation &&
      proof.inputDigest === inputDigest &&
      now < proof.expiresAt
    return fits ? proof.factor : undefined
  }
}
