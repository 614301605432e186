import type { HttpResponse } from '#http'
import { jsonHeaders } from './exceptions.ts'
import { outputMembers, type AwsOperation, type OutputOf } from './members.ts'
import type { Members, Shape } from './schema/shapes.ts'

/** From what a handler gives back to the answer's bytes. */

/**
 * Bytes become standard base64, milliseconds seconds as a number (text would break AWS's own client for JavaScript), and undefined
 * members are left out. An operation without output is answered with an empty body. The text is written member by member, since most
 * of it is base64 and nothing in that needs to be escaped.
 */
export function encodeAnswer<Name extends AwsOperation>(
  operation: Name,
  output: OutputOf<Name>,
  requestId: string,
): HttpResponse {
  const members = outputMembers(operation)
  const body = members === undefined ? '' : structureText(output ?? {}, members)
  return { status: 200, headers: jsonHeaders(requestId), body }
}

/** Members' names are letters only. */
function structureText(output: Record<string, unknown>, members: Members): string {
  let text = ''
  for (const name in members) {
    const shape = members[name]
    const value = output[name]
    if (shape === undefined || value === undefined) continue
    text += `${text === '' ? '{' : ','}"${name}":${valueText(value, shape)}`
  }
  return text === '' ? '{}' : `${text}}`
}

function valueText(value: unknown, shape: Shape): string {
  switch (shape.type) {
    case 'blob':
      return `"${(value as Uint8Array).toBase64()}"`
    case 'epoch':
      return String((value as number) / 1_000)
    case 'list':
      return `[${(value as readonly unknown[]).map((element) => valueText(element, shape.of)).join(',')}]`
    case 'structure':
      return structureText(value as Record<string, unknown>, shape.members)
    case 'string':
    case 'integer':
    case 'boolean':
    case 'map':
      return JSON.stringify(value)
  }
}
