import { once } from 'node:events'
import { fstatSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Source } from './chunk-reader.ts'
import type { Sink } from './chunk-writer.ts'
import type { LaneOutcome, LaneThreadData } from './lane-thread.ts'
import { runLane, type LaneJob } from './lane.ts'
import { notAuthentic } from './not-authentic.ts'
import { OtherLaneFailed, Turns, yielding } from './turns.ts'

/** Large files go through several lanes, one of them in this thread: chunks are independent, and one core is slower than the disk. */

/** More than four would wait for each other's writing. */
const LANES_MAX = 4
/** Smaller files are done before another thread has begun. */
const WORTHWHILE_BYTES = 67_108_864
/** Chunks are counted in 31 bits here, which is 128 TiB of the smallest. */
const CHUNK_BYTES_MIN = 65_536

/** The two descriptors, where lanes are worth their threads: from a large file to what never makes a writer wait for its reader. */
export function largeFile(
  source: Source,
  sink: Sink,
  chunkBytes: number,
): { readonly source: number; readonly sink: number } | undefined {
  if (typeof source !== 'number' || typeof sink !== 'number') return undefined
  if (availableParallelism() < 2 || chunkBytes < CHUNK_BYTES_MIN) return undefined
  const from = fstatSync(source)
  const to = fstatSync(sink)
  const isLarge = from.isFile() && from.size >= WORTHWHILE_BYTES
  return isLarge && (to.isFile() || to.isCharacterDevice()) ? { source, sink } : undefined
}

/**
 * Does the job to its end, in as many lanes as there are cores.
 *
 * @param onProgress told now and then how many bytes of plaintext are done, and in the end of all of them
 * @throws ClavigerCiphertextError, or what reading and writing threw in the lane that failed
 */
export async function inLanes(
  job: LaneJob,
  onProgress: ((bytes: number) => void) | undefined,
): Promise<void> {
  const turns = new Turns(yielding)
  let done = 0
  const told = (bytes: number) => {
    if (bytes <= done) return
    done = bytes
    onProgress?.(bytes)
  }
  const others = Array.from({ length: Math.min(availableParallelism(), LANES_MAX) - 1 }, () =>
    inThread({ job, memory: turns.memory }, told).catch((thrown: unknown) => {
      turns.fail()
      throw thrown
    }),
  )
  const results = await Promise.allSettled([runLane(job, turns, told), ...others])
  const failures = results.filter((result) => result.status === 'rejected')
  const first = failures.find(({ reason }) => !(reason instanceof OtherLaneFailed)) ?? failures[0]
  if (first !== undefined) throw first.reason
}

/** A lane in a thread of its own. */
async function inThread(data: LaneThreadData, told: (bytes: number) => void): Promise<void> {
  const worker = new Worker(new URL('./lane-thread.ts', import.meta.url), {
    name: 'file',
    workerData: data,
  })
  const [outcome] = (await once(worker, 'message')) as [LaneOutcome]
  switch (outcome.kind) {
    case 'done':
      told(outcome.bytes)
      return
    case 'other-failed':
      throw new OtherLaneFailed()
    case 'not-authentic':
      throw notAuthentic()
    case 'failed':
      throw Object.assign(new Error(outcome.message), { code: outcome.code })
  }
}
