import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { InputOf } from '@claviger/contract'
import type { GatedName } from '#operations'
import { emergencyInputs } from './emergency.ts'
import { endingInputs } from './ending-inputs.ts'
import type { TestHouse } from './house.ts'
import { dependentInputs } from './inputs-of-dependents.ts'
import { lifecycleInputs } from './inputs-of-lifecycle-policies.ts'
import { personInputs } from './inputs-of-persons.ts'
import { providerInputs } from './inputs-of-providers.ts'
import { systemInputs } from './inputs-of-system.ts'
import { machineInputs } from './machines.ts'

/**
 * For every operation an input that succeeds for whoever may do it, and what it is done to, made anew by the owner each time. An
 * operation without one does not compile.
 */
export type Inputs = { readonly [Name in GatedName]: () => Promise<InputOf<Name>> }

/** RSA-3072, whose private half nobody needs. */
const recipient = generateKeyPairSync('rsa', { modulusLength: 3_072 }).publicKey.export({
  type: 'spki',
  format: 'der',
})
const peer = generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' })
const message = Buffer.from('message')
/** The keys of an issuer that nobody is. */
const issuerKeys = JSON.stringify({
  keys: [generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })],
})

export function inputsFor(house: TestHouse): Inputs {
  const keyOf = async (algorithm = 'AES-256-GCM', usage?: string) =>
    (await house.createKey({ algorithm, usage })).id
  const inState = async (operation: 'key.suspend' | 'key.destroy') => {
    const key = await keyOf()
    if (operation === 'key.suspend') await house.perform('key.suspend', { key })
    else await house.perform('key.destroy', { key, days: 7 })
    return key
  }
  const imported = async () => {
    const unsafePlaintext = randomBytes(32)
    const input = { algorithm: 'AES-256-GCM', exportable: false, unsafePlaintext }
    return (await house.perform('key.import', input)).id
  }
  const multiRegion = async () =>
    (await house.createKey({ region: 'eu-central-1', multiRegion: true })).id
  const encrypted = async () => {
    const key = await keyOf()
    return (await house.perform('encrypt', { key, plaintext: Buffer.from('plaintext') })).ciphertext
  }
  const signed = async () => {
    const key = await keyOf('P-256')
    return { key, message, signature: (await house.perform('sign', { key, message })).signature }
  }
  let names = 0
  const aName = () => `name-${(names += 1)}`
  const aliased = async () => {
    const alias = aName()
    await house.createKey({ alias })
    return alias
  }
  const grant = async () => ({ key: await keyOf(), grantee: 'somebody', operations: ['Encrypt'] })
  const granted = async () => {
    const input = await grant()
    return { key: input.key, ...(await house.perform('grant.create', input)) }
  }
  /** Two principals, of which one may act as the other. */
  const trustOf = async (by?: string) => {
    const { id: principal } = await house.createUser()
    return {
      principal,
      by: { kind: 'principal', principal: by ?? (await house.createUser()).id },
      seconds: 3_600,
    } as const
  }
  const roleOf = async () => {
    const role = aName()
    await house.perform('role.create', { role, summary: '', actions: ['key.get'] })
    return role
  }
  const groupOf = async () => (await house.perform('group.create', { name: aName() })).id
  // Duties that nothing here gives two of.
  const separation = { name: 'apart', duties: ['auditor' as const, 'approver' as const] }
  const identityProvider = { issuer: 'https://issuer.test', audiences: ['kms'], keys: issuerKeys }
  const page = { limit: 10 }
  const policy = async (key: string) =>
    (
      await house.perform('approvalPolicy.create', {
        name: 'two of us',
        actions: ['key.suspend'],
        scope: { kind: 'key', key },
        approvals: 1,
        principals: [],
        groups: [],
        hours: 1,
      })
    ).id
  const asking = async () => {
    const key = await keyOf()
    await policy(key)
    return { operation: 'key.suspend', input: { key }, comment: '' }
  }
  const asked = async () => (await house.perform('approval.request', await asking())).id
  const askedByAnother = async () => {
    const { token } = await house.createUser('key-admin')
    return (await house.perform('approval.request', await asking(), { token })).id
  }
  const rule = async () => ({
    name: 'prove it',
    actions: ['key.export'],
    scope: { kind: 'key', key: await keyOf() } as const,
    factors: ['passkey' as const],
  })
  return {
    encrypt: async () => ({ key: await keyOf(), plaintext: Buffer.from('plaintext') }),
    encryptBatch: async () => ({ key: await keyOf(), items: [{ plaintext: Buffer.from('a') }] }),
    decrypt: async () => ({ ciphertext: await encrypted() }),
    decryptBatch: async () => ({ items: [{ ciphertext: await encrypted() }] }),
    reencrypt: async () => ({ ciphertext: await encrypted() }),
    reencryptBatch: async () => ({ items: [{ ciphertext: await encrypted() }] }),
    datakey: async () => ({ key: await keyOf() }),
    datakeyPair: async () => ({ key: await keyOf(), algorithm: 'P-256' }),
    sign: async () => ({ key: await keyOf('P-256'), message }),
    signBatch: async () => ({ key: await keyOf('P-256'), items: [{ message }] }),
    verify: signed,
    verifyBatch: async () => {
      const { key, ...item } = await signed()
      return { key, items: [item] }
    },
    mac: async () => ({ key: await keyOf('HMAC-SHA-256'), message }),
    macBatch: async () => ({ key: await keyOf('HMAC-SHA-256'), items: [{ message }] }),
    verifyMac: async () => {
      const key = await keyOf('HMAC-SHA-256')
      return { key, message, mac: (await house.perform('mac', { key, message })).mac }
    },
    agree: async () => ({ key: await keyOf('X25519', 'agree'), publicKey: Buffer.from(peer) }),
    encapsulate: async () => ({ key: await keyOf('ML-KEM-768') }),
    decapsulate: async () => {
      const key = await keyOf('ML-KEM-768')
      return { key, encapsulation: (await house.perform('encapsulate', { key })).encapsulation }
    },
    random: async () => ({ length: 16 }),
    'key.create': async () => ({ algorithm: 'AES-256-GCM', exportable: false }),
    'key.get': async () => ({ key: await keyOf() }),
    'key.list': async () => page,
    'key.versions': async () => ({ key: await keyOf(), ...page }),
    'key.update': async () => ({ key: await keyOf(), description: 'changed' }),
    'key.rotate': async () => ({ key: await keyOf() }),
    'key.setRotation': async () => ({ key: await keyOf(), everyDays: 90, uses: 1_000 }),
    'key.jwks': async () => ({ key: await keyOf('Ed25519') }),
    'key.autoRotate': async () => ({ key: await keyOf(), days: 90 }),
    'key.label': async () => ({ key: await keyOf(), set: { env: 'test' } }),
    'key.replicate': async () => ({ key: await multiRegion(), region: 'us-east-1' }),
    'key.setPrimary': async () => {
      const key = await multiRegion()
      await house.perform('key.replicate', { key, region: 'us-east-1' })
      return { key, region: 'us-east-1' }
    },
    'key.lastUse': async () => ({ key: await keyOf() }),
    'key.suspend': async () => ({ key: await keyOf() }),
    'key.resume': async () => ({ key: await inState('key.suspend') }),
    'key.revoke': async () => ({ key: await keyOf(), reason: 'unspecified' }),
    'key.destroy': async () => ({ key: await keyOf(), days: 7 }),
    'key.restore': async () => ({ key: await inState('key.destroy') }),
    'key.importParameters': async () => ({ wrapping: 'rsa-oaep-sha-256', bits: 2_048 }),
    'key.import': async () => ({
      algorithm: 'AES-256-GCM',
      exportable: false,
      unsafePlaintext: Buffer.alloc(32, 7),
    }),
    'key.deleteMaterial': async () => ({ key: await imported() }),
    'key.export': async () => ({
      key: (await house.createKey({ exportable: true })).id,
      publicKey: Buffer.from(recipient),
    }),
    'key.public': async () => ({ key: await keyOf('P-256') }),
    ...dependentInputs(house, () => keyOf()),
    ...endingInputs(house, keyOf),
    'alias.create': async () => ({ alias: aName(), key: await keyOf() }),
    'alias.update': async () => ({ alias: await aliased(), key: await keyOf() }),
    'alias.delete': async () => ({ alias: await aliased() }),
    'alias.list': async () => page,
    'policy.get': async () => ({ key: await keyOf() }),
    'policy.put': async () => {
      const key = await keyOf()
      return { key, policy: (await house.perform('policy.get', { key })).policy }
    },
    'grant.create': grant,
    'grant.list': async () => ({ key: await keyOf(), ...page }),
    'grant.retirable': async () => ({ retiring: 'somebody', ...page }),
    'grant.retire': async () => ({ token: (await granted()).token }),
    'grant.revoke': async () => {
      const { key, id } = await granted()
      return { key, grant: id }
    },
    'access.explain': async () => ({
      key: await keyOf(),
      principal: (await house.createUser()).id,
      operation: 'encrypt',
    }),
    'access.who': async () => ({ key: await keyOf(), operation: 'encrypt', ...page }),
    'access.what': async () => ({ principal: (await house.createUser()).id, ...page }),
    'access.unused': async () => ({ kind: 'binding', since: 0, ...page }),
    whoami: async () => ({}),
    'tenant.create': async () => ({ name: aName() }),
    'tenant.list': async () => page,
    'principal.create': async () => ({ name: aName(), kind: 'service' }),
    'principal.get': async () => ({ principal: (await house.createUser()).id }),
    'principal.list': async () => page,
    'principal.disable': async () => ({ principal: (await house.createUser()).id }),
    'principal.enable': async () => {
      const { id } = await house.createUser()
      await house.perform('principal.disable', { principal: id })
      return { principal: id }
    },
    'token.create': async () => ({
      principal: (await house.createUser()).id,
      description: '',
      days: 1,
    }),
    'token.list': async () => page,
    'token.revoke': async () => ({ token: (await house.createUser()).tokenId }),
    // As somebody else who trusts the first owner alone; anybody may have a session as themselves.
    'session.create': async () => {
      const { principal } = await house.perform('whoami', {})
      const trust = await trustOf(principal.id)
      await house.perform('trust.create', trust)
      return { principal: trust.principal, name: aName(), seconds: 900 }
    },
    'stepUpRule.create': rule,
    'stepUpRule.list': async () => page,
    'stepUpRule.delete': async () => ({
      rule: (await house.perform('stepUpRule.create', await rule())).id,
    }),
    'approvalPolicy.create': async () => ({
      name: 'one of us',
      actions: ['key.suspend'],
      scope: { kind: 'key', key: await keyOf() },
      approvals: 1,
      principals: [],
      groups: [],
      hours: 1,
    }),
    'approvalPolicy.createDefaults': async () => {
      await house.createUser('approver')
      return { approvals: 1, hours: 24 }
    },
    'approvalPolicy.update': async () => ({ policy: await policy(await keyOf()), approvals: 2 }),
    'approvalPolicy.list': async () => page,
    'approvalPolicy.delete': async () => ({ policy: await policy(await keyOf()) }),
    ...lifecycleInputs(house, keyOf),
    'approval.request': asking,
    'approval.list': async () => page,
    'approval.get': async () => ({ approval: await asked() }),
    'approval.challenge': async () => ({ approval: await askedByAnother() }),
    'approval.approve': async () => ({ approval: await askedByAnother(), comment: '' }),
    'approval.reject': async () => ({ approval: await askedByAnother(), comment: '' }),
    'approval.withdraw': async () => ({ approval: await asked() }),
    'settings.get': async () => ({}),
    'settings.update': async () => ({ idleMinutes: 20 }),
    'credential.expiring': async () => ({ days: 30 }),
    'trust.create': () => trustOf(),
    'trust.list': async () => page,
    'trust.delete': async () => ({
      trust: (await house.perform('trust.create', await trustOf())).id,
    }),
    'identityProvider.create': async () => identityProvider,
    'identityProvider.update': async () => ({
      provider: (await house.perform('identityProvider.create', identityProvider)).id,
      keys: issuerKeys,
    }),
    'identityProvider.list': async () => page,
    'identityProvider.delete': async () => ({
      provider: (await house.perform('identityProvider.create', identityProvider)).id,
    }),
    ...personInputs(house),
    ...providerInputs(house),
    ...emergencyInputs(house),
    ...machineInputs(house),
    'role.list': async () => ({}),
    'role.create': async () => ({ role: aName(), summary: '', actions: ['key.get'] }),
    'role.update': async () => ({ role: await roleOf(), actions: ['key.list'] }),
    'role.delete': async () => ({ role: await roleOf() }),
    'group.create': async () => ({ name: aName() }),
    'group.list': async () => page,
    'group.delete': async () => ({ group: await groupOf() }),
    'group.members': async () => ({ group: await groupOf(), ...page }),
    'group.add': async () => ({
      group: await groupOf(),
      principal: (await house.createUser()).id,
    }),
    'group.remove': async () => {
      const input = { group: await groupOf(), principal: (await house.createUser()).id }
      await house.perform('group.add', input)
      return input
    },
    'separation.create': async () => separation,
    'separation.list': async () => page,
    'separation.delete': async () => ({
      separation: (await house.perform('separation.create', separation)).id,
    }),
    'binding.create': async () => ({
      role: 'auditor',
      principal: (await house.createUser()).id,
      scope: { kind: 'tenant' },
    }),
    'binding.list': async () => page,
    'binding.delete': async () => ({
      binding: (await house.createUser('auditor')).binding ?? '',
    }),
    ...systemInputs(house),
  }
}
