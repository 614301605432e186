import type { CompromiseCase } from '#model'
import type { PlannedRow } from '../verb.ts'

/** How a case becomes a row. */
export function caseRow(one: CompromiseCase): PlannedRow {
  return {
    kind: 'compromiseCase',
    id: one.id,
    tenant: one.tenant,
    value: one,
    facets: [
      ['key', one.key],
      ['state', one.closedAt === undefined ? 'open' : 'closed'],
    ],
  }
}
