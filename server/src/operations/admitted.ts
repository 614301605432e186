import type { RingKey, VersionHandle } from '#keyring'
import type { Purpose } from '#model'

/** A key that the caller may use for a purpose now. */
export class Admitted {
  readonly ringKey: RingKey
  readonly version: number
  readonly binding: string
  readonly purpose: Purpose

  constructor(ringKey: RingKey, version: number, binding: string, purpose: Purpose) {
    this.ringKey = ringKey
    this.version = version
    this.binding = binding
    this.purpose = purpose
  }

  /** Looked up at each use: while a batch gives others a turn, a change may have closed the one it began with. */
  get handle(): VersionHandle {
    return this.ringKey.handle(this.version)
  }
}
