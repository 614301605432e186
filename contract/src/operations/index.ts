import type { z } from 'zod'
import * as access from './access.ts'
import * as aliases from './aliases.ts'
import * as credentials from './credentials.ts'
import * as data from './data.ts'
import * as explain from './explain.ts'
import * as factors from './factors.ts'
import * as keys from './keys.ts'
import * as ledger from './ledger.ts'
import * as logins from './logins.ts'
import * as material from './material.ts'
import * as persons from './persons.ts'
import * as policies from './policies.ts'
import * as system from './system.ts'

/** Every operation by its name: the one table that everything else is derived from. */
export const operations = {
  encrypt: data.encrypt,
  encryptBatch: data.encryptBatch,
  decrypt: data.decrypt,
  decryptBatch: data.decryptBatch,
  reencrypt: data.reencrypt,
  reencryptBatch: data.reencryptBatch,
  datakey: data.datakey,
  datakeyPair: data.datakeyPair,
  sign: data.sign,
  signBatch: data.signBatch,
  verify: data.verify,
  verifyBatch: data.verifyBatch,
  mac: data.macOperation,
  macBatch: data.macBatch,
  verifyMac: data.verifyMac,
  agree: data.agree,
  encapsulate: data.encapsulate,
  decapsulate: data.decapsulate,
  random: data.random,
  'key.create': keys.createKey,
  'key.get': keys.getKey,
  'key.list': keys.listKeys,
  'key.versions': keys.listVersions,
  'key.update': keys.updateKey,
  'key.rotate': keys.rotateKey,
  'key.suspend': keys.suspendKey,
  'key.resume': keys.resumeKey,
  'key.revoke': keys.revokeKey,
  'key.destroy': keys.destroyKey,
  'key.restore': keys.restoreKey,
  'key.autoRotate': keys.autoRotateKey,
  'key.label': keys.labelKey,
  'key.replicate': keys.replicateKey,
  'key.setPrimary': keys.setPrimaryKey,
  'key.lastUse': keys.lastUseOfKey,
  'key.public': keys.publicKey,
  'key.importParameters': material.importParameters,
  'key.import': material.importKey,
  'key.deleteMaterial': material.deleteMaterial,
  'key.export': material.exportKey,
  'alias.create': aliases.createAlias,
  'alias.update': aliases.updateAlias,
  'alias.delete': aliases.deleteAlias,
  'alias.list': aliases.listAliases,
  'policy.get': policies.getPolicy,
  'policy.put': policies.putPolicy,
  'grant.create': policies.createGrant,
  'grant.list': policies.listGrants,
  'grant.retirable': policies.listRetirableGrants,
  'grant.retire': policies.retireGrant,
  'grant.revoke': policies.revokeGrant,
  'access.explain': explain.explainAccess,
  'access.who': explain.whoMay,
  'access.what': explain.whatMay,
  'access.unused': explain.unusedAccess,
  whoami: access.whoami,
  'tenant.create': access.createTenant,
  'tenant.list': access.listTenants,
  'principal.create': access.createPrincipal,
  'principal.get': access.getPrincipal,
  'principal.list': access.listPrincipals,
  'principal.disable': access.disablePrincipal,
  'principal.enable': access.enablePrincipal,
  'token.create': access.createToken,
  'token.list': access.listTokens,
  'token.revoke': access.revokeToken,
  'accessKey.create': credentials.createAccessKey,
  'accessKey.list': credentials.listAccessKeys,
  'accessKey.revoke': credentials.revokeAccessKey,
  'session.create': credentials.createSession,
  'trust.create': credentials.createTrust,
  'trust.list': credentials.listTrusts,
  'trust.delete': credentials.deleteTrust,
  'identityProvider.create': credentials.createIdentityProvider,
  'identityProvider.update': credentials.updateIdentityProvider,
  'identityProvider.list': credentials.listIdentityProviders,
  'identityProvider.delete': credentials.deleteIdentityProvider,
  'person.invite': persons.invitePerson,
  'person.reset': persons.resetPerson,
  'enrolment.begin': persons.beginEnrolment,
  'enrolment.complete': persons.completeEnrolment,
  login: logins.login,
  'login.stepUp': logins.stepUp,
  'login.deviceStart': logins.deviceStart,
  'login.deviceConfirm': logins.deviceConfirm,
  'login.devicePoll': logins.devicePoll,
  'login.list': logins.listLogins,
  'login.end': logins.endLogin,
  logout: logins.logout,
  'factor.list': factors.listFactors,
  'factor.begin': factors.beginFactor,
  'factor.add': factors.addFactor,
  'factor.remove': factors.removeFactor,
  'factor.renewCodes': factors.renewCodes,
  'password.change': factors.changePassword,
  'role.list': access.listRoles,
  'binding.create': access.createBinding,
  'binding.list': access.listBindings,
  'binding.delete': access.deleteBinding,
  'ledger.head': ledger.ledgerHead,
  'ledger.search': ledger.searchLedger,
  'ledger.prove': ledger.proveEntry,
  'ledger.checkpoint': ledger.ledgerCheckpoint,
  'ledger.tile': ledger.ledgerTile,
  'system.health': system.health,
  'system.ready': system.ready,
  'system.status': system.systemStatus,
  'system.init': system.init,
  'system.unseal': system.unseal,
  'system.seal': system.sealServer,
  'system.rotateRoot': system.rotateRoot,
  'system.reissueSeal': system.reissueSeal,
  'system.doctor': system.doctor,
} as const

export type OperationName = keyof typeof operations

/** What the server's verb receives: bytes are bytes. */
export type InputOf<Name extends OperationName> = z.output<(typeof operations)[Name]['input']>
/** What the server's verb returns, before it is encoded for the wire. */
export type OutputOf<Name extends OperationName> = z.output<(typeof operations)[Name]['output']>
/** What stands in the request on the wire: bytes are base64. */
export type WireInputOf<Name extends OperationName> = z.input<(typeof operations)[Name]['input']>
/** What stands in the answer on the wire. */
export type WireOutputOf<Name extends OperationName> = z.input<(typeof operations)[Name]['output']>
