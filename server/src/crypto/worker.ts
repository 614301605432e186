import { parentPort } from 'node:worker_threads'
import { toClavigerError } from '#model'
import type { Reply, Request } from './pool.ts'
import { tasks } from './tasks.ts'

/** The crypto worker's thread: takes a task, does it, answers, in order. */

const port = parentPort
if (port === null) throw new Error('worker.ts runs as a worker thread only')

/** Bytes in memory of their own, which can be handed over instead of copied; what they were copied from is overwritten. */
function ownMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.length) {
    return new Uint8Array(bytes.buffer)
  }
  const own = new Uint8Array(bytes)
  bytes.fill(0)
  return own
}

port.on('message', ({ id, name, input }: Request) => {
  try {
    // The pair of name and input was checked where it was sent.
    const output: unknown = tasks[name](input as never)
    if (output instanceof Uint8Array) {
      const bytes = ownMemory(output)
      port.postMessage({ id, output: bytes } satisfies Reply, [bytes.buffer])
    } else {
      port.postMessage({ id, output } satisfies Reply)
    }
  } catch (thrown) {
    const { code, message } = toClavigerError(thrown)
    port.postMessage({ id, code, message } satisfies Reply)
  }
})
