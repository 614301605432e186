import { ClavigerError } from '#model'
import type { Work } from './work.ts'

/** What must hold when an operation is done, and still where something changes before it is recorded. */

/** Runs a check now, and again where the operation waited while something changed. @throws whatever the check does */
export async function holds(work: Work, check: () => Promise<void>): Promise<void> {
  await check()
  work.relyOn(check)
}

/**
 * Something counts until a time, in milliseconds since 1970, also where the operation waits.
 *
 * @throws what `refused` makes, from that time on
 */
export function lasts(work: Work, until: number, refused: () => ClavigerError): Promise<void> {
  return holds(work, () => {
    if (until <= work.now) return Promise.reject(refused())
    work.endsBy(until)
    return Promise.resolve()
  })
}

/**
 * Everything of a kind, for a change that must leave none of it out. What was there and is gone does no harm.
 *
 * @param idsOf what tells each of them from those that may come
 * @param words what is told whoever must do it again, because more has come before it was recorded
 * @throws ClavigerError conflict
 */
export async function allOf<Item>(
  work: Work,
  read: () => Promise<Item[]>,
  idsOf: (item: Item) => readonly string[],
  words: string,
): Promise<Item[]> {
  const all = await read()
  const known = new Set(all.flatMap(idsOf))
  work.relyOn(async () => {
    const now = (await read()).flatMap(idsOf)
    if (!now.every((id) => known.has(id))) throw new ClavigerError('conflict', words)
  })
  return all
}
