import { digestOf } from '#access'
import { materialId, newestRow, type RingKey } from '#keyring'
import {
  canonicalJson,
  ClavigerError,
  KeyError,
  type AccessSettings,
  type KeyVersion,
} from '#model'
import { proven } from '../statement.ts'
import type { ReadVerb } from '../verb.ts'

/** What is said of a key when it is destroyed, and proved by the ledger from then on (NIST SP 800-57 part 1 section 8.3.4). */

const DAY_MS = 86_400_000

/** A tombstone, as it is stored: the id is never used again. */
export interface Tombstone {
  readonly id: string
  readonly destroyedAt: number
  /** The document whose digest stands in the record of the destruction. */
  readonly certificate?: string
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

/** Every copy there was, and what became of it: also of those that the server cannot reach. */
function copiesOf({ key }: RingKey, now: number, { backupDays }: AccessSettings) {
  const related = key.multiRegion?.members.filter((member) => member.key !== key.id) ?? []
  return [
    {
      copy: 'store',
      state: 'removed',
      detail: 'the wrapped material of every version; freed pages of the database are overwritten',
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
      state: 'present',
      detail: `key ${member.key} in ${member.region} has the same material`,
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
    copies: copiesOf(ringKey, now, settings),
  })
}

export const destructionCertificate: ReadVerb<'key.destructionCertificate'> = {
  kind: 'read',
  async run(input, work) {
    await work.locate([input.key])
    const { key } = work.key(input.key).ringKey
    const row = await newestRow(work.parts.store, { kind: 'tombstone', id: key.id })
    const document = row && work.parts.seals.open<Tombstone>(row).certificate
    if (row === undefined) {
      const message = 'The key is not destroyed; its certificate is there once it is'
      throw new KeyError('wrong_state', message, { key })
    }
    if (document === undefined)
      throw new ClavigerError('not_found', 'The key was destroyed without a certificate')
    const digest = digestOf(document)
    return proven(work, document, {
      event: 'key.erase',
      key: key.id,
      member: 'certificate',
      digest,
    })
  },
}
