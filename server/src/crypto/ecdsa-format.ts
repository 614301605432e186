import { readSequence, readUnsigned, TAG_SEQUENCE, writeElement, writeUnsigned } from './der.ts'

/** The two ways to write an ECDSA signature: a DER SEQUENCE of r and s (RFC 3279), and r then s at full width (IEEE P1363). */

/** @throws RangeError when the signature is not DER or a number is wider than the curve. */
export function derToP1363(signature: Uint8Array, coordinateBytes: number): Buffer {
  const [r, s, ...rest] = readSequence(signature)
  if (r === undefined || s === undefined || rest.length > 0) throw new RangeError('not two numbers')
  const out = Buffer.alloc(2 * coordinateBytes)
  readUnsigned(r, out, 0, coordinateBytes)
  readUnsigned(s, out, coordinateBytes, coordinateBytes)
  return out
}

/** @throws RangeError when the signature is not exactly two coordinates long. */
export function p1363ToDer(signature: Uint8Array, coordinateBytes: number): Buffer {
  if (signature.length !== 2 * coordinateBytes) throw new RangeError('another length')
  const r = writeUnsigned(signature.subarray(0, coordinateBytes))
  const s = writeUnsigned(signature.subarray(coordinateBytes))
  return writeElement(TAG_SEQUENCE, Buffer.concat([r, s]))
}
