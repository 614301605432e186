import type { RingKey, VersionHandle } from '#keyring'
import type { Purpose } from '#model'

/** A key that the caller may use for a purpose now. */
export class Admitted {
  readonly ringKey: RingKey
  readonly version: number
  #binding: string
  readonly purpose: Purpose

  constructor(ringKey: RingKey, version: number, binding: string, purpose: Purpose) {
    this.ringKey = ringKey
    this.version = version
    this.#binding = binding
    this.purpose = purpose
  }

  /** What allows it; what allowed it first may be gone when it is recorded. */
  get binding(): string {
    return this.#binding
  }

  /** It is allowed by what allows another one, which was admitted later to do the same. */
  allowedAs({ binding }: Admitted): void {
    this.#binding = binding
  }

  /** Looked up at each use: while a batch gives others a turn, a change may have closed the one it began with. */
  get handle(): VersionHandle {
    return this.ringKey.handle(this.version)
  }
}
