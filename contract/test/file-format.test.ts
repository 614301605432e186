import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  FILE_CHUNKS_MAX,
  FILE_PREFIX_BYTES,
  fileInfo,
  makeFileHeader,
  parseFileHeader,
  parseFilePrefix,
  writeFileNonce,
} from '@claviger/contract/file-format'
import { assert as check, integer, property, uint8Array } from 'fast-check'

const salt = new Uint8Array(32).fill(7)

test('a header that is made is the header that is parsed', () => {
  check(
    property(
      integer({ min: 12, max: 24 }),
      uint8Array({ minLength: 1, maxLength: 4_096 }),
      uint8Array({ minLength: 32, maxLength: 32 }),
      (chunkBits, wrapped, itsSalt) => {
        const bytes = makeFileHeader(chunkBits, wrapped, itsSalt)
        assert.deepEqual(parseFileHeader(bytes), {
          chunkBytes: 2 ** chunkBits,
          wrappedBytes: wrapped.length,
          headerBytes: bytes.length,
          wrapped,
          salt: itsSalt,
          commitment: new Uint8Array(32),
          hashed: bytes.subarray(0, -32),
        })
      },
    ),
  )
})

test('what is no header is not parsed', () => {
  const good = makeFileHeader(20, new Uint8Array(130), salt)
  assert.ok(parseFileHeader(good))
  const cases: [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['a short prefix', good.subarray(0, FILE_PREFIX_BYTES - 1)],
    ['another magic', good.with(7, 0x72)],
    ['another format', good.with(8, 2)],
    ['another suite', good.with(9, 2)],
    ['chunks too small', good.with(10, 11)],
    ['chunks too large', good.with(10, 25)],
    ['no wrapped key', good.with(14, 0)],
    ['a wrapped key too long', good.with(13, 0x10).with(14, 1)],
    ['a wrapped key of gigabytes', good.with(11, 0xff)],
  ]
  for (const [name, bytes] of cases) assert.equal(parseFilePrefix(bytes), undefined, name)
  assert.equal(parseFileHeader(good.subarray(0, -1)), undefined)
  assert.equal(parseFileHeader(Buffer.concat([good, new Uint8Array(1)])), undefined)
})

test('headers that the format cannot say are not made', () => {
  const wrapped = new Uint8Array(130)
  const cases: [number, Uint8Array, Uint8Array][] = [
    [11, wrapped, salt],
    [25, wrapped, salt],
    [12.5, wrapped, salt],
    [20, new Uint8Array(0), salt],
    [20, new Uint8Array(4_097), salt],
    [20, wrapped, salt.subarray(1)],
  ]
  for (const [chunkBits, key, itsSalt] of cases) {
    assert.throws(() => makeFileHeader(chunkBits, key, itsSalt), RangeError)
  }
  assert.throws(() => fileInfo(new Uint8Array(31)), RangeError)
})

test('no two chunks of a file share a nonce, and the last one has its own', () => {
  const cases: [number, boolean, string][] = [
    [0, false, '000000000000000000000000'],
    [0, true, '000000000000000000000001'],
    [1, false, '000000000000000000000100'],
    [256, true, '000000000000000000010001'],
    [FILE_CHUNKS_MAX - 1, true, '00000000000000ffffffff01'],
  ]
  const nonce = new Uint8Array(12).fill(0xee)
  for (const [chunk, last, want] of cases) {
    writeFileNonce(nonce, chunk, last)
    assert.equal(nonce.toHex(), want)
  }
  for (const chunk of [-1, FILE_CHUNKS_MAX, Number.NaN]) {
    assert.throws(() => writeFileNonce(nonce, chunk, false), RangeError)
  }
})
