/**
 * The built-in roles: which actions each allows. An action is the `action` of a contract row. `*` allows every action of its tenant.
 * Custom roles come beside these, from the same actions.
 */
export const roleNames = [
  'owner',
  'key-admin',
  'encrypter',
  'decrypter',
  'signer',
  'key-user',
  'auditor',
  'approver',
  'security-officer',
] as const
export type RoleName = (typeof roleNames)[number]

const seeKeys = [
  'key.get',
  'key.list',
  'key.public',
  'alias.list',
  'dependent.list',
  'rewrap.list',
  'notice.list',
] as const
const encrypting = ['encrypt', 'datakey', 'encapsulate', 'random'] as const
const decrypting = ['decrypt', 'decapsulate'] as const
/** Whoever uses a key may say that it depends on it. */
const depending = ['dependent.create'] as const
const telling = [
  'subscription.create',
  'subscription.update',
  'subscription.rotateSecret',
  'subscription.delete',
  'subscription.replay',
] as const
/** Who there is and what they may do, without changing it. */
const seeAccess = [
  'policy.get',
  'grant.list',
  'grant.retirable',
  'access.explain',
  'principal.get',
  'principal.list',
  'token.list',
  'accessKey.list',
  'certificate.list',
  'secretId.list',
  'credential.expiring',
  'trust.list',
  'identityProvider.list',
  'loginProvider.list',
  'login.list',
  'factor.list',
  'settings.get',
  'role.list',
  'group.list',
  'group.members',
  'binding.list',
  'separation.list',
  'stepUpRule.list',
  'approvalPolicy.list',
  'lifecyclePolicy.list',
  'policy.check',
  'approval.list',
  'breakGlass.list',
  'tenant.list',
] as const
const signing = ['sign', 'verify', 'mac', 'verifyMac'] as const

export const roles: Readonly<
  Record<RoleName, { readonly summary: string; readonly actions: readonly string[] }>
> = Object.freeze({
  owner: { summary: 'Everything in the tenant', actions: ['*'] },
  'key-admin': {
    summary: 'The life of keys and aliases, but no use of them',
    actions: [
      ...seeKeys,
      'key.create',
      'key.update',
      'key.rotate',
      'key.suspend',
      'key.resume',
      'key.revoke',
      'key.destroy',
      'key.restore',
      'compromise.run',
      'compromise.list',
      'key.import',
      'key.deleteMaterial',
      'key.export',
      'key.replicate',
      'policy.get',
      'grant.list',
      'alias.create',
      'alias.update',
      'alias.delete',
      ...depending,
      'key.dependents',
      'dependent.update',
      'dependent.remove',
      'dependent.acknowledge',
      'lifecyclePolicy.list',
      'policy.check',
      ...telling,
      'subscription.list',
    ],
  },
  encrypter: {
    summary: 'Protect data: encrypt, make data keys, encapsulate',
    actions: [...encrypting, ...seeKeys, ...depending],
  },
  decrypter: {
    summary: 'Read protected data: decrypt, decapsulate',
    actions: [...decrypting, ...seeKeys, ...depending],
  },
  signer: {
    summary: 'Sign and verify, signatures and codes',
    actions: [...signing, ...seeKeys, ...depending],
  },
  'key-user': {
    summary: 'Every use of keys, and no change to them',
    actions: [
      ...encrypting,
      ...decrypting,
      ...signing,
      'reencrypt',
      'rewrap.run',
      'agree',
      ...seeKeys,
      ...depending,
    ],
  },
  auditor: {
    summary: 'See everything, use and change nothing',
    actions: [
      ...seeKeys,
      'key.dependents',
      'key.sources',
      'subscription.list',
      'compromise.list',
      'ledger.read',
      ...seeAccess,
    ],
  },
  approver: {
    summary: 'Approve or reject what others ask for, and do nothing else',
    actions: [
      ...seeKeys,
      'key.dependents',
      'approval.list',
      'approval.decide',
      'breakGlass.list',
      'breakGlass.review',
    ],
  },
  'security-officer': {
    summary: 'Who there is, how they prove it and what they may do, but no key',
    actions: [
      ...seeAccess,
      'principal.create',
      'principal.disable',
      'principal.enable',
      'person.invite',
      'person.reset',
      'login.end',
      'factor.remove',
      'breakGlass.create',
      'breakGlass.delete',
      'token.create',
      'token.revoke',
      'accessKey.create',
      'accessKey.revoke',
      'certificate.create',
      'certificate.revoke',
      'secretId.create',
      'secretId.revoke',
      'trust.create',
      'trust.delete',
      'identityProvider.create',
      'identityProvider.update',
      'identityProvider.delete',
      'loginProvider.create',
      'loginProvider.update',
      'loginProvider.delete',
      'loginProvider.link',
      'loginProvider.unlink',
      'settings.update',
      'role.create',
      'role.update',
      'role.delete',
      'group.create',
      'group.delete',
      'group.add',
      'group.remove',
      'binding.create',
      'binding.delete',
      'separation.create',
      'separation.delete',
      'stepUpRule.create',
      'stepUpRule.delete',
      'approvalPolicy.create',
      'approvalPolicy.update',
      'approvalPolicy.delete',
      'lifecyclePolicy.create',
      'lifecyclePolicy.update',
      'lifecyclePolicy.loosen',
    ],
  },
})

/**
 * Duties that can be kept apart. A role has a duty when it allows one of its actions, whatever the role is called; what allows everything
 * has them all.
 */
export const dutyNames = ['key-admin', 'key-user', 'auditor', 'approver'] as const
export type DutyName = (typeof dutyNames)[number]

/** What is no duty of those who have the role: to look, and to say who depends on what. */
const noDuty: ReadonlySet<string> = new Set([
  ...seeKeys,
  ...depending,
  'key.dependents',
  ...telling,
  'subscription.list',
  'dependent.update',
  'dependent.remove',
  'dependent.acknowledge',
  'compromise.list',
  'policy.get',
  'grant.list',
  'lifecyclePolicy.list',
  'policy.check',
])

export const duties: Readonly<Record<DutyName, readonly string[]>> = Object.freeze({
  'key-admin': roles['key-admin'].actions.filter((action) => !noDuty.has(action)),
  'key-user': [
    'encrypt',
    'datakey',
    'encapsulate',
    ...decrypting,
    'sign',
    'mac',
    'reencrypt',
    'agree',
  ],
  auditor: ['ledger.read'],
  approver: ['approval.decide'],
})
