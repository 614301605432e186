/**
 * Requests to others: an issuer's metadata, its keys, its tokens. What comes back is attacker-chosen as far as the issuer is, and so is
 * every address in it; so is how long it takes. Each is bounded here.
 */

/** The longest a request may take, until the last byte of the answer, in milliseconds. */
const OUTBOUND_MS_MAX = 5_000
/** The longest answer, in bytes. Metadata and key sets are a few kilobytes. */
const OUTBOUND_BYTES_MAX = 524_288

/** Nobody was there, or it said too much; what exactly is for the log and not for the caller. */
export class OutboundError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'OutboundError'
  }
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** Whether an address is on this machine: for development, and for a proxy beside the server. */
export function isLoopback(address: string): boolean {
  const url = URL.parse(address)
  return url !== null && LOOPBACK.test(url.hostname)
}

/**
 * Whether a request may go there: https, without a name and password in the address. This machine itself is reached, and then over plain
 * http too, only where `loopback` says that whoever named the issuer meant it: otherwise a stranger's metadata could make the server
 * talk to whatever listens beside it (server-side request forgery). Other hosts of the network cannot be told from an issuer's own, so
 * what is sent to them is bounded in kind: a GET, or a form with a code in it, and nothing of the answer is shown to anybody.
 */
export function mayReach(address: string, loopback: boolean): boolean {
  const url = URL.parse(address)
  if (url === null || url.username !== '' || url.password !== '') return false
  if (isLoopback(address))
    return loopback && (url.protocol === 'http:' || url.protocol === 'https:')
  return url.protocol === 'https:'
}

export interface OutboundRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer> | URLSearchParams | null | undefined
  /** Whether it may go to this machine, also over plain http. */
  readonly loopback: boolean
}

/**
 * Asks, and reads the whole answer. A redirect is answered as it is and not followed.
 *
 * @throws OutboundError where the address is not to be reached, nobody answers in time, or the answer is too long
 */
export async function askOutside(address: string, request: OutboundRequest): Promise<Response> {
  if (!mayReach(address, request.loopback))
    throw new OutboundError('The address is not https, nor http on loopback')
  const signal = AbortSignal.timeout(OUTBOUND_MS_MAX)
  try {
    const response = await fetch(address, {
      method: request.method ?? 'GET',
      ...(request.headers === undefined ? {} : { headers: { ...request.headers } }),
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: 'manual',
      signal,
    })
    const body = await readBounded(response)
    return new Response(body.length === 0 ? null : body, {
      status: response.status,
      headers: response.headers,
    })
  } catch (thrown) {
    if (thrown instanceof OutboundError) throw thrown
    throw new OutboundError('The other side did not answer in time, or not at all', thrown)
  }
}

/** The body, as long as it is not too long; what it says of its own length is not believed. */
async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length
    // Leaving the loop cancels the rest.
    if (length > OUTBOUND_BYTES_MAX) throw new OutboundError('The answer is too long')
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}
