import type { InputOf, KeyState } from '@claviger/contract'
import type { RingKey } from '#keyring'
import {
  ClavigerError,
  mayBecome,
  revokedState,
  shownSince,
  type Key,
  type KeyVersion,
  type Revocation,
} from '#model'
import { acknowledged, assertAcknowledged } from '../blast-radius.ts'
import { alarmed } from '../occurrences/alarms.ts'
import type { ChangeVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { assertNotDestroyed, planChange } from './change-key.ts'
import { familyOf, together } from './related.ts'

/** Where a revocation leads from a state; a compromise that is found after the destruction is still recorded. */
function stateAfter(state: KeyState, revocation: Revocation): KeyState {
  const wanted = revokedState(revocation)
  if (state === 'destroyed' && wanted === 'compromised') return 'destroyed-compromised'
  return mayBecome(state, wanted) ? wanted : state
}

/** A version keeps the revocation it has, but for a compromise that was not known. */
function revoked(version: KeyVersion, revocation: Revocation): KeyVersion {
  if (!isRevocable(version.revocation, revocation)) return version
  return { ...version, state: stateAfter(version.state, revocation), revocation }
}

/** Reason and dates, RFC 5280 section 5.3.1. */
function revocationOf(input: InputOf<'key.revoke'>, now: number): Revocation {
  if (input.compromisedAt !== undefined && input.compromisedAt > now) {
    throw new ClavigerError('invalid_request', 'compromisedAt must not be in the future', {
      field: 'compromisedAt',
    })
  }
  return {
    reason: input.reason,
    revokedAt: now,
    ...(input.compromisedAt === undefined ? {} : { compromisedAt: input.compromisedAt }),
  }
}

/**
 * Ends every use of a key, or of one version. A second revocation of what is revoked is refused, but for a compromise found later,
 * which shall be recorded (SP 800-57 part 1 section 7.6).
 */
export const revokeKey: ChangeVerb<'key.revoke'> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    const { key } = ringKey
    const revocation = revocationOf(input, work.parts.clock.now())
    const detail = {
      reason: revocation.reason,
      ...(revocation.compromisedAt === undefined
        ? {}
        : { compromisedAt: new Date(revocation.compromisedAt).toISOString() }),
      ...acknowledged(input.acknowledge),
    }
    const { version } = input
    if (version === undefined) {
      assertRevocable(key.revocation, revocation)
      if (key.state !== 'destroyed' || revokedState(revocation) !== 'compromised')
        assertNotDestroyed(key)
    } else {
      assertNotDestroyed(key)
      assertRevocable(ringKey.version(version).revocation, revocation)
    }
    // A compromise waits for nobody.
    if (revokedState(revocation) !== 'compromised')
      await assertAcknowledged(work, ringKey, input.acknowledge)
    const plan = await planRevocation(work, ringKey, { version, revocation, detail })
    return revokedState(revocation) === 'compromised' ? withAlarm(work, ringKey.key, plan) : plan
  },
}

/** Material that is known to others concerns every key of the tenant. */
function withAlarm(
  work: Work,
  { id, tenant }: Key,
  plan: Awaited<ReturnType<typeof planRevocation>>,
) {
  const { rows, after } = alarmed(work, 'key.compromised', { tenant, said: { subject: id } })
  return { ...plan, rows: [...plan.rows, ...rows], after }
}

/** Related keys have the same material, so what ends one ends them all. */
export async function planRevocation(
  work: Work,
  ringKey: RingKey,
  wanted: {
    readonly version: number | undefined
    readonly revocation: Revocation
    readonly detail: Readonly<Record<string, string | number>>
  },
) {
  const { revocation, detail } = wanted
  const { keys, origin } = await familyOf(work, ringKey)
  // What was destroyed is over, but that it was known to others is still recorded.
  const isFound = origin !== undefined && revokedState(revocation) === 'compromised'
  const all = isFound ? [...keys, origin] : keys
  const plans = await Promise.all(
    all.map((each) => planChange(work, each, { ...ended(each, wanted), detail })),
  )
  const [first] = plans
  if (first === undefined) throw new ClavigerError('internal', 'There is no key to revoke')
  const { rows, unchanged } = together(plans)
  return { ...first, rows, unchanged, alsoOf: all.slice(1).map(({ key }) => key.id) }
}

/** A key as it is once it, or the version that is named, is revoked. */
function ended(
  { key, versions }: RingKey,
  wanted: { readonly version: number | undefined; readonly revocation: Revocation },
) {
  const { version, revocation } = wanted
  if (version !== undefined) {
    const named = versions.filter((one) => one.version === version)
    return {
      key: raised(key, version, revocation),
      versions: named.map((one) => revoked(one, revocation)),
      version,
    }
  }
  return {
    key: isRevocable(key.revocation, revocation)
      ? { ...key, state: stateAfter(key.state, revocation), revocation }
      : key,
    versions: versions.map((one) => revoked(one, revocation)),
  }
}

/** A key that is to be rotated for it gets its next version soon; until then it applies nothing. */
function raised(key: Key, version: number, revocation: Revocation): Key {
  const { rotation } = key
  // The next public key is not shown any more.
  if (version === key.pending && rotation !== undefined)
    return { ...key, rotation: shownSince(rotation, undefined) }
  const isFor =
    version === key.version &&
    revokedState(revocation) === 'compromised' &&
    rotation?.triggers.on?.includes('compromise') === true
  if (!isFor) return key
  return {
    ...key,
    rotation: {
      ...rotation,
      raised: { event: 'compromise', at: revocation.revokedAt, because: 'key.revoke' },
    },
  }
}

function isRevocable(earlier: Revocation | undefined, later: Revocation): boolean {
  if (earlier === undefined) return true
  return revokedState(earlier) !== 'compromised' && revokedState(later) === 'compromised'
}

function assertRevocable(earlier: Revocation | undefined, later: Revocation): void {
  if (!isRevocable(earlier, later)) throw new ClavigerError('wrong_state', 'It is revoked already')
}
