import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Answer, Fetch } from '@claviger/sdk/call'

/**
 * How the command sends a request: Node's own client, since `fetch` is a second one inside Node that loads for longer than the whole
 * rest of a short command takes. Both keep connections, and take authorities that are trusted for the process.
 */

/** Answers that lead elsewhere (the Fetch standard, "redirect status"). */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

function answerOf(message: IncomingMessage): Answer {
  const { statusCode: status = 0, headers } = message
  const get = (name: string) => headers[name]?.toString() ?? null
  return { ok: status >= 200 && status <= 299, status, headers: { get }, body: message }
}

/** An error with a name, as those of the system have one. */
function unwanted(code: string, why: string): Error {
  return Object.assign(new Error(why), { code })
}

/** Sends a request, and resolves once the head of its answer is there. Rejects with the system's error where none comes. */
export function send(...[url, request]: Parameters<Fetch>): Promise<Answer> {
  const { method = 'GET', headers, signal, body } = request
  // An import would read all that the module exports, and that loads fetch too.
  const client = url.startsWith('https:')
    ? process.getBuiltinModule('node:https')
    : process.getBuiltinModule('node:http')
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = client.request(url, {
      method,
      headers: { 'user-agent': 'claviger', ...headers },
      signal,
    })
    sent.on('error', reject)
    sent.on('response', (message) => {
      const answer = answerOf(message)
      if (!REDIRECTS.has(answer.status)) resolve(answer)
      else sent.destroy(unwanted('REDIRECT', 'it would carry the request elsewhere'))
    })
    // Node closes the connection where nobody listens for this, and says so to nobody.
    sent.on('upgrade', (_answer, socket) => {
      socket.destroy()
      reject(unwanted('UPGRADE', 'nobody asked for another protocol'))
    })
    sent.end(body)
  })
}
