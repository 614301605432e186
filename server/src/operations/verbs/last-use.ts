import { useEvents } from '../blast-radius.ts'
import type { ReadVerb } from '../verb.ts'

/** The newest use of a key that the ledger has; changes of the key are none. */
export const lastUseOfKey: ReadVerb<'key.lastUse'> = {
  kind: 'read',
  async run(input, work) {
    await work.locate([input.key])
    const { id, createdAt } = work.key(input.key).ringKey.key
    const counters = (await work.parts.store.key(id))?.counters
    const isUsed = counters?.values().some((each) => each.uses > 0) === true
    const last = isUsed ? await work.parts.ledgerReader.newest(id, useEvents) : undefined
    return { key: id, createdAt, ...(last === undefined ? {} : { last }) }
  },
}
