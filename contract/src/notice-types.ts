/** The types of notices. */

/** Every type of notice, and what it says. A type is stable: it is never renamed or given a second meaning. */
export const noticeTypes = Object.freeze({
  'key.rotated': 'The key has a new version; the old ones go on decrypting and verifying',
  'key.suspended': 'The key does nothing until it is resumed',
  'key.resumed': 'The key can be used again',
  'key.revoked': 'The key does nothing any more',
  'key.compromised': 'The key does nothing any more, and what it protected may be known to others',
  'key.compromiseOpened':
    'The key is compromised: another took its place, and what it protected is to be brought there',
  'key.versionRevoked': 'One version does nothing any more',
  'key.versionCompromised': 'One version does nothing any more, and may be known to others',
  'key.versionEnding': 'A version comes to its protect-stop or process-stop date soon',
  'key.versionProtectStopped':
    'A version is past its protect-stop date: it only decrypts and verifies',
  'key.versionProcessStopped': 'A version is past its process-stop date: it does nothing any more',
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
  'approval.failed': 'The server was to do what others approved, and was refused',
  'dependent.acknowledged': 'A dependent has done what a notice asks of it',
  'subscription.disabled': 'A receiver is told nothing any more',
} as const)

export type NoticeType = keyof typeof noticeTypes
export const noticeTypeNames = Object.keys(noticeTypes) as [NoticeType, ...NoticeType[]]
