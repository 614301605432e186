import { newestRow } from '#keyring'
import { ClavigerError, type Lease } from '#model'
import { leaseRow } from '../rows.ts'
import type { InternalVerb } from '../verb.ts'

interface Asked {
  readonly job: string
  /** The node that asks. */
  readonly node: string
  readonly seconds: number
}

/**
 * Takes or prolongs a job's lease: one node works it off while it stands. It saves work and is no safeguard; that nothing is done twice
 * is seen to by the conditions of each firing.
 */
export const leaseJob: InternalVerb<Asked, { readonly until: number }> = {
  kind: 'change',
  references: () => [],
  async run({ job, node, seconds }, work) {
    work.authorize()
    const { store, seals } = work.parts
    const row = await newestRow(store, { kind: 'lease', id: job })
    const held = row && seals.open<Lease>(row)
    if (held !== undefined && held.node !== node && held.until > work.now)
      throw new ClavigerError('wrong_state', `The job ${job} is worked off by ${held.node}`)
    const until = work.now + seconds * 1_000
    const { tenant } = work.caller
    return {
      additive: true,
      rows: [leaseRow({ job, tenant, node, until })],
      ...(row === undefined
        ? { absent: [{ kind: 'lease', id: job }], anew: true }
        : { unchanged: [{ kind: 'lease', id: job, revision: row.revision }] }),
      subject: job,
      detail: { node, seconds },
      output: { until },
    }
  },
}
