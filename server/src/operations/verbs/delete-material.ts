import type { OutputOf } from '@claviger/contract'
import { materialId, versionId, type RingKey } from '#keyring'
import { ClavigerError, isReplica, KeyError, type Key, type KeyVersion } from '#model'
import { aliasesOf } from '../aliases.ts'
import { keyRow, standing, versionRow } from '../rows.ts'
import type { ChangeVerb, InternalVerb, Plan } from '../verb.ts'
import { keyView } from '../views.ts'
import type { Work } from '../work.ts'
import { assertNotDestroyed } from './change-key.ts'
import { fingerprintOf } from './known-material.ts'
import { withoutWaiting } from './made-ahead.ts'
import { assertNotReplica, together, withRelated } from './related.ts'

/** Imported material goes again: when somebody says so, or at its end. What it is known by stays. */

/** The version whose material is meant. @throws ClavigerError not_found */
export function versionOf(ringKey: RingKey, id: string): KeyVersion {
  const version = ringKey.versions.find((each) => materialId(ringKey.key, each.version) === id)
  if (version === undefined)
    throw new ClavigerError('not_found', 'The key has no material of that id')
  return version
}

/** Of a version that is destroyed only the record is left: its material neither comes nor goes. @throws KeyError wrong_state */
export function assertThere(key: Key, { version, destroyedAt }: KeyVersion): void {
  if (destroyedAt === undefined) return
  throw new KeyError('wrong_state', `Version ${version} of the key is destroyed`, {
    key,
    version,
    hindrance: 'destroyed',
  })
}

/** One that was revoked waits no more: it stays, so that its material never comes back, under its number or another. */
function waits({ pending }: Key, { version, revocation }: KeyVersion): boolean {
  return version === pending && revocation === undefined
}

type Forgotten = Plan<OutputOf<'key.deleteMaterial'>>

/** The plan after which the material of a version is not there any more. */
async function planForgetting(
  work: Work,
  ringKey: RingKey,
  version: KeyVersion,
): Promise<Forgotten> {
  const now = work.parts.clock.now()
  // What a replica loses at its end may have been brought again to the primary key, and then to the replica.
  const isPending = waits(ringKey.key, version) && !isReplica(ringKey.key)
  const { materialExpiresAt: _end, ...rest } = version
  const known = fingerprintOf(work, ringKey, version)
  const waiting: KeyVersion = {
    ...rest,
    awaitsMaterial: true,
    ...(known === undefined ? {} : { fingerprint: known }),
  }
  const current = version.version === ringKey.key.version ? waiting : ringKey.current
  const parts = isPending
    ? (await withRelated(work, ringKey)).map((member) => withoutPending(member, version.version))
    : [
        {
          rows: [keyRow(ringKey.key, current), versionRow(ringKey.key, waiting, undefined)],
          unchanged: standing(ringKey, [version.version]),
        },
      ]
  const id = materialId(ringKey.key, version.version)
  return {
    additive: false,
    ...together(parts),
    key: ringKey.key.id,
    version: version.version,
    output: {
      ...keyView(ringKey.key, current, await aliasesOf(work, ringKey.key.id), now),
      materialId: id,
    },
  }
}

/** Nothing was ever done with a version that waited: it was never there, and others may take its place. */
function withoutPending(member: RingKey, number: number) {
  const { key } = member
  return {
    rows: [keyRow(withoutWaiting(key), member.current)],
    removals: [{ kind: 'version' as const, id: versionId(key.id, number) }],
    unchanged: standing(member, [number]),
  }
}

export const deleteMaterial: ChangeVerb<'key.deleteMaterial'> = {
  kind: 'change',
  references: (input) => [input.key],
  run(input, work) {
    const { ringKey } = work.key(input.key)
    const { key } = ringKey
    if (key.origin !== 'imported') {
      throw new KeyError('wrong_usage', 'Only imported material is deleted; destroy the key', {
        key,
      })
    }
    assertNotDestroyed(key)
    const version =
      input.materialId === undefined ? ringKey.current : versionOf(ringKey, input.materialId)
    assertThere(key, version)
    if (waits(key, version)) assertNotReplica(key)
    return planForgetting(work, ringKey, version)
  },
}

/** Material whose time has come: nobody can use it since, and now it is not there any more. */
export const expireMaterial: InternalVerb<{ readonly key: string; readonly version: number }> = {
  kind: 'change',
  references: (input) => [input.key],
  run(input, work) {
    const { ringKey } = work.key(input.key)
    assertNotDestroyed(ringKey.key)
    // A version that waited may be gone already, with that of a related key.
    const version = ringKey.versions.find((each) => each.version === input.version)
    const end = version?.materialExpiresAt
    if (version === undefined || end === undefined || end > work.parts.clock.now())
      throw new ClavigerError('wrong_state', 'The material of the version has not expired')
    return planForgetting(work, ringKey, version)
  },
}
