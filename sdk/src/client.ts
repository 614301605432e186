import { operations, type Operation, type OperationName } from '@claviger/contract'
import { createCaller, type ClientOptions } from './call/index.ts'
import type { CallOptions, Claviger } from './types.ts'

/**
 * A client of the server at `address`: one method per operation of the contract, which calls it as `createCaller` says.
 */
export function createClient(options: ClientOptions): Claviger {
  const call = createCaller(options)
  const client: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const name of Object.keys(operations) as OperationName[]) {
    const row: Operation = operations[name]
    const method = (input?: unknown, callOptions?: CallOptions) =>
      call(row, input ?? {}, callOptions)
    const [noun = '', verb] = name.split('.')
    if (verb === undefined) client[noun] = method
    else ((client[noun] ??= Object.create(null)) as Record<string, unknown>)[verb] = method
  }
  return client as unknown as Claviger
}
