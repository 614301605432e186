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
    refuse: (code, id, sentTo) =>
      (sentTo === undefined ? otherwise : doorAt(sentTo.path, sentTo.method)).refuse(code, id),
  }
}
