import { Worker } from 'node:worker_threads'
import { ClavigerError } from '#model'
import {
  movable,
  receiveError,
  type Answer,
  type Method,
  type Opening,
  type Question,
} from './messages.ts'
import type {
  Batch,
  CandidateQuery,
  CountQuery,
  DueQuery,
  ListQuery,
  RowKind,
  RowReference,
  Store,
  StoredCheckpoint,
} from './store.ts'

interface Asked {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

type Result<M extends Method> = Awaited<ReturnType<Store[M]>>

/**
 * Opens a SQLite store on a thread of its own, so that no commit and no sync holds up the event loop. Calls are answered in the order
 * they are made. Errors arrive as they were thrown, with their codes. When the thread dies, everything outstanding and everything
 * later is refused with ledger_unavailable.
 *
 * `commit` takes ownership of `batch.entries` where the view covers its buffer whole, as the answer of a TextEncoder or of
 * `new Uint8Array(n)` does: the buffer moves to the thread and is empty here afterwards, also where nothing was committed. A view
 * into a larger buffer is copied, alone. Everything else is copied.
 *
 * @param options.path of the database file, or ':memory:'.
 * @param options.environment of the thread. It needs nothing of the process's, and whatever secret stands there stays out of it.
 * @throws ClavigerError ledger_unavailable or integrity_failed where the file must not be used.
 */
export async function openStoreThread(options: {
  readonly path: string
  readonly environment?: NodeJS.ProcessEnv
}): Promise<Store> {
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    name: 'store',
    workerData: { path: options.path },
    env: options.environment ?? {},
    // Batches arrive as buffers and leave as rows, so little is made here.
    resourceLimits: { maxYoungGenerationSizeMb: 2 },
  })
  const opening = await opened(worker)
  if (opening.kind === 'refused') {
    await worker.terminate()
    throw receiveError(opening.error)
  }
  return new RemoteStore(worker)
}

/** The thread's first message. */
async function opened(worker: Worker): Promise<Opening> {
  const { promise, resolve, reject } = Promise.withResolvers<Opening>()
  const ended = () => reject(died())
  worker.once('message', resolve).once('error', reject).once('exit', ended)
  try {
    return await promise
  } finally {
    worker.off('message', resolve).off('error', reject).off('exit', ended)
  }
}

class RemoteStore implements Store {
  readonly #worker: Worker
  readonly #asked = new Map<number, Asked>()
  readonly #ended: Promise<void>
  #asking = 0
  /** Why nothing can be asked any more. */
  #over: ClavigerError | undefined
  #closing: Promise<void> | undefined

  constructor(worker: Worker) {
    this.#worker = worker
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#ended = promise
    worker.on('message', (answer: Answer) => this.#settle(answer))
    // An answer that cannot be read is lost, and nobody knows whose it was. The thread ends, so that closing does not wait for it.
    worker.on('messageerror', (cause) => {
      this.#end(died(cause))
      void worker.terminate()
    })
    worker.on('error', (cause) => this.#end(died(cause)))
    worker.on('exit', () => {
      this.#end(died())
      resolve()
    })
  }

  async commit(batch: Batch) {
    // Cloning a view copies all of the buffer under it, so one that covers only a part is cut out first.
    const [moved] = movable([batch.entries])
    const entries = moved === undefined ? new Uint8Array(batch.entries) : batch.entries
    return await this.#ask('commit', [{ ...batch, entries }], movable([entries]))
  }

  head() {
    return this.#ask('head', [])
  }

  changedSince(revision: number) {
    return this.#ask('changedSince', [revision])
  }

  rows(references: readonly RowReference[]) {
    return this.#ask('rows', [references])
  }

  key(id: string) {
    return this.#ask('key', [id])
  }

  list(query: ListQuery) {
    return this.#ask('list', [query])
  }

  count(query: CountQuery) {
    return this.#ask('count', [query])
  }

  due(query: DueQuery) {
    return this.#ask('due', [query])
  }

  dueOf({ kind, id }: RowReference) {
    return this.#ask('dueOf', [{ kind, id }])
  }

  scan(kind: RowKind, after: string | undefined, limit: number) {
    return this.#ask('scan', [kind, after, limit])
  }

  lastChanged(references: readonly RowReference[]) {
    return this.#ask('lastChanged', [references])
  }

  entries(first: number, count: number) {
    return this.#ask('entries', [first, count])
  }

  candidates(query: CandidateQuery) {
    return this.#ask('candidates', [query])
  }

  personal(commitment: string) {
    return this.#ask('personal', [commitment])
  }

  integrate(count: number) {
    return this.#ask('integrate', [count])
  }

  tile(level: number, index: number, width: number) {
    return this.#ask('tile', [level, index, width])
  }

  saveCheckpoint(checkpoint: StoredCheckpoint) {
    return this.#ask('saveCheckpoint', [checkpoint])
  }

  checkpoint() {
    return this.#ask('checkpoint', [])
  }

  recover() {
    return this.#ask('recover', [])
  }

  /** Answers what was asked before, closes the database, and resolves when the thread has ended. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#over === undefined) {
      const answered = this.#ask('close', [])
      this.#over = new ClavigerError('shutting_down', 'The store is closed')
      await answered
    }
    await this.#ended
  }

  #ask<M extends Method>(
    method: M,
    parameters: Parameters<Store[M]>,
    moved: readonly ArrayBuffer[] = [],
  ): Promise<Result<M>> {
    if (this.#over !== undefined) return Promise.reject(this.#over)
    const { promise, resolve, reject } = Promise.withResolvers<Result<M>>()
    const id = this.#asking++
    this.#asked.set(id, { resolve: (value) => resolve(value as Result<M>), reject })
    try {
      this.#worker.postMessage({ id, method, parameters } satisfies Question, moved)
    } catch (cause) {
      // What cannot be cloned was never asked.
      this.#asked.delete(id)
      reject(cause)
    }
    return promise
  }

  #settle(answer: Answer): void {
    const asked = this.#asked.get(answer.id)
    this.#asked.delete(answer.id)
    if (answer.kind === 'value') asked?.resolve(answer.value)
    else asked?.reject(receiveError(answer.error))
  }

  #end(why: ClavigerError): void {
    this.#over ??= why
    for (const { reject } of this.#asked.values()) reject(why)
    this.#asked.clear()
  }
}

function died(cause?: unknown): ClavigerError {
  return new ClavigerError(
    'ledger_unavailable',
    "The store's thread has ended, so the server must be started again",
    { cause },
  )
}
