import { listRows } from '#access'
import { newestRow } from '#keyring'
import type { LoginProvider, Membership } from '#model'
import type { RowReference } from '#store'
import { providedMembershipRow } from '../../rows/login-providers.ts'
import type { PlannedRow } from '../../verb.ts'
import type { Work } from '../../work.ts'

/** What a change of memberships writes. */
export interface Memberships {
  readonly rows: readonly PlannedRow[]
  readonly removals: readonly RowReference[]
  readonly absent: readonly RowReference[]
  readonly unchanged: readonly (RowReference & { readonly revision: number })[]
}

const none: Memberships = Object.freeze({ rows: [], removals: [], absent: [], unchanged: [] })

/**
 * Makes a person a member of the groups that the provider lists now, and of no other group that it listed before. Memberships that
 * somebody here gave stay as they are, and so do those of other providers.
 */
export async function planMemberships(
  work: Work,
  provider: LoginProvider,
  principal: string,
  claimed: readonly string[],
): Promise<Memberships> {
  if (provider.groupsClaim === undefined && provider.groups.length === 0) return none
  const names = new Set(claimed)
  const wanted = new Set(
    provider.groups.filter(({ claim }) => names.has(claim)).map(({ group }) => group),
  )
  const present = await listRows<Membership>(work.parts, 'membership', provider.tenant, [
    'principal',
    principal,
  ])
  const own = present.filter((one) => one.principal === principal)
  const rows: PlannedRow[] = []
  const unchanged: Memberships['unchanged'][number][] = []
  for (const group of wanted) {
    if (own.some((one) => one.group === group)) continue
    // A group that was deleted since is nobody's.
    const row = await newestRow(work.parts.store, { kind: 'group', id: group })
    if (row?.tenant !== provider.tenant) continue
    rows.push(
      providedMembershipRow({
        group,
        principal,
        tenant: provider.tenant,
        createdAt: work.now,
        provider: provider.id,
      }),
    )
    unchanged.push({ kind: 'group', id: group, revision: row.revision })
  }
  const removals = own
    .filter((one) => one.provider === provider.id && !wanted.has(one.group))
    .map((one) => ({ kind: 'membership' as const, id: `${one.group}/${principal}` }))
  return { rows, removals, absent: rows.map(({ kind, id }) => ({ kind, id })), unchanged }
}
