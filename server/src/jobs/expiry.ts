import { forEachDue, type Job } from './job.ts'

/** How often imported material past its end is looked for, in milliseconds. It cannot be used any more before it is found. */
const EXPIRY_INTERVAL_MS = 30_000

export interface ExpiryParts {
  /** Versions whose material is past its end, at most `limit` of them. */
  readonly due: (
    limit: number,
  ) => Promise<
    readonly { readonly tenant: string; readonly key: string; readonly version: number }[]
  >
  /** Erases the material of one through the gate. */
  readonly expire: (tenant: string, key: string, version: number) => Promise<void>
}

const VERSIONS_PER_RUN = 1_000

/** Erases imported material past its end; the same can be imported again. */
export function expiry(parts: ExpiryParts): Job {
  return {
    name: 'expiry',
    intervalMs: EXPIRY_INTERVAL_MS,
    async run() {
      await forEachDue(await parts.due(VERSIONS_PER_RUN), ({ tenant, key, version }) =>
        parts.expire(tenant, key, version),
      )
    },
  }
}
