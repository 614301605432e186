import type { OutputOf } from '@claviger/contract'
import { Begun } from '#access'

/** A program that waits to be let in (RFC 8628). */
export interface WaitingDevice {
  readonly userCode: string
  readonly expiresAt: number
  /** Once somebody let it in: told to it once. */
  done?: { readonly session: OutputOf<'login'>['session']; readonly token: string }
}

/** What a passkey is asked to sign to prove again who somebody is: in one login, and for one operation where it names one. */
export interface StepUpChallenge {
  readonly challenge: string
  readonly login: string
  readonly operation: string | undefined
  readonly digest: string | undefined
}

/** A factor that somebody is adding. */
export type BegunFactor =
  | { readonly kind: 'totp'; readonly principal: string; readonly secret: Buffer }
  | { readonly kind: 'passkey'; readonly principal: string; readonly challenge: string }

/** Anybody can ask for a challenge, so there is room for many; a flood of them makes others begin again. */
const LOGIN_CHALLENGES_MAX = 50_000

/** What persons began and did not finish. In memory: whoever loses it begins again. */
export class BegunLogins {
  /** Secrets of authenticator apps, by the id of the enrolment. */
  readonly enrolments = new Begun<Buffer>()
  /** What a first passkey is to sign, by the id of the enrolment. Challenges are base64url of 32 random bytes, and are taken once. */
  readonly enrolmentChallenges = new Begun<string>()
  /** By the ceremony's id. */
  readonly factors = new Begun<BegunFactor>()
  /** Challenges of whoever wants to log in, by their ids. */
  readonly loginChallenges = new Begun<string>(LOGIN_CHALLENGES_MAX)
  /** By their ids. */
  readonly stepUpChallenges = new Begun<StepUpChallenge>()
  /** By the SHA-256 of the program's secret. */
  readonly devices = new Begun<WaitingDevice>()
  /** The same by what the person types. */
  readonly userCodes = new Begun<WaitingDevice>()
  /** How many codes that are none a person has typed lately. */
  readonly wrongUserCodes = new Begun<{ count: number }>()
}
