import type { RewrapRun } from '#model'
import type { PlannedRow } from '../verb.ts'

/** How a re-wrap run becomes a row. */
export function rewrapRow(run: RewrapRun): PlannedRow {
  return {
    kind: 'rewrapRun',
    id: run.id,
    tenant: run.tenant,
    value: run,
    facets: [
      ['key', run.key],
      ['state', run.finishedAt === undefined ? 'open' : 'finished'],
    ],
  }
}
