import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { parseEnvelope } from '@claviger/contract/envelope'
import { decryptFile, encryptFile, type Claviger } from '@claviger/sdk'
import { rewrapObjects, type ObjectStore } from '@claviger/sdk/rewrap'

/** Re-wrapping the objects of a bucket, told over every store that is one. */

export interface Bucket extends ObjectStore {
  /** Writes an object, whatever stood there. */
  set(name: string, bytes: Uint8Array): Promise<void>
  remove(name: string): Promise<void>
}

export async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1_000)
    yield await Promise.resolve(bytes.subarray(at, at + 1_000))
}

async function fileUnder(client: Claviger, key: string, content: Uint8Array): Promise<Buffer> {
  const { plaintext, ciphertext } = await client.datakey({ key, context: { bucket: 'b' } })
  assert.ok(plaintext)
  const pieces: Uint8Array[] = []
  const sink = (piece: Uint8Array) => void pieces.push(piece)
  await encryptFile({ source: inPieces(content), sink, dataKey: { plaintext, ciphertext } })
  return Buffer.concat(pieces)
}

async function contentOf(client: Claviger, file: Uint8Array): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  await decryptFile({
    source: inPieces(file),
    sink: (piece) => void pieces.push(piece),
    unwrap: async (ciphertext) =>
      (await client.decrypt({ ciphertext, context: { bucket: 'b' } })).plaintext,
  })
  return Buffer.concat(pieces)
}

async function bytesOf(bucket: Bucket, name: string): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of (await bucket.get(name))?.body ?? []) pieces.push(piece)
  return Buffer.concat(pieces)
}

/**
 * Encrypted files and envelopes are brought under the new version, whatever else is there stays as it is, what is written meanwhile is
 * taken again, and what is broken is named.
 */
export async function bucketStory(client: Claviger, bucket: Bucket): Promise<void> {
  const { id: key } = await client.key.create({})
  const large = randomBytes(2_100_000)
  const context = { bucket: 'b' }
  const envelope = async (text: string) =>
    (await client.encrypt({ key, plaintext: Buffer.from(text), context })).ciphertext
  await bucket.set('a/envelope', await envelope('one'))
  await bucket.set('a/large', await fileUnder(client, key, large))
  await bucket.set('b/plain', randomBytes(500_000))
  await bucket.set('c/short', Buffer.from('x'))
  await bucket.set('d/busy', await envelope('first'))
  const second = await envelope('second')
  const broken = await fileUnder(client, key, randomBytes(5_000))
  await bucket.set('e/broken', broken.subarray(0, -1))
  await client.key.rotate({ key })
  let gets = 0
  const objects: ObjectStore = {
    objectsAfter: (name, limit) => bucket.objectsAfter(name, limit),
    put: (name, write) => bucket.put(name, write),
    async get(name) {
      const object = await bucket.get(name)
      // Somebody writes it while it is read.
      if (name === 'd/busy' && (gets += 1) === 1) await bucket.set(name, second)
      return object
    },
  }
  const options = { client, key, source: 's3://b', objects, contextOf: () => context }
  const result = await rewrapObjects(options)
  assert.deepEqual(
    [result.outcome, result.done, result.failed, result.others],
    ['incomplete', 3, 1, 2],
  )
  assert.equal(result.failures[0]?.item, 'e/broken')
  assert.ok((await contentOf(client, await bytesOf(bucket, 'a/large'))).equals(large))
  assert.equal(parseEnvelope(await bytesOf(bucket, 'd/busy'))?.version, 2)
  const opened = await client.decrypt({ ciphertext: await bytesOf(bucket, 'd/busy'), context })
  assert.equal(Buffer.from(opened.plaintext).toString(), 'second')
  assert.ok((await bytesOf(bucket, 'e/broken')).equals(broken.subarray(0, -1)))

  await bucket.remove('e/broken')
  const again = await rewrapObjects(options)
  assert.deepEqual([again.outcome, again.done, again.already], ['complete', 0, 3])
}
