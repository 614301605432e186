import { newestRow } from '#keyring'
import { ClavigerError, type Binding, type Principal } from '#model'
import type { ReadVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { page } from '../page.ts'
import { askedAbout, explained, imaginedQuestions, imaginedSession, viaOf } from './imagined.ts'

/**
 * Who may do something with a key: every principal is asked about, one after the other, as the gate would. Persons are supposed to have
 * proved nothing, so what asks for a factor is said to be conditional.
 */
export const whoMay: ReadVerb<'access.who'> = {
  kind: 'read',
  async run(input, work) {
    await askedAbout(work, input.key)
    const supposed = { ...input, at: work.now }
    const asked = imaginedQuestions(work, supposed)
    return page(work, { kind: 'principal', facets: [], input }, async (row) => {
      const principal = work.parts.seals.open<Principal>(row)
      const session = await imaginedSession(work, principal, supposed)
      if (session === undefined) return undefined
      const { allowed, by, reason, conditional = false } = explained(session, asked, supposed.at)
      if (!allowed || by === undefined) return undefined
      const { id, name, kind } = principal
      const via = viaOf(by)
      const group = via === 'binding' ? await groupOf(work, by) : undefined
      return {
        principal: id,
        name,
        kind,
        via,
        by,
        ...(group === undefined ? {} : { group }),
        reason,
        conditional,
      }
    })
  },
}

/** The group that a binding is for. @throws ClavigerError conflict where it was taken away a moment ago */
async function groupOf(work: Work, id: string): Promise<string | undefined> {
  const row = await newestRow(work.parts.store, { kind: 'binding', id })
  if (row === undefined)
    throw new ClavigerError('conflict', 'The bindings have just changed; ask again')
  return work.parts.seals.open<Binding>(row).group
}
