import type { InternalEvent, LedgerRecord } from './ledger/record.ts'
import type { OperationName } from './operations/index.ts'

/**
 * What dependents are told. A notice is an entry of the ledger that changed something a dependent may have to act on; its index in the
 * ledger is its id. Nobody hears of what is not in the ledger.
 */

/** Every type of notice, and what it says. A type is stable: it is never renamed or given a second meaning. */
export const noticeTypes = Object.freeze({
  'key.rotated': 'The key has a new version; the old ones go on decrypting and verifying',
  'key.suspended': 'The key does nothing until it is resumed',
  'key.resumed': 'The key can be used again',
  'key.revoked': 'The key does nothing any more',
  'key.compromised': 'The key does nothing any more, and what it protected may be known to others',
  'key.versionRevoked': 'One version does nothing any more',
  'key.versionCompromised': 'One version does nothing any more, and may be known to others',
  'key.destructionScheduled': 'The key does nothing until it is restored, and will be destroyed',
  'key.destructionCancelled': 'The key will not be destroyed',
  'key.destroyed': 'The key is gone',
  'key.changed': 'The description, labels, owner or end dates of the key are others',
  'key.policyChanged': 'The key policy is another one',
  'key.materialImported': 'Imported material is there',
  'key.materialEnded': 'Imported material is forgotten; the same can be imported again',
  'alias.changed': 'A name points at this key, or at another one than before',
  'alias.deleted': 'A name points at nothing any more',
  'approval.asked': 'Somebody asks others to approve an operation',
  'approval.decided': 'Somebody approved or rejected an operation',
  'dependent.acknowledged': 'A dependent has done what a notice asks of it',
} as const)

export type NoticeType = keyof typeof noticeTypes
export const noticeTypeNames = Object.keys(noticeTypes) as [NoticeType, ...NoticeType[]]

/** What each event of the ledger is called; of a revocation it depends on its reason and on what was revoked. */
const types: Readonly<Partial<Record<OperationName | InternalEvent, NoticeType>>> = Object.freeze({
  'key.rotate': 'key.rotated',
  'key.rotateDue': 'key.rotated',
  'key.suspend': 'key.suspended',
  'key.resume': 'key.resumed',
  'key.revoke': 'key.revoked',
  'key.destroy': 'key.destructionScheduled',
  'key.restore': 'key.destructionCancelled',
  'key.erase': 'key.destroyed',
  'key.update': 'key.changed',
  'key.label': 'key.changed',
  'policy.put': 'key.policyChanged',
  'key.import': 'key.materialImported',
  'key.deleteMaterial': 'key.materialEnded',
  'key.expireMaterial': 'key.materialEnded',
  'alias.create': 'alias.changed',
  'alias.update': 'alias.changed',
  'alias.delete': 'alias.deleted',
  'approval.request': 'approval.asked',
  'approval.approve': 'approval.decided',
  'approval.reject': 'approval.decided',
  'dependent.acknowledge': 'dependent.acknowledged',
})

/** Reasons of RFC 5280 section 5.3.1 after which a key counts as known to others. */
const compromises: ReadonlySet<unknown> = new Set(['keyCompromise', 'cACompromise', 'aACompromise'])

/** The type of notice that a record is, or undefined where it is none: a use, a denial, or nothing that concerns dependents. */
export function noticeTypeOf(
  record: Pick<LedgerRecord, 'event' | 'outcome' | 'version' | 'detail' | 'part'>,
): NoticeType | undefined {
  // The rest of a long change is told with its first entry.
  if (record.outcome !== 'ok' || record.part === 'rest') return undefined
  const type = Object.hasOwn(types, record.event) ? types[record.event as OperationName] : undefined
  if (type !== 'key.revoked') return type
  const { reason, compromisedAt } = record.detail ?? {}
  const compromised = compromisedAt !== undefined || compromises.has(reason)
  if (record.version !== undefined)
    return compromised ? 'key.versionCompromised' : 'key.versionRevoked'
  return compromised ? 'key.compromised' : 'key.revoked'
}
