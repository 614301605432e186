import assert from 'node:assert/strict'
import { connect } from 'node:net'
import type { Answer } from './problem.ts'

/** Bytes to a socket and bytes back, for requests that no client library would send. */

/** Nothing here takes longer, on a machine that is busy with other tests. */
const EXCHANGE_MS_MAX = 20_000

export interface Exchange {
  /** Ends our side once everything is written: what was begun will not be finished. */
  readonly end?: boolean
  /** Answers after which our side is closed; without it, the server is waited for to close. */
  readonly answers?: number
  /** What is written when something has happened. */
  readonly follow?: readonly [Promise<void>, string]
}

/** Writes everything at once and gives what came back. @throws Error where the server neither answers nor closes in time */
export function exchange(
  port: number,
  sent: Uint8Array | string,
  { end = false, answers, follow }: Exchange = {},
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  const socket = connect({ port, host: '127.0.0.1' })
  const timer = setTimeout(() => {
    reject(new Error(`No answer in time to ${JSON.stringify(String(sent).slice(0, 200))}`))
    socket.destroy()
  }, EXCHANGE_MS_MAX)
  socket.on('connect', () => {
    if (end) socket.end(sent)
    else socket.write(sent)
    void follow?.[0].then(() => socket.write(follow[1]))
  })
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    if (answers !== undefined && countAnswers(Buffer.concat(chunks)) >= answers) socket.end()
  })
  // The server may close while we still write; what it said before is what counts.
  socket.on('error', () => undefined)
  socket.on('close', () => {
    clearTimeout(timer)
    resolve(Buffer.concat(chunks))
  })
  return promise
}

function countAnswers(bytes: Buffer): number {
  try {
    return parseAnswers(bytes).length
  } catch {
    return 0
  }
}

/** Takes apart everything that came back. @throws AssertionError where it is not whole answers and nothing else */
export function parseAnswers(bytes: Buffer): Answer[] {
  const answers: Answer[] = []
  let rest = bytes
  while (rest.length > 0) {
    const split = rest.indexOf('\r\n\r\n')
    assert.notEqual(split, -1, `no head: ${rest.toString('latin1').slice(0, 200)}`)
    const [statusLine = '', ...lines] = rest.subarray(0, split).toString('latin1').split('\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3}) [\w -]*$/.exec(statusLine)?.[1])
    assert.ok(status >= 100, statusLine)
    const headers: Record<string, string> = {}
    for (const line of lines) {
      const match = /^([\w-]+): (.*)$/.exec(line)
      assert.ok(match !== null, line)
      const name = (match[1] ?? '').toLowerCase()
      assert.equal(name in headers, false, `${name} twice`)
      headers[name] = match[2] ?? ''
    }
    rest = rest.subarray(split + 4)
    if (status === 100) continue
    // Answers that node:http gives by itself are empty, and chunked.
    const empty = Buffer.from('0\r\n\r\n')
    if (headers['transfer-encoding'] === 'chunked') {
      assert.ok(rest.subarray(0, empty.length).equals(empty), 'a chunked answer')
      answers.push({ status, headers, body: Buffer.alloc(0) })
      rest = rest.subarray(empty.length)
      continue
    }
    const length = Number(headers['content-length'] ?? 0)
    assert.ok(rest.length >= length, 'a body is cut')
    answers.push({ status, headers, body: rest.subarray(0, length) })
    rest = rest.subarray(length)
  }
  return answers
}

/** The lines of a request, ended as HTTP wants them. */
export function lines(...parts: readonly string[]): string {
  return `${parts.join('\r\n')}\r\n\r\n`
}
