import { z } from 'zod'

/**
 * The building blocks of the rows: what stands on the wire on the left of each codec, what the server works with on the right.
 * Everything here bounds what an outsider can send.
 */

/** Message limit through the server, in bytes. Larger data is encrypted by the client under a data key. */
export const MESSAGE_BYTES_MAX = 65_536
/** Items in one batch. */
export const BATCH_ITEMS_MAX = 1_000
/** Pairs in an encryption context, and the longest key and value in UTF-16 code units. */
export const CONTEXT_PAIRS_MAX = 64
export const CONTEXT_KEY_LENGTH_MAX = 256
export const CONTEXT_VALUE_LENGTH_MAX = 4_096
/** The longest name and value of an encryption context that a grant asks for. */
export const GRANT_TEXT_LENGTH_MAX = 384
/** Ciphertexts carry at most this many bytes beside the message (the header, nonce and tag, or an RSA block). */
export const CIPHERTEXT_OVERHEAD_MAX = 1_024

/** The function by which a codec of {@link bytes} decodes, for whoever knows a faster one; how many bytes it takes. */
export const byteCounts = new WeakMap<
  (text: string, context: z.core.ParsePayload<string>) => unknown,
  { readonly min: number; readonly max: number }
>()

/** Standard base64 with padding (RFC 4648 section 4) on the wire, bytes inside. `max` is in bytes. */
export function bytes(max: number, min = 0) {
  const characters = Math.ceil(max / 3) * 4
  const decode = (text: string, context: z.core.ParsePayload<string>) => {
    try {
      // 'strict' refuses missing padding and non-zero overflow bits, so that one value has one spelling.
      const decoded = Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' })
      // fromBase64 skips white space; the length tells whether there was any.
      if (Math.ceil(decoded.length / 3) * 4 === text.length) {
        if (decoded.length >= min && decoded.length <= max) return decoded
        context.issues.push({
          code: 'custom',
          input: '',
          message: `must be ${min} to ${max} bytes`,
        })
        return z.NEVER
      }
    } catch {
      // Falls through to the same message: the text itself must not be repeated, it may be a secret.
    }
    context.issues.push({
      code: 'custom',
      input: '',
      message: 'must be standard base64 with padding',
    })
    return z.NEVER
  }
  byteCounts.set(decode, { min, max })
  return z.codec(z.string().max(characters), z.instanceof(Uint8Array<ArrayBufferLike>), {
    decode,
    encode: (value) => value.toBase64(),
  })
}

/** RFC 3339 in UTC on the wire, milliseconds since 1970 inside. */
export function timestamp() {
  return z.codec(z.iso.datetime(), z.int(), {
    decode: (text) => Date.parse(text),
    encode: (milliseconds) => new Date(milliseconds).toISOString(),
  })
}

/** A lower-case UUID (RFC 9562). */
export const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be a lower-case UUID')

/** Who did something: a principal, or the server by itself. */
export const actor = z.union([uuid, z.literal('system')])

/** What comes after `@` is a region, where the same name points at another key than elsewhere. */
const ALIAS = /^[A-Za-z0-9/_:-][A-Za-z0-9/_.:-]{0,255}(?:@[a-z0-9][a-z0-9-]{0,62})?$/
const ID_SHAPED =
  /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$|^mrk-[0-9a-f]{32}(?:@[a-z0-9-]+)?$/i

/** Whether a text can be a name that points at a key. Never shaped like an id, so that the two cannot be confused. */
export function isAlias(text: string): boolean {
  return ALIAS.test(text) && !ID_SHAPED.test(text)
}

/** A name that points at a key. */
export const alias = z
  .string()
  .max(320)
  .refine(isAlias, 'must be 1 to 256 of A-Z a-z 0-9 / _ . : - and not shaped like a key id')
  .describe('A name that points at a key')

/** Names in which `*` stands for anything. */
export const aliasPattern = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[A-Za-z0-9/_.:*-]+$/, 'must be 1 to 256 of A-Z a-z 0-9 / _ . : - and *')
  .describe('Names of keys, in which * stands for anything')

/** A key's id or an alias. */
export const keyReference = z.string().min(1).max(320).describe('The id of a key, or an alias')

/**
 * Text that UTF-8 can say. Encoders would replace a lone surrogate, and two contexts would become one; in a record of the ledger it would
 * stand as an escape that strict readers of JSON refuse (RFC 7493 section 2.1).
 */
export function unicode(lengthMax: number) {
  return z
    .string()
    .max(lengthMax)
    .refine((text) => text.isWellFormed(), 'must be well-formed Unicode')
}

/** Authenticated, not secret, and needed again to decrypt (additional authenticated data). */
export const context = z
  .record(unicode(CONTEXT_KEY_LENGTH_MAX).min(1), unicode(CONTEXT_VALUE_LENGTH_MAX))
  .refine(
    (pairs) => Object.keys(pairs).length <= CONTEXT_PAIRS_MAX,
    `must have at most ${CONTEXT_PAIRS_MAX} pairs`,
  )
  .describe('The encryption context: bound to the ciphertext, not secret, needed again to decrypt')

/** Letters, digits and blanks of any script, and a few signs: no comma and no control characters, which a selector could not say. */
const LABEL_NAME = /^[\p{L}\p{N}\p{Zs}_.:/+@-]{1,128}$/u
const LABEL_VALUE = /^[\p{L}\p{N}\p{Zs}_.:/=+@-]{0,256}$/u
export const LABELS_MAX = 50

export const labelName = z
  .string()
  .max(128)
  .regex(LABEL_NAME, 'label names are 1 to 128 letters, digits, blanks and . _ : / + @ -')

/** Whether a pair can be a label. */
export function isLabel(name: string, value: string): boolean {
  return LABEL_NAME.test(name) && LABEL_VALUE.test(value)
}

/** Labels of a key; also what a label selector looks for. */
export const labels = z
  .record(
    labelName,
    z
      .string()
      .max(256)
      .regex(LABEL_VALUE, 'label values are up to 256 letters, digits, blanks and . _ : / = + @ -'),
  )
  .refine(
    (pairs) => Object.keys(pairs).length <= LABELS_MAX,
    `must have at most ${LABELS_MAX} labels`,
  )

/** `env=prod,team=payments`: every pair must be on the key. */
export const labelSelector = z
  .string()
  .min(3)
  .max(1_024)
  .refine(
    (text) =>
      text.split(',').every((pair) => {
        const at = pair.indexOf('=')
        return at > 0 && LABEL_NAME.test(pair.slice(0, at)) && LABEL_VALUE.test(pair.slice(at + 1))
      }),
    'must be name=value pairs joined by commas',
  )

/** A region as AWS names them, such as eu-central-1: any such word is one. */
export const region = z
  .string()
  .max(63)
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case words joined by dashes')

/** Twelve digits, where AWS names an account. */
export const account = z.string().regex(/^\d{12}$/, 'must be twelve digits')

/** Names the material of one version of a key: 64 lower-case hexadecimal digits. */
export const materialId = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits')

/** A key policy in AWS's language, in UTF-16 code units; its limit in bytes is checked where it is read. */
export const policy = z.string().min(1).max(131_072)

/** Free text for people, without control characters, which could forge lines on a terminal. */
export function words(max: number) {
  return unicode(max).refine((text) => !/\p{Cc}/u.test(text), 'must not hold control characters')
}

/** A display name. */
export const name = words(128).min(1)

/** Rows in one page. */
export const limit = z.coerce.number().int().min(1).max(1_000).default(100)
/** Where the last page ended; opaque. */
export const cursor = z.string().max(512)

/** The version of a key, counted from 1. */
export const version = z.int().min(1).max(4_294_967_295)
