import { Worker } from 'node:worker_threads'
import { ClavigerError } from '#model'
import type { TaskInput, TaskName, TaskOutput } from './tasks.ts'

/**
 * The two ways off the event loop, both with bounds: libuv's pool for private-key operations of about a millisecond, and one worker
 * thread of our own for what takes longer or has no asynchronous call. Key generation never enters libuv's pool: four at once there would
 * hold up every write and fsync of the process for half a second.
 */

/** Fewer than the four threads libuv starts with, so that files always have one. */
const POOL_RUNNING_DEFAULT = 3
/** Two full batches wait; at some hundreds of signatures per second that is seconds. */
const POOL_WAITING_MAX = 2_048
/** Tasks of milliseconds in the worker: a full batch, and some. */
const WORKER_QUEUE_MAX = 1_280
/** Tasks of a second each: key generation, SLH-DSA, argon2. */
const WORKER_HEAVY_MAX = 16

let poolRunningMax = POOL_RUNNING_DEFAULT
let poolRunning = 0
const poolWaiting: (() => void)[] = []

/** How many operations may run in libuv's pool at once: fewer than UV_THREADPOOL_SIZE, which only the process's start can set. */
export function setPoolConcurrency(threads: number): void {
  poolRunningMax = Math.max(1, Math.trunc(threads))
}

function overloaded(): ClavigerError {
  return new ClavigerError(
    'overloaded',
    'Too many private-key operations are waiting; try again in a moment',
  )
}

/**
 * Runs one of Node's calls with a callback in libuv's pool, or lets it wait its turn.
 *
 * @throws ClavigerError overloaded when too many wait.
 */
export function inPool<Result>(
  start: (done: (error: Error | null, result: Result) => void) => void,
): Promise<Result> {
  if (poolRunning >= poolRunningMax && poolWaiting.length >= POOL_WAITING_MAX)
    return Promise.reject(overloaded())
  const { promise, resolve, reject } = Promise.withResolvers<Result>()
  function settle(error: Error | null, result: Result): void {
    poolRunning--
    poolWaiting.shift()?.()
    if (error === null || error === undefined) resolve(result)
    else reject(error)
  }
  function run(): void {
    poolRunning++
    try {
      start(settle)
    } catch (thrown) {
      settle(thrown as Error, undefined as Result)
    }
  }
  if (poolRunning < poolRunningMax) run()
  else poolWaiting.push(run)
  return promise
}

/** What goes to the worker. */
export interface Request {
  readonly id: number
  readonly name: TaskName
  readonly input: unknown
}

/** What comes back: a result, or the code and words of an error. */
export type Reply =
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly code: ClavigerError['code']; readonly message: string }

interface Pending {
  readonly heavy: boolean
  resolve(output: unknown): void
  reject(error: Error): void
}

/** A worker with nothing to do for this long ends: its heap takes some tens of megabytes, and it starts again in less than a second. */
const WORKER_IDLE_MS = 15_000

let worker: Worker | undefined
let workerEnvironment: NodeJS.ProcessEnv = {}
let idleTimer: NodeJS.Timeout | undefined
const pending = new Map<number, Pending>()
let heavyPending = 0
let lastId = 0

function failAll(error: Error): void {
  worker = undefined
  const failed = [...pending.values()]
  pending.clear()
  heavyPending = 0
  for (const each of failed) each.reject(error)
}

/** What the worker gets instead of the process's environment, in which secrets may stand; for the next one that starts. */
export function setWorkerEnvironment(environment: NodeJS.ProcessEnv): void {
  workerEnvironment = environment
}

function startWorker(): Worker {
  // The environment and the arguments of the process are not the worker's business.
  const started = new Worker(new URL('./worker.ts', import.meta.url), {
    name: 'crypto',
    env: workerEnvironment,
    argv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  })
  started.on('message', (reply: Reply) => {
    const asked = pending.get(reply.id)
    pending.delete(reply.id)
    if (asked?.heavy === true) heavyPending--
    if (pending.size === 0) {
      started.unref()
      idleTimer = setTimeout(() => endIdle(started), WORKER_IDLE_MS).unref()
    }
    if ('output' in reply) asked?.resolve(reply.output)
    else asked?.reject(new ClavigerError(reply.code, reply.message))
  })
  started.on('error', (cause) => {
    if (worker === started)
      failAll(new ClavigerError('internal', 'The crypto worker failed', { cause }))
  })
  started.on('exit', () => {
    if (worker === started) failAll(new ClavigerError('internal', 'The crypto worker ended'))
  })
  return started
}

/** Ends a worker that is idle; a task that comes now starts another. */
function endIdle(idle: Worker): void {
  if (worker !== idle || pending.size > 0) return
  worker = undefined
  void idle.terminate()
}

/**
 * Runs a task in the crypto worker, which is started at first use. KeyObjects in the input are shared, not copied; bytes are copied.
 *
 * @param heavy whether the task takes a good part of a second.
 * @throws ClavigerError overloaded when too many wait, and what the task throws.
 */
export function inWorker<Name extends TaskName>(
  name: Name,
  input: TaskInput<Name>,
  heavy: boolean,
): Promise<TaskOutput<Name>> {
  if (pending.size >= WORKER_QUEUE_MAX || (heavy && heavyPending >= WORKER_HEAVY_MAX)) {
    return Promise.reject(overloaded())
  }
  clearTimeout(idleTimer)
  worker ??= startWorker()
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const id = ++lastId
  pending.set(id, { heavy, resolve, reject })
  if (heavy) heavyPending++
  worker.ref()
  worker.postMessage({ id, name, input } satisfies Request)
  return promise as Promise<TaskOutput<Name>>
}

/** Ends the worker; what it had not finished is refused. A later task would start a new one. */
export async function closeCrypto(): Promise<void> {
  const ending = worker
  clearTimeout(idleTimer)
  failAll(new ClavigerError('shutting_down', 'The server is stopping'))
  await ending?.terminate()
}
