import { digestOf } from '#access'
import { materialId, newestRow, versionId, type RingKey } from '#keyring'
import {
  DAY_MS,
  canonicalJson,
  ClavigerError,
  KeyError,
  type AccessSettings,
  type Key,
  type KeyVersion,
} from '#model'
import { proven } from '../statement.ts'
import type { PlannedRow, ReadVerb } from '../verb.ts'

/** What is said of a key or a version when it is destroyed, and proved by the ledger from then on (NIST SP 800-57 part 1 section 8.3.4). */

/** A tombstone, as it is stored: the id, of a key or a version of it, is never used again. */
interface Tombstone {
  readonly id: string
  readonly destroyedAt: number
  /** The document whose digest stands in the record of the destruction. */
  readonly certificate?: string
  /** The key that the record names, where the document stands for related keys, too. */
  readonly recordOf?: string
}

export function tombstoneRow(tenant: string, tombstone: Tombstone): PlannedRow {
  return { kind: 'tombstone', id: tombstone.id, tenant, value: tombstone, facets: [] }
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

interface Going {
  readonly now: number
  readonly settings: AccessSettings
  /** The whole key goes, and those related to it stay; or one version, which all of them have in common and lose together. */
  readonly what: 'key' | 'version'
}

/** Every copy there was, and what became of it: also of those that the server cannot reach. */
function copiesOf({ key }: RingKey, { now, settings: { backupDays }, what }: Going) {
  const related = key.multiRegion?.members.filter((member) => member.key !== key.id) ?? []
  const which = what === 'key' ? 'every version' : 'the version'
  return [
    {
      copy: 'store',
      state: 'removed',
      detail: `the wrapped material of ${which}; freed pages of the database are overwritten`,
      at: iso(now),
    },
    { copy: 'memory', state: 'forgotten', detail: 'what this server held', at: iso(now) },
    backupDays === undefined
      ? { copy: 'backups', state: 'unknown', detail: 'how long they are kept was not declared' }
      : {
          copy: 'backups',
          state: 'expiring',
          detail: `kept for ${backupDays} days, as declared; wrapped under the tenant's key`,
          until: iso(now + backupDays * DAY_MS),
        },
    key.exportable
      ? { copy: 'exports', state: 'unknown', detail: 'the ledger has every export of the key' }
      : { copy: 'exports', state: 'none', detail: 'the key was not exportable' },
    ...related.map((member) => ({
      copy: 'related key',
      detail: `key ${member.key} in ${member.region} ${what === 'key' ? 'has' : 'had'} the same material`,
      ...(what === 'key' ? { state: 'present' } : { state: 'removed', at: iso(now) }),
    })),
    ...(key.origin === 'imported'
      ? [{ copy: 'origin', state: 'unknown', detail: 'the material was made elsewhere' }]
      : []),
  ]
}

function versionOf(ringKey: RingKey, version: KeyVersion, now: number) {
  return {
    version: version.version,
    material: materialId(ringKey.key, version.version),
    state: version.state,
    createdAt: iso(version.createdAt),
    destroyedAt: iso(version.destroyedAt ?? now),
  }
}

/** The document, in canonical JSON. `versions` are those that are destroyed now, or were before. */
export function certificateOf(
  ringKey: RingKey,
  versions: readonly KeyVersion[],
  now: number,
  settings: AccessSettings,
): string {
  const { key } = ringKey
  return canonicalJson({
    format: 'claviger/destruction-certificate/1',
    key: key.id,
    tenant: key.tenant,
    algorithm: key.algorithm,
    usage: key.usage,
    origin: key.origin,
    createdAt: iso(key.createdAt),
    ...(key.destroyAt === undefined ? {} : { scheduledFor: iso(key.destroyAt) }),
    destroyedAt: iso(now),
    ...(key.revocation === undefined
      ? {}
      : { revokedAt: iso(key.revocation.revokedAt), revocation: key.revocation.reason }),
    versions: versions.map((version) => versionOf(ringKey, version, now)),
    copies: copiesOf(ringKey, { now, settings, what: 'key' }),
  })
}

/** The document about one version of a key that stays, in canonical JSON. `version` is as it is from now on. */
export function versionCertificateOf(
  ringKey: RingKey,
  version: KeyVersion,
  now: number,
  settings: AccessSettings,
): string {
  const { key } = ringKey
  const { destroyAt } = ringKey.version(version.version)
  const { revocation } = version
  return canonicalJson({
    format: 'claviger/version-destruction-certificate/1',
    key: key.id,
    tenant: key.tenant,
    algorithm: key.algorithm,
    usage: key.usage,
    origin: key.origin,
    ...versionOf(ringKey, version, now),
    ...(destroyAt === undefined ? {} : { scheduledFor: iso(destroyAt) }),
    ...(revocation === undefined
      ? {}
      : { revokedAt: iso(revocation.revokedAt), revocation: revocation.reason }),
    copies: copiesOf(ringKey, { now, settings, what: 'version' }),
  })
}

/** Why there is no certificate. */
function without(key: Key, version: number | undefined): KeyError {
  const isGone = key.state === 'destroyed' || key.state === 'destroyed-compromised'
  const message =
    version === undefined
      ? 'The key is not destroyed; its certificate is there once it is'
      : isGone
        ? 'The version was destroyed with its key; the certificate of the key is about it, too'
        : 'The version is not destroyed; its certificate is there once it is'
  return new KeyError('wrong_state', message, {
    key,
    ...(version === undefined ? {} : { version }),
  })
}

export const destructionCertificate: ReadVerb<'key.destructionCertificate'> = {
  kind: 'read',
  async run({ key: reference, version }, work) {
    await work.locate([reference])
    const { ringKey } = work.key(reference)
    const { key } = ringKey
    const id = version === undefined ? key.id : versionId(key.id, ringKey.version(version).version)
    const row = await newestRow(work.parts.store, { kind: 'tombstone', id })
    if (row === undefined) throw without(key, version)
    const { certificate, recordOf } = work.parts.seals.open<Tombstone>(row)
    if (certificate === undefined)
      throw new ClavigerError('not_found', 'The key was destroyed without a certificate')
    return proven(work, certificate, {
      event: version === undefined ? 'key.erase' : 'key.eraseVersion',
      key: recordOf ?? key.id,
      member: 'certificate',
      digest: digestOf(certificate),
    })
  },
}
