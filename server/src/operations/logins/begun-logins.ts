import type { OutputOf } from '@claviger/contract'
import { Begun } from '#access'

/** A program that waits to be let in (RFC 8628). */
export interface WaitingDevice {
  readonly userCode: string
  readonly expiresAt: number
  /** Once somebody let it in: told to it once. */
  done?: { readonly session: OutputOf<'login'>['session']; readonly token: string }
}

/** What persons began and did not finish. In memory: whoever loses it begins again. */
export class BegunLogins {
  /** Secrets of authenticator apps, by the id of the enrolment. */
  readonly enrolments = new Begun<Buffer>()
  /** The same for whoever adds an app, by the ceremony's id. */
  readonly factors = new Begun<{ readonly principal: string; readonly secret: Buffer }>()
  /** By the SHA-256 of the program's secret. */
  readonly devices = new Begun<WaitingDevice>()
  /** The same by what the person types. */
  readonly userCodes = new Begun<WaitingDevice>()
  /** How many codes that are none a person has typed lately. */
  readonly wrongUserCodes = new Begun<{ count: number }>()
}
