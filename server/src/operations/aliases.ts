import type { Alias } from './rows.ts'
import type { Work } from './work.ts'

/** Names of one key that are shown with it. */
const ALIASES_SHOWN_MAX = 100

/** The names that point at a key, for showing it. */
export async function aliasesOf(work: Work, key: string): Promise<string[]> {
  const rows = await work.parts.store.list({
    kind: 'alias',
    tenant: work.caller.tenant,
    facets: [['key', key]],
    limit: ALIASES_SHOWN_MAX,
  })
  return rows
    .map((row) => work.parts.seals.open<Alias>(row))
    .filter((alias) => alias.key === key)
    .map((alias) => alias.alias)
}
