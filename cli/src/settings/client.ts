import type { Claviger } from '@claviger/sdk'
import type { Fetch } from '@claviger/sdk/call'
import type { Shell } from '../shell.ts'
import { clientOptions, findConnection, type Connection, type Globals } from './connection.ts'

/** Clients with a method for every operation, for commands that make calls of several kinds. */

/** A client for the connection, ready to be called. */
export async function connect(shell: Shell, globals: Globals, fetch?: Fetch): Promise<Claviger> {
  return connectTo(globals, await findConnection(shell, globals), fetch)
}

/** A client for a connection that was found already. */
export async function connectTo(
  globals: Globals,
  connection: Pick<Connection, 'address' | 'token' | 'caFile'>,
  fetch?: Fetch,
): Promise<Claviger> {
  // Loaded when it is needed: with it comes all that the library has.
  const { createClient } = await import('@claviger/sdk')
  return createClient(await clientOptions(globals, connection, fetch))
}
