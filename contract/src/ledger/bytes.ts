/** Bytes and text, strictly: one value has one spelling, so that what was hashed or signed cannot be said in a second way. */

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Text from UTF-8, or undefined where the bytes are not valid UTF-8. A byte order mark is kept, so that nothing is dropped. */
export function textFromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** Bytes from standard base64 with padding (RFC 4648 section 4), or undefined for any other spelling of them. */
export function bytesFromBase64(text: string): Uint8Array | undefined {
  try {
    const bytes = Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' })
    // fromBase64 skips white space, which writing it again shows.
    return bytes.toBase64() === text ? bytes : undefined
  } catch {
    return undefined
  }
}

/** A decimal without leading zeroes, at most 2^53 - 1, or undefined. */
export function integerFromDecimal(text: string): number | undefined {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** Compares public values; hashes and keys of a ledger are no secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}
