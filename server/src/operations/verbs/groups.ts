import { actionsOf, listRows, openRoles } from '#access'
import { newId } from '#keyring'
import { ClavigerError, type Binding, type Group, type Membership, type Principal } from '#model'
import { leftByGroups } from '../occurrences/leaving.ts'
import { groupRow, membershipId, membershipRow } from '../rows.ts'
import { keepApart, keepFromWidening, keepOwners, membersOf, type Given } from '../separation.ts'
import { allOf, holds } from '../until-recorded.ts'
import type { ChangeVerb, ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { own } from './own.ts'
import { page } from './page.ts'

function groupView({ id, name, createdAt }: Group) {
  return { id, name, createdAt }
}

function bindingsOf(work: Work, group: string): Promise<Binding[]> {
  return listRows<Binding>(work.parts, 'binding', work.caller.tenant, ['group', group])
}

export const createGroup: ChangeVerb<'group.create'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { tenant } = work.caller
    const group: Group = { id: newId(), tenant, name: input.name, createdAt: work.now }
    await holds(work, async () => {
      const named = await listRows<Group>(work.parts, 'group', tenant, ['name', input.name])
      if (named.length > 0)
        throw new ClavigerError('conflict', 'There is a group of that name already')
    })
    return {
      // Nobody else can have the name any more.
      additive: false,
      rows: [groupRow(group)],
      absent: [{ kind: 'group', id: group.id }],
      subject: group.id,
      output: groupView(group),
    }
  },
}

export const listGroups: ReadVerb<'group.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return page(work, { kind: 'group', facets: [], input }, (row) =>
      groupView(work.parts.seals.open<Group>(row)),
    )
  },
}

export const deleteGroup: ChangeVerb<'group.delete'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { value, standing } = await own<Group>(work, 'group', input.group)
    await holds(work, async () => {
      if ((await bindingsOf(work, value.id)).length > 0)
        throw new ClavigerError('conflict', 'The group has roles; delete its bindings first')
    })
    const members = await allOf(
      work,
      () => membersOf(work, value.id),
      (one) => [one],
      'Somebody came into the group meanwhile; delete it again',
    )
    return {
      additive: false,
      rows: [],
      removals: [
        { kind: 'group', id: value.id },
        ...members.map((one) => ({ kind: 'membership' as const, id: membershipId(value.id, one) })),
      ],
      unchanged: [standing],
      subject: value.id,
      detail: { members: members.length },
      output: {},
    }
  },
}

export const groupMembers: ReadVerb<'group.members'> = {
  kind: 'read',
  async run(input, work) {
    work.authorize()
    const { value } = await own<Group>(work, 'group', input.group)
    const facets = [['group', value.id]] as const
    return page(work, { kind: 'membership', facets, input }, (row) => {
      const { principal, createdAt, provider } = work.parts.seals.open<Membership>(row)
      return { principal, createdAt, ...(provider === undefined ? {} : { provider }) }
    })
  },
}

/** What whoever comes into a group is given. */
export async function givenBy(work: Work, group: string, principal: string): Promise<Given[]> {
  const bindings = await bindingsOf(work, group)
  const names = bindings.map(({ role }) => role)
  const roles = await openRoles(work.parts, work.caller.tenant, names)
  return bindings.map(({ role, scope, expiresAt: until = Number.POSITIVE_INFINITY }) => ({
    principals: [principal],
    actions: actionsOf(role, roles),
    scope,
    until,
  }))
}

export const addToGroup: ChangeVerb<'group.add'> = {
  kind: 'change',
  async run({ group, principal }, work) {
    work.authorize()
    const { tenant } = work.caller
    const ofGroup = await own<Group>(work, 'group', group)
    const ofPrincipal = await own<Principal>(work, 'principal', principal)
    const given = await keepFromWidening(work, () => givenBy(work, group, principal))
    const added = given.flatMap(({ actions }) => actions)
    const apart = await keepApart(work, [principal], added)
    const membership: Membership = { group, principal, tenant, createdAt: work.now }
    return {
      additive: false,
      rows: [membershipRow(membership), ...apart.rows],
      absent: [{ kind: 'membership', id: membershipId(group, principal) }],
      taken: 'The principal is in the group already',
      unchanged: [ofGroup.standing, ofPrincipal.standing, ...apart.unchanged],
      subject: group,
      detail: { principal },
      output: {},
    }
  },
}

export const removeFromGroup: ChangeVerb<'group.remove'> = {
  kind: 'change',
  async run({ group, principal }, work) {
    work.authorize()
    await own<Group>(work, 'group', group)
    const id = membershipId(group, principal)
    const { value, standing } = await own<Membership>(work, 'membership', id)
    await keepOwners(work, () => givenBy(work, group, principal))
    const { tenant } = work.caller
    return {
      additive: false,
      rows: await leftByGroups(work, { tenant, who: principal }, [value]),
      removals: [{ kind: 'membership', id }],
      unchanged: [standing],
      subject: group,
      detail: { principal },
      output: {},
    }
  },
}
