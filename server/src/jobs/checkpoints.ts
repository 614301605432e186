import type { Job } from './job.ts'

/** How often the tree is built and a checkpoint signed, in milliseconds. An answer does not wait for it. */
export const CHECKPOINT_INTERVAL_MS = 1_000

export interface CheckpointParts {
  readonly makeCheckpoint: () => Promise<void>
}

/** Hashes what is durable into the tree and signs a checkpoint where it has grown. */
export function checkpoints(parts: CheckpointParts): Job {
  return {
    name: 'checkpoints',
    intervalMs: CHECKPOINT_INTERVAL_MS,
    run: () => parts.makeCheckpoint(),
  }
}
