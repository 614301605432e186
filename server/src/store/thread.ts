import { parentPort, workerData } from 'node:worker_threads'
import { movable, sendError, type Answer, type Opening, type Question } from './messages.ts'
import { SqliteStore } from './sqlite/sqlite-store.ts'
import type { Batch, Entry, Store } from './store.ts'

/** The store's own thread: it answers questions one after another, in the order they came. */
if (parentPort === null) throw new Error('this file runs as a thread of the server')
const port = parentPort
const { path } = workerData as { path: string }

try {
  const store = new SqliteStore(path)
  port.on('message', (question: Question) => void answer(store, question))
  // A question that cannot be read would never be answered: the thread ends, and with it everything that waits.
  port.on('messageerror', (cause) => {
    throw cause
  })
  port.postMessage({ kind: 'open' } satisfies Opening)
} catch (cause) {
  port.postMessage({ kind: 'refused', error: sendError(cause) } satisfies Opening)
}

/** The store does its work within the call, so the next question finds it done. */
async function answer(store: Store, { id, method, parameters }: Question): Promise<void> {
  try {
    const call = store[method] as (...parameters: unknown[]) => Promise<unknown>
    const value = await call.apply(store, [...parameters])
    port.postMessage({ kind: 'value', id, value } satisfies Answer, buffersOf(method, value))
  } catch (thrown) {
    port.postMessage({ kind: 'error', id, error: sendError(thrown) } satisfies Answer)
  }
  if (method === 'commit') release(parameters[0] as Batch)
  if (method === 'close') port.close()
}

/**
 * Gives a batch's bytes back at once. This thread makes so little garbage that its collector seldom runs, and tens of megabytes of
 * buffers would wait for it.
 */
function release({ entries }: Batch): void {
  if (entries.buffer instanceof ArrayBuffer) entries.buffer.transfer(0)
}

/** What an answer holds that is large and that nobody here reads again. */
function buffersOf(method: Question['method'], value: unknown): ArrayBuffer[] {
  switch (method) {
    case 'entries':
    case 'candidates':
      return [
        ...new Set((value as readonly Entry[]).map(({ bytes }) => bytes.buffer as ArrayBuffer)),
      ]
    case 'tile':
      return value === undefined ? [] : movable([value as Uint8Array])
    default:
      return []
  }
}
