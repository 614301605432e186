import { constantTimeEqual } from '#crypto'
import { ClavigerError } from '#model'
import { opens } from './check.ts'
import { parseSealDescription, type ShareSeal } from './description.ts'
import { combineKey } from './shamir.ts'
import { parseShare } from './share-text.ts'

export type Collected =
  | { readonly kind: 'more'; readonly have: number; readonly need: number }
  /** The seal key: overwrite it after use. */
  | { readonly kind: 'open'; readonly sealKey: Buffer }

/**
 * Takes the shares of one seal, one after the other, until they open it. It holds fewer than the threshold, and forgets them all when
 * they open, when they do not, and on {@link reset}. It knows no time: whoever keeps one decides how long shares may wait.
 */
export class ShareCollector {
  readonly #description: ShareSeal
  /** Payloads by share number. */
  readonly #held = new Map<number, Buffer>()

  /** @throws ClavigerError internal where the description, which comes from the database, is out of bounds. */
  constructor(description: ShareSeal) {
    parseSealDescription(description)
    this.#description = description
  }

  /** Different shares given so far. */
  get have(): number {
    return this.#held.size
  }

  /** Different shares that open the seal. */
  get need(): number {
    return this.#description.threshold
  }

  /**
   * Takes a share; one that was given before does not count again.
   *
   * @throws ClavigerError invalid_share for what is no share of this seal, with those given before kept; and when enough shares are
   *   there and do not open the seal, with all of them forgotten.
   */
  async add(text: string): Promise<Collected> {
    const { seal, threshold, number, payload } = parseShare(text)
    // Number 0 would be the seal key itself, and no share has it.
    if (seal !== this.#description.id || threshold !== this.need || number === 0) {
      payload.fill(0)
      throw invalid(
        'The share belongs to another seal; shares that were replaced open nothing any more',
      )
    }
    const before = this.#held.get(number)
    if (before === undefined) this.#held.set(number, payload)
    else compare(before, payload)
    if (this.have < this.need) return { kind: 'more', have: this.have, need: this.need }
    return { kind: 'open', sealKey: await this.#open() }
  }

  /** Forgets the shares given so far, and overwrites them. */
  reset(): void {
    for (const payload of this.#held.values()) payload.fill(0)
    this.#held.clear()
  }

  async #open(): Promise<Buffer> {
    const points = [...this.#held].map(([number, payload]) => ({ number, payload }))
    // Before anything is awaited, so that a share that comes meanwhile begins a new collection.
    this.#held.clear()
    try {
      const sealKey = await combineKey(points)
      if (opens(sealKey, this.#description)) return sealKey
      sealKey.fill(0)
      throw invalid(
        'These shares do not open the seal, so all are forgotten; begin again, with other custodians if it fails again',
      )
    } finally {
      for (const { payload } of points) payload.fill(0)
    }
  }
}

/** The same share again changes nothing; another one of the same number means that one of the two was made up. */
function compare(before: Buffer, payload: Buffer): void {
  const same = constantTimeEqual(before, payload)
  payload.fill(0)
  if (same) return
  throw invalid(
    'A different share of the same number was given before; forget the shares and begin again',
  )
}

function invalid(message: string): ClavigerError {
  return new ClavigerError('invalid_share', message)
}
