import { digestOf } from '#access'
import { versionId, type RingKey } from '#keyring'
import { ClavigerError, DAY_MS, KeyError, type KeyVersion } from '#model'
import { leftBehind } from '../left-behind.ts'
import { assertWindow } from '../lifecycle/govern.ts'
import { keyRow, standing, versionRow } from '../rows.ts'
import { readSettings } from '../settings.ts'
import { holds } from '../until-recorded.ts'
import type { ChangeVerb, InternalVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { assertNotDestroyed } from './change-key.ts'
import { tombstoneRow, versionCertificateOf } from './destruction-certificate.ts'
import { erased } from './erase-key.ts'
import { assertNotReplica, together, withRelated } from './related.ts'

/** One old version goes, and the key stays (SP 800-57 part 1 section 8.3.4): a window first, as with keys. */

function wrongState(ringKey: RingKey, version: number, message: string): KeyError {
  return new KeyError('wrong_state', message, { key: ringKey.key, version })
}

/** A version that may go: it neither protects now nor waits to, and is there. @throws KeyError wrong_state */
function oldVersion(ringKey: RingKey, number: number): KeyVersion {
  assertNotDestroyed(ringKey.key)
  const version = ringKey.version(number)
  if (number >= ringKey.key.version) {
    throw wrongState(
      ringKey,
      number,
      'It is the newest version; rotate the key first, or destroy the whole key',
    )
  }
  if (version.destroyedAt !== undefined)
    throw wrongState(ringKey, number, 'The version is destroyed; only its record is left')
  return version
}

/** Why a version may not go yet: of the key, and of those related to it, from which it goes as well. */
async function leftBehindAny(work: Work, ringKey: RingKey, number: number): Promise<string[]> {
  const all: string[] = []
  for (const member of await withRelated(work, ringKey)) {
    const where = member === ringKey ? '' : ` (key ${member.key.id} in ${member.key.region})`
    const reasons = await leftBehind(work, member, number)
    all.push(...reasons.map((reason) => `${reason}${where}`))
  }
  return all
}

/** Related keys have their versions in common: the plan writes the version of each. The key's row goes along, so that rings drop it. */
export async function planVersions(
  work: Work,
  ringKey: RingKey,
  number: number,
  wanted: {
    readonly change: (version: KeyVersion) => KeyVersion
    readonly keepsMaterial: boolean
  },
) {
  const { change, keepsMaterial } = wanted
  const members = await withRelated(work, ringKey)
  const parts = members.map((member) => ({
    rows: [
      keyRow(member.key, member.current),
      versionRow(
        member.key,
        change(member.version(number)),
        keepsMaterial ? member.wrappedMaterial(number) : undefined,
      ),
    ],
    unchanged: standing(member, [number]),
  }))
  return {
    additive: false,
    ...together(parts),
    key: ringKey.key.id,
    alsoOf: members.slice(1).map(({ key }) => key.id),
    version: number,
    output: {},
  }
}

export const destroyVersion: ChangeVerb<'key.destroyVersion'> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    const version = oldVersion(ringKey, input.version)
    assertNotReplica(ringKey.key)
    if (version.destroyAt !== undefined) {
      throw wrongState(
        ringKey,
        input.version,
        'The destruction of the version is scheduled already; restore it to choose another date',
      )
    }
    await assertWindow(work, ringKey.key, input.days)
    let reasons: readonly string[] = []
    await holds(work, async () => {
      reasons = await leftBehindAny(work, ringKey, input.version)
      if (reasons.length > 0 && input.anyway === undefined) {
        throw new ClavigerError(
          'conflict',
          `Something may still need the version: ${reasons.join('; ')}. Re-wrap first, or say why it goes anyway`,
        )
      }
    })
    const destroyAt = work.now + input.days * DAY_MS
    const plan = await planVersions(work, ringKey, input.version, {
      change: (one) => ({ ...one, destroyAt }),
      keepsMaterial: true,
    })
    return {
      ...plan,
      detail: {
        days: input.days,
        ...(input.anyway === undefined ? {} : { anyway: input.anyway }),
        ...(reasons.length === 0 ? {} : { leftBehind: reasons.length }),
      },
    }
  },
}

export const restoreVersion: ChangeVerb<'key.restoreVersion'> = {
  kind: 'change',
  references: (input) => [input.key],
  run(input, work) {
    const { ringKey } = work.key(input.key)
    const { destroyAt } = oldVersion(ringKey, input.version)
    if (destroyAt === undefined)
      throw wrongState(ringKey, input.version, 'No destruction of the version is scheduled')
    assertNotReplica(ringKey.key)
    return planVersions(work, ringKey, input.version, {
      change: ({ destroyAt: _window, ...one }) => one,
      keepsMaterial: true,
    })
  },
}

/** The window has ended: the material of the version goes from the store, and its record stays, with a certificate. */
export const eraseVersion: InternalVerb<{ readonly key: string; readonly version: number }> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    const old = oldVersion(ringKey, input.version)
    const { now } = work
    if (old.destroyAt === undefined || old.destroyAt > now)
      throw wrongState(ringKey, input.version, 'The destruction of the version is not due')
    const plan = await planVersions(work, ringKey, input.version, {
      change: (one) => erased(one, now),
      keepsMaterial: false,
    })
    const { key } = ringKey
    const { value: settings } = await readSettings(work, key.tenant)
    const certificate = versionCertificateOf(ringKey, erased(old, now), now, settings)
    const tombstones = [key.id, ...plan.alsoOf].map((each) => {
      const id = versionId(each, input.version)
      return tombstoneRow(key.tenant, { id, destroyedAt: now, certificate, recordOf: key.id })
    })
    return {
      ...plan,
      rows: [...plan.rows, ...tombstones],
      detail: { certificate: digestOf(certificate) },
    }
  },
}
