import type { OutputOf } from '@claviger/contract'
import { materialId } from '#keyring'
import {
  isWithoutMaterial,
  keyStateAt,
  nextRotation,
  stateAt,
  type AccessKey,
  type Binding,
  type Conditions,
  type Counters,
  type IdentityProvider,
  type Key,
  type KeyGrant,
  type KeyVersion,
  type Principal,
  type Rotation,
  type Token,
  type Trust,
} from '#model'

/** How stored values are shown: what is not for showing is left out here, by naming what is. */

export function keyView(
  key: Key,
  current: KeyVersion,
  aliases: readonly string[],
  now: number,
): OutputOf<'key.get'> {
  return {
    id: key.id,
    tenant: key.tenant,
    algorithm: key.algorithm,
    usage: key.usage,
    state: keyStateAt(key, current, now),
    origin: key.origin,
    protection: key.protection,
    exportable: key.exportable,
    owner: key.owner,
    description: key.description,
    labels: { ...key.labels },
    aliases: [...aliases],
    version: key.version,
    createdAt: key.createdAt,
    ...(key.destroyAt === undefined ? {} : { destroyAt: key.destroyAt }),
    ...(key.destroyDays === undefined ? {} : { destroyDays: key.destroyDays }),
    ...(key.revocation === undefined ? {} : { revocation: { ...key.revocation } }),
    ...(key.containment === undefined ? {} : { containedUntil: key.containment.until }),
    ...(key.replacedBy === undefined ? {} : { replacedBy: key.replacedBy }),
    ...(key.region === undefined ? {} : { region: key.region }),
    ...(key.multiRegion === undefined ? {} : { multiRegion: multiRegionView(key.multiRegion) }),
    ...(key.rotation === undefined ? {} : { rotation: rotationView(key, current, key.rotation) }),
    ...(key.limits === undefined ? {} : { limits: { ...key.limits } }),
    ...(isWithoutMaterial(current, now) ? { awaitsMaterial: true } : {}),
    ...(current.materialExpiresAt === undefined || isWithoutMaterial(current, now)
      ? {}
      : { materialExpiresAt: current.materialExpiresAt }),
    materialId: materialId(key, current.version),
  }
}

function rotationView(key: Key, current: KeyVersion, rotation: Rotation) {
  const { triggers, publishNext, prePublish } = rotation
  const nextAt = nextRotation(key, current)
  return {
    triggers: structuredClone(triggers),
    ...(publishNext === true ? { publishNext } : {}),
    ...(prePublish === undefined ? {} : { prePublishDays: prePublish.days }),
    ...(nextAt === undefined ? {} : { nextAt }),
  }
}

function multiRegionView({ id, primary, members }: NonNullable<Key['multiRegion']>) {
  return { id, primary, members: members.map((member) => ({ ...member })) }
}

const noUses: Counters = { uses: 0, bytes: 0, wraps: 0 }

export function versionView(
  key: Key,
  version: KeyVersion,
  counters: Counters = noUses,
  now: number,
): OutputOf<'key.versions'>['items'][number] {
  // Only a rotation says when it becomes active.
  const isPending = version.version === key.pending && version.state === 'pre-activation'
  return {
    version: version.version,
    materialId: materialId(key, version.version),
    state: isPending ? 'pre-activation' : stateAt(version, now),
    material: materialState(key, version, now),
    ...(version.materialExpiresAt === undefined || isWithoutMaterial(version, now)
      ? {}
      : { materialExpiresAt: version.materialExpiresAt }),
    ...(version.description === undefined ? {} : { description: version.description }),
    ...(version.rotatedBy === undefined ? {} : { rotatedBy: version.rotatedBy }),
    createdAt: version.createdAt,
    ...(isPending ? {} : { activatedAt: version.activatedAt }),
    ...(version.protectStopAt === undefined ? {} : { protectStopAt: version.protectStopAt }),
    ...(version.processStopAt === undefined ? {} : { processStopAt: version.processStopAt }),
    ...(version.destroyAt === undefined ? {} : { destroyAt: version.destroyAt }),
    ...(version.destroyedAt === undefined ? {} : { destroyedAt: version.destroyedAt }),
    ...(version.revocation === undefined ? {} : { revocation: { ...version.revocation } }),
    uses: counters.uses,
    bytes: counters.bytes,
    wraps: counters.wraps,
  }
}

function materialState(
  key: Key,
  version: KeyVersion,
  now: number,
): 'present' | 'absent' | 'pending' {
  if (isWithoutMaterial(version, now) || version.destroyedAt !== undefined) return 'absent'
  return version.version === key.pending ? 'pending' : 'present'
}

export function principalView(principal: Principal): OutputOf<'principal.get'> {
  const { id, tenant, name, kind, state, createdAt } = principal
  return { id, tenant, name, kind, state, createdAt }
}

export function tokenView(token: Token): OutputOf<'token.revoke'> {
  const { id, principal, description, createdAt, expiresAt, revokedAt } = token
  return {
    id,
    principal,
    description,
    createdAt,
    expiresAt,
    ...(revokedAt === undefined ? {} : { revokedAt }),
  }
}

export function bindingView(binding: Binding): OutputOf<'binding.create'> {
  const { id, role, principal, group, scope, conditions, createdAt, expiresAt } = binding
  return {
    id,
    role,
    ...(group === undefined ? { principal } : { group }),
    scope: { ...scope },
    ...(conditions === undefined ? {} : { conditions: conditionsView(conditions) }),
    createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

/** As it was given: stored values are as plain as those of the contract. */
function conditionsView(conditions: Conditions): OutputOf<'binding.create'>['conditions'] {
  return structuredClone(conditions) as OutputOf<'binding.create'>['conditions']
}

export function accessKeyView(accessKey: AccessKey): OutputOf<'accessKey.revoke'> {
  const { id, principal, description, createdAt, expiresAt, revokedAt } = accessKey
  return {
    id,
    principal,
    description,
    createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(revokedAt === undefined ? {} : { revokedAt }),
  }
}

export function trustView(trust: Trust): OutputOf<'trust.create'> {
  const { id, principal, by, claims, seconds, createdAt } = trust
  return {
    id,
    principal,
    by: { ...by },
    ...(claims === undefined ? {} : { claims: { ...claims } }),
    seconds,
    createdAt,
  }
}

/** Without the keys, which are long, and known to whoever gave them. */
export function identityProviderView(
  provider: IdentityProvider,
): OutputOf<'identityProvider.create'> {
  const { id, issuer, audiences, createdAt } = provider
  return { id, issuer, audiences: [...audiences], createdAt }
}

/** Of a grant on a key. */
export function grantView(grant: KeyGrant, key: Key): OutputOf<'grant.list'>['items'][number] {
  const { id, grantee, retiring, operations, constraints, issuer, createdAt } = grant
  const { equals, subset } = constraints ?? {}
  return {
    id,
    key: key.id,
    ...(key.region === undefined ? {} : { keyRegion: key.region }),
    ...(key.multiRegion === undefined ? {} : { multiRegionId: key.multiRegion.id }),
    ...(grant.name === undefined ? {} : { name: grant.name }),
    grantee,
    ...(retiring === undefined ? {} : { retiring }),
    operations: [...operations],
    ...(equals === undefined ? {} : { constraints: { equals: { ...equals } } }),
    ...(subset === undefined ? {} : { constraints: { subset: { ...subset } } }),
    issuer,
    createdAt,
  }
}
