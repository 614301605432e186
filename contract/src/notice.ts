import type { InternalEvent, LedgerRecord } from './ledger/record.ts'
import type { NoticeType } from './notice-types.ts'
import type { OperationName } from './operations/index.ts'

/**
 * What dependents are told. A notice is an entry of the ledger that changed something a dependent may have to act on; its index in the
 * ledger is its id. Nobody hears of what is not in the ledger.
 */

/** What each event of the ledger is called; of a revocation it depends on its reason and on what was revoked. */
const types: Readonly<Partial<Record<OperationName | InternalEvent, NoticeType>>> = Object.freeze({
  'key.rotate': 'key.rotated',
  'key.rotateDue': 'key.rotated',
  'key.suspend': 'key.suspended',
  'key.resume': 'key.resumed',
  'key.revoke': 'key.revoked',
  'key.destroy': 'key.destructionScheduled',
  'compromise.open': 'key.compromiseOpened',
  'compromise.revoke': 'key.revoked',
  'compromise.destroy': 'key.destructionScheduled',
  'key.restore': 'key.destructionCancelled',
  'key.erase': 'key.destroyed',
  'key.update': 'key.changed',
  'key.label': 'key.changed',
  'policy.put': 'key.policyChanged',
  'key.import': 'key.materialImported',
  'key.deleteMaterial': 'key.materialEnded',
  'key.expireMaterial': 'key.materialEnded',
  'key.tellEndDate': 'key.versionEnding',
  'alias.create': 'alias.changed',
  'alias.update': 'alias.changed',
  'alias.delete': 'alias.deleted',
  'approval.request': 'approval.asked',
  'approval.approve': 'approval.decided',
  'approval.reject': 'approval.decided',
  'approval.fail': 'approval.failed',
  'dependent.acknowledge': 'dependent.acknowledged',
  'subscription.disable': 'subscription.disabled',
})

/** Reasons of RFC 5280 section 5.3.1 after which a key counts as known to others. */
const compromises: ReadonlySet<unknown> = new Set(['keyCompromise', 'cACompromise', 'aACompromise'])

/** What end dates are called that have come. */
const endings: ReadonlyMap<unknown, NoticeType> = new Map([
  ['protectStop', 'key.versionProtectStopped'],
  ['processStop', 'key.versionProcessStopped'],
])

/** The type of notice that a record is, or undefined where it is none: a use, a denial, or nothing that concerns dependents. */
export function noticeTypeOf(
  record: Pick<LedgerRecord, 'event' | 'outcome' | 'version' | 'detail' | 'part'>,
): NoticeType | undefined {
  // The rest of a long change is told with its first entry.
  if (record.outcome !== 'ok' || record.part === 'rest') return undefined
  const type = Object.hasOwn(types, record.event) ? types[record.event as OperationName] : undefined
  if (type === 'key.versionEnding') return endings.get(record.detail?.['what']) ?? type
  if (type !== 'key.revoked') return type
  const { reason, compromisedAt } = record.detail ?? {}
  const compromised = compromisedAt !== undefined || compromises.has(reason)
  if (record.version !== undefined)
    return compromised ? 'key.versionCompromised' : 'key.versionRevoked'
  return compromised ? 'key.compromised' : 'key.revoked'
}
