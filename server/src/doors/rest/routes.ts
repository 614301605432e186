import { BODY_BYTES_MAX, operations, type Operation, type OperationName } from '@claviger/contract'
import { addRoute, createRouter, findRoute } from 'rou3'
import { ClavigerError } from '#model'

/** From a method and an address, both attacker-chosen, to what stands there. */

export interface Route {
  readonly name: OperationName
  readonly row: Operation
}

export type Match =
  | {
      readonly kind: 'operation'
      readonly route: Route
      readonly parameters: Readonly<Record<string, string>>
    }
  | { readonly kind: 'openapi' }
  | { readonly kind: 'metrics' }
  | { readonly kind: 'events' }

/** Addresses that are not of the contract. */
const others: Readonly<Record<string, Match>> = {
  '/v1/openapi.json': { kind: 'openapi' },
  '/metrics': { kind: 'metrics' },
  '/v1/events': { kind: 'events' },
}
const methods = ['GET', 'POST', 'PATCH', 'DELETE'] as const

/** A path of the contract as the router writes it; a ledger tile's path goes on over slashes. */
function routerPath(path: string): string {
  return path.replace('{path}', '**:path').replaceAll(/\{(\w+)\}/g, ':$1')
}

/** Addresses remembered at once, so that one that comes again costs a look-up. Attacker-chosen: few and short, and then forgotten. */
const MATCHES_MAX = 4_096
const MATCH_LENGTH_MAX = 128

export class Routes {
  readonly #router = createRouter<Route>()
  /** By method and address: what was found there. */
  readonly #matches = new Map<string, Map<string, Match>>()
  #remembered = 0

  constructor() {
    for (const [name, row] of Object.entries(operations) as [OperationName, Operation][]) {
      const [method = '', path = ''] = row.route.split(' ')
      addRoute(this.#router, method, routerPath(path), { name, row })
    }
  }

  /** @throws ClavigerError no_route, method_not_allowed, invalid_request */
  match(method: string, path: string): Match {
    const remembered = this.#matches.get(method)?.get(path)
    if (remembered !== undefined) return remembered
    const found = this.#find(method, path)
    if (found !== undefined) {
      const parameters = Object.freeze(decodeParameters(found.params))
      return this.#remember(method, path, { kind: 'operation', route: found.data, parameters })
    }
    const other = Object.hasOwn(others, path) ? others[path] : undefined
    if (method === 'GET' && other !== undefined) return other
    const known = this.methodsAt(path)
    if (known.length > 0) {
      throw new ClavigerError('method_not_allowed', `Use ${known.join(' or ')} at this address`)
    }
    throw new ClavigerError(
      'no_route',
      'There is nothing at this address; GET /v1/openapi.json lists what there is',
    )
  }

  #remember(method: string, path: string, match: Match): Match {
    if (path.length > MATCH_LENGTH_MAX) return match
    if (this.#remembered >= MATCHES_MAX) {
      this.#matches.clear()
      this.#remembered = 0
    }
    this.#matches.getOrInsertComputed(method, () => new Map()).set(path, match)
    this.#remembered += 1
    return match
  }

  /** The methods that an address knows. */
  methodsAt(path: string): string[] {
    if (Object.hasOwn(others, path)) return ['GET']
    return methods.filter((method) => this.#find(method, path) !== undefined)
  }

  /** What has no route is read all the same, up to the common limit, to be told so. */
  bodyLimit(method: string, path: string): number {
    return this.#find(method, path)?.data.row.bodyBytesMax ?? BODY_BYTES_MAX
  }

  /** The router passes over a slash at the end: `/v1/keys/` would list keys where a reference was left empty. */
  #find(method: string, path: string) {
    return path.endsWith('/') ? undefined : findRoute(this.#router, method, path)
  }
}

function decodeParameters(encoded: Record<string, string> | undefined): Record<string, string> {
  const parameters: Record<string, string> = {}
  for (const [name, value] of Object.entries(encoded ?? {})) {
    try {
      parameters[name] = value.includes('%') ? decodeURIComponent(value) : value
    } catch {
      throw new ClavigerError('invalid_request', `${name}: is not valid percent-encoding`, {
        field: name,
      })
    }
  }
  return parameters
}
