import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'
import { pino } from 'pino'
import { listen } from '#http'
import { openDoors } from '../../src/server.ts'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'

/** Something that a browser can be pointed to. */
export interface Site {
  /** By a name: browsers hold localhost to be secure, and keep the cookie of a login there. */
  readonly address: string
}

/** How a site is reached elsewhere than at the machine itself: by a name, over TLS. */
export interface Encrypted {
  readonly name: string
  readonly certificate: Uint8Array
  readonly key: Uint8Array
}

/**
 * A house with a clock of its own behind the server's own doors and listener; it ends when the file's tests have. In the clear and at
 * localhost unless told otherwise.
 */
export async function startSite(
  tls?: Encrypted,
): Promise<Site & { readonly house: TestHouse; readonly clock: DrivenClock }> {
  // Commands that are processes of their own know the system's time: here it is stopped at the start.
  const clock = new DrivenClock(Date.now())
  let address = ''
  const house = await startHouse({ clock, publicUrl: () => address })
  const door = openDoors(house.house, {
    log: pino({ level: 'silent' }),
    awsPath: '/aws',
    isDraining: () => false,
  })
  const listener = await listen({
    door,
    host: '127.0.0.1',
    port: 0,
    idPrefix: 'test',
    ...(tls === undefined ? {} : { tls }),
  })
  after(async () => {
    await listener.drain(0)
    await house.close()
  })
  address =
    tls === undefined ? `http://localhost:${listener.port}` : `https://${tls.name}:${listener.port}`
  return { address, house, clock }
}

/** A site of somebody else, who may answer what they like; by the server's own name, or by an address. */
export async function serveOther(answer: RequestListener, host = 'localhost'): Promise<Site> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { address: `http://${host}:${port}` }
}
