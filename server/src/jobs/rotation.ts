import { forEachDue, type Job } from './job.ts'

/** How often keys whose rotation is due are looked for, in milliseconds. */
const ROTATION_INTERVAL_MS = 30_000

export interface RotationParts {
  /** Keys whose rotation is due, at most `limit` of them. */
  readonly due: (
    limit: number,
  ) => Promise<readonly { readonly tenant: string; readonly key: string }[]>
  /** Rotates one through the gate. */
  readonly rotate: (tenant: string, key: string) => Promise<void>
}

const KEYS_PER_RUN = 1_000

/** Rotates the keys whose time has come: each once in a run, however many rotations were missed. */
export function rotation(parts: RotationParts): Job {
  return {
    name: 'rotation',
    intervalMs: ROTATION_INTERVAL_MS,
    async run() {
      await forEachDue(await parts.due(KEYS_PER_RUN), ({ tenant, key }) =>
        parts.rotate(tenant, key),
      )
    },
  }
}
