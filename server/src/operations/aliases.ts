import { readNewest } from '#keyring'
import { listedOfKey, rowsOfKey } from './rows-of-key.ts'
import type { Alias } from './rows.ts'
import type { Work } from './work.ts'

/**
 * The names that point at a key, for showing it. One that does not bear its seal leads to no key and is not shown; whoever can write to
 * one could keep the key from being suspended or revoked otherwise.
 */
export async function aliasesOf(work: Work, key: string): Promise<string[]> {
  const { seals } = work.parts
  const names: string[] = []
  for await (const row of listedOfKey(work, 'alias', key)) {
    const alias = seals.openFitting<Alias>(row)
    if (alias?.key === key) names.push(alias.alias)
  }
  return names
}

/**
 * The same for key policies, which must not be answered from what was there before: as people say the names, without the region that a
 * name of one region ends in.
 *
 * @throws ClavigerError integrity_failed
 */
export async function seenAliasesOf(work: Work, key: string): Promise<readonly string[]> {
  const rows = await readNewest(work.parts.store, async () => {
    const found = await rowsOfKey(work, 'alias', key)
    return { rows: found, value: found }
  })
  return (rows ?? []).map((row) => {
    const { alias, region } = work.parts.seals.open<Alias>(row)
    const ending = `@${region}`
    return region !== undefined && alias.endsWith(ending) ? alias.slice(0, -ending.length) : alias
  })
}
