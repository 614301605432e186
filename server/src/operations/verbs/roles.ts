import { operations, roleNames, roles, type OutputOf } from '@claviger/contract'
import { customRoleId, isBuiltIn, listRows } from '#access'
import { ClavigerError, type Binding, type CustomRole } from '#model'
import { leftByRole } from '../occurrences/leaving.ts'
import { customRoleRow } from '../rows.ts'
import { keepApart, keepFromWidening, type Given } from '../separation.ts'
import { holds } from '../until-recorded.ts'
import type { ChangeVerb, ReadVerb } from '../verb.ts'
import { givenByGlass, glassesWith, mayComeInto } from '../within-reach.ts'
import type { Work } from '../work.ts'
import { holdersOf } from './bindings.ts'
import { own } from './own.ts'
import { page } from './page.ts'

/** Every action that a role can allow; `*` is the owner's alone. */
const known: ReadonlySet<string> = new Set(
  Object.values(operations)
    .map(({ action }) => action)
    .filter((action) => action !== 'none' && action !== 'any'),
)

type View = OutputOf<'role.create'>

function roleView({ name, summary, actions }: CustomRole): View {
  return { role: name, summary, actions: [...actions] }
}

/** @throws ClavigerError invalid_request */
function actionsFrom(given: readonly string[]): string[] {
  const unknown = given.find((action) => !known.has(action))
  if (unknown === undefined) return [...new Set(given)]
  throw new ClavigerError('invalid_request', 'actions must be actions of the built-in roles', {
    field: 'actions',
  })
}

/** @throws ClavigerError conflict for a built-in one */
function assertOwn(role: string): void {
  if (isBuiltIn(role))
    throw new ClavigerError('conflict', 'That is a built-in role, which stays as it is')
}

function bindingsWith(work: Work, role: string): Promise<Binding[]> {
  return listRows<Binding>(work.parts, 'binding', work.caller.tenant, ['role', role])
}

/** Else another role of that name would be behind it. @throws ClavigerError conflict */
async function assertNotBehindGlass(work: Work, role: string): Promise<void> {
  if ((await glassesWith(work, role)).length > 0)
    throw new ClavigerError('conflict', 'The role is behind glass; do breakGlass.delete first')
}

const builtIn: readonly View[] = roleNames.map((role) => ({
  role,
  summary: roles[role].summary,
  actions: [...new Set(roles[role].actions)],
}))

export const listRoles: ReadVerb<'role.list'> = {
  kind: 'read',
  async run(_input, work) {
    work.authorize()
    const items = [...builtIn]
    let cursor: string | undefined
    do {
      const input = { limit: 1_000, cursor }
      const found = await page(work, { kind: 'role', facets: [], input }, (row) =>
        roleView(work.parts.seals.open<CustomRole>(row)),
      )
      items.push(...found.items)
      cursor = found.cursor
    } while (cursor !== undefined)
    return { items }
  },
}

export const createRole: ChangeVerb<'role.create'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    assertOwn(input.role)
    const role: CustomRole = {
      tenant: work.caller.tenant,
      name: input.role,
      summary: input.summary,
      actions: actionsFrom(input.actions),
      createdAt: work.now,
    }
    // Else whoever had one of that name before would have this one.
    if ((await bindingsWith(work, role.name)).length > 0)
      throw new ClavigerError('conflict', 'Bindings name a role of that name; delete them first')
    await assertNotBehindGlass(work, role.name)
    return {
      additive: true,
      rows: [customRoleRow(role)],
      absent: [{ kind: 'role', id: customRoleId(role.tenant, role.name) }],
      taken: 'There is a role of that name already',
      subject: role.name,
      detail: detailOf(role),
      output: roleView(role),
    }
  },
}

/** What the record says: what whoever has the role may do from now on. */
function detailOf({ actions }: CustomRole) {
  return { actions: actions.join(' ') }
}

/** Whoever has the role, or could take it, with the actions that are added to it. */
async function givenWith(work: Work, role: string, actions: readonly string[]): Promise<Given[]> {
  const bindings = await bindingsWith(work, role)
  const given = await Promise.all(
    bindings
      .filter((one) => one.role === role)
      .map(async (binding) => {
        const { scope, group, expiresAt: until = Number.POSITIVE_INFINITY } = binding
        const isWithinReach = await mayComeInto(work, group)
        return { principals: await holdersOf(work, binding), isWithinReach, actions, scope, until }
      }),
  )
  return [...given, ...(await givenByGlass(work, role, actions))]
}

/** Nobody who has the role gets what they must not have. @throws ClavigerError forbidden, separation_violated */
async function assertGivable(work: Work, role: string, added: readonly string[]) {
  const given = await keepFromWidening(work, () => givenWith(work, role, added))
  const holders = given.flatMap(({ principals }) => principals)
  return keepApart(work, holders, added)
}

/** Whoever has the role leaves where it no longer lets them see material. */
async function leftByChange(work: Work, before: CustomRole, after: CustomRole) {
  const { tenant, name: role } = before
  const given = await bindingsWith(work, role)
  const actions = { before: before.actions, after: after.actions }
  return leftByRole(
    work,
    { tenant, role },
    given.filter((one) => one.role === role),
    actions,
  )
}

export const updateRole: ChangeVerb<'role.update'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    assertOwn(input.role)
    const id = customRoleId(work.caller.tenant, input.role)
    const { value, standing } = await own<CustomRole>(work, 'role', id)
    const actions = input.actions === undefined ? value.actions : actionsFrom(input.actions)
    const added = actions.filter((action) => !value.actions.includes(action))
    const apart = await assertGivable(work, value.name, added)
    const role: CustomRole = {
      ...value,
      summary: input.summary ?? value.summary,
      actions,
      updatedAt: work.now,
    }
    return {
      additive: false,
      rows: [customRoleRow(role), ...apart.rows, ...(await leftByChange(work, value, role))],
      unchanged: [standing, ...apart.unchanged],
      subject: role.name,
      detail: detailOf(role),
      output: roleView(role),
    }
  },
}

export const deleteRole: ChangeVerb<'role.delete'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    assertOwn(input.role)
    const id = customRoleId(work.caller.tenant, input.role)
    const { value, standing } = await own<CustomRole>(work, 'role', id)
    await holds(work, async () => {
      if ((await bindingsWith(work, value.name)).length > 0)
        throw new ClavigerError('conflict', 'Somebody has the role; delete its bindings first')
      await assertNotBehindGlass(work, value.name)
    })
    return {
      additive: false,
      rows: [],
      removals: [{ kind: 'role', id }],
      unchanged: [standing],
      subject: value.name,
      output: {},
    }
  },
}
