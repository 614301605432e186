import type { Operation } from '@claviger/contract'
import { describeRequest } from '@claviger/sdk/call'
import { fieldsOf } from '../fields/field.ts'

/** Fields whose value is not printed, beside texts that are secrets: the call shows where it belongs. */
const HIDDEN = ['passphrase', 'share', 'proof', 'unsafePlaintext']

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** Takes the secrets of a row out of its body. */
function hiding(row: Operation) {
  const secrets = fieldsOf(row).filter(({ kind }) => kind === 'secret')
  const hidden = new Set([...HIDDEN, ...secrets.map(({ name }) => name)])
  return (name: string, value: unknown): unknown => {
    if (!hidden.has(name)) return value
    return Array.isArray(value) ? value.map(() => `<${name}>`) : `<${name}>`
  }
}

/**
 * The call as a line for a POSIX shell. The body goes through stdin, so that it never stands in curl's arguments, and the token is the
 * shell's variable.
 */
export function curlLine(
  row: Operation,
  input: unknown,
  address: string,
  approval?: string,
  caFile?: string,
): string {
  const call = describeRequest(row, input ?? {}, address)
  const token = row.action === 'none' ? [] : ['-H "Authorization: Bearer $CLAVIGER_TOKEN"']
  const parts = [
    `curl -sS -X ${call.method} ${quote(call.url)}`,
    ...(caFile === undefined ? [] : [`--cacert ${quote(caFile)}`]),
    ...token,
    ...(approval === undefined ? [] : [`-H ${quote(`claviger-approval: ${approval}`)}`]),
    ...Object.entries(call.headers).map(([header, value]) => `-H ${quote(`${header}: ${value}`)}`),
  ]
  if (call.body === undefined) return `${parts.join(' \\\n  ')}\n`
  const body = JSON.stringify(JSON.parse(call.body), hiding(row))
  return `${[...parts, "--data-binary @- <<'JSON'"].join(' \\\n  ')}\n${body}\nJSON\n`
}
