import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { decryptFile, encryptFile } from '@claviger/sdk'
import { array, asyncProperty, assert as check, integer, oneof } from 'fast-check'
import {
  between,
  CHUNK,
  collector,
  decrypted,
  encrypted,
  HEADER,
  inPieces,
  KeyKeeper,
  TAG,
  whole,
} from './harness.ts'

const folder = mkdtempSync(join(tmpdir(), 'claviger-file-'))
after(() => rmSync(folder, { recursive: true }))
const keeper = new KeyKeeper()

const sizes = oneof(
  integer({ min: 0, max: 3 * CHUNK + 1 }),
  integer({ min: 0, max: 3 }).map((chunks) => chunks * CHUNK),
  integer({ min: 1, max: 3 }).map((chunks) => chunks * CHUNK - 1),
)
const pieces = array(integer({ min: 1, max: 2 * CHUNK }), { minLength: 1, maxLength: 5 })

test('what was encrypted is decrypted, in whatever pieces it comes', async () => {
  await check(
    asyncProperty(sizes, pieces, pieces, async (size, inputPieces, filePieces) => {
      const plaintext = randomBytes(size)
      const file = await encrypted(plaintext, keeper, inPieces(plaintext, inputPieces))
      const chunks = Math.max(1, Math.ceil(size / CHUNK))
      assert.equal(file.length, HEADER + size + chunks * TAG)
      assert.deepEqual(await decrypted(file, keeper, inPieces(file, filePieces)), plaintext)
    }),
    { numRuns: 60 },
  )
})

test('equal files under one data key come out different', async () => {
  const plaintext = randomBytes(100)
  const { plaintext: key, ciphertext } = keeper.datakey()
  const files = await Promise.all(
    [Buffer.from(key), Buffer.from(key)].map(async (copy) => {
      const { sink, bytes } = collector()
      const dataKey = { plaintext: copy, ciphertext }
      await encryptFile({ source: whole(plaintext), sink, dataKey })
      return bytes()
    }),
  )
  const [first, second] = files
  assert.ok(first && second)
  const payload = 15 + 40
  assert.deepEqual(first.subarray(0, payload), second.subarray(0, payload))
  assert.notDeepEqual(first.subarray(payload, payload + 32), second.subarray(payload, payload + 32))
  assert.notDeepEqual(first.subarray(-116), second.subarray(-116))
  assert.deepEqual(await decrypted(first, keeper), plaintext)
  assert.deepEqual(await decrypted(second, keeper), plaintext)
})

test('data keys are overwritten, also where it fails', async () => {
  const dataKey = keeper.datakey()
  await encryptFile({ source: whole(randomBytes(5)), sink: () => {}, dataKey })
  assert.ok(dataKey.plaintext.every((byte) => byte === 0))

  const unused = keeper.datakey()
  await assert.rejects(
    encryptFile({ source: whole(randomBytes(5)), sink: () => {}, dataKey: unused, chunkBits: 9 }),
    RangeError,
  )
  assert.ok(unused.plaintext.every((byte) => byte === 0))

  const file = await encrypted(randomBytes(5), keeper)
  const wrong = Buffer.alloc(32, 7)
  await assert.rejects(
    decryptFile({ source: whole(file), sink: () => {}, unwrap: async () => wrong }),
  )
  assert.ok(wrong.every((byte) => byte === 0))
})

test('progress is told in bytes of the plaintext, up to all of them', async () => {
  const plaintext = randomBytes(2 * CHUNK + 7)
  const told: number[] = []
  const { sink, bytes } = collector()
  const onProgress = (done: number) => told.push(done)
  const dataKey = keeper.datakey()
  await encryptFile({ source: whole(plaintext), sink, dataKey, chunkBits: 12, onProgress })
  assert.deepEqual(told, [CHUNK, 2 * CHUNK, 2 * CHUNK + 7])
  told.length = 0
  const source = whole(bytes())
  await decryptFile({ source, sink: () => {}, unwrap: keeper.unwrap, onProgress })
  assert.deepEqual(told, [CHUNK, 2 * CHUNK, 2 * CHUNK + 7])
})

test('file descriptors, with chunks of the usual size', async () => {
  const plaintext = randomBytes(3 * 2 ** 20 + 12_345)
  const path = (name: string) => join(folder, name)
  writeFileSync(path('plain'), plaintext)
  await between(path('plain'), path('file'), (source, sink) =>
    encryptFile({ source, sink, dataKey: keeper.datakey() }),
  )
  await between(path('file'), path('again'), (source, sink) =>
    decryptFile({ source, sink, unwrap: keeper.unwrap }),
  )
  assert.deepEqual(readFileSync(path('again')), plaintext)
  assert.deepEqual(await decrypted(readFileSync(path('file')), keeper), plaintext)
})

test('standard input and output as pipes, in a process of its own', async () => {
  const plaintext = randomBytes(2 * 2 ** 20 + 1)
  const program = `
    import { decryptFile, encryptFile } from '@claviger/sdk'
    const key = () => Buffer.alloc(32, 9)
    const dataKey = { plaintext: key(), ciphertext: Buffer.alloc(40) }
    if (process.argv[1] === 'encrypt') await encryptFile({ source: 0, sink: 1, dataKey })
    else await decryptFile({ source: 0, sink: 1, unwrap: async () => key() })`
  const file = await through(program, 'encrypt', plaintext)
  assert.deepEqual(await through(program, 'decrypt', file), plaintext)
})

async function through(program: string, mode: string, input: Uint8Array): Promise<Buffer> {
  const args = ['--input-type=module', '--eval', program, mode]
  const child = spawn(process.execPath, args, {
    cwd: import.meta.dirname,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  Readable.from(inPieces(input, [100_000])).pipe(child.stdin)
  const pieces = await child.stdout.toArray()
  return Buffer.concat(pieces as Buffer[])
}

test('descriptors that somebody made non-blocking, with a slow other end', async () => {
  const plaintext = randomBytes(300_000)
  const { reader, writer } = openPipe('slow-source')
  const { sink, bytes } = collector()
  const encryption = encryptFile({ source: reader, sink, dataKey: keeper.datakey() })
  for (let at = 0; at < plaintext.length;) {
    await delay(3)
    at += now(() => writeSync(writer, plaintext.subarray(at, at + 50_000)))
  }
  closeSync(writer)
  await encryption
  closeSync(reader)

  const other = openPipe('slow-sink')
  const source = whole(bytes())
  const decryption = decryptFile({ source, sink: other.writer, unwrap: keeper.unwrap })
  const drained: Buffer[] = []
  for (let left = plaintext.length; left > 0; left -= drained.at(-1)?.length ?? 0) {
    await delay(3)
    drained.push(readWaiting(other.reader))
  }
  await decryption
  closeSync(other.writer)
  closeSync(other.reader)
  assert.deepEqual(Buffer.concat(drained), plaintext)
})

/** A pipe with both ends non-blocking. */
function openPipe(name: string): { reader: number; writer: number } {
  const path = join(folder, name)
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return { reader, writer: openSync(path, constants.O_WRONLY | constants.O_NONBLOCK) }
}

/** What is in the pipe now, at most 20,000 bytes. */
function readWaiting(descriptor: number): Buffer {
  const buffer = Buffer.alloc(20_000)
  return buffer.subarray(
    0,
    now(() => readSync(descriptor, buffer)),
  )
}

/** How many bytes a call moved, which is none where it would have had to wait. */
function now(move: () => number): number {
  try {
    return move()
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EAGAIN') return 0
    throw thrown
  }
}
