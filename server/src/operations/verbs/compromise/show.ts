import type { CompromiseCase } from '#model'
import { mayList } from '../../may-list.ts'
import type { ReadVerb } from '../../verb.ts'
import { page } from '../page.ts'
import { admittedCase, caseView } from './view.ts'

export const getCase: ReadVerb<'compromise.get'> = {
  kind: 'read',
  run: async (input, work) => caseView(work, (await admittedCase(work, input.case)).value),
}

/** A principal that may see only some keys sees only their cases. */
export const listCases: ReadVerb<'compromise.list'> = {
  kind: 'read',
  async run(input, work) {
    const facets: [string, string][] = []
    if (input.key === undefined) work.authorizeSomewhere()
    else {
      await work.locate([input.key])
      facets.push(['key', work.key(input.key).ringKey.key.id])
    }
    if (input.state !== undefined) facets.push(['state', input.state])
    return page(work, { kind: 'compromiseCase', facets, input }, async (row) => {
      const one = work.parts.seals.open<CompromiseCase>(row)
      const ringKey = await work.parts.ring.load(one.key)
      if (ringKey === undefined || !(await mayList(work, ringKey))) return undefined
      return caseView(work, one)
    })
  },
}
