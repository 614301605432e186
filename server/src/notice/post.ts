import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import type { RequestOptions } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { Networks } from './networks.ts'
import { tlsFault } from './trust.ts'

/** One POST to a receiver. What it does in return is attacker-chosen: of its answer there are the status, and a number of seconds. */

/** For everything: the name, the connection, TLS, and the head of the answer. In milliseconds. */
const PATIENCE_MS = 15_000
const ANSWER_HEADER_BYTES_MAX = 8_192
/** The longest rest that a receiver can ask for: as long as the longest pause between attempts. In seconds. */
const REST_SECONDS_MAX = 86_400

export interface Message {
  /** Attacker-chosen by whoever may subscribe. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * How it went: the receiver took it, wants no more (410), or `reason`, in words of a fixed set, why not; and `restMs`, for how long it
 * asks to be left alone, where it does.
 */
export type Posted =
  | { readonly kind: 'taken' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly reason: string; readonly restMs?: number }

export interface Posting {
  readonly networks: Networks
  /** Whose certificates receivers may show. */
  readonly trust: SecureContext
  /** Ends what is under way when the server stops. */
  readonly signal: AbortSignal
  readonly patienceMs?: number
  /** The system's unless given. */
  readonly lookup?: (name: string) => Promise<readonly LookupAddress[]>
}

class Refused extends Error {}

function addressesOf(name: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(name, { all: true }, (error, found) => (error ? reject(error) : resolve(found)))
  })
}

/**
 * The address to connect to, looked up once and then fixed: a name that leads elsewhere a moment later (DNS rebinding) leads nowhere.
 * One address that may not be reached condemns the name.
 */
async function pinned(hostname: string, posting: Posting): Promise<LookupAddress> {
  const name = hostname.replace(/^\[(.*)\]$/, '$1')
  const kind = isIP(name)
  const found =
    kind === 0 ? await (posting.lookup ?? addressesOf)(name) : [{ address: name, family: kind }]
  const [first] = found
  if (first === undefined || !found.every(({ address }) => posting.networks.allows(address)))
    throw new Refused()
  return first
}

/** Posts a message; it never throws. */
export async function post(message: Message, posting: Posting): Promise<Posted> {
  const timeout = AbortSignal.timeout(posting.patienceMs ?? PATIENCE_MS)
  const signal = AbortSignal.any([posting.signal, timeout])
  try {
    const url = new URL(message.url)
    const address = await Promise.race([pinned(url.hostname, posting), aborted(signal)])
    return read(await answerOf(url, address, message, { signal, trust: posting.trust }))
  } catch (error) {
    if (error instanceof Refused) return { kind: 'failed', reason: 'address-refused' }
    if (timeout.aborted) return { kind: 'failed', reason: 'timeout' }
    if (posting.signal.aborted) return { kind: 'failed', reason: 'stopped' }
    return { kind: 'failed', reason: tlsFault(error as Error) ?? 'no-answer' }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(new Error('aborted'))
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
  })
}

interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  /** When the receiver says it is. */
  readonly date: string | undefined
}

/** RFC 9110 section 5.6.7; the two obsolete forms, which nobody may send any more, are not read. */
const HTTP_DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/

function timeOf(date: string | undefined): number {
  return date !== undefined && HTTP_DATE.test(date) ? Date.parse(date) : Number.NaN
}

/**
 * For how many seconds a receiver asks to be left alone (RFC 9110 section 10.2.3), or not a number. A date is compared with the one that
 * the same answer bears, so that no clocks have to agree.
 */
function secondsOf({ retryAfter, date }: Answer): number {
  if (retryAfter !== undefined && /^\d{1,9}$/.test(retryAfter)) return Number(retryAfter)
  const waitMs = timeOf(retryAfter) - timeOf(date)
  return waitMs > 0 ? waitMs / 1_000 : Number.NaN
}

function read(answer: Answer): Posted {
  const { status } = answer
  if (status >= 200 && status < 300) return { kind: 'taken' }
  // Standard Webhooks 1.0: 410 says that the receiver wants nothing any more. Redirects are never followed.
  if (status === 410) return { kind: 'gone' }
  const reason = `status-${status}`
  const seconds = secondsOf(answer)
  if (Number.isNaN(seconds)) return { kind: 'failed', reason }
  return { kind: 'failed', reason, restMs: Math.min(seconds, REST_SECONDS_MAX) * 1_000 }
}

/** Loaded when they are needed: TLS is 7 MB, and importing node:http loads another client with it, which is 16 MB. */
function clientFor({ protocol }: URL) {
  return protocol === 'https:'
    ? process.getBuiltinModule('node:https')
    : process.getBuiltinModule('node:http')
}

/** The head of the answer; its body is not read, and the connection ends. */
function answerOf(
  url: URL,
  { address, family }: LookupAddress,
  { headers, body }: Message,
  { signal, trust }: { readonly signal: AbortSignal; readonly trust: SecureContext },
): Promise<Answer> {
  const lookup: LookupFunction = (_name, options, done) =>
    options.all === true ? done(null, [{ address, family }]) : done(null, address, family)
  const options: RequestOptions & { readonly secureContext: SecureContext } = {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' },
    agent: false,
    lookup,
    secureContext: trust,
    // Not left to NODE_TLS_REJECT_UNAUTHORIZED, which turns it off.
    rejectUnauthorized: true,
    maxHeaderSize: ANSWER_HEADER_BYTES_MAX,
    signal,
  }
  return new Promise((resolve, reject) => {
    const sent = clientFor(url).request(url, options)
    sent.on('response', (response) => {
      const { statusCode: status = 0, headers: given } = response
      resolve({ status, retryAfter: given['retry-after'], date: given.date })
      response.on('error', () => undefined)
      sent.destroy()
    })
    sent.on('error', reject)
    // Also without an error, as where the receiver changes the protocol (101).
    sent.on('close', () => reject(new Error('it ended without an answer')))
    sent.end(body)
  })
}
