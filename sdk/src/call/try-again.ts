import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { ClavigerApiError } from '../errors.ts'

/** Which errors say that nothing was done and that a moment later it may go, and how long such a moment is. */

/** How often a call is sent at most, unless told otherwise. */
export const ATTEMPTS_DEFAULT = 3

/** Where a busy server does not say for how long, in milliseconds. */
const PAUSE_MS_DEFAULT = 1_000

/**
 * The milliseconds to wait before a call is sent again that ended with this error; undefined where it is not to be. Only of a server that
 * is too busy is it known that nothing was done: anything else that seems lost may stand in the ledger. What `retry-after` says (RFC 9110
 * section 10.2.3) is the least; up to half of it is added by chance, so that those who were told together do not come together.
 */
export function pauseBefore(error: unknown): number | undefined {
  if (!(error instanceof ClavigerApiError) || error.code !== 'overloaded') return undefined
  const pause = error.retryAfterMs ?? PAUSE_MS_DEFAULT
  return pause + randomInt(Math.floor(pause / 2) + 1)
}

/**
 * Sends a call as often as `attempts` says, while a busy server did not do it and there is time for another before `end`
 * (`performance.now()`). `signal` ends the waiting. Rejects with what the last sending did.
 */
export async function tryAgain<Output>(
  send: () => Promise<Output>,
  { attempts, end, signal }: { attempts: number; end: number; signal: AbortSignal },
): Promise<Output> {
  for (let left = attempts - 1; left > 0; left -= 1) {
    try {
      return await send()
    } catch (error) {
      const pause = pauseBefore(error)
      if (pause === undefined || performance.now() + pause >= end) throw error
      await delay(pause, undefined, { signal })
    }
  }
  return send()
}

/** What the header says, in milliseconds; undefined for a date, which our servers do not send, and for what is neither. */
export function parseRetryAfter(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1_000 : undefined
}
