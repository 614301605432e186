import type { InputOf, KeyState } from '@claviger/contract'
import { ClavigerError, mayBecome, revokedState, type KeyVersion, type Revocation } from '#model'
import type { ChangeVerb } from '../verb.ts'
import { assertNotDestroyed, planChange } from './change-key.ts'

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
  run(input, work) {
    const { ringKey } = work.key(input.key)
    const { key } = ringKey
    const revocation = revocationOf(input, work.parts.clock.now())
    const detail = {
      reason: revocation.reason,
      ...(revocation.compromisedAt === undefined
        ? {}
        : { compromisedAt: new Date(revocation.compromisedAt).toISOString() }),
    }
    if (input.version !== undefined) {
      assertNotDestroyed(key)
      const version = ringKey.version(input.version)
      assertRevocable(version.revocation, revocation)
      return planChange(work, ringKey, {
        key,
        versions: [revoked(version, revocation)],
        version: input.version,
        detail,
      })
    }
    assertRevocable(key.revocation, revocation)
    if (key.state !== 'destroyed' || revokedState(revocation) !== 'compromised')
      assertNotDestroyed(key)
    return planChange(work, ringKey, {
      key: { ...key, state: stateAfter(key.state, revocation), revocation },
      versions: ringKey.versions.map((version) => revoked(version, revocation)),
      detail,
    })
  },
}

function isRevocable(earlier: Revocation | undefined, later: Revocation): boolean {
  if (earlier === undefined) return true
  return revokedState(earlier) !== 'compromised' && revokedState(later) === 'compromised'
}

function assertRevocable(earlier: Revocation | undefined, later: Revocation): void {
  if (!isRevocable(earlier, later)) throw new ClavigerError('wrong_state', 'It is revoked already')
}
