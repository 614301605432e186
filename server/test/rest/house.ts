import { after } from 'node:test'
import type { RoleName } from '@claviger/contract'
import { Client, closeClients, overHttp } from './client.ts'
import { startDevelopmentServer, type DevelopmentServer } from './server-process.ts'

/** One development server for a test file, and its owner. */
export interface RestHouse {
  readonly server: DevelopmentServer
  readonly owner: Client
}

/** Starts the server; it ends when the file's tests have. */
export async function startRestHouse(argv: readonly string[] = []): Promise<RestHouse> {
  const server = await startDevelopmentServer(argv)
  after(async () => {
    closeClients()
    await server.close()
  })
  return { server, owner: new Client(overHttp(server.address), server.token) }
}

/** Makes names; no two principals ever have the same. */
let newcomers = 0

/** A new principal without any role, and a client with a token of it. */
export async function newcomer(owner: Client, name = `newcomer-${(newcomers += 1)}`) {
  const { id } = await owner.call('principal.create', { name })
  const { token } = await owner.call('token.create', { principal: id })
  return { id, client: owner.as(token) }
}

/** A principal with a role in the whole tenant. */
export async function hire(owner: Client, role: RoleName): Promise<Client> {
  const { id, client } = await newcomer(owner, `${role}-${(newcomers += 1)}`)
  await owner.call('binding.create', { principal: id, role })
  return client
}
