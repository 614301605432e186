import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import { test } from 'node:test'
import { ClavigerCiphertextError, decryptFile, encryptFile } from '@claviger/sdk'
import { assert as check, asyncProperty, integer, uint8Array } from 'fast-check'
import {
  CHUNK,
  collector,
  encrypted,
  HEADER,
  KeyKeeper,
  refused,
  TAG,
  UnknownKey,
  whole,
} from './harness.ts'

const keeper = new KeyKeeper()
const SEALED = CHUNK + TAG

async function assertRefused(file: Uint8Array, plaintext: Uint8Array, what: string): Promise<void> {
  const { released, error } = await refused(file, keeper)
  const clean = error instanceof ClavigerCiphertextError || error instanceof UnknownKey
  assert.ok(clean, `${what}: ${String(error)}`)
  // Whatever was released before it was noticed is genuine, and in its place.
  assert.deepEqual(released, Buffer.from(plaintext.subarray(0, released.length)), what)
  assert.equal(released.length % CHUNK, 0, what)
}

test('any bit of a short file that is flipped is noticed', async () => {
  const plaintext = randomBytes(20)
  const file = await encrypted(plaintext, keeper)
  for (let bit = 0; bit < file.length * 8; bit += 1) {
    const at = bit >> 3
    const flipped = file.with(at, (file[at] ?? 0) ^ (1 << (bit & 7)))
    await assertRefused(flipped, plaintext, `bit ${bit}`)
  }
})

test('any byte of a longer file that is changed is noticed', async () => {
  const plaintext = randomBytes(2 * CHUNK + 100)
  const file = await encrypted(plaintext, keeper)
  await check(
    asyncProperty(
      integer({ min: 0, max: file.length - 1 }),
      integer({ min: 1, max: 255 }),
      async (at, difference) => {
        const changed = file.with(at, (file[at] ?? 0) ^ difference)
        await assertRefused(changed, plaintext, `byte ${at}`)
      },
    ),
  )
})

test('a file cut off anywhere is noticed, also between chunks', async () => {
  for (const size of [0, 1, CHUNK, 2 * CHUNK + 100]) {
    const plaintext = randomBytes(size)
    const file = await encrypted(plaintext, keeper)
    const boundaries = [HEADER, HEADER + SEALED, HEADER + 2 * SEALED]
    const lengths = new Set(
      [0, 1, 14, 15, 16, 54, 55, 87, file.length - TAG, file.length - 1]
        .concat(boundaries.flatMap((at) => [at - 1, at, at + 1, at + TAG - 1, at + TAG]))
        .filter((length) => length >= 0 && length < file.length),
    )
    for (const length of lengths) {
      await assertRefused(file.subarray(0, length), plaintext, `${length} of ${file.length} bytes`)
    }
  }
})

test('every truncation of a short file is noticed', async () => {
  const plaintext = randomBytes(20)
  const file = await encrypted(plaintext, keeper)
  for (let length = 0; length < file.length; length += 1) {
    await assertRefused(file.subarray(0, length), plaintext, `${length} bytes`)
  }
})

test('chunks that are moved, doubled or left out are noticed', async () => {
  const plaintext = randomBytes(3 * CHUNK + 5)
  const file = await encrypted(plaintext, keeper)
  const header = file.subarray(0, HEADER)
  const chunk = (at: number) => file.subarray(HEADER + at * SEALED, HEADER + (at + 1) * SEALED)
  const order = [
    [1, 0, 2, 3],
    [0, 2, 1, 3],
    [0, 0, 1, 2, 3],
    [0, 1, 2, 3, 3],
    [0, 1, 3],
    [3],
    [1, 2, 3],
  ]
  assert.deepEqual(Buffer.concat([header, ...[0, 1, 2, 3].map(chunk)]), file)
  for (const chunks of order) {
    await assertRefused(Buffer.concat([header, ...chunks.map(chunk)]), plaintext, String(chunks))
  }
})

test('bytes after the end are noticed', async () => {
  for (const size of [0, 5, CHUNK, CHUNK + 5]) {
    const plaintext = randomBytes(size)
    const file = await encrypted(plaintext, keeper)
    for (const more of [randomBytes(1), randomBytes(TAG), Buffer.alloc(1), file]) {
      await assertRefused(Buffer.concat([file, more]), plaintext, `${size} and ${more.length}`)
    }
  }
})

test('parts of two files do not mix, even under one data key', async () => {
  const { plaintext: key, ciphertext } = keeper.datakey()
  const [plaintextOne, plaintextTwo] = [randomBytes(2 * CHUNK), randomBytes(2 * CHUNK)]
  const make = async (plaintext: Uint8Array) => {
    const { sink, bytes } = collector()
    const dataKey = { plaintext: Buffer.from(key), ciphertext }
    await encryptFile({ source: whole(plaintext), sink, dataKey, chunkBits: 12 })
    return bytes()
  }
  const [one, two] = [await make(plaintextOne), await make(plaintextTwo)]
  const cuts = [15 + 40, HEADER - 32, HEADER, HEADER + SEALED]
  for (const at of cuts) {
    const mixed = Buffer.concat([one.subarray(0, at), two.subarray(at)])
    // Up to the salt the two headers are the same, so that only then does cutting mix them.
    if (at === 15 + 40) assert.deepEqual(mixed, two)
    else await assertRefused(mixed, plaintextOne, `cut at ${at}`)
  }
})

test('another data key is refused by the commitment, before a chunk is read', async () => {
  const file = await encrypted(randomBytes(3 * CHUNK), keeper)
  let read = 0
  async function* counted() {
    yield file.subarray(0, HEADER)
    read += 1
    yield file.subarray(HEADER)
  }
  const released = collector()
  for (const key of [randomBytes(32), randomBytes(16), Buffer.alloc(0)]) {
    await assert.rejects(
      decryptFile({ source: counted(), sink: released.sink, unwrap: async () => key }),
      (thrown) => thrown instanceof ClavigerCiphertextError && thrown.failure === 'not-authentic',
    )
  }
  assert.equal(read, 0)
  assert.equal(released.bytes().length, 0)
})

test('anything that is no file of ours is called so, and its key is not asked for', async () => {
  await check(
    asyncProperty(uint8Array({ maxLength: 300 }), async (bytes) => {
      let asked = false
      const unwrap = async () => {
        asked = true
        return Buffer.alloc(32)
      }
      await assert.rejects(
        decryptFile({ source: whole(bytes), sink: () => {}, unwrap }),
        (thrown) => thrown instanceof ClavigerCiphertextError && thrown.failure === 'not-claviger',
      )
      assert.equal(asked, false)
    }),
  )
})

test('what fails outside comes out as it is, and the source is told to stop', async () => {
  const file = await encrypted(randomBytes(5 * CHUNK), keeper)
  let stopped = false
  async function* source() {
    try {
      for (let at = 0; at < file.length; at += 100) yield file.subarray(at, at + 100)
    } finally {
      stopped = true
    }
  }
  const full = new Error('no space left')
  const sink = async () => Promise.reject(full)
  await assert.rejects(decryptFile({ source: source(), sink, unwrap: keeper.unwrap }), full)
  assert.equal(stopped, true)

  async function* failing() {
    yield randomBytes(10)
    throw full
  }
  const dataKey = keeper.datakey()
  await assert.rejects(encryptFile({ source: failing(), sink: () => {}, dataKey }), full)

  const readOnly = openSync(devNull, 'r')
  try {
    const source = whole(randomBytes(10))
    const written = encryptFile({ source, sink: readOnly, dataKey: keeper.datakey() })
    await assert.rejects(written, { code: 'EBADF' })
  } finally {
    closeSync(readOnly)
  }
})
