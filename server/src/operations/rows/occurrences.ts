import { dueOfOccurrence, type Occurrence } from '#model'
import type { PlannedRow } from '../verb.ts'

/** How what happened becomes a row, which its job finds from its time on. */
export function occurrenceRow(occurrence: Occurrence): PlannedRow {
  const { id, tenant } = occurrence
  return {
    kind: 'occurrence',
    id,
    tenant,
    value: occurrence,
    facets: [],
    due: dueOfOccurrence(occurrence),
  }
}
