import { ClavigerError } from '#model'
import type { Job } from './job.ts'

/** How often the tree is built and a checkpoint signed, in milliseconds. An answer does not wait for it. */
export const CHECKPOINT_INTERVAL_MS = 1_000

export interface CheckpointParts {
  readonly log: { makeCheckpoint(): Promise<void> }
  /** Opens a store again that failed. */
  readonly ledger: { reopen(cause: unknown): Promise<void> }
}

/** Hashes what is durable into the tree and signs a checkpoint where it has grown. */
export function checkpoints({ log, ledger }: CheckpointParts): Job {
  return {
    name: 'checkpoints',
    intervalMs: CHECKPOINT_INTERVAL_MS,
    async run() {
      try {
        await log.makeCheckpoint()
      } catch (thrown) {
        // A store that failed in anything but a commit answers nothing more, and this job comes by within a second.
        if (thrown instanceof ClavigerError && thrown.code === 'ledger_unavailable')
          await ledger.reopen(thrown)
        throw thrown
      }
    },
  }
}
