import { newestRow, readNewest, type RowSeals } from '#keyring'
import {
  accountOf,
  ClavigerError,
  type ApprovalPolicy,
  type Authentication,
  type Binding,
  type KeyGrant,
  type Principal,
  type StepUpRule,
  type Tenant,
} from '#model'
import type { Row, RowKind, Store } from '#store'
import { CompiledBindings } from './decision.ts'
import { CompiledGrants } from './grants.ts'
import { CompiledRules } from './rules.ts'
import { Session, type Presented } from './session.ts'

/** Reads everything a session is made of, each row checked against its seal and for being the newest. */

/** Rows of one principal, or one issuer, that are read at once; more is refused rather than half read. */
const ROWS_MAX = 10_000

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

/**
 * The rows of a tenant that have a facet.
 *
 * @throws ClavigerError overloaded when there are too many
 */
export async function listRows<Value>(
  { store, seals }: Opening,
  kind: RowKind,
  tenant: string,
  facet: readonly [string, string],
): Promise<Value[]> {
  const rows = await readNewest(store, async () => {
    const found = await store.list({ kind, tenant, facets: [facet], limit: ROWS_MAX + 1 })
    return { rows: found, value: found }
  })
  if (rows === undefined || rows.length > ROWS_MAX) {
    throw new ClavigerError(
      'overloaded',
      `A principal has more than ${ROWS_MAX} bindings, grants or trusts; remove some`,
    )
  }
  return rows.map((row) => seals.open<Value>(row))
}

/** The rules of a tenant; undefined where it has none, which costs each operation one look at a property. */
async function rulesOf({ store, seals }: Opening, tenant: string) {
  const rowsOf = async (kind: RowKind): Promise<readonly Row[]> => {
    const rows = await readNewest(store, async () => {
      const found = await store.list({ kind, tenant, facets: [], limit: RULES_MAX + 1 })
      return { rows: found, value: found }
    })
    // Half of the rules would be a hole.
    if (rows === undefined || rows.length > RULES_MAX)
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

/** The session of a principal; undefined where the principal is not there or disabled. */
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
  const tenant = (await readRow<Tenant>(opening, 'tenant', principal.tenant))?.value
  if (tenant === undefined) return undefined
  const bindings = await listRows<Binding>(opening, 'binding', principal.tenant, [
    'principal',
    principal.id,
  ])
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
    rules: await rulesOf(opening, principal.tenant),
    // The facet only finds the row; the sealed row says whose it is.
    bindings: new CompiledBindings(bindings.filter((one) => one.principal === principal.id)),
    grants: new CompiledGrants(
      grants.filter(
        (one) =>
          one.granteeName === principal.name &&
          (one.granteeSession === undefined || one.granteeSession === about.sessionName),
      ),
    ),
    rests: new Set([...about.rests, `principal/${principal.id}`, `tenant/${tenant.id}`]),
  })
}
