import type { RowKind } from '#store'
import { mayList } from '../may-list.ts'
import type { Work } from '../work.ts'
import { page } from './page.ts'

interface Asked {
  /** The id or alias of the only key wanted. */
  readonly key?: string | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

/**
 * One page of what belongs to keys, with the facet `key`: a principal that may see only some keys sees only what is theirs.
 *
 * @throws ClavigerError forbidden, not_found
 */
export async function pageOfKeys<Value extends { readonly key: string }, View>(
  work: Work,
  {
    kind,
    input,
    facets,
  }: {
    readonly kind: RowKind
    readonly input: Asked
    /** Beside the key; those that are undefined are not asked for. */
    readonly facets: Readonly<Record<string, string | undefined>>
  },
  view: (value: Value) => View | Promise<View>,
): Promise<{ items: View[]; cursor?: string }> {
  const wanted = Object.entries(facets).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  )
  if (input.key === undefined) work.authorizeSomewhere()
  else {
    await work.locate([input.key])
    wanted.push(['key', work.key(input.key).ringKey.key.id])
  }
  return page(work, { kind, facets: wanted, input }, async (row) => {
    const value = work.parts.seals.open<Value>(row)
    const ringKey = await work.parts.ring.load(value.key)
    if (ringKey === undefined || !(await mayList(work, ringKey))) return undefined
    return view(value)
  })
}
