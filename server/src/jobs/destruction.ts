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
  /** Versions whose own window has ended, at most `limit` of them. */
  readonly versionsDue: (
    limit: number,
  ) => Promise<
    readonly { readonly tenant: string; readonly key: string; readonly version: number }[]
  >
  /** Destroys one of these. */
  readonly eraseVersion: (tenant: string, key: string, version: number) => Promise<void>
}

const KEYS_PER_RUN = 1_000
const VERSIONS_PER_RUN = 1_000

/** Destroys the keys and versions whose window has ended: their material goes, their record stays, and of a key a tombstone too. */
export function destruction(parts: DestructionParts): Job {
  return {
    name: 'destruction',
    intervalMs: DESTRUCTION_INTERVAL_MS,
    async run() {
      await forEachDue(await parts.versionsDue(VERSIONS_PER_RUN), ({ tenant, key, version }) =>
        parts.eraseVersion(tenant, key, version),
      )
      await forEachDue(await parts.due(KEYS_PER_RUN), ({ tenant, key }) => parts.erase(tenant, key))
    },
  }
}
