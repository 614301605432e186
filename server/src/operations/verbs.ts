import type { InternalEvent } from '@claviger/contract/ledger'
import type { GatedName, Verb } from './verb.ts'
import * as accessKeys from './verbs/access-keys.ts'
import { agree } from './verbs/agree.ts'
import { createAlias, deleteAlias, listAliases, updateAlias } from './verbs/aliases.ts'
import * as approvals from './verbs/approvals.ts'
import { autoRotateKey } from './verbs/auto-rotate.ts'
import * as bindings from './verbs/bindings.ts'
import * as breakGlass from './verbs/break-glass.ts'
import * as certificates from './verbs/certificates.ts'
import { destroyKey, restoreKey, resumeKey, suspendKey, updateKey } from './verbs/change-key.ts'
import { checkPolicies, simulatePolicy } from './verbs/check-policies.ts'
import * as compromise from './verbs/compromise/index.ts'
import { createGrant } from './verbs/create-grant.ts'
import { createKey } from './verbs/create-key.ts'
import { datakey, datakeyPair } from './verbs/datakey.ts'
import * as decisions from './verbs/decide-approval.ts'
import { decrypt, decryptBatch } from './verbs/decrypt.ts'
import { createDefaultApprovalPolicies } from './verbs/default-approvals.ts'
import { deleteMaterial, expireMaterial } from './verbs/delete-material.ts'
import { disableSubscription, enqueueNotices, settleNotice } from './verbs/deliveries.ts'
import * as dependents from './verbs/dependents.ts'
import { destroyVersion, eraseVersion, restoreVersion } from './verbs/destroy-version.ts'
import { destructionCertificate } from './verbs/destruction-certificate.ts'
import { decapsulate, encapsulate } from './verbs/encapsulation.ts'
import { encrypt, encryptBatch } from './verbs/encrypt.ts'
import { eraseKey } from './verbs/erase-key.ts'
import { exchangeSecretId } from './verbs/exchange-secret-id.ts'
import { expiringCredentials } from './verbs/expiring.ts'
import { explainAccess } from './verbs/explain/explain.ts'
import { unusedAccess } from './verbs/explain/unused.ts'
import { whatMay } from './verbs/explain/what.ts'
import { whoMay } from './verbs/explain/who.ts'
import { exportKey } from './verbs/export-key.ts'
import { listGrants, listRetirableGrants, retireGrant, revokeGrant } from './verbs/grants.ts'
import * as groups from './verbs/groups.ts'
import * as identityProviders from './verbs/identity-providers.ts'
import { importKey } from './verbs/import-key.ts'
import { importParameters } from './verbs/import-parameters.ts'
import { keyDependents, keySources } from './verbs/key-dependents.ts'
import { keySet } from './verbs/key-set.ts'
import { labelKey } from './verbs/label-key.ts'
import { lastUseOfKey } from './verbs/last-use.ts'
import { leaseJob } from './verbs/lease-job.ts'
import {
  ledgerCheckpoint,
  ledgerHead,
  ledgerTile,
  proveEntry,
  searchLedger,
} from './verbs/ledger.ts'
import * as lifecyclePolicies from './verbs/lifecycle-policies.ts'
import { providerLogin } from './verbs/login-providers/finish.ts'
import { linkLoginProvider, unlinkLoginProvider } from './verbs/login-providers/links.ts'
import { providerLogout } from './verbs/login-providers/logout.ts'
import * as loginProviders from './verbs/login-providers/manage.ts'
import * as ownLinks from './verbs/login-providers/own-link.ts'
import { nameLoginProviders, startProviderLogin } from './verbs/login-providers/start.ts'
import { mac, macBatch, verifyMac } from './verbs/mac.ts'
import { listNotices } from './verbs/notices.ts'
import { createOwnerToken } from './verbs/owner-token.ts'
import * as adding from './verbs/persons/add-factor.ts'
import * as devices from './verbs/persons/device.ts'
import * as enrol from './verbs/persons/enrol.ts'
import * as enrolment from './verbs/persons/enrolment.ts'
import * as factors from './verbs/persons/factors.ts'
import { login } from './verbs/persons/login.ts'
import * as logins from './verbs/persons/logins.ts'
import * as passkeys from './verbs/persons/passkeys.ts'
import * as stepUps from './verbs/persons/step-up.ts'
import { getPolicy, putPolicy } from './verbs/policies.ts'
import * as principals from './verbs/principals.ts'
import { raiseRotations } from './verbs/raise-rotations.ts'
import { random } from './verbs/random.ts'
import { reencrypt, reencryptBatch } from './verbs/reencrypt.ts'
import { replicateKey, setPrimaryKey } from './verbs/replicate-key.ts'
import { requestApproval } from './verbs/request-approval.ts'
import { revokeKey } from './verbs/revoke-key.ts'
import * as rewrap from './verbs/rewrap.ts'
import * as roles from './verbs/roles.ts'
import { rotateDueKey, rotateKey } from './verbs/rotate-key.ts'
import { awaitWindow } from './verbs/rotation-window.ts'
import * as rules from './verbs/rules.ts'
import * as secretIds from './verbs/secret-ids.ts'
import { seedKey } from './verbs/seed-key.ts'
import { seedPrincipal } from './verbs/seed-principal.ts'
import * as separations from './verbs/separations.ts'
import { createSession } from './verbs/sessions.ts'
import { setRotation } from './verbs/set-rotation.ts'
import { getSettings, updateSettings } from './verbs/settings.ts'
import { getKey, listKeys, listVersions, publicKey } from './verbs/show-keys.ts'
import { sign, signBatch, verify, verifyBatch } from './verbs/sign.ts'
import * as subscriptions from './verbs/subscriptions.ts'
import { doctor, reissueSeal, rotateRoot, sealServer } from './verbs/system.ts'
import { tellEndDate } from './verbs/tell-end-date.ts'
import { createTenant, listTenants } from './verbs/tenants.ts'
import { createTrust, deleteTrust, listTrusts } from './verbs/trusts.ts'

/** Every operation that passes the gate, and what does it. A row of the contract without a verb does not compile. */
export const verbs: { readonly [Name in GatedName]: Verb<Name> } = {
  encrypt,
  encryptBatch,
  decrypt,
  decryptBatch,
  reencrypt,
  reencryptBatch,
  datakey,
  datakeyPair,
  sign,
  signBatch,
  verify,
  verifyBatch,
  mac,
  macBatch,
  verifyMac,
  agree,
  encapsulate,
  decapsulate,
  random,
  'key.create': createKey,
  'key.get': getKey,
  'key.list': listKeys,
  'key.versions': listVersions,
  'key.update': updateKey,
  'key.rotate': rotateKey,
  'key.autoRotate': autoRotateKey,
  'key.setRotation': setRotation,
  'key.jwks': keySet,
  'key.label': labelKey,
  'key.lastUse': lastUseOfKey,
  'key.dependents': keyDependents,
  'key.sources': keySources,
  'key.replicate': replicateKey,
  'key.setPrimary': setPrimaryKey,
  'key.suspend': suspendKey,
  'key.resume': resumeKey,
  'key.revoke': revokeKey,
  'key.destroy': destroyKey,
  'key.restore': restoreKey,
  'key.destroyVersion': destroyVersion,
  'key.restoreVersion': restoreVersion,
  'key.destructionCertificate': destructionCertificate,
  'key.importParameters': importParameters,
  'key.import': importKey,
  'key.deleteMaterial': deleteMaterial,
  'key.export': exportKey,
  'key.public': publicKey,
  'dependent.create': dependents.createDependent,
  'dependent.update': dependents.updateDependent,
  'dependent.remove': dependents.removeDependent,
  'dependent.get': dependents.getDependent,
  'dependent.list': dependents.listDependents,
  'dependent.acknowledge': dependents.acknowledgeNotice,
  'notice.list': listNotices,
  'subscription.create': subscriptions.createSubscription,
  'subscription.update': subscriptions.updateSubscription,
  'subscription.rotateSecret': subscriptions.rotateSubscriptionSecret,
  'subscription.delete': subscriptions.deleteSubscription,
  'subscription.list': subscriptions.listSubscriptions,
  'subscription.deliveries': subscriptions.listDeliveries,
  'subscription.replay': subscriptions.replayNotices,
  'rewrap.start': rewrap.startRewrap,
  'rewrap.report': rewrap.reportRewrap,
  'rewrap.finish': rewrap.finishRewrap,
  'rewrap.get': rewrap.getRewrap,
  'rewrap.list': rewrap.listRewraps,
  'compromise.open': compromise.openCase,
  'compromise.assess': compromise.assessCase,
  'compromise.rewrap': compromise.rewrapCase,
  'compromise.revoke': compromise.revokeCase,
  'compromise.destroy': compromise.destroyCase,
  'compromise.close': compromise.closeCase,
  'compromise.get': compromise.getCase,
  'compromise.list': compromise.listCases,
  'compromise.report': compromise.caseReport,
  'alias.create': createAlias,
  'alias.update': updateAlias,
  'alias.delete': deleteAlias,
  'alias.list': listAliases,
  'policy.get': getPolicy,
  'policy.put': putPolicy,
  'grant.create': createGrant,
  'grant.list': listGrants,
  'grant.retirable': listRetirableGrants,
  'grant.retire': retireGrant,
  'grant.revoke': revokeGrant,
  'access.explain': explainAccess,
  'access.who': whoMay,
  'access.what': whatMay,
  'access.unused': unusedAccess,
  whoami: principals.whoami,
  'tenant.create': createTenant,
  'tenant.list': listTenants,
  'principal.create': principals.createPrincipal,
  'principal.get': principals.getPrincipal,
  'principal.list': principals.listPrincipals,
  'principal.disable': principals.disablePrincipal,
  'principal.enable': principals.enablePrincipal,
  'token.create': principals.createToken,
  'token.list': principals.listTokens,
  'token.revoke': principals.revokeToken,
  'accessKey.create': accessKeys.createAccessKey,
  'accessKey.list': accessKeys.listAccessKeys,
  'accessKey.revoke': accessKeys.revokeAccessKey,
  'session.create': createSession,
  'settings.get': getSettings,
  'settings.update': updateSettings,
  'certificate.create': certificates.createCertificate,
  'certificate.list': certificates.listCertificates,
  'certificate.revoke': certificates.revokeCertificate,
  'credential.expiring': expiringCredentials,
  'secretId.create': secretIds.createSecretId,
  'secretId.list': secretIds.listSecretIds,
  'secretId.revoke': secretIds.revokeSecretId,
  'secretId.exchange': exchangeSecretId,
  'trust.create': createTrust,
  'trust.list': listTrusts,
  'trust.delete': deleteTrust,
  'identityProvider.create': identityProviders.createIdentityProvider,
  'identityProvider.update': identityProviders.updateIdentityProvider,
  'identityProvider.list': identityProviders.listIdentityProviders,
  'identityProvider.delete': identityProviders.deleteIdentityProvider,
  'role.list': roles.listRoles,
  'role.create': roles.createRole,
  'role.update': roles.updateRole,
  'role.delete': roles.deleteRole,
  'group.create': groups.createGroup,
  'group.list': groups.listGroups,
  'group.delete': groups.deleteGroup,
  'group.members': groups.groupMembers,
  'group.add': groups.addToGroup,
  'group.remove': groups.removeFromGroup,
  'separation.create': separations.createSeparation,
  'separation.list': separations.listSeparations,
  'separation.delete': separations.deleteSeparation,
  'binding.create': bindings.createBinding,
  'binding.list': bindings.listBindings,
  'binding.delete': bindings.deleteBinding,
  'stepUpRule.create': rules.createStepUpRule,
  'stepUpRule.list': rules.listStepUpRules,
  'stepUpRule.delete': rules.deleteStepUpRule,
  'approvalPolicy.create': rules.createApprovalPolicy,
  'approvalPolicy.createDefaults': createDefaultApprovalPolicies,
  'approvalPolicy.update': rules.updateApprovalPolicy,
  'approvalPolicy.list': rules.listApprovalPolicies,
  'approvalPolicy.delete': rules.deleteApprovalPolicy,
  'lifecyclePolicy.create': lifecyclePolicies.createLifecyclePolicy,
  'lifecyclePolicy.update': lifecyclePolicies.updateLifecyclePolicy,
  'lifecyclePolicy.loosen': lifecyclePolicies.loosenLifecyclePolicy,
  'lifecyclePolicy.delete': lifecyclePolicies.deleteLifecyclePolicy,
  'lifecyclePolicy.get': lifecyclePolicies.getLifecyclePolicy,
  'lifecyclePolicy.list': lifecyclePolicies.listLifecyclePolicies,
  'policy.check': checkPolicies,
  'policy.simulate': simulatePolicy,
  'approval.request': requestApproval,
  'approval.list': approvals.listApprovals,
  'approval.get': approvals.getApproval,
  'approval.challenge': decisions.approvalChallenge,
  'approval.approve': decisions.approveApproval,
  'approval.reject': decisions.rejectApproval,
  'approval.withdraw': approvals.withdrawApproval,
  'breakGlass.create': breakGlass.createBreakGlass,
  'breakGlass.list': breakGlass.listBreakGlass,
  'breakGlass.delete': breakGlass.deleteBreakGlass,
  'breakGlass.open': breakGlass.openBreakGlass,
  'breakGlass.close': breakGlass.closeBreakGlass,
  'breakGlass.review': breakGlass.reviewBreakGlass,
  'person.invite': enrolment.invitePerson,
  'person.reset': enrolment.resetPerson,
  'enrolment.begin': enrol.beginEnrolment,
  'enrolment.complete': enrol.completeEnrolment,
  login,
  'login.challenge': passkeys.loginChallenge,
  'login.passkey': passkeys.loginPasskey,
  'login.stepUpChallenge': stepUps.stepUpChallenge,
  'login.stepUp': stepUps.stepUp,
  'login.deviceStart': devices.deviceStart,
  'login.deviceConfirm': devices.deviceConfirm,
  'login.devicePoll': devices.devicePoll,
  'login.providerStart': startProviderLogin,
  'login.provider': providerLogin,
  'login.providerLinks': ownLinks.listOwnLinks,
  'login.providerLinkStart': ownLinks.startOwnLink,
  'login.providerLink': ownLinks.linkOwnProvider,
  'login.providerUnlink': ownLinks.unlinkOwnProvider,
  'login.providerLogout': providerLogout,
  'login.list': logins.listLogins,
  'login.end': logins.endLogin,
  logout: logins.logout,
  'loginProvider.create': loginProviders.createLoginProvider,
  'loginProvider.update': loginProviders.updateLoginProvider,
  'loginProvider.list': loginProviders.listLoginProviders,
  'loginProvider.delete': loginProviders.deleteLoginProvider,
  'loginProvider.link': linkLoginProvider,
  'loginProvider.unlink': unlinkLoginProvider,
  'loginProvider.names': nameLoginProviders,
  'factor.list': factors.listFactors,
  'factor.begin': adding.beginFactor,
  'factor.add': adding.addFactor,
  'factor.remove': factors.removeFactor,
  'factor.renewCodes': factors.renewCodes,
  'password.change': factors.changePassword,
  'ledger.head': ledgerHead,
  'ledger.search': searchLedger,
  'ledger.prove': proveEntry,
  'ledger.checkpoint': ledgerCheckpoint,
  'ledger.tile': ledgerTile,
  'system.seal': sealServer,
  'system.rotateRoot': rotateRoot,
  'system.reissueSeal': reissueSeal,
  'system.doctor': doctor,
}

/** What only jobs do. Ledger events of the same names. */
export const internalVerbs = {
  'key.erase': eraseKey,
  'key.eraseVersion': eraseVersion,
  'key.rotateDue': rotateDueKey,
  'rotation.raise': raiseRotations,
  'rotation.wait': awaitWindow,
  'key.expireMaterial': expireMaterial,
  'key.tellEndDate': tellEndDate,
  'compromise.look': compromise.lookAtCase,
  'job.lease': leaseJob,
  'token.createForOwner': createOwnerToken,
  'accessKey.createForOwner': accessKeys.createOwnerAccessKey,
  'seed.key': seedKey,
  'seed.principal': seedPrincipal,
  'approval.execute': approvals.executeApproval,
  'approval.fail': approvals.failApproval,
  'notice.enqueue': enqueueNotices,
  'notice.settle': settleNotice,
  'subscription.disable': disableSubscription,
} satisfies Record<InternalEvent, unknown>

export type InternalName = keyof typeof internalVerbs
