import type { CompromiseCase } from '#model'
import type { ReadVerb } from '../../verb.ts'
import { pageOfKeys } from '../page-of-keys.ts'
import { admittedCase, caseView } from './view.ts'

export const getCase: ReadVerb<'compromise.get'> = {
  kind: 'read',
  run: async (input, work) => caseView(work, (await admittedCase(work, input.case)).value),
}

export const listCases: ReadVerb<'compromise.list'> = {
  kind: 'read',
  run: (input, work) =>
    pageOfKeys(
      work,
      { kind: 'compromiseCase', input, facets: { state: input.state } },
      (one: CompromiseCase) => caseView(work, one),
    ),
}
