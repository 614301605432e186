import type { Principal } from '#model'
import type { ReadVerb } from '../../verb.ts'
import { own } from '../own.ts'
import { askedAbout, explained, imaginedQuestions, imaginedSession } from './imagined.ts'

/** What the gate would say to somebody else, without doing anything. */
export const explainAccess: ReadVerb<'access.explain'> = {
  kind: 'read',
  async run(input, work) {
    if (input.key === undefined) work.authorize()
    else await askedAbout(work, input.key)
    const supposed = { ...input, at: input.at ?? work.now }
    const questions = imaginedQuestions(work, supposed)
    const { value: principal } = await own<Principal>(work, 'principal', input.principal)
    const session = await imaginedSession(work, principal, supposed)
    if (session === undefined) {
      const reason = 'the principal is disabled'
      return { allowed: false, reason, steps: [{ rule: 'principal', says: reason }] }
    }
    const { conditional: _, ...said } = explained(session, questions, supposed.at)
    return said
  },
}
