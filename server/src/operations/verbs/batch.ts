import type { ErrorCode } from '@claviger/contract'
import { KeyError, toClavigerError, type Purpose } from '#model'
import type { Admitted } from '../admitted.ts'
import type { Subject } from '../parts.ts'
import { target } from '../target.ts'
import type { Work } from '../work.ts'

/** Items done before the event loop gets a turn, so that a batch does not hold up everybody else. */
const ITEMS_PER_TURN = 64

export interface ItemError {
  readonly error: { readonly code: ErrorCode; readonly detail: string }
}

/**
 * Does one thing to each item, in order: a result or an error for each. A failure of one is recorded and leaves the others alone.
 */
export async function eachItem<Item extends object, Result>(
  items: readonly Item[],
  work: Work,
  one: (item: Item) => Result | Promise<Result>,
): Promise<(Result | ItemError)[]> {
  const results: (Result | ItemError)[] = []
  const whole = work.subject
  for (const [position, item] of items.entries()) {
    if (position > 0 && position % ITEMS_PER_TURN === 0)
      await new Promise((resolve) => setImmediate(resolve))
    try {
      // Policies may ask for the context, and each item has its own.
      work.subject = item as Subject
      const result = one(item)
      results.push(result instanceof Promise ? await result : result)
    } catch (thrown) {
      const error = toClavigerError(thrown)
      // The server's own fault is no item's result: the whole batch fails, and operators hear of it.
      if (error.code === 'internal' || error.code === 'integrity_failed') throw error
      if (error instanceof KeyError) work.failed(error, error.key.id, error.version)
      else work.failed(error)
      results.push({ error: { code: error.code, detail: error.message } })
    }
  }
  work.subject = whole
  // Where not one item was allowed, neither was the batch.
  if (!work.authorized) work.authorize()
  return results
}

/** Whether what allows the action is the same for every item, so that the key can be reached for all of them at once. */
function isSameForAll(work: Work, reference: string, purpose?: Purpose): boolean {
  const ringKey = work.found(reference)
  if (ringKey === undefined) return true
  const grant = work.may(target(ringKey, work.caller, work.origin), work.action, purpose)
  return grant !== undefined && grant.conditional !== true
}

/**
 * Admits the key of a batch: once, or for each item anew where what allows it may depend on the item.
 *
 * @throws ClavigerError forbidden, not_found; KeyError wrong_state
 */
export function admitForItems(work: Work, reference: string, purpose: Purpose): () => Admitted {
  if (!isSameForAll(work, reference, purpose)) return () => work.admit(reference, purpose)
  const admitted = work.admit(reference, purpose)
  return () => admitted
}

/** Authorizes the key of a batch whose items are admitted one by one. @throws ClavigerError forbidden, not_found */
export function reachForItems(work: Work, reference: string): void {
  if (isSameForAll(work, reference)) work.key(reference)
}
