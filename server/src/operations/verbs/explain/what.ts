import { operations, type OperationName, type OutputOf } from '@claviger/contract'
import { actionsOf, listRows, openRights, type Session, type Target } from '#access'
import type { Key, KeyGrant, Principal } from '#model'
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
      await work.seeAliases(ringKey.key.id)
      const items = policyItems(work, session, target(ringKey, work.caller, work.origin))
      return items.length === 0 ? undefined : items
    })
    return { ...policies, items: [...first, ...policies.items.flat()] }
  },
}

/** Bindings of the principal itself, then those of its groups. */
async function bindingItems(work: Work, principal: Principal): Promise<Item[]> {
  const { bindings, roles } = await openRights(work.parts, principal)
  return bindings.map(({ id, role, group, scope, conditions, expiresAt }) => ({
    via: 'binding',
    by: id,
    role,
    ...(group === undefined ? {} : { group }),
    actions: [...new Set(actionsOf(role, roles))],
    scope: scopeText(scope),
    conditional: conditions !== undefined,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }))
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
