import { CIPHERTEXT_OVERHEAD_MAX, MESSAGE_BYTES_MAX } from '@claviger/contract'
import { FILE_PREFIX_BYTES } from '@claviger/contract/file-format'
import { ClavigerCiphertextError } from '../ciphertext-error.ts'
import { ClavigerApiError } from '../errors.ts'
import { encryptAgain, headLength, headOf, newDataKey, newLength, unwrapWith } from './content.ts'
import { runThrough, type RewrapOptions, type RewrapResult, type Run } from './run.ts'

/** Objects in a bucket, as S3 and its like keep them: each an encrypted file (docs/file-format.md), or one envelope. */

const OBJECTS_PER_LISTING = 1_000
const ENVELOPE_BYTES_MAX = MESSAGE_BYTES_MAX + CIPHERTEXT_OVERHEAD_MAX

export interface StoredObject {
  readonly name: string
}

export interface ObjectContent {
  /** Of the content that `body` gives. */
  readonly etag: string
  /** In bytes. */
  readonly size: number
  readonly body: AsyncIterable<Uint8Array>
}

export interface ObjectWrite {
  readonly body: AsyncIterable<Uint8Array>
  /** In bytes. */
  readonly size: number
  /** The object is written only where this is still its etag. */
  readonly ifMatch: string
}

export interface ObjectStore {
  /** The next objects in the order of their names, of which the first comes after `name` (S3: start-after); none at the end. */
  objectsAfter(name: string | undefined, limit: number): Promise<readonly StoredObject[]>
  /** The content of an object; undefined where it is gone. */
  get(name: string): Promise<ObjectContent | undefined>
  /**
   * Writes an object as a whole, on the condition given (S3: If-Match), and says whether it was met. Where the body throws, the object
   * must stay as it was.
   */
  put(name: string, write: ObjectWrite): Promise<boolean>
}

export interface RewrapObjectsOptions extends RewrapOptions {
  readonly objects: ObjectStore
  /** The encryption context of an object. */
  readonly contextOf?: ((name: string) => Record<string, string> | undefined) | undefined
}

/** Refusals that concern one object; whatever else the server says ends the run. */
const ofOneObject: ReadonlySet<string> = new Set(['invalid_ciphertext', 'not_found', 'wrong_state'])

/**
 * Re-wraps the objects of a bucket, each written back only where nobody else wrote it meanwhile. Large ones pass through in constant
 * memory.
 *
 * @throws ClavigerApiError, ClavigerConnectionError, or what the store throws; the run stays open, and the next goes on
 */
export function rewrapObjects(options: RewrapObjectsOptions): Promise<RewrapResult> {
  const { objects, contextOf } = options
  return runThrough(options, {
    async pass(run, after) {
      let cursor = after
      for (;;) {
        const page = await objects.objectsAfter(cursor, OBJECTS_PER_LISTING)
        const last = page.at(-1)
        if (last === undefined) return
        if (last.name === cursor)
          throw new RangeError('the store gave the objects after a name from the name itself on')
        for (const { name } of page) {
          await rewrapOne(run, objects, name, contextOf?.(name))
          await run.at(name)
        }
        cursor = last.name
      }
    },
  })
}

async function rewrapOne(
  run: Run,
  objects: ObjectStore,
  name: string,
  context: Record<string, string> | undefined,
): Promise<void> {
  const content = await objects.get(name)
  if (content === undefined) return
  const body = content.body[Symbol.asyncIterator]()
  try {
    const start = await take(body, FILE_PREFIX_BYTES)
    const length = headLength(start)
    const write =
      length === undefined
        ? await envelopeAgain(run, start, body, content, context)
        : await fileAgain(run, { start, length }, body, content, context)
    if (write === undefined) return
    if (await putWhole(objects, name, write)) run.done(content.size)
    else run.changed()
  } catch (error) {
    if (!isOfOneObject(error)) throw error
    run.failed(name, error instanceof Error ? error.message : 'unknown')
  } finally {
    await body.return?.()
  }
}

type Body = AsyncIterator<Uint8Array>

/** A body that is being made while it is read. */
interface Made extends ObjectWrite {
  /** Why it could not be made, where it could not. */
  failure(): unknown
  /** Ends the making of what nobody reads. */
  cancel(): Promise<void>
}

/** Writes an object; where its body could not be made, that is what is told, however the store says that the body failed. */
async function putWhole(objects: ObjectStore, name: string, made: Made): Promise<boolean> {
  const { body, size, ifMatch } = made
  try {
    return await objects.put(name, { body, size, ifMatch })
  } catch (error) {
    const failure = made.failure()
    throw isClavigers(failure) ? failure : error
  } finally {
    await made.cancel()
  }
}

function isClavigers(error: unknown): boolean {
  return error instanceof Error && error.name.startsWith('Claviger')
}

/** At least so many bytes of a body, unless it ends before. */
async function take(body: Body, length: number, first?: Uint8Array): Promise<Uint8Array> {
  const pieces = first === undefined ? [] : [first]
  let taken = first?.length ?? 0
  while (taken < length) {
    const next = await body.next()
    if (next.done === true) break
    pieces.push(next.value)
    taken += next.value.length
  }
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
}

/** What was read, and then the rest. */
async function* rest(start: Uint8Array, body: Body): AsyncGenerator<Uint8Array> {
  yield start
  for (;;) {
    const next = await body.next()
    if (next.done === true) return
    yield next.value
  }
}

/** Whether it is this run's to do; counts it where it is not. */
function isOld(run: Run, ciphertext: Uint8Array): boolean {
  const place = run.placeOf(ciphertext)
  if (place === 'there') run.already()
  else if (place === 'other') run.other()
  return place === 'old'
}

async function envelopeAgain(
  run: Run,
  start: Uint8Array,
  body: Body,
  { size, etag }: ObjectContent,
  context: Record<string, string> | undefined,
): Promise<Made | undefined> {
  if (size > ENVELOPE_BYTES_MAX) {
    run.other()
    return undefined
  }
  const envelope = await take(body, size, start)
  if (!isOld(run, envelope)) return undefined
  await run.take(1)
  const { ciphertext } = await run.client.reencrypt({
    ciphertext: envelope,
    key: run.into,
    ...(context === undefined ? {} : { context }),
  })
  return {
    body: oneOf(ciphertext),
    size: ciphertext.length,
    ifMatch: etag,
    failure: () => undefined,
    cancel: () => Promise.resolve(),
  }
}

async function* oneOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}

async function fileAgain(
  run: Run,
  { start, length }: { readonly start: Uint8Array; readonly length: number },
  body: Body,
  content: ObjectContent,
  context: Record<string, string> | undefined,
): Promise<Made | undefined> {
  const bytes = await take(body, length, start)
  const head = headOf(bytes)
  if (head === undefined) {
    run.other()
    return undefined
  }
  if (!isOld(run, head.wrapped)) return undefined
  await run.take(1)
  const dataKey = await newDataKey(run.client, run.into, context)
  const size = newLength(head, content.size, dataKey)
  const between = new TransformStream<Uint8Array, Uint8Array>()
  const writer = between.writable.getWriter()
  let failure: unknown
  void encryptAgain({
    source: rest(bytes, body),
    sink: (piece) => writer.write(piece),
    head,
    unwrap: unwrapWith(run.client, context),
    dataKey,
  })
    .then(
      () => writer.close(),
      (error: unknown) => {
        failure = error
        return writer.abort(error)
      },
    )
    .catch(() => {})
  return {
    body: between.readable,
    size,
    ifMatch: content.etag,
    failure: () => failure,
    // One that was read to its end, or is being given up, says that it cannot be cancelled.
    cancel: () => between.readable.cancel().catch(() => {}),
  }
}

function isOfOneObject(error: unknown): boolean {
  if (error instanceof ClavigerApiError) return ofOneObject.has(error.code)
  return error instanceof ClavigerCiphertextError
}
