import type { Binding, KeyGrant } from '#model'
import type { ReadVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { page } from '../page.ts'

/**
 * Bindings and grants that were there at a time and allowed nothing since, as the ledger knows it: uses and changes stand in it, reads
 * that succeed do not.
 */
export const unusedAccess: ReadVerb<'access.unused'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    const { kind, since } = input
    return page(work, { kind, facets: [], input }, async (row) => {
      if (kind === 'binding') {
        const { id, principal, group, createdAt } = work.parts.seals.open<Binding>(row)
        const unused = await unusedSince(work, id, createdAt, since)
        return (
          unused && { kind, id, principal, ...(group === undefined ? {} : { group }), ...unused }
        )
      }
      const { id, grantee, key, createdAt } = work.parts.seals.open<KeyGrant>(row)
      const unused = await unusedSince(work, `grant:${id}`, createdAt, since)
      return unused && { kind, id, principal: grantee, key, ...unused }
    })
  },
}

async function unusedSince(work: Work, binding: string, createdAt: number, since: number) {
  if (createdAt >= since) return undefined
  const last = await work.parts.ledgerReader.lastOf('binding', binding)
  if (last !== undefined && last.time >= since) return undefined
  return { createdAt, ...(last === undefined ? {} : { lastUsedAt: last.time }) }
}
