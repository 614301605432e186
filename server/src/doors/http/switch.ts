import type { HttpDoor, HttpRequest } from './message.ts'

/** Several doors at one address: each takes the requests that are its own, the last takes the rest. */

export interface Branch {
  takes(path: string, method: string): boolean
  readonly door: HttpDoor
}

export function createSwitch(branches: readonly Branch[], otherwise: HttpDoor): HttpDoor {
  const doorAt = (path: string, method: string) =>
    branches.find((branch) => branch.takes(path, method))?.door ?? otherwise
  return {
    bodyLimit: (method, path) => doorAt(path, method).bodyLimit(method, path),
    respond: (request: HttpRequest) => doorAt(request.path, request.method).respond(request),
    // Of a request that could not be read nobody knows the path.
    refuse: (code, id) => otherwise.refuse(code, id),
  }
}
