import type { OutputOf } from '@claviger/contract'
import { ClavigerError, toldOf, type Dependent, type NoticeScope } from '#model'
import { noticeOf, noticesBetween } from '../notices.ts'
import type { ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { own } from './own.ts'

/** Entries of the ledger that one page goes over at most. */
const ENTRIES_PER_PAGE = 100_000

/** What is asked about, which the caller may be told of: who answers for a dependent may, without any role. */
async function scopeOf(
  work: Work,
  {
    key,
    dependent,
  }: { readonly key?: string | undefined; readonly dependent?: string | undefined },
): Promise<NoticeScope> {
  if (key !== undefined && dependent !== undefined)
    throw new ClavigerError('invalid_request', 'Give a key or a dependent', { field: 'dependent' })
  if (key !== undefined) {
    await work.locate([key])
    return { kind: 'key', key: work.key(key).ringKey.key.id }
  }
  if (dependent === undefined) {
    work.authorize()
    return { kind: 'tenant' }
  }
  const { value } = await own<Dependent>(work, 'dependent', dependent).catch((error: unknown) => {
    work.authorize()
    throw error
  })
  if (value.owner === work.caller.principal) work.authorizeAnybody()
  else {
    await work.locate([value.key])
    work.key(value.key)
  }
  return { kind: 'dependent', dependent: value.id, key: value.key }
}

export const listNotices: ReadVerb<'notice.list'> = {
  kind: 'read',
  async run(input, work) {
    const scope = await scopeOf(work, input)
    const { store } = work.parts
    const { tenant } = work.caller
    const { next: head } = await store.head()
    const from = input.after === undefined ? head : input.after + 1
    const to = Math.min(head, from + ENTRIES_PER_PAGE)
    const found = from < to ? await noticesBetween(store, from, to) : { notices: [], end: to }
    const items: OutputOf<'notice.list'>['items'] = []
    for (const { index, record } of found.notices) {
      const type = toldOf({ tenant, scope, types: [] }, record)
      if (type === undefined) continue
      const dependent = scope.kind === 'dependent' ? scope.dependent : undefined
      items.push(noticeOf({ tenant, notice: index, type }, record, dependent))
      if (items.length === input.limit) return { items, next: index }
    }
    return { items, next: Math.max(found.end - 1, input.after ?? 0) }
  },
}
