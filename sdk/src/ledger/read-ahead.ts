export interface Loading<Item, Value> {
  readonly item: Item
  readonly value: Promise<Value>
}

/**
 * Starts loading the next items while the consumer works on this one, at most `width` of them at once and given in order, so that a far
 * source is not waited for once per file and memory stays bounded. A consumer that leaves early waits for those that are on their way,
 * so that nothing goes on behind its back.
 */
export async function* readAhead<Item, Value>(
  items: Iterable<Item>,
  width: number,
  load: (item: Item) => Promise<Value>,
): AsyncGenerator<Loading<Item, Value>> {
  const loading: Loading<Item, Value>[] = []
  try {
    for (const item of items) {
      const value = load(item)
      // The consumer may still be busy with an earlier one when it fails; it is told when it gets here.
      value.catch(() => undefined)
      loading.push({ item, value })
      if (loading.length === width) yield* loading.splice(0, 1)
    }
    while (loading.length > 0) yield* loading.splice(0, 1)
  } finally {
    await Promise.allSettled(loading.map(({ value }) => value))
  }
}
