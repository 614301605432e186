import { forEachDue, type Job } from './job.ts'

/** How often keys whose destruction is due are looked for, in milliseconds. */
const DESTRUCTION_INTERVAL_MS = 30_000

export interface DestructionParts {
  /** Keys whose window has ended, at most `limit` of them. */
  readonly due: (
    limit: number,
  ) => Promise<readonly { readonly tenant: string; readonly key: string }[]>
  /** Destroys one through the gate. */
  readonly erase: (tenant: string, key: string) => Promise<void>
}

const KEYS_PER_RUN = 1_000

/** Destroys the keys whose window has ended: their material goes, their record and a tombstone stay. */
export function destruction(parts: DestructionParts): Job {
  return {
    name: 'destruction',
    intervalMs: DESTRUCTION_INTERVAL_MS,
    async run() {
      await forEachDue(await parts.due(KEYS_PER_RUN), ({ tenant, key }) => parts.erase(tenant, key))
    },
  }
}
