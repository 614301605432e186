import { textFromUtf8, utf8 } from './bytes.ts'
import { LedgerFormatError } from './format-error.ts'
import { ENTRY_BYTES_MAX, recordSchema, type LedgerRecord } from './record.ts'

/** A record as the bytes of an entry: JSON in the field order of the schema, without white space, in UTF-8. */

/**
 * The bytes of a record.
 *
 * @throws LedgerFormatError for one that the schema refuses or that is too long for an entry.
 */
export function encodeRecord(record: LedgerRecord): Uint8Array {
  const parsed = recordSchema.safeParse(record)
  if (!parsed.success) throw malformed('a field is missing, unknown or of the wrong type')
  const bytes = utf8(JSON.stringify(parsed.data))
  if (bytes.length > ENTRY_BYTES_MAX) throw malformed(`it is longer than ${ENTRY_BYTES_MAX} bytes`)
  return bytes
}

/**
 * The record in an entry. Only the one spelling that {@link encodeRecord} writes is accepted: a field given twice, an unknown field or
 * another order would let two readers see two records in one entry.
 *
 * @throws LedgerFormatError
 */
export function parseRecord(entry: Uint8Array): LedgerRecord {
  if (entry.length > ENTRY_BYTES_MAX) throw malformed(`it is longer than ${ENTRY_BYTES_MAX} bytes`)
  const text = textFromUtf8(entry)
  if (text === undefined) throw malformed('it is not UTF-8')
  const parsed = recordSchema.safeParse(jsonOf(text))
  if (!parsed.success) throw malformed('a field is missing, unknown or of the wrong type')
  if (JSON.stringify(parsed.data) !== text)
    throw malformed('it is not spelt as records are: field order, no white space, each field once')
  return parsed.data
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed('it is not JSON')
  }
}

function malformed(why: string): LedgerFormatError {
  return new LedgerFormatError('record', why)
}
