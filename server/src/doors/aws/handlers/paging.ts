import { AwsException } from '../exceptions.ts'

/** Pages: AWS's Limit and Marker over the house's limit and cursor. */

interface Page {
  readonly Limit?: number | undefined
  readonly Marker?: string | undefined
}

/** Tells our markers from others; what stands after it is only ever compared, so it may be anybody's. */
const PREFIX = 'clv1:'

/** @throws AwsException InvalidMarkerException */
export function pageOf(
  { Limit, Marker }: Page,
  usual: number,
  most: number,
): { readonly limit: number; readonly cursor?: string } {
  const limit = Math.min(Limit ?? usual, most)
  return Marker === undefined ? { limit } : { limit, cursor: cursorOf(Marker) }
}

function cursorOf(marker: string): string {
  const text = Buffer.from(marker, 'base64url').toString()
  if (!text.startsWith(PREFIX) || toMarker(text.slice(PREFIX.length)) !== marker)
    throw new AwsException('InvalidMarkerException', 'The marker is not one that a page ended with')
  return text.slice(PREFIX.length)
}

function toMarker(cursor: string): string {
  return Buffer.from(`${PREFIX}${cursor}`).toString('base64url')
}

/** How AWS says whether there is more. */
export function moreOf(cursor: string | undefined) {
  return cursor === undefined
    ? { Truncated: false }
    : { Truncated: true, NextMarker: toMarker(cursor) }
}
