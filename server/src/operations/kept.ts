/** What was slow to make is kept while an operation may run again, and overwritten when it is over. */
export class Kept {
  readonly #values = new Map<string, unknown>()
  readonly #discard: (() => void)[] = []

  /** What was made under a name, or is made now. */
  async once<Value>(
    name: string,
    make: () => Promise<Value>,
    discard: ((value: Value) => void) | undefined,
  ): Promise<Value> {
    if (!this.#values.has(name)) {
      const value = await make()
      this.#values.set(name, value)
      if (discard !== undefined) this.#discard.push(() => discard(value))
    }
    return this.#values.get(name) as Value
  }

  dispose(): void {
    for (const discard of this.#discard) discard()
    this.#values.clear()
  }
}
