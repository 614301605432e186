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
] as const
export type RoleName = (typeof roleNames)[number]

const seeKeys = ['key.get', 'key.list', 'key.public', 'alias.list'] as const
const encrypting = ['encrypt', 'datakey', 'encapsulate', 'random'] as const
const decrypting = ['decrypt', 'decapsulate'] as const
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
      'key.import',
      'key.deleteMaterial',
      'key.export',
      'key.replicate',
      'policy.get',
      'grant.list',
      'alias.create',
      'alias.update',
      'alias.delete',
    ],
  },
  encrypter: {
    summary: 'Protect data: encrypt, make data keys, encapsulate',
    actions: [...encrypting, ...seeKeys],
  },
  decrypter: {
    summary: 'Read protected data: decrypt, decapsulate',
    actions: [...decrypting, ...seeKeys],
  },
  signer: { summary: 'Sign and verify, signatures and codes', actions: [...signing, ...seeKeys] },
  'key-user': {
    summary: 'Every use of keys, and no change to them',
    actions: [...encrypting, ...decrypting, ...signing, 'reencrypt', 'agree', ...seeKeys],
  },
  auditor: {
    summary: 'See everything, use and change nothing',
    actions: [
      ...seeKeys,
      'ledger.read',
      'policy.get',
      'grant.list',
      'grant.retirable',
      'access.explain',
      'principal.get',
      'principal.list',
      'token.list',
      'accessKey.list',
      'trust.list',
      'identityProvider.list',
      'role.list',
      'binding.list',
      'tenant.list',
    ],
  },
})
