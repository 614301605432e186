import { parseVersionId } from '#keyring'
import type { DueJob } from '#model'
import type { DueRow, Store } from '#store'

/** What jobs have to do, found by the store's index of what is due. What they are told is checked by the verbs, against sealed rows. */

/** One thing to do: about a key, one version of it, or something of an id of its own. */
export interface DueItem extends DueRow {
  readonly key: string
  readonly version: number | undefined
}

/** What is due for a job over all tenants, the longest due first, after another. `now` is in milliseconds since 1970. */
export async function dueFor(
  store: Store,
  {
    job,
    now,
    after,
    limit,
  }: { job: DueJob; now: number; after: DueRow | undefined; limit: number },
): Promise<readonly DueItem[]> {
  const position = after && { at: after.at, kind: after.kind, id: after.id }
  const rows = await store.due({ job, until: now, limit, ...(position && { after: position }) })
  return rows.map((row) => ({ ...row, ...subjectOf(row) }))
}

function subjectOf({ kind, id }: DueRow) {
  return kind === 'version' ? parseVersionId(id) : { key: id, version: undefined }
}
