import * as member from './members.ts'
import { boolean, list, matching, need, oneOf, sensitive, structure, text } from './shapes.ts'

/** Inputs of the operations on aliases, grants and custom key stores. */

const key = { KeyId: need(member.keyId) }
const target = { AliasName: need(member.aliasName), TargetKeyId: need(member.keyId) }
const dryRun = { DryRun: boolean }
const store = { CustomKeyStoreId: need(member.customKeyStoreId) }

const storeMembers = {
  CloudHsmClusterId: matching(19, 24, 'cluster-[2-7a-zA-Z]{11,16}'),
  KeyStorePassword: sensitive(text(7, 32)),
  XksProxyUriEndpoint: matching(10, 128, '^https://[a-zA-Z0-9.-]+$'),
  XksProxyUriPath: matching(
    10,
    128,
    String.raw`^(/[a-zA-Z0-9\/_-]+/kms/xks/v\d{1,2})$|^(/kms/xks/v\d{1,2})$`,
  ),
  XksProxyVpcEndpointServiceName: matching(
    20,
    64,
    String.raw`^(com|eu)\.amazonaws\.vpce\.([a-z]+-){2,3}\d+\.vpce-svc-[0-9a-z]+$`,
  ),
  XksProxyVpcEndpointServiceOwner: matching(12, 12, '[0-9]{12}'),
  XksProxyAuthenticationCredential: structure({
    AccessKeyId: need(sensitive(matching(20, 30, '^[A-Z2-7]+$'))),
    RawSecretAccessKey: need(sensitive(matching(43, 64, String.raw`^[a-zA-Z0-9\/+=]+$`))),
  }),
  XksProxyConnectivity: oneOf('PUBLIC_ENDPOINT', 'VPC_ENDPOINT_SERVICE'),
}

export const otherInputs = {
  CreateAlias: target,
  DeleteAlias: { AliasName: need(member.aliasName) },
  ListAliases: { KeyId: member.keyId, ...member.page },
  UpdateAlias: target,

  CreateGrant: {
    ...key,
    GranteePrincipal: member.principal,
    RetiringPrincipal: member.principal,
    Operations: need(list(member.grantOperation, { min: 1 })),
    Constraints: member.grantConstraints,
    Name: matching(1, 256, '^[a-zA-Z0-9:/_-]+$'),
    GranteeServicePrincipal: member.servicePrincipal,
    RetiringServicePrincipal: member.servicePrincipal,
    ...member.use,
  },
  ListGrants: {
    ...member.page,
    ...key,
    GrantId: member.grantId,
    GranteePrincipal: member.principal,
    GranteeServicePrincipal: member.servicePrincipal,
  },
  ListRetirableGrants: {
    ...member.page,
    RetiringPrincipal: member.principal,
    RetiringServicePrincipal: member.servicePrincipal,
  },
  RetireGrant: {
    GrantToken: member.grantToken,
    KeyId: member.keyId,
    GrantId: member.grantId,
    ...dryRun,
  },
  RevokeGrant: { ...key, GrantId: need(member.grantId), ...dryRun },

  ConnectCustomKeyStore: store,
  CreateCustomKeyStore: {
    CustomKeyStoreName: need(member.customKeyStoreName),
    TrustAnchorCertificate: text(1, 5000),
    CustomKeyStoreType: oneOf('AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE'),
    ...storeMembers,
  },
  DeleteCustomKeyStore: store,
  DescribeCustomKeyStores: {
    CustomKeyStoreId: member.customKeyStoreId,
    CustomKeyStoreName: member.customKeyStoreName,
    ...member.page,
  },
  DisconnectCustomKeyStore: store,
  UpdateCustomKeyStore: {
    ...store,
    NewCustomKeyStoreName: member.customKeyStoreName,
    ...storeMembers,
  },
} as const
