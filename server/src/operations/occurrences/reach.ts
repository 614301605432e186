import { actionsOf, listRows, openRights, openRoles } from '#access'
import type { Binding, KeyGrant, Principal, Reach, Revealing } from '#model'
import type { Work } from '../work.ts'

/**
 * Which keys somebody can see material of: by roles that allow exporting them or making data keys, whatever their conditions, and by
 * grants. Key policies are not looked at.
 */

/** Scopes that are kept one by one; whoever has more is as good as everywhere. */
const SCOPES_MAX = 256

const actionOf: Readonly<Record<Revealing, string>> = { export: 'key.export', dataKey: 'datakey' }

/** Of a grant on a key (AWS's names); without plaintext nothing is seen. */
const revealingGrants: ReadonlySet<string> = new Set(['GenerateDataKey', 'GenerateDataKeyPair'])

/** In which ways somebody sees material who may do these actions. */
export function waysOf(actions: readonly string[]): Revealing[] {
  const ways = Object.keys(actionOf) as Revealing[]
  return ways.filter((way) => actions.includes('*') || actions.includes(actionOf[way]))
}

/** Each scope once, with every way there is into it. */
function merged(all: readonly Required<Reach>[]): Reach[] {
  const found = new Map<string, Required<Reach>>()
  for (const { scope, ways } of all) {
    if (ways.length === 0) continue
    const name = JSON.stringify(scope)
    const before = found.get(name)?.ways ?? []
    found.set(name, { scope, ways: [...new Set([...before, ...ways])] })
  }
  const each = [...found.values()]
  if (each.length <= SCOPES_MAX) return each
  const ways = [...new Set(each.flatMap((one) => one.ways))]
  return [{ scope: { kind: 'tenant' }, ways }]
}

async function waysByBindings(
  work: Work,
  tenant: string,
  bindings: readonly Binding[],
): Promise<Required<Reach>[]> {
  const names = bindings.map(({ role }) => role)
  const roles = await openRoles(work.parts, tenant, names)
  return bindings.map(({ role, scope }) => ({ scope, ways: waysOf(actionsOf(role, roles)) }))
}

/** What bindings let see, also those that have ended. */
export async function reachOfBindings(
  work: Work,
  tenant: string,
  bindings: readonly Binding[],
): Promise<Reach[]> {
  return merged(await waysByBindings(work, tenant, bindings))
}

/** What a grant lets see. */
export function reachOfGrant({ key, operations }: KeyGrant): Required<Reach>[] {
  if (!operations.some((name) => revealingGrants.has(name))) return []
  return [{ scope: { kind: 'key', key }, ways: ['dataKey'] }]
}

/** Everything that a principal can see now. */
export async function reachOfPrincipal(
  work: Work,
  principal: Pick<Principal, 'id' | 'tenant' | 'name'>,
): Promise<Reach[]> {
  const { tenant, name } = principal
  const { bindings } = await openRights(work.parts, principal)
  const standing = bindings.filter(({ expiresAt = Infinity }) => expiresAt > work.now)
  const grants = await listRows<KeyGrant>(work.parts, 'grant', tenant, ['grantee', name])
  return merged([
    ...(await waysByBindings(work, tenant, standing)),
    ...grants.filter(({ granteeName }) => granteeName === name).flatMap(reachOfGrant),
  ])
}
