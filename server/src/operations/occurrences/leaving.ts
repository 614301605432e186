import { findNamed, listRows } from '#access'
import { newestRow, newId } from '#keyring'
import type { Binding, KeyGrant, Membership, Occurrence, Principal, Reach } from '#model'
import { occurrenceRow } from '../rows/occurrences.ts'
import { membersOf } from '../separation.ts'
import { standingPrincipal } from '../standing-principal.ts'
import type { Plan, PlannedRow } from '../verb.ts'
import type { Work } from '../work.ts'
import { reachOfBindings, reachOfGrant, reachOfPrincipal, waysOf } from './reach.ts'

/**
 * Who leaves: a principal that is disabled, or that loses a binding, a group, an action of its role or a grant by which it could see
 * material of keys. The change that takes it away writes one row, however many keys there are; a job tells the keys. Whether somebody
 * could do the same in another way is not looked at: rather one rotation too many.
 */

type Written = Pick<Plan<unknown>, 'removals' | 'absent' | 'unchanged' | 'anew'> & {
  readonly rows: readonly PlannedRow[]
}

/** Nobody leaves where there is nothing that could be seen. */
function left(
  work: Work,
  about: { readonly tenant: string; readonly who: string; readonly reach: readonly Reach[] },
): PlannedRow[] {
  if (about.reach.length === 0) return []
  return [
    occurrenceRow({
      id: newId(),
      event: 'member-left',
      at: work.now,
      because: work.name,
      ...about,
    }),
  ]
}

/** Whoever is disabled has left before. */
async function isAnyEnabled(work: Work, principals: readonly string[]): Promise<boolean> {
  for (const id of principals) {
    if ((await standingPrincipal(work, id))?.principal.state === 'enabled') return true
  }
  return false
}

/** A principal is disabled. */
export async function leftByDisabling(work: Work, principal: Principal): Promise<PlannedRow[]> {
  const { id: who, tenant } = principal
  return left(work, { tenant, who, reach: await reachOfPrincipal(work, principal) })
}

/** Principals are no longer in groups. `who` is the one principal, or what takes several out at once. */
export async function leftByGroups(
  work: Work,
  { tenant, who }: { readonly tenant: string; readonly who: string },
  ended: readonly Pick<Membership, 'group' | 'principal'>[],
): Promise<PlannedRow[]> {
  if (!(await isAnyEnabled(work, [...new Set(ended.map(({ principal }) => principal))]))) return []
  const bindings: Binding[] = []
  for (const group of new Set(ended.map((one) => one.group)))
    bindings.push(...(await listRows<Binding>(work.parts, 'binding', tenant, ['group', group])))
  const standing = bindings.filter(({ expiresAt = Infinity }) => expiresAt > work.now)
  return left(work, { tenant, who, reach: await reachOfBindings(work, tenant, standing) })
}

/** A role allows less than before to those who have it. */
export function leftByRole(
  work: Work,
  { tenant, role }: { readonly tenant: string; readonly role: string },
  bindings: readonly Binding[],
  actions: { readonly before: readonly string[]; readonly after: readonly string[] },
): PlannedRow[] {
  const kept = waysOf(actions.after)
  const ways = waysOf(actions.before).filter((way) => !kept.includes(way))
  if (ways.length === 0) return []
  const standing = bindings.filter(({ expiresAt = Infinity }) => expiresAt > work.now)
  return left(work, { tenant, who: role, reach: standing.map(({ scope }) => ({ scope, ways })) })
}

/** A grant is taken away, or given up. */
export async function leftByGrant(work: Work, grant: KeyGrant): Promise<PlannedRow[]> {
  const { tenant, granteeName } = grant
  const grantee = await findNamed(work.parts, tenant, granteeName)
  if (grantee === undefined || !(await isAnyEnabled(work, [grantee.id]))) return []
  return left(work, { tenant, who: grantee.id, reach: reachOfGrant(grant) })
}

function whose({ principal, group }: Binding): string {
  return group ?? principal
}

/** A binding that ends by its date is known to: what is to be done then is written when it begins. */
export function leavingByDate(work: Work, binding: Binding): PlannedRow[] {
  const { id, tenant, expiresAt: at } = binding
  if (at === undefined) return []
  const about = { id, tenant, who: whose(binding), binding: id, because: work.name }
  return [occurrenceRow({ ...about, event: 'member-left', at })]
}

/** A binding is deleted. One that had ended was told of already, or is now, since nobody can look into it later. */
export async function leftByBinding(work: Work, binding: Binding): Promise<Written> {
  const { id, tenant, expiresAt = Infinity } = binding
  const reference = { kind: 'occurrence' as const, id }
  const row = await newestRow(work.parts.store, reference)
  const ending = row && work.parts.seals.open<Occurrence>(row)
  const isToldAlready = row === undefined ? expiresAt <= work.now : ending?.reach !== undefined
  if (isToldAlready) return { rows: [] }
  const standing: Omit<Written, 'rows'> =
    row === undefined
      ? { absent: [reference], anew: true }
      : { unchanged: [{ ...reference, revision: row.revision }] }
  const reach = await reachOfBindings(work, tenant, [binding])
  const { group } = binding
  const holders = group === undefined ? [binding.principal] : await membersOf(work, group)
  if (reach.length === 0 || !(await isAnyEnabled(work, holders)))
    return { ...standing, rows: [], removals: row === undefined ? [] : [reference] }
  const at = Math.min(work.now, expiresAt)
  const about = { id, tenant, who: whose(binding), reach, because: work.name }
  return { ...standing, rows: [occurrenceRow({ ...about, event: 'member-left', at })] }
}

/** What a binding that has ended let see; nothing where it is gone, or nobody had it. */
export async function reachOfEnded(work: Work, id: string): Promise<readonly Reach[]> {
  const row = await newestRow(work.parts.store, { kind: 'binding', id })
  if (row === undefined) return []
  const binding = work.parts.seals.open<Binding>(row)
  const { group } = binding
  const holders = group === undefined ? [binding.principal] : await membersOf(work, group)
  if (!(await isAnyEnabled(work, holders))) return []
  return reachOfBindings(work, binding.tenant, [binding])
}
