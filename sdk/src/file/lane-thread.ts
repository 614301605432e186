import { parentPort, workerData } from 'node:worker_threads'
import { ClavigerCiphertextError } from '../ciphertext-error.ts'
import { runLane, type LaneJob } from './lane.ts'
import { blocking, OtherLaneFailed, Turns } from './turns.ts'

/** What becomes of a lane. Errors lose their class and code on the way between threads, so what counts is said apart. */
export type LaneOutcome =
  | { readonly kind: 'done'; readonly bytes: number }
  | { readonly kind: 'other-failed' }
  | { readonly kind: 'not-authentic' }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string | undefined }

export interface LaneThreadData {
  readonly job: LaneJob
  readonly memory: SharedArrayBuffer
}

function failureOf(thrown: unknown): LaneOutcome {
  if (thrown instanceof OtherLaneFailed) return { kind: 'other-failed' }
  if (thrown instanceof ClavigerCiphertextError) return { kind: 'not-authentic' }
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined
  return { kind: 'failed', message: thrown instanceof Error ? thrown.message : 'failed', code }
}

async function outcome({ job, memory }: LaneThreadData): Promise<LaneOutcome> {
  let done = 0
  try {
    await runLane(job, new Turns(blocking, memory), (bytes) => {
      done = bytes
    })
    return { kind: 'done', bytes: done }
  } catch (thrown) {
    return failureOf(thrown)
  }
}

parentPort?.postMessage(await outcome(workerData as LaneThreadData))
