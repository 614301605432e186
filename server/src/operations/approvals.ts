import type { OperationName } from '@claviger/contract'
import { customRoleId, digestOf, isBuiltIn } from '#access'
import { newestRow, unwrap, wrap } from '#keyring'
import { canonicalJson, ClavigerError, type Approval } from '#model'
import type { RowStanding } from '#store'
import { approvedText } from './canonical-input.ts'
import type { Parts, Subject } from './parts.ts'
import { approvalRow } from './rows.ts'
import type { AskedInput } from './rule-views.ts'
import { lasts } from './until-recorded.ts'
import type { Plan } from './verb.ts'
import type { Work } from './work.ts'

/** An approved request, at the moment its requester does what was approved. */

/** A request for approval as it was read. */
export interface HeldApproval {
  readonly value: Approval
  readonly material: Uint8Array | undefined
  readonly revision: number
}

/** What names an approval's input that is wrapped by the tenant's key. */
function approvalBinding(tenant: string, id: string) {
  return { purpose: 'approval', tenant, id }
}

type Known = Pick<Approval, 'tenant' | 'id'>

/** What is kept of what was asked for, wrapped by the tenant's key. */
export function wrapAsked({ parts }: Work, { tenant, id }: Known, asked: string): Uint8Array {
  const key = parts.hierarchy.tenantWrappingKey(tenant)
  return wrap(key, approvalBinding(tenant, id), Buffer.from(asked))
}

/** What was asked for, as it was given. */
export function openAsked(
  { hierarchy }: Pick<Parts, 'hierarchy'>,
  { tenant, id }: Known,
  material: Uint8Array | undefined,
): AskedInput {
  if (material === undefined) throw new ClavigerError('internal', 'A request has no input')
  const key = hierarchy.tenantWrappingKey(tenant)
  const opened = unwrap(key, approvalBinding(tenant, id), material)
  try {
    return JSON.parse(opened.toString()) as AskedInput
  } finally {
    opened.fill(0)
  }
}

/** What the statement has the digest of: the input in its canonical form, and the salt. */
export function askedText(input: string, salt: string): string {
  return canonicalJson({ input: JSON.parse(input) as Record<string, unknown>, salt })
}

/** The keys that are named, as rows at their revisions. */
export function keysOf(work: Work, references: readonly string[]): Record<string, number> {
  const rows: Record<string, number> = {}
  for (const reference of references) {
    const found = work.found(reference)
    if (found !== undefined) rows[`key/${found.key.id}`] = found.revision
  }
  return rows
}

/** The tenant's own role that an input names, as a row at its revision: what it allows is what others approve to be given. */
export async function rolesOf(work: Work, { role }: Subject): Promise<Record<string, number>> {
  if (typeof role !== 'string' || isBuiltIn(role)) return {}
  const id = customRoleId(work.caller.tenant, role)
  const row = await newestRow(work.parts.store, { kind: 'role', id })
  return row === undefined ? {} : { [`role/${id}`]: row.revision }
}

/** Those of the rows of a kind. */
function rowsOf({ rows }: Approval, kind: 'key' | 'role'): Record<string, number> {
  return Object.fromEntries(Object.entries(rows).filter(([place]) => place.startsWith(`${kind}/`)))
}

/** Which key each of them leads to, in their order. */
export function namedBy(work: Work, references: readonly string[]): string[] {
  return references.map((reference) => work.found(reference)?.key.id ?? '')
}

function refused(why: string): ClavigerError {
  return new ClavigerError('forbidden', `The approval is not good for this: ${why}`)
}

/**
 * The approval that the operation says it has: approved, of this caller, for this operation with this input, and of keys and a role that
 * are as they were when it was asked for.
 *
 * @throws ClavigerError forbidden
 */
export async function usableApproval(
  work: Work,
  id: string,
  references: readonly string[],
): Promise<HeldApproval> {
  const { store, seals } = work.parts
  const row = await newestRow(store, { kind: 'approval', id })
  const value = row?.tenant === work.caller.tenant ? seals.open<Approval>(row) : undefined
  // Somebody else's is as good as none.
  if (row === undefined || value?.requester !== work.caller.principal)
    throw refused('there is no such request of yours')
  if (value.state !== 'approved') throw refused(`it is ${value.state}`)
  await lasts(work, value.expiresAt, () => refused('it has expired; ask anew'))
  const { salt } = openAsked(work.parts, value, row.material)
  const digest = digestOf(askedText(approvedText(work.name as OperationName, work.input), salt))
  if (value.operation !== work.name || value.inputDigest !== digest)
    throw refused('something else was approved')
  if (canonicalJson(rowsOf(value, 'key')) !== canonicalJson(keysOf(work, references)))
    throw refused('the key was changed since it was asked for; ask anew')
  if (
    canonicalJson(rowsOf(value, 'role')) !==
    canonicalJson(await rolesOf(work, work.input as Subject))
  )
    throw refused('the role was changed since it was asked for; ask anew')
  if (canonicalJson(value.named ?? []) !== canonicalJson(namedBy(work, references)))
    throw refused('a name leads to another key than when it was asked for; ask anew')
  return { value, material: row.material, revision: row.revision }
}

/** The conditions that an approval, and the keys and the role it is about, still stand as they were read. */
export function standingOf({ value, revision }: HeldApproval): readonly RowStanding[] {
  const rows = (['key', 'role'] as const).flatMap((kind) =>
    Object.entries(rowsOf(value, kind)).map(([place, at]) => ({
      kind,
      id: place.slice(kind.length + 1),
      revision: at,
    })),
  )
  return [{ kind: 'approval', id: value.id, revision }, ...rows]
}

/** The row of an approval that is used up. `now` is in milliseconds since 1970. */
export function executedRow({ value, material }: HeldApproval, now: number) {
  return approvalRow({ ...value, state: 'executed', executedAt: now }, material)
}

/** The plan of an operation that uses its approval up in the same change: once, whatever comes at the same time. */
export function underApproval<Output>(
  plan: Plan<Output>,
  held: HeldApproval | undefined,
  now: number,
): Plan<Output> {
  if (held === undefined) return plan
  return {
    ...plan,
    // Another operation under the same approval is refused after this.
    additive: false,
    rows: [...plan.rows, executedRow(held, now)],
    unchanged: [...(plan.unchanged ?? []), ...standingOf(held)],
    detail: { ...plan.detail, approval: held.value.id },
  }
}
