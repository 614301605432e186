import { certificateFacet, customRoleId, grantRowId, grantSlot } from '#access'
import { aliasId, versionId, type RingKey } from '#keyring'
import { asksForEvents, dueOfApproval, dueOfKey, dueOfVersion } from '#model'
import type {
  AccessKey,
  AccessSettings,
  Approval,
  ApprovalPolicy,
  Binding,
  BreakGlass,
  CertificateMapping,
  CustomRole,
  Dependent,
  Group,
  IdentityProvider,
  Key,
  KeyGrant,
  KeyVersion,
  LifecyclePolicy,
  Lease,
  Membership,
  Principal,
  SecretId,
  Separation,
  StepUpRule,
  Tenant,
  Token,
  Trust,
} from '#model'
import type { RowStanding } from '#store'
import type { PlannedRow } from './verb.ts'

/** How each value becomes a row, and what it can be listed by. */

/** `current` is the version that applies protection. */
export function keyRow(key: Key, current: KeyVersion): PlannedRow {
  return {
    kind: 'key',
    id: key.id,
    tenant: key.tenant,
    value: key,
    facets: [
      ['state', key.state],
      ['algorithm', key.algorithm],
      ['usage', key.usage],
      ...(key.policy === undefined ? [] : ([['policy', 'own']] as const)),
      ...asksForEvents(key).map((event) => ['rotateOn', event] as const),
      ...Object.entries(key.labels).map(([name, value]) => [`label:${name}`, value] as const),
    ],
    due: dueOfKey(key, current),
  }
}

export function versionRow(
  key: Key,
  version: KeyVersion,
  wrapped: Uint8Array | undefined,
): PlannedRow {
  return {
    kind: 'version',
    id: versionId(key.id, version.version),
    tenant: key.tenant,
    value: version,
    ...(wrapped === undefined ? {} : { material: wrapped }),
    facets: [],
    due: dueOfVersion(version),
  }
}

/** A name, as it is stored. */
export interface Alias {
  readonly alias: string
  readonly key: string
  readonly createdAt: number
  readonly updatedAt?: number
  /** Where it was made, where that is known: it is not seen from other regions. */
  readonly region?: string
}

export function aliasRow(tenant: string, alias: Alias): PlannedRow {
  return {
    kind: 'alias',
    id: aliasId(tenant, alias.alias),
    tenant,
    value: alias,
    facets: [['key', alias.key]],
  }
}

export function dependentRow(dependent: Dependent): PlannedRow {
  return {
    kind: 'dependent',
    id: dependent.id,
    tenant: dependent.tenant,
    value: dependent,
    facets: [
      ['key', dependent.key],
      ['owner', dependent.owner],
    ],
  }
}

export function principalRow(principal: Principal): PlannedRow {
  return {
    kind: 'principal',
    id: principal.id,
    tenant: principal.tenant,
    value: principal,
    facets: [],
  }
}

/** A name is a row of its own, so that no two principals of a tenant ever have the same. */
export function principalNameId(tenant: string, name: string): string {
  return `${tenant}/${name}`
}

export function principalNameRow({ id, tenant, name }: Principal): PlannedRow {
  return {
    kind: 'principalName',
    id: principalNameId(tenant, name),
    tenant,
    value: { name, principal: id },
    facets: [],
  }
}

/** `wrappedSecret` is the secret under the tenant's key; there is none once it is revoked. */
export function accessKeyRow(
  accessKey: AccessKey,
  wrappedSecret: Uint8Array | undefined,
): PlannedRow {
  return {
    kind: 'accessKey',
    id: accessKey.id,
    tenant: accessKey.tenant,
    value: accessKey,
    ...(wrappedSecret === undefined ? {} : { material: wrappedSecret }),
    facets: [['principal', accessKey.principal]],
  }
}

export function settingsRow(settings: AccessSettings): PlannedRow {
  const { tenant } = settings
  return { kind: 'settings', id: tenant, tenant, value: settings, facets: [] }
}

export function certificateRow(mapping: CertificateMapping): PlannedRow {
  return {
    kind: 'certificate',
    id: mapping.id,
    tenant: mapping.tenant,
    value: mapping,
    facets: [
      ['principal', mapping.principal],
      ['certificate', certificateFacet(mapping.by)],
    ],
  }
}

export function secretIdRow(secretId: SecretId): PlannedRow {
  return {
    kind: 'secretId',
    id: secretId.id,
    tenant: secretId.tenant,
    value: secretId,
    facets: [['principal', secretId.principal]],
  }
}

export function grantRow(grant: KeyGrant): PlannedRow {
  return {
    kind: 'grant',
    id: grantRowId(grant.tenant, grant.granteeName, grantSlot(grant)),
    tenant: grant.tenant,
    value: grant,
    facets: [
      ['grant', grant.id],
      ['key', grant.key],
      ['grantee', grant.granteeName],
      ...(grant.retiringName === undefined ? [] : ([['retiring', grant.retiringName]] as const)),
    ],
  }
}

export function trustRow(trust: Trust): PlannedRow {
  return {
    kind: 'trust',
    id: trust.id,
    tenant: trust.tenant,
    value: trust,
    facets: [
      ['principal', trust.principal],
      ...(trust.by.kind === 'identity' ? ([['provider', trust.by.provider]] as const) : []),
    ],
  }
}

export function identityProviderRow(provider: IdentityProvider): PlannedRow {
  return {
    kind: 'identityProvider',
    id: provider.id,
    tenant: provider.tenant,
    value: provider,
    facets: [['issuer', provider.issuer]],
  }
}

export function tokenRow(token: Token): PlannedRow {
  return {
    kind: 'token',
    id: token.id,
    tenant: token.tenant,
    value: token,
    facets: [['principal', token.principal]],
  }
}

export function bindingRow(binding: Binding): PlannedRow {
  return {
    kind: 'binding',
    id: binding.id,
    tenant: binding.tenant,
    value: binding,
    facets: [
      ['role', binding.role],
      ...(binding.group === undefined
        ? ([['principal', binding.principal]] as const)
        : ([['group', binding.group]] as const)),
      ...(binding.scope.kind === 'key' ? ([['key', binding.scope.key]] as const) : []),
    ],
  }
}

export function customRoleRow(role: CustomRole): PlannedRow {
  const { tenant, name } = role
  return { kind: 'role', id: customRoleId(tenant, name), tenant, value: role, facets: [] }
}

export function groupRow(group: Group): PlannedRow {
  const { id, tenant, name } = group
  return { kind: 'group', id, tenant, value: group, facets: [['name', name]] }
}

export function membershipId(group: string, principal: string): string {
  return `${group}/${principal}`
}

export function membershipRow(membership: Membership): PlannedRow {
  const { group, principal, tenant, provider } = membership
  return {
    kind: 'membership',
    id: membershipId(group, principal),
    tenant,
    value: membership,
    facets: [
      ['group', group],
      ['principal', principal],
      ...(provider === undefined ? [] : ([['provider', provider]] as const)),
    ],
  }
}

export function separationRow(separation: Separation): PlannedRow {
  const { id, tenant } = separation
  return { kind: 'separation', id, tenant, value: separation, facets: [] }
}

export function stepUpRuleRow(rule: StepUpRule): PlannedRow {
  return { kind: 'stepUpRule', id: rule.id, tenant: rule.tenant, value: rule, facets: [] }
}

export function breakGlassRow(glass: BreakGlass): PlannedRow {
  const { use, review, role } = glass
  const isDue = use !== undefined && review === undefined
  return {
    kind: 'breakGlass',
    id: glass.id,
    tenant: glass.tenant,
    value: glass,
    facets: [
      ...(isDue ? [['review', 'due'] as const] : []),
      ...(use === undefined ? [['role', role] as const] : []),
    ],
  }
}

export function approvalPolicyRow(policy: ApprovalPolicy): PlannedRow {
  return { kind: 'approvalPolicy', id: policy.id, tenant: policy.tenant, value: policy, facets: [] }
}

export function lifecyclePolicyRow(policy: LifecyclePolicy): PlannedRow {
  return {
    kind: 'lifecyclePolicy',
    id: policy.id,
    tenant: policy.tenant,
    value: policy,
    facets: [],
  }
}

/** `wrappedInput` is what was asked for, under the tenant's key. */
export function approvalRow(approval: Approval, wrappedInput: Uint8Array | undefined): PlannedRow {
  return {
    kind: 'approval',
    id: approval.id,
    tenant: approval.tenant,
    value: approval,
    ...(wrappedInput === undefined ? {} : { material: wrappedInput }),
    facets: [['state', approval.state]],
    due: dueOfApproval(approval),
  }
}

export function leaseRow(lease: Lease): PlannedRow {
  return { kind: 'lease', id: lease.job, tenant: lease.tenant, value: lease, facets: [] }
}

export function tenantRow(tenant: Tenant, wrappedKey: Uint8Array): PlannedRow {
  return {
    kind: 'tenant',
    id: tenant.id,
    tenant: tenant.id,
    value: tenant,
    material: wrappedKey,
    facets: [],
  }
}

/** The condition that a key and the versions named still stand as they were read. */
export function standing(
  ringKey: RingKey,
  versions: readonly number[] = [],
): readonly RowStanding[] {
  return [
    { kind: 'key', id: ringKey.key.id, revision: ringKey.revision },
    ...versions.map((number) => ({
      kind: 'version' as const,
      id: versionId(ringKey.key.id, number),
      revision: ringKey.versionRevisions[number - 1] ?? 0,
    })),
  ]
}
