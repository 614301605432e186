import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClavigerApiError, ClavigerConnectionError, createClient } from '@claviger/sdk'
import type { Answer, Fetch } from '@claviger/sdk/call'
import { parseRetryAfter, pauseBefore } from '../src/call/try-again.ts'

/** A busy server is asked again, as often as agreed and after as long as it says; nothing else is. */

const address = 'http://127.0.0.1:8300'

async function* bytesOf(body: object): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(JSON.stringify(body))
}

function refusal(code: string, status: number, retryAfter = '0'): Answer {
  const headers = new Headers({ 'retry-after': retryAfter })
  return { ok: false, status, headers, body: bytesOf({ code, detail: 'no', request: 'r-1' }) }
}

const healthy = (): Answer => ({
  ok: true,
  status: 200,
  headers: new Headers(),
  body: bytesOf({ status: 'ok' }),
})

/** A far side that gives these answers in turn, and the last one for ever. */
function answersInTurn(...answers: readonly (() => Answer)[]) {
  const sent: string[] = []
  const fetch: Fetch = (_url, { method = '', body = '' }) => {
    const answer = answers[Math.min(sent.push(`${method} ${body}`), answers.length) - 1]
    return answer === undefined ? Promise.reject(new Error('no answer')) : Promise.resolve(answer())
  }
  return { fetch, sent }
}

const busy = () => refusal('overloaded', 503)

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'done',
    (error: unknown) =>
      error instanceof ClavigerApiError
        ? error.code
        : error instanceof ClavigerConnectionError && error.failure,
  )
}

test('what a busy server did not do is sent again, the same', async () => {
  const { fetch, sent } = answersInTurn(busy, busy, healthy)
  const client = createClient({ address, fetch })
  assert.deepEqual(await client.system.health(), { status: 'ok' })
  assert.deepEqual(sent, ['GET ', 'GET ', 'GET '])
})

test('three times at most, or as often as told', async () => {
  for (const [attempts, times] of [
    [undefined, 3],
    [1, 1],
    [5, 5],
  ] as const) {
    const { fetch, sent } = answersInTurn(busy)
    const client = createClient({ address, fetch, attempts })
    assert.equal(await codeOf(client.system.health()), 'overloaded')
    assert.equal(sent.length, times)
  }
})

test('nothing else is: it may have been done, or would be refused again', async () => {
  for (const [code, status] of [
    ['ledger_unavailable', 503],
    ['crypto_unavailable', 503],
    ['shutting_down', 503],
    ['sealed', 503],
    ['too_many_requests', 429],
    ['conflict', 409],
    ['internal', 500],
  ] as const) {
    const { fetch, sent } = answersInTurn(() => refusal(code, status), healthy)
    assert.equal(await codeOf(createClient({ address, fetch }).system.health()), code)
    assert.equal(sent.length, 1, code)
  }
  const { fetch, sent } = answersInTurn()
  assert.equal(await codeOf(createClient({ address, fetch }).system.health()), 'unreachable')
  assert.equal(sent.length, 1)
})

test('whoever would have to wait longer than the call may take is told at once', async () => {
  const { fetch, sent } = answersInTurn(() => refusal('overloaded', 503, '60'), healthy)
  const client = createClient({ address, fetch, timeoutMs: 30_000 })
  const error = await client.system.health().catch((thrown: unknown) => thrown)
  assert.ok(error instanceof ClavigerApiError)
  assert.deepEqual([error.code, error.retryAfterMs, sent.length], ['overloaded', 60_000, 1])
})

test('a call that is cancelled while it waits ends', async () => {
  const stop = new AbortController()
  const { fetch, sent } = answersInTurn(() => refusal('overloaded', 503, '10'), healthy)
  const waiting = codeOf(createClient({ address, fetch }).system.health({}, stop))
  await new Promise((resolve) => setImmediate(resolve))
  stop.abort()
  assert.equal(await waiting, 'cancelled')
  assert.equal(sent.length, 1)
})

test('the pause is what the server says and up to half more', () => {
  for (const [said, least] of [
    [4_000, 4_000],
    [0, 0],
    [undefined, 1_000],
  ] as const) {
    const about = { status: 503, title: '', detail: '', requestId: '', retryAfterMs: said }
    const error = new ClavigerApiError({ ...about, code: 'overloaded' })
    for (let time = 0; time < 100; time += 1) {
      const pause = pauseBefore(error) ?? -1
      assert.ok(pause >= least && pause <= least * 1.5, `${pause}`)
    }
  }
  assert.deepEqual(
    ['1', '120', '0', '', '-1', '1.5', '1e3', 'Wed, 21 Oct 2026 07:28:00 GMT', '9'.repeat(30)].map(
      (header) => parseRetryAfter(header),
    ),
    [1_000, 120_000, 0, ...Array.from({ length: 6 }, () => undefined)],
  )
})
