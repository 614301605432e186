import type { OperationName } from '@claviger/contract'
import { describeCall, type CallInput } from '@claviger/sdk'
import { rowOf } from './names.ts'

/** Fields whose value is not printed: the call shows where it belongs. */
const HIDDEN = new Set(['passphrase', 'share', 'proof', 'unsafePlaintext', 'clientSecret'])

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function hide(name: string, value: unknown): unknown {
  if (!HIDDEN.has(name)) return value
  return Array.isArray(value) ? value.map(() => `<${name}>`) : `<${name}>`
}

/**
 * The call as a line for a POSIX shell. The body goes through stdin, so that it never stands in curl's arguments, and the token is the
 * shell's variable.
 */
export function curlLine(
  name: OperationName,
  input: unknown,
  address: string,
  approval?: string,
): string {
  const call = describeCall(name, input as CallInput<OperationName>, address)
  const token = rowOf(name).action === 'none' ? [] : ['-H "Authorization: Bearer $CLAVIGER_TOKEN"']
  const parts = [
    `curl -sS -X ${call.method} ${quote(call.url)}`,
    ...token,
    ...(approval === undefined ? [] : [`-H ${quote(`claviger-approval: ${approval}`)}`]),
    ...Object.entries(call.headers).map(([header, value]) => `-H ${quote(`${header}: ${value}`)}`),
  ]
  if (call.body === undefined) return `${parts.join(' \\\n  ')}\n`
  const body = JSON.stringify(JSON.parse(call.body), hide)
  return `${[...parts, "--data-binary @- <<'JSON'"].join(' \\\n  ')}\n${body}\nJSON\n`
}
