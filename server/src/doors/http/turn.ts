/**
 * What one turn of the event loop has read is begun together, once all of it has been read. Reading a request and doing what it asks
 * each take more code and data than a processor's nearest caches hold; in turn for each request they drive each other out of them,
 * which costs a tenth of the time of an encrypt (docs/performance.md). Nobody waits for it: a batch of the ledger takes a turn anyway.
 */
export class Turn {
  #begun: (() => void)[] = []

  /** Calls `begin` when this turn's input has been read, in the order of these calls. It must not throw. */
  add(begin: () => void): void {
    if (this.#begun.push(begin) === 1) setImmediate(() => this.#end())
  }

  #end(): void {
    const begun = this.#begun
    this.#begun = []
    for (const begin of begun) begin()
  }
}
