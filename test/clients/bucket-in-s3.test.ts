import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3'
import { createClient } from '@claviger/sdk'
import type { ObjectContent, ObjectWrite, StoredObject } from '@claviger/sdk/rewrap'
import { startDevServer } from '../../cli/test/e2e/dev-server.ts'
import { bucketStory, type Bucket } from '../../cli/test/e2e/stories/bucket.ts'
import { startS3 } from './s3.ts'

/** Re-wrapping the objects of a bucket over HTTP: AWS's own client, and a server that speaks S3. */

/** What the library needs of a bucket, as docs/rewrap.md shows it. */
class S3Bucket implements Bucket {
  readonly #client: S3Client
  readonly #bucket = 'backups'

  constructor(client: S3Client) {
    this.#client = client
  }

  async make(): Promise<void> {
    await this.#client.send(new CreateBucketCommand({ Bucket: this.#bucket }))
  }

  async objectsAfter(name: string | undefined, limit: number): Promise<StoredObject[]> {
    const { Contents = [] } = await this.#client.send(
      new ListObjectsV2Command({ Bucket: this.#bucket, StartAfter: name, MaxKeys: limit }),
    )
    return Contents.map(({ Key = '' }) => ({ name: Key }))
  }

  async get(name: string): Promise<ObjectContent | undefined> {
    try {
      const { Body, ETag, ContentLength } = await this.#client.send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: name }),
      )
      assert.ok(Body instanceof Readable && ETag !== undefined && ContentLength !== undefined)
      return { etag: ETag, size: ContentLength, body: Body }
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined
      throw error
    }
  }

  async put(name: string, { body, size, ifMatch }: ObjectWrite): Promise<boolean> {
    const stop = new AbortController()
    // AWS's client waits for ever for a body that fails, so the request is given up then.
    const source = Readable.from(body, { objectMode: false }).on('error', (error) =>
      stop.abort(error),
    )
    try {
      await this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: name,
          Body: source,
          ContentLength: size,
          IfMatch: ifMatch,
        }),
        { abortSignal: stop.signal },
      )
      return true
    } catch (error) {
      if (error instanceof S3ServiceException && error.name === 'PreconditionFailed') return false
      throw error
    }
  }

  async set(name: string, bytes: Uint8Array): Promise<void> {
    const input = { Bucket: this.#bucket, Key: name, Body: bytes }
    await this.#client.send(new PutObjectCommand(input))
  }

  async remove(name: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: name }))
  }
}

test('objects of a bucket are brought under the new version over HTTP', async () => {
  await using s3 = await startS3()
  await using server = await startDevServer()
  const bucket = new S3Bucket(s3.client)
  await bucket.make()
  await bucketStory(createClient({ address: server.address, token: server.token }), bucket)
})

async function read(bucket: Bucket, name: string) {
  const object = await bucket.get(name)
  assert.ok(object)
  const pieces: Uint8Array[] = []
  for await (const piece of object.body) pieces.push(piece)
  return { etag: object.etag, bytes: Buffer.concat(pieces) }
}

async function* inTwo(bytes: Uint8Array, failure?: Error): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes.subarray(0, 100_000))
  if (failure !== undefined) throw failure
  yield bytes.subarray(100_000)
}

test('an object that cannot be written whole stays as it was, and one of another etag is not written', async () => {
  await using s3 = await startS3()
  const bucket = new S3Bucket(s3.client)
  await bucket.make()
  const [before, after] = [Buffer.alloc(500_000, 'x'), Buffer.alloc(500_000, 'y')]
  await bucket.set('object', before)
  const { etag } = await read(bucket, 'object')
  const broken = inTwo(after, new RangeError('the source ended'))
  await assert.rejects(bucket.put('object', { body: broken, size: after.length, ifMatch: etag }))
  assert.ok((await read(bucket, 'object')).bytes.equals(before))
  const other = '"0123456789abcdef0123456789abcdef"'
  // What is refused is small: the server hangs up without reading the rest of what is large, which looks like a broken connection.
  const small = Buffer.from('y')
  const write = (ifMatch: string) => ({ body: inTwo(small), size: small.length, ifMatch })
  assert.equal(await bucket.put('object', write(other)), false)
  assert.ok((await read(bucket, 'object')).bytes.equals(before))
  assert.equal(await bucket.put('object', write(etag)), true)
  assert.ok((await read(bucket, 'object')).bytes.equals(small))
  assert.equal(await bucket.put('object', write(etag)), false, 'that etag is the old one')
})
