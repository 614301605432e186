import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations, roleNames, type OutputOf, type RoleName } from '@claviger/contract'
import type { GatedName } from '#operations'
import { dropDefaultApprovals } from '../harness/default-approvals.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { inputsFor, type Inputs } from '../harness/inputs.ts'

/**
 * The first promise, default deny: who may do what, written down by hand, so that neither a role nor an operation changes what it
 * allows without this table. o owner, A key-admin, e encrypter, d decrypter, s signer, u key-user, a auditor, v approver,
 * S security-officer; a dot is a denial.
 */
const letters: Readonly<Record<RoleName, string>> = {
  owner: 'o',
  'key-admin': 'A',
  encrypter: 'e',
  decrypter: 'd',
  signer: 's',
  'key-user': 'u',
  auditor: 'a',
  approver: 'v',
  'security-officer': 'S',
}

/** No role matters: a program is told that it is none. */
const ONLY_PERSONS = 'conflict'

const may: Readonly<Record<GatedName, string>> = {
  encrypt: 'o.e..u...',
  encryptBatch: 'o.e..u...',
  decrypt: 'o..d.u...',
  decryptBatch: 'o..d.u...',
  reencrypt: 'o....u...',
  reencryptBatch: 'o....u...',
  datakey: 'o.e..u...',
  datakeyPair: 'o.e..u...',
  sign: 'o...su...',
  signBatch: 'o...su...',
  verify: 'o...su...',
  verifyBatch: 'o...su...',
  mac: 'o...su...',
  macBatch: 'o...su...',
  verifyMac: 'o...su...',
  agree: 'o....u...',
  encapsulate: 'o.e..u...',
  decapsulate: 'o..d.u...',
  random: 'o.e..u...',
  'key.create': 'oA.......',
  'key.get': 'oAedsuav.',
  'key.list': 'oAedsuav.',
  'key.versions': 'oAedsuav.',
  'key.update': 'oA.......',
  'key.rotate': 'oA.......',
  'key.autoRotate': 'oA.......',
  'key.setRotation': 'oA.......',
  'key.label': 'oA.......',
  'key.dependents': 'oA....av.',
  'key.sources': 'o.....a..',
  'key.replicate': 'oA.......',
  'key.setPrimary': 'oA.......',
  'key.lastUse': 'oAedsuav.',
  'key.suspend': 'oA.......',
  'key.resume': 'oA.......',
  'key.revoke': 'oA.......',
  'key.destroy': 'oA.......',
  'key.restore': 'oA.......',
  'key.destroyVersion': 'oA.......',
  'key.restoreVersion': 'oA.......',
  'key.destructionCertificate': 'oAedsuav.',
  'key.importParameters': 'oA.......',
  'key.import': 'oA.......',
  'key.deleteMaterial': 'oA.......',
  'key.export': 'oA.......',
  'key.public': 'oAedsuav.',
  'dependent.create': 'oAedsu...',
  'dependent.update': 'oA.......',
  'dependent.remove': 'oA.......',
  'dependent.get': 'oAedsuav.',
  'dependent.list': 'oAedsuav.',
  'dependent.acknowledge': 'oA.......',
  'notice.list': 'oAedsuav.',
  'subscription.create': 'oA.......',
  'subscription.update': 'oA.......',
  'subscription.rotateSecret': 'oA.......',
  'subscription.delete': 'oA.......',
  'subscription.list': 'oA....a..',
  'subscription.deliveries': 'oA....a..',
  'subscription.replay': 'oA.......',
  'rewrap.start': 'o....u...',
  'rewrap.report': 'o....u...',
  'rewrap.finish': 'o....u...',
  'rewrap.get': 'oAedsuav.',
  'rewrap.list': 'oAedsuav.',
  'compromise.open': 'oA.......',
  'compromise.assess': 'oA.......',
  'compromise.rewrap': 'oA.......',
  'compromise.revoke': 'oA.......',
  'compromise.destroy': 'oA.......',
  'compromise.close': 'oA.......',
  'compromise.get': 'oA....a..',
  'compromise.list': 'oA....a..',
  'compromise.report': 'oA....a..',
  'key.jwks': 'oAedsuav.',
  'alias.create': 'oA.......',
  'alias.update': 'oA.......',
  'alias.delete': 'oA.......',
  'alias.list': 'oAedsuav.',
  'policy.get': 'oA....a.S',
  'policy.put': 'o........',
  'grant.create': 'o........',
  'grant.list': 'oA....a.S',
  'grant.retirable': 'o.....a.S',
  'grant.retire': 'o........',
  'grant.revoke': 'o........',
  'access.explain': 'o.....a.S',
  'access.who': 'o.....a.S',
  'access.what': 'o.....a.S',
  'access.unused': 'o.....a.S',
  whoami: 'oAedsuavS',
  'tenant.create': 'o........',
  'tenant.list': 'o.....a.S',
  'principal.create': 'o.......S',
  'principal.get': 'o.....a.S',
  'principal.list': 'o.....a.S',
  'principal.disable': 'o.......S',
  'principal.enable': 'o.......S',
  'token.create': 'o.......S',
  'token.list': 'o.....a.S',
  'token.revoke': 'o.......S',
  'accessKey.create': 'o.......S',
  'accessKey.list': 'o.....a.S',
  'accessKey.revoke': 'o.......S',
  // As a principal that trusts nobody of these: no role allows that, not even to an owner.
  'session.create': '.........',
  'settings.get': 'o.....a.S',
  'settings.update': 'o.......S',
  'certificate.create': 'o.......S',
  'certificate.list': 'o.....a.S',
  'certificate.revoke': 'o.......S',
  'credential.expiring': 'o.....a.S',
  'secretId.create': 'o.......S',
  'secretId.list': 'o.....a.S',
  'secretId.revoke': 'o.......S',
  // It proves itself, whoever sends it.
  'secretId.exchange': 'oAedsuavS',
  'trust.create': 'o.......S',
  'trust.list': 'o.....a.S',
  'trust.delete': 'o.......S',
  'identityProvider.create': 'o.......S',
  'identityProvider.update': 'o.......S',
  'identityProvider.list': 'o.....a.S',
  'identityProvider.delete': 'o.......S',
  'loginProvider.create': 'o.......S',
  'loginProvider.update': 'o.......S',
  'loginProvider.list': 'o.....a.S',
  'loginProvider.delete': 'o.......S',
  'loginProvider.link': 'o.......S',
  'loginProvider.unlink': 'o.......S',
  'loginProvider.names': 'oAedsuavS',
  'person.invite': 'o.......S',
  'person.reset': 'o.......S',
  'enrolment.begin': 'oAedsuavS',
  'enrolment.complete': 'oAedsuavS',
  login: 'oAedsuavS',
  'login.challenge': 'oAedsuavS',
  'login.passkey': 'oAedsuavS',
  // What only a person's login may do: these are programs.
  'login.stepUpChallenge': ONLY_PERSONS,
  'login.stepUp': ONLY_PERSONS,
  'login.deviceStart': 'oAedsuavS',
  'login.deviceConfirm': ONLY_PERSONS,
  'login.devicePoll': 'oAedsuavS',
  'login.providerStart': 'oAedsuavS',
  'login.provider': 'oAedsuavS',
  'login.providerLinks': ONLY_PERSONS,
  'login.providerLinkStart': ONLY_PERSONS,
  'login.providerLink': ONLY_PERSONS,
  'login.providerUnlink': ONLY_PERSONS,
  'login.providerLogout': ONLY_PERSONS,
  'login.list': 'o.....a.S',
  'login.end': 'o.......S',
  logout: ONLY_PERSONS,
  'factor.list': 'o.....a.S',
  'factor.begin': ONLY_PERSONS,
  'factor.add': ONLY_PERSONS,
  'factor.remove': 'o.......S',
  'factor.renewCodes': ONLY_PERSONS,
  'password.change': ONLY_PERSONS,
  'role.list': 'o.....a.S',
  'role.create': 'o.......S',
  'role.update': 'o.......S',
  'role.delete': 'o.......S',
  'group.create': 'o.......S',
  'group.list': 'o.....a.S',
  'group.delete': 'o.......S',
  'group.members': 'o.....a.S',
  'group.add': 'o.......S',
  'group.remove': 'o.......S',
  'separation.create': 'o.......S',
  'separation.list': 'o.....a.S',
  'separation.delete': 'o.......S',
  'binding.create': 'o.......S',
  'binding.list': 'o.....a.S',
  'binding.delete': 'o.......S',
  'stepUpRule.create': 'o.......S',
  'stepUpRule.list': 'o.....a.S',
  'stepUpRule.delete': 'o.......S',
  'approvalPolicy.create': 'o.......S',
  'approvalPolicy.createDefaults': 'o.......S',
  'approvalPolicy.update': 'o.......S',
  'approvalPolicy.list': 'o.....a.S',
  'approvalPolicy.delete': 'o.......S',
  // Whoever may do it, once others approve.
  'lifecyclePolicy.create': 'o.......S',
  'lifecyclePolicy.update': 'o.......S',
  'lifecyclePolicy.loosen': 'o.......S',
  'lifecyclePolicy.delete': 'o.......S',
  'lifecyclePolicy.get': 'oA....a.S',
  'lifecyclePolicy.list': 'oA....a.S',
  'policy.check': 'oA....a.S',
  'policy.simulate': 'oA....a.S',
  'approval.request': 'oA.......',
  'approval.list': 'o.....avS',
  'approval.get': 'o.....avS',
  'approval.challenge': ONLY_PERSONS,
  'approval.approve': 'o......v.',
  'approval.reject': 'o......v.',
  // Of somebody else's: nobody.
  'approval.withdraw': '.........',
  'breakGlass.create': 'o.......S',
  'breakGlass.list': 'o.....avS',
  'breakGlass.delete': 'o.......S',
  // No program, whatever its role.
  'breakGlass.open': '.........',
  'breakGlass.close': 'o......v.',
  'breakGlass.review': 'o......v.',
  'ledger.head': 'o.....a..',
  'ledger.search': 'o.....a..',
  'ledger.prove': 'o.....a..',
  'ledger.checkpoint': 'o.....a..',
  'ledger.tile': 'o.....a..',
  'system.seal': 'o........',
  'system.rotateRoot': 'o........',
  'system.reissueSeal': 'o........',
  'system.doctor': 'o........',
}

const gated = Object.values(operations)
  .filter((row) => row.effect !== 'ceremony')
  .map((row) => row.name as GatedName)

/** A new operation has no row, and a removed one has one too many. */
test('the table has every operation that passes the gate', () => {
  assert.deepEqual(Object.keys(may).toSorted(), gated.toSorted())
})

/** Does an operation with an input that is good; what it does to the seal is made good again. */
async function attempt(house: TestHouse, inputs: Inputs, name: GatedName, token: string) {
  const input = await inputs[name]()
  const doing = house.perform(name, input, { token })
  if (name === 'system.reissueSeal') {
    void doing.then(
      (output) => {
        house.shares = (output as OutputOf<'system.reissueSeal'>).shares ?? []
      },
      () => undefined,
    )
  }
  try {
    await doing
    return 'ok'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  } finally {
    await house.unseal()
    if (name === 'approvalPolicy.createDefaults') await dropDefaultApprovals(house)
  }
}

test('each role may do what the table says, and nothing else', async () => {
  await using house = await startHouse()
  const inputs = inputsFor(house)
  const users = new Map<RoleName, string>()
  for (const role of roleNames) users.set(role, (await house.createUser(role)).token)
  for (const name of gated) {
    let found = ''
    for (const role of roleNames) {
      const code = await attempt(house, inputs, name, users.get(role) ?? '')
      if (may[name] === ONLY_PERSONS) {
        assert.equal(code, 'conflict', `${role}: ${name}`)
        found = ONLY_PERSONS
        continue
      }
      assert.ok(code === 'ok' || code === 'forbidden', `${role}: ${name} ended with ${code}`)
      found += code === 'ok' ? letters[role] : '.'
    }
    assert.equal(found, may[name], `who may do ${name}`)
  }
})

test("the owner of another tenant is no operator of the server, and sees nobody else's keys", async () => {
  await using house = await startHouse()
  const inputs = inputsFor(house)
  const { token } = await house.perform('tenant.create', { name: 'other' })
  const operator = gated.filter((name) => /^(system|tenant)\./.test(name))
  assert.equal(operator.length, 6)
  for (const name of operator) {
    assert.equal(await attempt(house, inputs, name, token), 'forbidden', name)
  }
  const foreign = gated.filter(
    (name) => /^(key|alias)\./.test(name) || operations[name].effect === 'use',
  )
  for (const name of foreign) {
    const input = await inputs[name]()
    if (!('key' in input) && !('ciphertext' in input)) continue
    assert.equal(await house.codeOf(name, input, { token }), 'not_found', name)
  }
})
