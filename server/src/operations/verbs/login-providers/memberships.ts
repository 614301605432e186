import { actionsOf, listRows, openRoles } from '#access'
import { newestRow } from '#keyring'
import type { Binding, LoginProvider, Membership } from '#model'
import type { RowReference, RowStanding } from '#store'
import { leftByGroups } from '../../occurrences/leaving.ts'
import { membershipId, membershipRow } from '../../rows.ts'
import { keepApart } from '../../separation.ts'
import type { PlannedRow } from '../../verb.ts'
import type { Work } from '../../work.ts'

/** What a change of memberships writes. */
export interface Memberships {
  readonly rows: readonly PlannedRow[]
  readonly removals: readonly RowReference[]
  readonly absent: readonly RowReference[]
  readonly unchanged: readonly RowStanding[]
}

/**
 * Makes a person a member of the groups that the provider lists now, and of no other group that it listed before. Memberships that
 * somebody here gave stay as they are, and so do those of other providers.
 *
 * @throws ClavigerError separation_violated where that gives the person two duties that are kept apart
 */
export async function planMemberships(
  work: Work,
  provider: LoginProvider,
  principal: string,
  claimed: readonly string[],
): Promise<Memberships> {
  const { tenant } = provider
  const names = new Set(claimed)
  const wanted = new Set(
    provider.groups.filter(({ claim }) => names.has(claim)).map(({ group }) => group),
  )
  const facet = ['principal', principal] as const
  const present = (await listRows<Membership>(work.parts, 'membership', tenant, facet)).filter(
    (one) => one.principal === principal,
  )
  const missing = [...wanted].filter((group) => !present.some((one) => one.group === group))
  const groups = await standing(work, tenant, missing)
  const rows = groups.map(({ id: group }) =>
    membershipRow({ group, principal, tenant, createdAt: work.now, provider: provider.id }),
  )
  const leaving = new Set(
    present
      .filter((one) => one.provider === provider.id && !wanted.has(one.group))
      .map(({ group }) => group),
  )
  const apart =
    groups.length === 0
      ? { rows: [], unchanged: [] }
      : await keepApart(work, [principal], await actionsWith(work, tenant, groups), {
          tenant,
          leaving,
        })
  const ended = present.filter(({ group }) => leaving.has(group))
  const left = await leftByGroups(work, { tenant, who: principal }, ended)
  return {
    rows: [...rows, ...apart.rows, ...left],
    removals: [...leaving].map((group) => ({
      kind: 'membership',
      id: membershipId(group, principal),
    })),
    absent: rows.map(({ kind, id }) => ({ kind, id })),
    unchanged: [...groups, ...apart.unchanged],
  }
}

/** A group that was deleted since it was mapped is nobody's. */
async function standing(work: Work, tenant: string, groups: readonly string[]) {
  const found: RowStanding[] = []
  for (const id of groups) {
    const row = await newestRow(work.parts.store, { kind: 'group', id })
    if (row?.tenant === tenant) found.push({ kind: 'group', id, revision: row.revision })
  }
  return found
}

/** What members of these groups may do. */
async function actionsWith(
  { parts }: Work,
  tenant: string,
  groups: readonly { readonly id: string }[],
): Promise<string[]> {
  const actions = new Set<string>()
  for (const { id } of groups) {
    const bindings = await listRows<Binding>(parts, 'binding', tenant, ['group', id])
    const roles = await openRoles(
      parts,
      tenant,
      bindings.map(({ role }) => role),
    )
    for (const { role } of bindings) for (const one of actionsOf(role, roles)) actions.add(one)
  }
  return [...actions]
}
