import type { Row, RowKind } from '#store'
import type { Work } from '../work.ts'

/** Rows looked at for one page; a page that filters much may be short and still have a cursor. */
const ROWS_LOOKED_AT_MAX = 10_000

interface Wanted {
  readonly kind: RowKind
  readonly facets: readonly (readonly [string, string])[]
  readonly input: { readonly limit: number; readonly cursor?: string | undefined }
}

/**
 * One page of what `view` makes of the caller's rows, in the order of their ids; rows it makes nothing of are passed over. The cursor is
 * the last id looked at: attacker-chosen when it comes back, and only ever compared.
 */
export async function page<View>(
  work: Work,
  wanted: Wanted,
  view: (row: Row) => View | undefined | Promise<View | undefined>,
): Promise<{ items: View[]; cursor?: string }> {
  const { limit } = wanted.input
  const items: View[] = []
  let after = wanted.input.cursor
  for (let looked = 0; looked < ROWS_LOOKED_AT_MAX;) {
    const rows = await work.parts.store.list({
      kind: wanted.kind,
      tenant: work.caller.tenant,
      facets: wanted.facets,
      limit: limit + 1,
      ...(after === undefined ? {} : { after }),
    })
    for (const row of rows) {
      const item = await view(row)
      if (item !== undefined) {
        if (items.length === limit) return { items, cursor: after ?? '' }
        items.push(item)
      }
      after = row.id
    }
    looked += rows.length
    if (rows.length <= limit) return { items }
  }
  return { items, cursor: after ?? '' }
}

/** The facet of a list of one principal's, where one is named. */
export function ofPrincipal(input: {
  readonly principal?: string | undefined
}): readonly (readonly [string, string])[] {
  return input.principal === undefined ? [] : [['principal', input.principal]]
}
