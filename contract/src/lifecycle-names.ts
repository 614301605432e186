/** The words of lifecycle policies, without the schemas: threads that check no input load these alone. */

/** Types of keys of SP 800-57 part 1 section 5.1.1, as far as keys here are of one: what their cryptoperiods are counted by. */
export const keyTypes = [
  'privateSignature',
  'symmetricAuthentication',
  'symmetricEncryption',
  'privateTransport',
  'privateAgreement',
  'privateDecapsulation',
] as const
export type KeyType = (typeof keyTypes)[number]

/** Sets of rules to start from. */
export const lifecyclePresets = ['baseline', 'pci', 'hipaa', 'cnsa2'] as const
export type LifecyclePreset = (typeof lifecyclePresets)[number]

/** The names of the rules. */
export const lifecycleRuleNames = [
  'algorithms',
  'strengthMin',
  'quantumMin',
  'cryptoperiods',
  'rotation',
  'limits',
  'export',
  'destructionDaysMin',
  'owner',
  'labels',
] as const
export type LifecycleRule = (typeof lifecycleRuleNames)[number]
