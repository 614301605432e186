import { listRows } from '#access'
import type { BreakGlass, LoginProvider } from '#model'
import type { Given } from './separation.ts'
import type { Work } from './work.ts'

/** Rights that nobody has yet, and that the caller could take without being given them again. */

/** Whether the caller could say, at a login provider that they may set up, that they are in a group. */
export async function mayComeInto(work: Work, group: string | undefined): Promise<boolean> {
  const { identity, now, parts, caller } = work
  if (group === undefined) return false
  if (!identity.holds('loginProvider.create', now) && !identity.holds('loginProvider.update', now))
    return false
  const found = await listRows<LoginProvider>(parts, 'loginProvider', caller.tenant, [
    'group',
    group,
  ])
  return found.some(({ groups }) => groups.some((mapped) => mapped.group === group))
}

/** Glasses that nobody has broken yet, with a role behind them. */
export async function glassesWith(work: Work, role: string): Promise<BreakGlass[]> {
  const facet = ['role', role] as const
  const found = await listRows<BreakGlass>(work.parts, 'breakGlass', work.caller.tenant, facet)
  return found.filter((glass) => glass.role === role && glass.use === undefined)
}

/** What actions of a role that stands behind glass would give the caller, who may break it. */
export async function givenByGlass(
  work: Work,
  role: string,
  actions: readonly string[],
): Promise<Given[]> {
  if (!work.identity.holds('breakGlass.open', work.now)) return []
  const glasses = await glassesWith(work, role)
  return glasses.map(({ scope, minutes }) => ({
    principals: [],
    isWithinReach: true,
    actions,
    scope,
    until: work.now + minutes * 60_000,
  }))
}
