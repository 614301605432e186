import { AwsException } from './exceptions.ts'

/** Bodies of the query protocol: `application/x-www-form-urlencoded` (URL standard, section 5.1), attacker-chosen. */

/** The longest is a web identity token of 20,000 characters. */
export const FORM_BYTES_MAX = 65_536
const PAIRS_MAX = 256

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export type Form = ReadonlyMap<string, string>

/** @throws AwsException MalformedQueryString, whose texts are ours and repeat nothing of the form */
export function parseForm(body: Uint8Array): Form {
  if (body.length > FORM_BYTES_MAX)
    throw malformed(`The form has more than ${FORM_BYTES_MAX} bytes`)
  const pairs = decode(() => decoder.decode(body)).split('&')
  if (pairs.length > PAIRS_MAX) throw malformed(`The form has more than ${PAIRS_MAX} members`)
  const form = new Map<string, string>()
  for (const pair of pairs) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decodePart(equals === -1 ? pair : pair.slice(0, equals))
    // Which of two values counts is not for a signature check and a handler to have two opinions on.
    if (form.has(name)) throw malformed('A member stands in the form twice')
    form.set(name, equals === -1 ? '' : decodePart(pair.slice(equals + 1)))
  }
  return form
}

function decodePart(part: string): string {
  return decode(() => decodeURIComponent(part.replaceAll('+', ' ')))
}

function decode(decoding: () => string): string {
  try {
    return decoding()
  } catch {
    throw malformed('The form is not valid UTF-8 in percent-encoding')
  }
}

function malformed(message: string): AwsException {
  return new AwsException('MalformedQueryString', message)
}
