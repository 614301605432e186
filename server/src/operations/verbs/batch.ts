import type { ErrorCode } from '@claviger/contract'
import { toClavigerError } from '#model'
import { RefusedUse, type Work } from '../work.ts'

/** Items done before the event loop gets a turn, so that a batch does not hold up everybody else. */
const ITEMS_PER_TURN = 64

export interface ItemError {
  readonly error: { readonly code: ErrorCode; readonly detail: string }
}

/**
 * Does one thing to each item, in order: a result or an error for each. A failure of one is recorded and leaves the others alone.
 */
export async function eachItem<Item, Result>(
  items: readonly Item[],
  work: Work,
  one: (item: Item) => Result | Promise<Result>,
): Promise<(Result | ItemError)[]> {
  const results: (Result | ItemError)[] = []
  for (const [position, item] of items.entries()) {
    if (position > 0 && position % ITEMS_PER_TURN === 0)
      await new Promise((resolve) => setImmediate(resolve))
    try {
      const result = one(item)
      results.push(result instanceof Promise ? await result : result)
    } catch (thrown) {
      const error = toClavigerError(thrown)
      // The server's own fault is no item's result: the whole batch fails, and operators hear of it.
      if (error.code === 'internal' || error.code === 'integrity_failed') throw error
      if (error instanceof RefusedUse) work.failed(error, error.key, error.version)
      else work.failed(error)
      results.push({ error: { code: error.code, detail: error.message } })
    }
  }
  return results
}
