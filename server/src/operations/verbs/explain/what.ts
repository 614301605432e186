import { operations, type OperationName, type OutputOf } from '@claviger/contract'
import { listRows, type Session, type Target } from '#access'
import type { Binding, Key, KeyGrant, Membership, Principal } from '#model'
import { actionsOfRole } from '../../role-actions.ts'
import { scopeText } from '../../scope-text.ts'
import { target } from '../../target.ts'
import type { ReadVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { own } from '../own.ts'
import { page } from '../page.ts'
import { imaginedQuestions, imaginedSession } from './imagined.ts'

type Item = OutputOf<'access.what'>['items'][number]

/**
 * Everything that lets a principal do something: its bindings and those of its groups, its grants, and then, key by key, what key
 * policies allow it themselves. A page ends after so many keys with policies; the first has all of the rest.
 */
export const whatMay: ReadVerb<'access.what'> = {
  kind: 'read',
  async run(input, work) {
    work.authorize()
    const { value: principal } = await own<Principal>(work, 'principal', input.principal)
    const first =
      input.cursor === undefined
        ? [...(await bindingItems(work, principal)), ...(await grantItems(work, principal))]
        : []
    const session = await imaginedSession(work, principal, { at: work.now })
    if (session === undefined) return { items: first }
    const facets = [['policy', 'own']] as const
    const policies = await page(work, { kind: 'key', facets, input }, async (row) => {
      const ringKey = await work.parts.ring.load(work.parts.seals.open<Key>(row).id)
      if (ringKey?.key.policy === undefined) return undefined
      const items = policyItems(work, session, target(ringKey, work.caller, work.origin))
      return items.length === 0 ? undefined : items
    })
    return { ...policies, items: [...first, ...policies.items.flat()] }
  },
}

/** Bindings of the principal itself, then those of its groups. */
async function bindingItems(work: Work, { id, tenant }: Principal): Promise<Item[]> {
  const { parts } = work
  const memberships = await listRows<Membership>(parts, 'membership', tenant, ['principal', id])
  const groups = memberships.filter((one) => one.principal === id).map(({ group }) => group)
  const bindings = await listRows<Binding>(parts, 'binding', tenant, ['principal', id])
  for (const group of groups)
    bindings.push(...(await listRows<Binding>(parts, 'binding', tenant, ['group', group])))
  const items: Item[] = []
  for (const binding of bindings) {
    const { role, group, expiresAt } = binding
    items.push({
      via: 'binding',
      by: binding.id,
      role,
      ...(group === undefined ? {} : { group }),
      actions: [...(await actionsOfRole(work, role))],
      scope: scopeText(binding.scope),
      conditional: binding.conditions !== undefined,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    })
  }
  return items
}

async function grantItems(work: Work, { name, tenant }: Principal): Promise<Item[]> {
  const grants = await listRows<KeyGrant>(work.parts, 'grant', tenant, ['grantee', name])
  return grants
    .filter((grant) => grant.granteeName === name)
    .map(({ id, key, operations: allowed, constraints, granteeSession }) => ({
      via: 'grant',
      by: `grant:${id}`,
      actions: [...allowed],
      scope: `key ${key}`,
      conditional: constraints !== undefined || granteeSession !== undefined,
    }))
}

/** What the policy of a key allows by itself, statement by statement. */
function policyItems(work: Work, session: Session, on: Target): Item[] {
  const found = new Map<string, { actions: Set<string>; conditional: boolean }>()
  for (const operation of Object.keys(operations) as OperationName[]) {
    const { questions } = imaginedQuestions(work, { operation, at: work.now }, on)
    for (const question of questions) {
      const { by, conditional } = session.explain(question, on, work.now)
      if (by?.startsWith('policy:') !== true) continue
      const item = found.getOrInsertComputed(by, () => ({ actions: new Set(), conditional: false }))
      item.actions.add(question.operation)
      if (conditional === true) item.conditional = true
    }
  }
  return Array.from(found, ([by, { actions, conditional }]) => ({
    via: 'policy' as const,
    by,
    actions: [...actions].toSorted(),
    scope: `key ${on.key ?? ''}`,
    conditional,
  }))
}
