import { bytesFromBase64, integerFromDecimal, textFromUtf8 } from './bytes.ts'
import { LedgerFormatError } from './format-error.ts'
import { HASH_BYTES } from './merkle.ts'
import { NOTE_BYTES_MAX, parseNote } from './note.ts'

/** A proof that an entry is in a ledger, as a document that stands on its own (C2SP tlog-proof, `.tlog-proof`). */

const HEADER = 'c2sp.org/tlog-proof@v1'
/** A tree of 2^53 - 1 entries needs 53; the format names no limit. */
const PROOF_HASHES_MAX = 63
const PROOF_BYTES_MAX = NOTE_BYTES_MAX + 131_072

export interface EntryProof {
  readonly index: number
  /** The inclusion proof, from the leaf's sibling up to the root's child. */
  readonly hashes: readonly Uint8Array[]
  /** The signed note, verbatim. */
  readonly checkpoint: string
  /** Data that nothing in the proof vouches for. */
  readonly extra?: Uint8Array
}

/** @throws LedgerFormatError where no document can say it. */
export function formatProof({ index, hashes, checkpoint, extra }: EntryProof): string {
  const lines = [
    HEADER,
    ...(extra === undefined ? [] : [`extra ${extra.toBase64()}`]),
    `index ${index}`,
    ...hashes.map((hash) => hash.toBase64()),
  ]
  const document = `${lines.join('\n')}\n\n${checkpoint}`
  parseProof(document)
  return document
}

/**
 * Takes a proof apart; it says nothing about whether it proves anything.
 *
 * @throws LedgerFormatError
 */
export function parseProof(document: Uint8Array | string): EntryProof {
  if (document.length > PROOF_BYTES_MAX) throw malformed('it is too long')
  const text = typeof document === 'string' ? document : textFromUtf8(document)
  // The checkpoint begins after the first empty line, since none of the lines before may be empty.
  const split = text?.indexOf('\n\n') ?? -1
  if (text === undefined || split < 0) throw malformed('it has no checkpoint')
  const [header, ...lines] = text.slice(0, split).split('\n')
  if (header !== HEADER) throw malformed(`its first line is not ${HEADER}`)
  const extra = lines[0]?.startsWith('extra ')
    ? bytesFromBase64((lines.shift() ?? '').slice('extra '.length))
    : null
  if (extra === undefined) throw malformed('its extra data is not base64')
  const [indexLine = '', ...base64] = lines
  const index = indexLine.startsWith('index ')
    ? integerFromDecimal(indexLine.slice('index '.length))
    : undefined
  if (index === undefined) throw malformed('its index is not a decimal from 0 to 2^53 - 1')
  if (base64.length > PROOF_HASHES_MAX) throw malformed('it has too many hashes')
  const checkpoint = text.slice(split + 2)
  parseNote(checkpoint)
  return { index, hashes: base64.map(parseHash), checkpoint, ...(extra === null ? {} : { extra }) }
}

function parseHash(base64: string): Uint8Array {
  const hash = bytesFromBase64(base64)
  if (hash?.length !== HASH_BYTES) throw malformed('a hash is not 32 bytes in base64')
  return hash
}

function malformed(why: string): LedgerFormatError {
  return new LedgerFormatError('proof', why)
}
