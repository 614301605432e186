import { digestOf } from '#access'
import { ClavigerError } from '#model'
import { inputText, operationNamed } from '../canonical-input.ts'

/**
 * SHA-256 (base64url) of what an operation is asked, in its wire form with all defaults, so that it does not matter how a caller spelled
 * it. Attacker-chosen.
 *
 * @throws ClavigerError invalid_request for an operation or an input that is none
 */
export function wireInputDigest(operation: string, wire: unknown): string {
  const row = operationNamed(operation)
  const decoded = row?.input.safeDecode(wire as never)
  if (row === undefined || decoded?.success !== true)
    throw new ClavigerError(
      'invalid_request',
      'The proof is for an operation that cannot be asked',
      {
        field: 'operation',
      },
    )
  return digestOf(inputText(row.name, decoded.data))
}
