import { dueOfCase, keysOfCase, type CompromiseCase } from '#model'
import type { PlannedRow } from '../verb.ts'

/** How a case becomes a row; it is due while the server may go on with it. */
export function caseRow(one: CompromiseCase): PlannedRow {
  return {
    kind: 'compromiseCase',
    id: one.id,
    tenant: one.tenant,
    value: one,
    facets: [
      ...keysOfCase(one).map((key) => ['key', key] as const),
      ['state', one.closedAt === undefined ? 'open' : 'closed'],
    ],
    due: dueOfCase(one),
  }
}
