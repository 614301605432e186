import { newestRow, readNewest, type RowSeals } from '#keyring'
import {
  accountOf,
  ClavigerError,
  LoginRefused,
  type ApprovalPolicy,
  type Authentication,
  type Binding,
  type CustomRole,
  type Group,
  type KeyGrant,
  type Membership,
  type Principal,
  type StepUpRule,
  type Tenant,
} from '#model'
import type { Row, RowKind, Store } from '#store'
import { CompiledBindings, isBuiltIn, type RoleActions } from './decision.ts'
import { CompiledGrants } from './grants.ts'
import { CompiledRules } from './rules.ts'
import { Session, type Presented } from './session.ts'

/** Reads everything a session is made of, each row checked against its seal and for being the newest. */

/**
 * Rows of one principal, or one issuer, that are read at once; more is refused rather than half read. Above what the quotas allow, since a
 * few may come beside them (operations/quotas.ts).
 */
const ROWS_MAX = 11_000

/** Step-up rules, and approval policies, of one tenant; the verbs that make them keep to it. */
export const RULES_MAX = 256

export interface Opening {
  readonly store: Store
  readonly seals: RowSeals
}

/** A row's value, or undefined where there is none. */
export async function readRow<Value>(
  { store, seals }: Opening,
  kind: RowKind,
  id: string,
): Promise<{ readonly value: Value; readonly material: Uint8Array | undefined } | undefined> {
  const row = await newestRow(store, { kind, id })
  return row && { value: seals.open<Value>(row), material: row.material }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Where a principal is that a stranger names by its id: in one tenant, or in none. */
export async function tenantsOf(opening: Opening, principal: string): Promise<readonly string[]> {
  if (!UUID.test(principal)) return []
  const row = await readRow<Principal>(opening, 'principal', principal)
  return row === undefined ? [] : [row.value.tenant]
}

/** The rows of a tenant that have these facets; undefined where there are more than `most`, since half of them would be a hole. */
async function newestRows(
  { store }: Opening,
  wanted: Pick<Parameters<Store['list']>[0], 'kind' | 'tenant' | 'facets'>,
  most: number,
): Promise<readonly Row[] | undefined> {
  const rows = await readNewest(store, async () => {
    const found = await store.list({ ...wanted, limit: most + 1 })
    return { rows: found, value: found }
  })
  return rows === undefined || rows.length > most ? undefined : rows
}

/**
 * What the rows of a tenant that have a facet say.
 *
 * @throws ClavigerError overloaded when there are too many
 */
export async function listRows<Value>(
  opening: Opening,
  kind: RowKind,
  tenant: string,
  facet: readonly [string, string],
): Promise<Value[]> {
  const rows = await newestRows(opening, { kind, tenant, facets: [facet] }, ROWS_MAX)
  if (rows === undefined) {
    throw new ClavigerError(
      'overloaded',
      `A principal has more than ${ROWS_MAX} bindings, grants or trusts; remove some`,
    )
  }
  return rows.map((row) => opening.seals.open<Value>(row))
}

/** What a role of a tenant's own is kept under. */
export function customRoleId(tenant: string, name: string): string {
  return `${tenant}/${name}`
}

/** What the tenant's own roles among these allow. */
export async function openRoles(
  opening: Opening,
  tenant: string,
  names: Iterable<string>,
): Promise<RoleActions> {
  const found = new Map<string, readonly string[]>()
  for (const name of new Set(names)) {
    if (isBuiltIn(name)) continue
    const role = (await readRow<CustomRole>(opening, 'role', customRoleId(tenant, name)))?.value
    if (role !== undefined) found.set(name, role.actions)
  }
  return found
}

/** The groups a principal is in. The facet only finds the row; the sealed row says whose it is. */
export async function openGroups(
  opening: Opening,
  { id, tenant }: Pick<Principal, 'id' | 'tenant'>,
): Promise<string[]> {
  const rows = await listRows<Membership>(opening, 'membership', tenant, ['principal', id])
  const groups: string[] = []
  for (const { principal, group } of rows) {
    if (principal !== id) continue
    const row = (await readRow<Group>(opening, 'group', group))?.value
    if (row?.tenant === tenant) groups.push(group)
  }
  return groups
}

/** What lets a principal do something: its bindings and those of its groups, with the roles they name. */
export interface Rights {
  readonly bindings: readonly Binding[]
  readonly groups: readonly string[]
  readonly roles: RoleActions
  /** The rows they were made of beside bindings and memberships, as `kind/id`. */
  readonly rests: readonly string[]
}

export async function openRights(
  opening: Opening,
  principal: Pick<Principal, 'id' | 'tenant'>,
): Promise<Rights> {
  const { id, tenant } = principal
  const own = await listRows<Binding>(opening, 'binding', tenant, ['principal', id])
  const bindings = own.filter((one) => one.principal === id && one.group === undefined)
  const groups = await openGroups(opening, principal)
  for (const group of groups) {
    const given = await listRows<Binding>(opening, 'binding', tenant, ['group', group])
    bindings.push(...given.filter((one) => one.group === group))
  }
  const names = new Set(bindings.map(({ role }) => role))
  return {
    bindings,
    groups,
    roles: await openRoles(opening, tenant, names),
    rests: [
      ...groups.map((group) => `group/${group}`),
      ...[...names].map((name) => `role/${customRoleId(tenant, name)}`),
    ],
  }
}

/** The rules of a tenant; undefined where it has none, which costs each operation one look at a property. */
async function rulesOf(opening: Opening, tenant: string) {
  const { seals } = opening
  const rowsOf = async (kind: RowKind): Promise<readonly Row[]> => {
    const rows = await newestRows(opening, { kind, tenant, facets: [] }, RULES_MAX)
    if (rows === undefined)
      throw new ClavigerError(
        'overloaded',
        `A tenant has more than ${RULES_MAX} rules; remove some`,
      )
    return rows
  }
  const stepUps = (await rowsOf('stepUpRule')).map((row) => seals.open<StepUpRule>(row))
  const approvals = (await rowsOf('approvalPolicy')).map((row) => ({
    policy: seals.open<ApprovalPolicy>(row),
    revision: row.revision,
  }))
  return stepUps.length + approvals.length === 0 ? undefined : new CompiledRules(stepUps, approvals)
}

/** What a person comes in with: a login, or a request of theirs that others have approved and left to the server. */
const ofPersons: ReadonlySet<Presented['kind']> = new Set(['login', 'approval'])

/**
 * Persons come in by logging in, and by what they made with a login, which ends with it. What a program has would let somebody act as
 * them without their factors, and counts for nothing, also where a store has it from before that was so.
 *
 * @throws LoginRefused with words of its own, so that nobody who had such a credential is locked out without knowing what to do
 */
function assertComesAs(
  { id, kind }: Principal,
  credential: Presented,
  rests: readonly string[],
): void {
  if (kind === 'service' || ofPersons.has(credential.kind)) return
  if (credential.kind === 'temporary' && rests.some((one) => one.startsWith('loginSession/')))
    return
  throw new LoginRefused(
    'The credential belongs to a person, and persons log in; have them invited (person.invite), and make a service for programs',
    { person: id, because: 'the principal is a person' },
  )
}

/**
 * The session of a principal; undefined where the principal is not there or disabled.
 *
 * @throws LoginRefused for a person who did not log in
 */
export async function openSession(
  opening: Opening,
  about: {
    readonly principal: string
    readonly credential: Presented
    readonly sessionName?: string | undefined
    readonly authentications?: readonly Authentication[] | undefined
    readonly rests: readonly string[]
  },
): Promise<Session | undefined> {
  const principal = (await readRow<Principal>(opening, 'principal', about.principal))?.value
  if (principal?.state !== 'enabled') return undefined
  assertComesAs(principal, about.credential, about.rests)
  const tenant = (await readRow<Tenant>(opening, 'tenant', principal.tenant))?.value
  if (tenant === undefined) return undefined
  const { bindings, rests: rightsRest, roles } = await openRights(opening, principal)
  const grants = await listRows<KeyGrant>(opening, 'grant', principal.tenant, [
    'grantee',
    principal.name,
  ])
  return new Session({
    principal,
    account: accountOf(tenant),
    credential: about.credential,
    sessionName: about.sessionName,
    authentications: about.authentications,
    bindings: new CompiledBindings(bindings, {
      roles,
      ...(about.authentications === undefined ? {} : { authentications: about.authentications }),
    }),
    rules: await rulesOf(opening, principal.tenant),
    grants: new CompiledGrants(
      grants.filter(
        (one) =>
          one.granteeName === principal.name &&
          (one.granteeSession === undefined || one.granteeSession === about.sessionName),
      ),
    ),
    rests: new Set([
      ...about.rests,
      ...rightsRest,
      `principal/${principal.id}`,
      `tenant/${tenant.id}`,
    ]),
  })
}
