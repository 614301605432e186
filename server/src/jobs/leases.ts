import { ClavigerError } from '#model'

/** For how long a lease is taken, in seconds. A node that dies leaves its work for so long, unless it comes back itself. */
const LEASE_SECONDS = 30

export interface LeaseParts {
  readonly now: () => number
  /** Takes the lease of a job through the gate, and says until when (milliseconds since 1970). */
  readonly take: (job: string, seconds: number) => Promise<number>
}

/**
 * Which jobs this node works off. A lease is taken when there is something to do, and prolonged when half of it is over, so that a node
 * with nothing to do writes nothing.
 *
 * @returns whether the node has the lease of a job now
 */
export function createLeases({ now, take }: LeaseParts): (job: string) => Promise<boolean> {
  const held = new Map<string, number>()
  return async (job) => {
    if (now() < (held.get(job) ?? 0) - (LEASE_SECONDS * 1_000) / 2) return true
    try {
      held.set(job, await take(job, LEASE_SECONDS))
      return true
    } catch (thrown) {
      if (thrown instanceof ClavigerError && thrown.code === 'wrong_state') return false
      throw thrown
    }
  }
}
