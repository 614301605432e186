import { newId } from '#keyring'
import { alarms, type Alarm, type Occurrence, type Reach } from '#model'
import { occurrenceRow } from '../rows/occurrences.ts'
import type { PlannedRow } from '../verb.ts'
import type { Work } from '../work.ts'

/** An alarm: a row, which a job tells the keys of that ask for it, and a line in the log of the server. */

interface About extends Pick<Occurrence, 'tenant' | 'who' | 'except'> {
  /** Every key of the tenant, where it is absent; none, where it is empty. */
  readonly reach?: readonly Reach[]
  /** For the log beside what every alarm says of itself: ids and names of operations only. */
  readonly said?: Readonly<Record<string, string>>
}

/** What the change that the alarm comes with writes, and does when it is durable. */
export function alarmed(
  work: Work,
  alarm: Alarm,
  { said, ...about }: About,
): { readonly rows: readonly PlannedRow[]; readonly after: () => void } {
  const { tenant, who, reach } = about
  const severity = alarms[alarm]
  const occurrence: Occurrence = {
    id: newId(),
    event: 'alarm',
    alarm,
    at: work.now,
    because: work.name,
    ...about,
  }
  return {
    rows: reach?.length === 0 ? [] : [occurrenceRow(occurrence)],
    after: () =>
      work.parts.alarm(alarm, {
        severity,
        tenant,
        ...(who === undefined ? {} : { principal: who }),
        ...said,
      }),
  }
}
