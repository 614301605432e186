import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'
import { listen, type HttpDoor } from '#http'

/** Something that a browser can be pointed to. */
export interface Site {
  /** By a name: browsers make passkeys for names, and hold localhost to be secure. */
  readonly address: string
  readonly port: number
}

/** Serves a door alone, without a house behind it; it ends when the file's tests have. */
export async function serve(door: HttpDoor): Promise<Site> {
  const listener = await listen({ door, host: '127.0.0.1', port: 0, idPrefix: 'test' })
  after(() => listener.drain(0))
  return { address: `http://localhost:${listener.port}`, port: listener.port }
}

/** A site of somebody else, who may answer what they like. */
export async function serveOther(answer: RequestListener): Promise<Site> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { address: `http://localhost:${port}`, port }
}
