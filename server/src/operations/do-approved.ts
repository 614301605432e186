import { automaticOperations, operations, type OperationName } from '@claviger/contract'
import { approvedCredential } from '#access'
import { newestRow } from '#keyring'
import { ClavigerError, dueOfApproval, toClavigerError, type Approval } from '#model'
import type { DueRow } from '#store'
import { openAsked } from './approvals.ts'
import type { Gate } from './gate.ts'
import type { Parts } from './parts.ts'
import type { GatedName } from './verb.ts'

/**
 * What others have approved, done by the server for who asked: through the gate like everything else, as the requester, with the rights
 * that the requester has at that moment.
 */

/** What says nothing about what was approved: it is tried again, until the request expires. */
const passing: ReadonlySet<string> = new Set([
  'shutting_down',
  'sealed',
  'not_initialized',
  'ledger_unavailable',
  'crypto_unavailable',
  'overloaded',
  'too_many_requests',
])

/** @throws ClavigerError invalid_request where a newer release does it no more, or takes something else */
function readAsked(name: OperationName, input: unknown): never {
  const read = automaticOperations.has(name) ? operations[name].input.safeParse(input) : undefined
  if (read?.success === true) return read.data as never
  throw new ClavigerError('invalid_request', 'The server does not do this by itself any more')
}

/**
 * Does it once: the approval is used up in the same change. Where it is refused, the approval says so from then on, and who asked has to
 * ask anew. Does nothing where somebody was quicker.
 *
 * @throws ClavigerError where it is to be tried again
 */
export async function doApproved(
  gate: Gate,
  parts: Pick<Parts, 'store' | 'seals' | 'hierarchy'>,
  { tenant, id }: Pick<DueRow, 'tenant' | 'id'>,
): Promise<void> {
  const row = await newestRow(parts.store, { kind: 'approval', id })
  if (row?.tenant !== tenant) return
  const approval = parts.seals.open<Approval>(row)
  // The index of what is due bears no seal; the request does.
  if (dueOfApproval(approval).length === 0) return
  const operation = approval.operation as GatedName
  try {
    await gate.perform({
      operation,
      credential: approvedCredential(id),
      door: 'jobs',
      source: 'local',
      request: `approval-${id}`,
      approval: id,
      read: () => readAsked(operation, openAsked(parts, approval, row.material).input),
    })
  } catch (thrown) {
    const { code } = toClavigerError(thrown)
    if (passing.has(code)) throw thrown
    await gate.performAsSystem('approval.fail', tenant, {
      approval: id,
      revision: row.revision,
      code,
    })
  }
}
