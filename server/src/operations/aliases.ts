import { readNewest } from '#keyring'
import type { Row } from '#store'
import type { Alias } from './rows.ts'
import type { Work } from './work.ts'

const ROWS_PER_READ = 1_000

/** The rows of the names that point at a key; all of them, since key policies may ask for one. */
export async function aliasRowsOf(work: Work, key: string): Promise<readonly Row[]> {
  const { store, seals } = work.parts
  const read = async () => {
    const rows: Row[] = []
    for (let after: string | undefined; ;) {
      const found = await store.list({
        kind: 'alias',
        tenant: work.caller.tenant,
        facets: [['key', key]],
        limit: ROWS_PER_READ,
        ...(after === undefined ? {} : { after }),
      })
      rows.push(...found)
      after = found.at(-1)?.id
      if (found.length < ROWS_PER_READ) return { rows, value: rows }
    }
  }
  const rows = (await readNewest(store, read)) ?? []
  return rows.filter((row) => seals.open<Alias>(row).key === key)
}

/** The names that point at a key, for showing it. */
export async function aliasesOf(work: Work, key: string): Promise<string[]> {
  const rows = await aliasRowsOf(work, key)
  return rows.map((row) => work.parts.seals.open<Alias>(row).alias)
}

/** The same as people say them: without the region that a name of one region ends in. */
export async function seenAliasesOf(work: Work, key: string): Promise<string[]> {
  const rows = await aliasRowsOf(work, key)
  return rows.map((row) => {
    const { alias, region } = work.parts.seals.open<Alias>(row)
    const ending = `@${region}`
    return region !== undefined && alias.endsWith(ending) ? alias.slice(0, -ending.length) : alias
  })
}
