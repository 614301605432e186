/** The words of rotation, without the schemas: threads that check no input load these alone. */

/** What may happen around a key that it should be rotated for. */
export const rotationEvents = ['compromise', 'member-left'] as const
export type RotationEvent = (typeof rotationEvents)[number]

/** How bad an alarm is, the least first. */
export const alarmSeverities = ['low', 'medium', 'high', 'critical'] as const
export type AlarmSeverity = (typeof alarmSeverities)[number]

/** Why a key got its next version by itself; each is in the ledger with the rotation. */
export const rotationCauses = [
  'compromise',
  'member-left',
  'alarm',
  'age',
  'calendar',
  'uses',
  'bytes',
  'wraps',
  'expiry',
] as const
export type RotationCause = (typeof rotationCauses)[number]

/** What made a version that is not the first. */
export const rotatedBy = [...rotationCauses, 'demand', 'import'] as const
export type RotatedBy = (typeof rotatedBy)[number]
