const NOTHING = Buffer.alloc(0)
/** The least and the most that is taken at once for what comes after the first piece. */
const BLOCK_BYTES_MIN = 256
const BLOCK_BYTES_MAX = 65_536

/**
 * A body as it comes, from anybody. A piece may be of one byte (a chunk of RFC 9112 section 7.1), and a Buffer of its own takes three
 * hundred for it, so what comes after the first piece is copied together.
 */
export class Pieces {
  /** Blocks that are full. */
  #full: Buffer[] | undefined
  #block: Buffer = NOTHING
  /** Bytes of the block that are taken. */
  #used = 0

  add(piece: Buffer): void {
    // Nearly every body is one piece, which stays as it is.
    if (this.#used === 0) {
      this.#block = piece
      this.#used = piece.length
      return
    }
    const copied = piece.copy(this.#block, this.#used)
    this.#used += copied
    if (copied < piece.length) this.#grow(piece.subarray(copied))
  }

  #grow(rest: Buffer): void {
    this.#full ??= []
    this.#full.push(this.#block)
    const more = Math.min(2 * this.#block.length, BLOCK_BYTES_MAX)
    this.#block = Buffer.allocUnsafeSlow(Math.max(more, rest.length, BLOCK_BYTES_MIN))
    this.#used = rest.copy(this.#block)
  }

  /** The whole of it, which is not held any longer. */
  take(): Buffer {
    const last =
      this.#used === this.#block.length ? this.#block : this.#block.subarray(0, this.#used)
    const whole = this.#full === undefined ? last : Buffer.concat([...this.#full, last])
    this.#full = undefined
    this.#block = NOTHING
    this.#used = 0
    return whole
  }
}
