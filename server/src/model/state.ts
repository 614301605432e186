import type { KeyState, RevocationReason } from '@claviger/contract'
import type { Key, KeyVersion, Revocation } from './key.ts'

/**
 * The states of SP 800-57 part 1 revision 5 section 7, what each allows, and the legal transitions. Pure rules over values.
 */

/** To apply is to encrypt, sign, compute a code, wrap, encapsulate or agree; to process is to decrypt, verify, unwrap or decapsulate. */
export type Purpose = 'apply' | 'process'

/** Which purpose each state allows. Suspended and compromised allow nothing here: the promise is that revoked means revoked. */
export const allowed: Readonly<Record<KeyState, readonly Purpose[]>> = Object.freeze({
  'pre-activation': [],
  active: ['apply', 'process'],
  suspended: [],
  deactivated: ['process'],
  compromised: [],
  destroyed: [],
  'destroyed-compromised': [],
})

/**
 * Section 7's transitions, with the three that revision 5 has beyond the draft of revision 6. Two are the house's: a key that is revoked
 * before it was ever active is deactivated, and a compromised key that is destroyed stays known as compromised. Everything else is
 * illegal.
 */
const transitions: Readonly<Record<KeyState, readonly KeyState[]>> = Object.freeze({
  'pre-activation': ['active', 'compromised', 'destroyed', 'deactivated'],
  active: ['suspended', 'deactivated', 'compromised', 'destroyed'],
  suspended: ['active', 'deactivated', 'compromised', 'destroyed'],
  deactivated: ['compromised', 'destroyed'],
  compromised: ['destroyed', 'destroyed-compromised'],
  destroyed: ['destroyed-compromised'],
  'destroyed-compromised': [],
})

/** Whether `from` may become `to` (SP 800-57 part 1 section 7.1 to 7.6). */
export function mayBecome(from: KeyState, to: KeyState): boolean {
  return transitions[from].includes(to)
}

/** What stands in the way of using a key, for doors that have a word of their own for each. */
export type Hindrance =
  | 'pending-destruction'
  | 'suspended'
  | 'awaiting-material'
  | 'revoked'
  | 'not-yet-active'
  | 'ended'
  | 'destroyed'

export interface Refusal {
  readonly hindrance: Hindrance
  readonly reason: string
}

/** Why a key as a whole may not be used now, or undefined where it may. */
export function keyRefusal(key: Key): Refusal | undefined {
  if (key.state === 'destroyed' || key.state === 'destroyed-compromised')
    return { hindrance: 'destroyed', reason: `the key is ${key.state}` }
  if (key.destroyAt !== undefined) {
    return {
      hindrance: 'pending-destruction',
      reason: 'the key is scheduled for destruction; restore it first',
    }
  }
  if (key.revocation !== undefined) return { hindrance: 'revoked', reason: 'the key is revoked' }
  if (key.containment !== undefined)
    return { hindrance: 'revoked', reason: 'the key is compromised; use the one that replaced it' }
  if (key.state === 'suspended')
    return { hindrance: 'suspended', reason: 'the key is suspended; resume it first' }
  if (key.state !== 'active' && key.state !== 'pre-activation')
    return { hindrance: 'ended', reason: `the key is ${key.state}` }
  return undefined
}

/** Why a version may not serve a purpose now, or undefined where it may. `now` is in milliseconds since 1970. */
export function refusal(
  key: Key,
  version: KeyVersion,
  purpose: Purpose,
  now: number,
): Refusal | undefined {
  const whole = keyRefusal(key)
  if (whole !== undefined && !(purpose === 'process' && isContained(key, now))) return whole
  const one = `version ${version.version} of the key`
  if (version.revocation !== undefined) return { hindrance: 'revoked', reason: `${one} is revoked` }
  if (version.destroyAt !== undefined) {
    return {
      hindrance: 'pending-destruction',
      reason: `${one} is scheduled for destruction; restore it first`,
    }
  }
  if (
    version.containment !== undefined &&
    (purpose === 'apply' || now >= version.containment.until)
  )
    return { hindrance: 'revoked', reason: `${one} is compromised` }
  if (isWithoutMaterial(version, now)) {
    return {
      hindrance: 'awaiting-material',
      reason: `the material of ${one} is to be imported first`,
    }
  }
  if (version.version === key.pending)
    return { hindrance: 'not-yet-active', reason: `${one} waits for a rotation` }
  const state = stateAt(version, now)
  if (state === 'pre-activation')
    return { hindrance: 'not-yet-active', reason: `${one} is not yet active` }
  if (isPast(version.processStopAt, now))
    return { hindrance: 'ended', reason: `${one} is past its process-stop date` }
  if (!allowed[state].includes(purpose)) {
    return purpose === 'apply' && state === 'deactivated'
      ? { hindrance: 'ended', reason: `${one} is deactivated: it decrypts and verifies only` }
      : { hindrance: 'ended', reason: `${one} is ${state}` }
  }
  return undefined
}

/**
 * Whether a compromised key still decrypts, for those whom its case names: nothing else was done to it since, and its time is not up.
 */
function isContained({ state, revocation, destroyAt, containment }: Key, now: number): boolean {
  return (
    containment !== undefined &&
    now < containment.until &&
    state === 'deactivated' &&
    revocation === undefined &&
    destroyAt === undefined
  )
}

/** Whether imported material is not there, or is only there until a job comes round. */
export function isWithoutMaterial(version: KeyVersion, now: number): boolean {
  return version.awaitsMaterial === true || isPast(version.materialExpiresAt, now)
}

/** The state of a version at a time: dates make a version active, and deactivated, without anybody touching it. */
export function stateAt(version: KeyVersion, now: number): KeyState {
  if (version.state === 'pre-activation' || version.state === 'active') {
    if (now < version.activatedAt) return 'pre-activation'
    if (isPast(version.protectStopAt, now) || isPast(version.processStopAt, now))
      return 'deactivated'
    return 'active'
  }
  return version.state
}

/** An end date is the first moment at which what it ends is over. */
function isPast(date: number | undefined, now: number): boolean {
  return date !== undefined && now >= date
}

/** The state of a key at a time, as people see it: its own, or that of its current version where nothing was done to the key. */
export function keyStateAt(key: Key, current: KeyVersion, now: number): KeyState {
  if (key.state !== 'active' && key.state !== 'pre-activation') return key.state
  return stateAt(current, now)
}

/** Reasons that mean the material itself may be known to others. */
const compromising: readonly RevocationReason[] = ['keyCompromise', 'cACompromise', 'aACompromise']

/** The state that a revocation leads to: compromised where the material may be known, else deactivated. */
export function revokedState(revocation: Revocation): KeyState {
  return compromising.includes(revocation.reason) || revocation.compromisedAt !== undefined
    ? 'compromised'
    : 'deactivated'
}
