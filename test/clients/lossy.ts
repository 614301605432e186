import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** A network that loses answers, between a client and a server. */
export interface LossyNetwork extends AsyncDisposable {
  /** Where the client finds the server. */
  readonly address: string
  /** How many answers were lost so far. */
  readonly lost: number
}

/**
 * Passes on everything, but for the answer to the first try of each call that makes a key: that one's connection ends where the answer
 * would begin, when the server has done the work.
 */
export async function loseFirstAnswers(server: string): Promise<LossyNetwork> {
  const lost = new Set<string>()
  const pass = async (asked: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const { method, headers, url } = asked
    const onward = request(server + (url ?? '/'), { method, headers })
    onward.end(await buffer(asked))
    const [answered] = (await once(onward, 'response')) as [IncomingMessage]
    const body = await buffer(answered)
    const call = String(headers['amz-sdk-invocation-id'])
    if (headers['x-amz-target'] === 'TrentService.CreateKey' && !lost.has(call)) {
      lost.add(call)
      asked.socket.destroy()
      return
    }
    answer.writeHead(answered.statusCode ?? 500, answered.headers).end(body)
  }
  const network = createServer((asked, answer) => {
    pass(asked, answer).catch((error: unknown) => answer.destroy(error as Error))
  })
  network.listen(0, '127.0.0.1')
  await once(network, 'listening')
  const at = network.address()
  if (at === null || typeof at === 'string') throw new Error('a network without a port')
  return {
    address: `http://127.0.0.1:${at.port}`,
    get lost() {
      return lost.size
    },
    async [Symbol.asyncDispose]() {
      network.closeAllConnections()
      network.close()
      await once(network, 'close')
    },
  }
}
