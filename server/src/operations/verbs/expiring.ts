import type { OutputOf } from '@claviger/contract'
import { everyRowOf } from '#keyring'
import { DAY_MS } from '#model'
import type { ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'

/** What of a tenant's credentials expires soon, so that it can be replaced before. */

const SHOWN_MAX = 1_000

const kinds = ['token', 'accessKey', 'secretId', 'certificate'] as const

type Item = OutputOf<'credential.expiring'>['items'][number]

interface Expiring {
  readonly id: string
  readonly principal: string
  readonly description: string
  readonly expiresAt?: number
  readonly revokedAt?: number
}

/** The credentials of a kind that still work and will not any more at `until`. */
async function expiringOf(work: Work, kind: (typeof kinds)[number], until: number) {
  const { store, seals } = work.parts
  const found: Item[] = []
  for await (const row of everyRowOf(store, { kind, tenant: work.caller.tenant, facets: [] })) {
    const { id, principal, description, expiresAt, revokedAt } = seals.open<Expiring>(row)
    if (revokedAt !== undefined || expiresAt === undefined) continue
    if (expiresAt > work.now && expiresAt <= until)
      found.push({ kind, id, principal, description, expiresAt })
  }
  return found
}

export const expiringCredentials: ReadVerb<'credential.expiring'> = {
  kind: 'read',
  async run(input, work) {
    work.authorize()
    const until = work.now + input.days * DAY_MS
    const found: Item[] = []
    for (const kind of kinds) found.push(...(await expiringOf(work, kind, until)))
    const sorted = found.toSorted((a, b) => a.expiresAt - b.expiresAt)
    const items: Item[] = []
    for (const item of sorted.slice(0, SHOWN_MAX)) {
      const last = await work.parts.ledgerReader.lastOf('credential', item.id)
      items.push(last === undefined ? item : { ...item, lastUsedAt: last.time })
    }
    return { items, more: sorted.length > items.length }
  },
}
