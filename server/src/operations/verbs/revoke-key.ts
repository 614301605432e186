import { ClavigerError, mayBecome, revokedState, type KeyVersion, type Revocation } from '#model'
import type { InputOf } from '@claviger/contract'
import type { ChangeVerb } from '../verb.ts'
import { assertNotDestroyed, planChange } from './change-key.ts'

function revoked(version: KeyVersion, revocation: Revocation): KeyVersion {
  const state = revokedState(revocation)
  return { ...version, state: mayBecome(version.state, state) ? state : version.state, revocation }
}

/** Reason and dates, RFC 5280 section 5.3.1. */
function revocationOf(input: InputOf<'key.revoke'>, now: number): Revocation {
  if (input.compromisedAt !== undefined && input.compromisedAt > now) {
    throw new ClavigerError('invalid_request', 'compromisedAt must not be in the future', { field: 'compromisedAt' })
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
      return planChange(work, ringKey, { key, versions: [revoked(version, revocation)], version: input.version, detail })
    }
    assertRevocable(key.revocation, revocation)
    const state = revokedState(revocation)
    if (key.state === 'destroyed' && state !== 'compromised') assertNotDestroyed(key)
    const next = key.state === 'destroyed' ? 'destroyed-compromised' : mayBecome(key.state, state) ? state : key.state
    return planChange(work, ringKey, {
      key: { ...key, state: next, revocation },
      versions: key.state === 'destroyed' ? [] : ringKey.versions.map((version) => revoked(version, revocation)),
      detail,
    })
  },
}

function assertRevocable(earlier: Revocation | undefined, later: Revocation): void {
  if (earlier === undefined) return
  if (revokedState(earlier) !== 'compromised' && revokedState(later) === 'compromised') return
  throw new ClavigerError('wrong_state', 'It is revoked already')
}
