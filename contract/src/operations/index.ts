import type { z } from 'zod'
import * as access from './access.ts'
import * as data from './data.ts'
import * as keys from './keys.ts'
import * as ledger from './ledger.ts'
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
  'key.importParameters': keys.importParameters,
  'key.import': keys.importKey,
  'key.export': keys.exportKey,
  'key.public': keys.publicKey,
  'alias.create': keys.createAlias,
  'alias.update': keys.updateAlias,
  'alias.delete': keys.deleteAlias,
  'alias.list': keys.listAliases,
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
