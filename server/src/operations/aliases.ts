import type { Row } from '#store'
import type { Alias } from './rows.ts'
import type { Work } from './work.ts'

/** Names of one key that are shown with it, and go with it. */
const ALIASES_MAX = 1_000

/** The rows of the names that point at a key. */
export async function aliasRowsOf(work: Work, key: string): Promise<readonly Row[]> {
  const rows = await work.parts.store.list({
    kind: 'alias',
    tenant: work.caller.tenant,
    facets: [['key', key]],
    limit: ALIASES_MAX,
  })
  return rows.filter((row) => work.parts.seals.open<Alias>(row).key === key)
}

/** The names that point at a key, for showing it. */
export async function aliasesOf(work: Work, key: string): Promise<string[]> {
  const rows = await aliasRowsOf(work, key)
  return rows.map((row) => work.parts.seals.open<Alias>(row).alias)
}
