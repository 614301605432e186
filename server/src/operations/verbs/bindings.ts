import type { InputOf } from '@claviger/contract'
import { actionsOf, customRoleId, isBuiltIn, isTimeZone, openRoles, parseRange } from '#access'
import { newestRow, newId } from '#keyring'
import { ClavigerError, type Binding, type Conditions, type Scope } from '#model'
import type { RowStanding } from '#store'
import { leavingByDate, leftByBinding } from '../occurrences/leaving.ts'
import { assertRoomFor, quotas } from '../quotas.ts'
import { bindingRow } from '../rows.ts'
import { scopeText } from '../scope-text.ts'
import { keepApart, keepFromWidening, keepOwners, membersOf } from '../separation.ts'
import type { ChangeVerb, ReadVerb } from '../verb.ts'
import { bindingView } from '../views.ts'
import { mayComeInto } from '../within-reach.ts'
import type { Work } from '../work.ts'
import { own } from './own.ts'
import { ofPrincipal, page } from './page.ts'

type Input = InputOf<'binding.create'>

function refused(field: string, detail: string): ClavigerError {
  return new ClavigerError('invalid_request', `${field} ${detail}`, { field })
}

/** Conditions that can hold. @throws ClavigerError invalid_request */
function conditionsOf(given: NonNullable<Input['conditions']>): Conditions {
  if (Object.keys(given).length === 0) throw refused('conditions', 'must have at least one')
  for (const network of given.networks ?? [])
    if (parseRange(network) === undefined)
      throw refused('conditions.networks', 'must be addresses or ranges such as 10.0.0.0/8')
  if (given.times !== undefined && !isTimeZone(given.times.zone))
    throw refused('conditions.times.zone', 'must be a time zone such as Europe/Zurich')
  if (given.times !== undefined && given.times.from === given.times.until)
    throw refused('conditions.times', 'must not end when it begins')
  return structuredClone(given) as Conditions
}

type Grantee = Pick<Binding, 'principal' | 'group'>

/** Who gets it: a principal, or a group. @throws ClavigerError not_found */
async function granteeOf(
  work: Work,
  id: string,
): Promise<{ readonly to: Grantee; readonly standing: RowStanding }> {
  const row = await newestRow(work.parts.store, { kind: 'group', id })
  if (row === undefined || row.tenant !== work.caller.tenant) {
    const { standing } = await own(work, 'principal', id)
    return { to: { principal: id }, standing }
  }
  const { standing } = await own(work, 'group', id)
  return { to: { principal: '', group: id }, standing }
}

/** The principals that a binding is for: of a group, those who are in it now. */
export async function holdersOf(work: Work, { principal, group }: Grantee): Promise<string[]> {
  return group === undefined ? [principal] : membersOf(work, group)
}

/** What a role allows, with the row that says so where it is not built in. @throws ClavigerError not_found */
export async function standingRole(work: Work, role: string) {
  const { tenant } = work.caller
  if (isBuiltIn(role)) return { actions: actionsOf(role, new Map()), standing: [] }
  const id = customRoleId(tenant, role)
  const { standing } = await own(work, 'role', id)
  return {
    actions: actionsOf(role, await openRoles(work.parts, tenant, [role])),
    standing: [standing],
  }
}

export const createBinding: ChangeVerb<'binding.create'> = {
  kind: 'change',
  references: (input) => (input.scope.kind === 'key' ? [input.scope.key] : []),
  async run(input, work) {
    work.authorize()
    const now = work.parts.clock.now()
    const { role, expiresAt } = input
    if (expiresAt !== undefined && expiresAt <= now)
      throw refused('expiresAt', 'must be in the future')
    const conditions = input.conditions && conditionsOf(input.conditions)
    const { to, standing } = await granteeOf(work, input.principal)
    await (to.group === undefined
      ? assertRoomFor(work, quotas.bindingsOfPrincipal, to.principal)
      : assertRoomFor(work, quotas.bindingsOfGroup, to.group))
    // By id, so that a name pointed elsewhere later does not move the grant.
    const scope: Scope =
      input.scope.kind === 'key'
        ? { kind: 'key', key: work.key(input.scope.key).ringKey.key.id }
        : input.scope
    const { actions, standing: ofRole } = await standingRole(work, role)
    const until = expiresAt ?? Number.POSITIVE_INFINITY
    const given = await keepFromWidening(work, async () => [
      {
        principals: await holdersOf(work, to),
        isWithinReach: await mayComeInto(work, to.group),
        actions,
        scope,
        until,
      },
    ])
    const holders = given.flatMap(({ principals }) => principals)
    const apart = await keepApart(work, holders, actions)
    const binding: Binding = {
      id: newId(),
      tenant: work.caller.tenant,
      role,
      ...to,
      scope,
      ...(conditions === undefined ? {} : { conditions }),
      createdAt: now,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }
    return {
      additive: false,
      rows: [bindingRow(binding), ...leavingByDate(work, binding), ...apart.rows],
      absent: [{ kind: 'binding', id: binding.id }],
      unchanged: [standing, ...ofRole, ...apart.unchanged],
      subject: binding.id,
      detail: { ...granteeDetail(binding), role, scope: scopeText(scope) },
      output: bindingView(binding),
    }
  },
}

function granteeDetail({ principal, group }: Binding) {
  return group === undefined ? { principal } : { group }
}

export const listBindings: ReadVerb<'binding.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    const { group } = input
    const facets = [
      ...ofPrincipal(input),
      ...(group === undefined ? [] : ([['group', group]] as const)),
    ]
    return page(work, { kind: 'binding', facets, input }, (row) =>
      bindingView(work.parts.seals.open<Binding>(row)),
    )
  },
}

export const deleteBinding: ChangeVerb<'binding.delete'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { value, standing } = await own<Binding>(work, 'binding', input.binding)
    const { role, scope, expiresAt: until = Number.POSITIVE_INFINITY } = value
    const actions = actionsOf(role, new Map())
    await keepOwners(work, async () => [
      { principals: await holdersOf(work, value), actions, scope, until },
    ])
    const left = await leftByBinding(work, value)
    return {
      ...left,
      additive: false,
      removals: [{ kind: 'binding', id: value.id }, ...(left.removals ?? [])],
      unchanged: [standing, ...(left.unchanged ?? [])],
      subject: value.id,
      detail: { ...granteeDetail(value), role: value.role },
      output: {},
    }
  },
}
