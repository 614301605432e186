import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  constantTimeEqual,
  newId,
  newSecretId,
  randomBytes,
  randomPool,
  randomSecret,
  randomSecretSlice,
  secretBuffer,
  secretKey,
  secretSlice,
} from '#crypto'

test('the pool hands out every byte once', () => {
  const seen = new Set<string>()
  // Several pools' worth, in lengths that do not divide it.
  for (let round = 0; round < 4_000; round++) {
    const bytes = Buffer.alloc(12 + (round % 5))
    randomPool.fill(bytes)
    assert.ok(
      !bytes.subarray(-8).equals(Buffer.alloc(8)),
      'the pool was refilled before it was empty',
    )
    seen.add(bytes.toString('hex'))
    seen.add(`${bytes.subarray(0, 12).toString('hex')} ${round}`)
  }
  assert.equal(seen.size, 8_000)
})

test('what was handed out is the caller’s alone: the pool keeps no copy', () => {
  const first = randomBytes(256)
  const again = Array.from({ length: 64 }, () => randomBytes(256))
  assert.ok(again.every((bytes) => !bytes.equals(first)))
})

test('lengths from nothing to more than the pool', () => {
  for (const length of [0, 1, 12, 64, 255, 256, 257, 6_143, 6_144, 6_145, 100_000]) {
    const bytes = randomBytes(length)
    assert.equal(bytes.length, length)
    if (length >= 16) assert.ok(new Set(bytes).size > 4)
  }
})

test('secrets lie outside the pool that Buffer shares and outside the heap of V8', () => {
  for (const length of [1, 16, 32, 64, 5_000]) {
    const secret = randomSecret(length)
    assert.equal(secret.length, length)
    assert.ok(secret.buffer.byteLength >= 4_096)
    assert.notEqual(secret.buffer, randomSecret(length).buffer)
    assert.notEqual(secret.buffer, Buffer.from('x').buffer)
  }
  assert.ok(secretBuffer(40).equals(Buffer.alloc(40)))
})

test('slices of secrets share a slab, and nothing else: none overlaps another, and each byte is drawn once', () => {
  const lengths = [0, 1, 16, 32, 33, 64, 256, 257, 5_000]
  const slices = Array.from({ length: 2_000 }, (_, round) =>
    randomSecretSlice(lengths[round % lengths.length] ?? 0),
  )
  const contents = slices.map((slice) => slice.toString('hex'))
  for (const [at, slice] of slices.entries()) {
    assert.equal(slice.length, lengths[at % lengths.length])
    assert.ok(slice.buffer.byteLength >= 4_096)
    assert.notEqual(slice.buffer, Buffer.from('x').buffer)
  }
  const long = contents.filter((content) => content.length >= 32)
  assert.equal(new Set(long).size, long.length)
  // Whoever overwrites its own overwrites nobody else's.
  for (const [at, slice] of slices.entries()) {
    assert.equal(slice.toString('hex'), contents[at])
    slice.fill(0)
  }
  assert.ok(secretSlice(40).equals(Buffer.alloc(40)))
})

test('a secret key holds its own copy', () => {
  const bytes = randomSecret(32)
  const copy = Buffer.from(bytes)
  const key = secretKey(bytes)
  bytes.fill(0)
  assert.ok(constantTimeEqual(key.export(), copy))
})

test('ids are lower-case UUIDs: version 7 in the order of their making, version 4 where they must not be guessed', () => {
  const ids = Array.from({ length: 200 }, () => newId())
  for (const id of ids)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(new Set(ids).size, ids.length)
  const times = ids.map((id) => id.slice(0, 13))
  assert.deepEqual(times, times.toSorted())
  const secret = newSecretId()
  assert.match(secret, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.notEqual(secret, newSecretId())
})

test('comparison in constant time', () => {
  const cases = [
    ['', '', true],
    ['00', '00', true],
    ['00', '01', false],
    ['00', '0000', false],
    ['', '00', false],
  ] as const
  for (const [left, right, want] of cases) {
    assert.equal(constantTimeEqual(Buffer.from(left, 'hex'), Buffer.from(right, 'hex')), want)
  }
})
