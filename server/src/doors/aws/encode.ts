import type { HttpResponse } from '#http'
import { jsonHeaders } from './exceptions.ts'
import { outputMembers, type AwsOperation, type OutputOf } from './members.ts'
import type { Members, Shape } from './schema/shapes.ts'

/** From what a handler gives back to the answer's bytes. */

/**
 * Bytes become standard base64, milliseconds seconds as a number (text would break AWS's own client for JavaScript), and undefined
 * members are left out. An operation without output is answered with an empty body.
 */
export function encodeAnswer<Name extends AwsOperation>(
  operation: Name,
  output: OutputOf<Name>,
  requestId: string,
): HttpResponse {
  const members = outputMembers(operation)
  const body = members === undefined ? '' : JSON.stringify(toWire(output ?? {}, members))
  return { status: 200, headers: jsonHeaders(requestId), body }
}

function toWire(output: Record<string, unknown>, members: Members): Record<string, unknown> {
  const wire: Record<string, unknown> = {}
  for (const name in members) {
    const shape = members[name]
    const value = output[name]
    if (shape !== undefined && value !== undefined) wire[name] = valueToWire(value, shape)
  }
  return wire
}

function valueToWire(value: unknown, shape: Shape): unknown {
  switch (shape.type) {
    case 'blob':
      return (value as Uint8Array).toBase64()
    case 'epoch':
      return (value as number) / 1_000
    case 'list':
      return (value as readonly unknown[]).map((element) => valueToWire(element, shape.of))
    case 'structure':
      return toWire(value as Record<string, unknown>, shape.members)
    case 'string':
    case 'integer':
    case 'boolean':
    case 'map':
      return value
  }
}
