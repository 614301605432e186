import type { InputOf, OutputOf } from '@claviger/contract'
import type { RingKey } from '#keyring'
import {
  DAY_MS,
  hasReplicas,
  isWithoutMaterial,
  KeyError,
  keyRefusal,
  mayBecome,
  stateAt,
  type Key,
  type KeyVersion,
} from '#model'
import { aliasesOf } from '../aliases.ts'
import { acknowledged, assertAcknowledged } from '../blast-radius.ts'
import { givenNames } from '../given-names.ts'
import { assertChanged, assertWindow } from '../lifecycle/govern.ts'
import { limitsAfter } from '../limits.ts'
import { assertOwner } from '../owner.ts'
import { keyRow, standing, versionRow } from '../rows.ts'
import { relabelled, target } from '../target.ts'
import type { ChangeVerb, Plan } from '../verb.ts'
import { keyView } from '../views.ts'
import type { Work } from '../work.ts'
import { assertOrder } from './new-version.ts'

/** The changes that turn one key into its next state: each says what is new, and the rest is the same. */

/** Nothing changes on a key that is gone. */
export function assertNotDestroyed(key: Key): void {
  if (key.state === 'destroyed' || key.state === 'destroyed-compromised') {
    throw new KeyError('wrong_state', 'The key is destroyed; only its record is left', {
      key,
      hindrance: 'destroyed',
    })
  }
}

interface Changes {
  readonly key: Key
  /** Versions that change too, at their numbers. */
  readonly versions?: readonly KeyVersion[]
  readonly version?: number
  readonly detail?: Readonly<Record<string, string | number>>
}

/** The plan that writes a key's new state, on the condition that it still stands as it was read. */
export async function planChange(
  work: Work,
  ringKey: RingKey,
  changes: Changes,
): Promise<Plan<OutputOf<'key.get'>>> {
  const versions = changes.versions ?? []
  const current =
    versions.find((version) => version.version === changes.key.version) ?? ringKey.current
  return {
    additive: false,
    rows: [
      keyRow(changes.key, current),
      ...versions.map((version) =>
        versionRow(changes.key, version, ringKey.wrappedMaterial(version.version)),
      ),
    ],
    unchanged: standing(
      ringKey,
      versions.map((version) => version.version),
    ),
    key: changes.key.id,
    ...(changes.version === undefined ? {} : { version: changes.version }),
    ...(changes.detail === undefined ? {} : { detail: changes.detail }),
    output: keyView(changes.key, current, await aliasesOf(work, changes.key.id), work.now),
  }
}

/** What stands in the way of a key, where something does. */
function hindered(key: Key, message: string): KeyError {
  return new KeyError('wrong_state', message, { key, hindrance: keyRefusal(key)?.hindrance })
}

/** A key that has no material yet is neither suspended nor resumed. */
function assertNotWaiting({ key, current }: RingKey, now: number): void {
  if (isWithoutMaterial(current, now)) {
    throw new KeyError('wrong_state', 'The material of the key is to be imported first', {
      key,
      hindrance: 'awaiting-material',
    })
  }
}

function reasonDetail(reason: string | undefined) {
  return reason === undefined ? {} : { detail: { reason } }
}

/** SP 800-57 part 1 section 7 knows no way back from deactivated to active, and none from the end of the recipient-usage period. */
function assertNotOver(
  { key, current: version }: RingKey,
  dates: {
    readonly protectStopAt?: number | undefined
    readonly processStopAt?: number | undefined
  },
  now: number,
): void {
  const { protectStopAt, processStopAt } = dates
  const over = (reason: string) =>
    new KeyError('wrong_state', `The version is ${reason}; give the key a new version`, {
      key,
      version: version.version,
      hindrance: 'ended',
    })
  if (protectStopAt !== undefined && stateAt(version, now) === 'deactivated')
    throw over('past its protect-stop date, or revoked')
  if (
    processStopAt !== undefined &&
    version.processStopAt !== undefined &&
    version.processStopAt <= now
  )
    throw over('past its process-stop date')
}

/** What the record says of an update: which fields, and of those that people do not write also what. */
function detailOf({ key: _key, ...given }: InputOf<'key.update'>) {
  const { owner, protectStopAt, processStopAt, usesMax, bytesMax, wrapsMax } = given
  const iso = (time: number | undefined) => time && new Date(time).toISOString()
  const said = {
    changed: givenNames(given),
    owner,
    protectStopAt: iso(protectStopAt),
    processStopAt: iso(processStopAt),
    usesMax,
    bytesMax,
    wrapsMax,
  }
  return Object.fromEntries(
    Object.entries(said).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

export const updateKey: ChangeVerb<'key.update'> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    assertNotDestroyed(ringKey.key)
    // New labels may put the key where the caller could not have reached it.
    if (input.labels !== undefined)
      work.authorize(relabelled(target(ringKey, work.caller, work.origin), input.labels))
    await assertOwner(work, input.owner)
    assertNotOver(ringKey, input, work.now)
    const dated = input.protectStopAt !== undefined || input.processStopAt !== undefined
    const version = {
      ...ringKey.current,
      ...(input.protectStopAt === undefined ? {} : { protectStopAt: input.protectStopAt }),
      ...(input.processStopAt === undefined ? {} : { processStopAt: input.processStopAt }),
    }
    if (dated) assertOrder(version.activatedAt, version)
    const { limits, ...others } = ringKey.key
    const key: Key = {
      ...others,
      description: input.description ?? ringKey.key.description,
      labels: input.labels ?? ringKey.key.labels,
      owner: input.owner ?? ringKey.key.owner,
      ...limitsAfter(limits, input),
    }
    const versions = ringKey.versions.map((each) => (each === ringKey.current ? version : each))
    await assertChanged(work, ringKey, { key, versions })
    return planChange(work, ringKey, {
      key,
      detail: detailOf(input),
      ...(dated ? { versions: [version], version: version.version } : {}),
    })
  },
}

export const suspendKey: ChangeVerb<'key.suspend'> = {
  kind: 'change',
  references: (input) => [input.key],
  run(input, work) {
    const { ringKey } = work.key(input.key)
    assertNotWaiting(ringKey, work.now)
    if (ringKey.key.state === 'suspended')
      throw hindered(ringKey.key, 'The key is suspended already')
    if (!mayBecome(ringKey.key.state, 'suspended'))
      throw hindered(ringKey.key, `A key that is ${ringKey.key.state} cannot be suspended`)
    return planChange(work, ringKey, {
      key: { ...ringKey.key, state: 'suspended' },
      ...reasonDetail(input.reason),
    })
  },
}

export const resumeKey: ChangeVerb<'key.resume'> = {
  kind: 'change',
  references: (input) => [input.key],
  run(input, work) {
    const { ringKey } = work.key(input.key)
    assertNotWaiting(ringKey, work.now)
    if (ringKey.key.state !== 'suspended')
      throw hindered(ringKey.key, `The key is ${ringKey.key.state}, not suspended`)
    return planChange(work, ringKey, {
      key: { ...ringKey.key, state: 'active' },
      ...reasonDetail(input.reason),
    })
  },
}

export const destroyKey: ChangeVerb<'key.destroy'> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    assertNotDestroyed(ringKey.key)
    if (ringKey.key.destroyAt !== undefined) {
      throw hindered(
        ringKey.key,
        'The destruction of the key is scheduled already; restore it to choose another date',
      )
    }
    await assertAcknowledged(work, ringKey, input.acknowledge)
    await assertWindow(work, ringKey.key, input.days)
    const destroyAt = work.now + input.days * DAY_MS
    const waits = hasReplicas(ringKey.key) ? { destroyDays: input.days } : {}
    return planChange(work, ringKey, {
      key: { ...ringKey.key, destroyAt, ...waits },
      detail: { days: input.days, ...acknowledged(input.acknowledge) },
    })
  },
}

export const restoreKey: ChangeVerb<'key.restore'> = {
  kind: 'change',
  references: (input) => [input.key],
  run(input, work) {
    const { ringKey } = work.key(input.key)
    assertNotDestroyed(ringKey.key)
    const { destroyAt, destroyDays: _days, ...rest } = ringKey.key
    if (destroyAt === undefined)
      throw hindered(ringKey.key, 'No destruction of the key is scheduled')
    const suspends =
      input.suspended === true &&
      mayBecome(rest.state, 'suspended') &&
      !isWithoutMaterial(ringKey.current, work.now)
    return planChange(work, ringKey, { key: suspends ? { ...rest, state: 'suspended' } : rest })
  },
}
