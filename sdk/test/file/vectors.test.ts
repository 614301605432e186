import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { makeFileHeader } from '@claviger/contract/file-format'
import { decryptFile } from '@claviger/sdk'
import { gcm } from '@noble/ciphers/aes.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { derivePayload, sealChunk } from '../../src/file/payload.ts'
import { collector, encrypted, KeyKeeper, whole } from './harness.ts'

/** The vectors of docs/file-format.md, and the construction a second time, with other people's code. */

interface Vector {
  readonly comment: string
  readonly chunkBits: number
  readonly dataKey: string
  readonly wrapped: string
  readonly salt: string
  readonly plaintextLength: number
  readonly headerHash: string
  readonly payloadKey: string
  readonly commitment: string
  readonly fileSha256: string
  readonly file: string
}

const { vectors } = JSON.parse(
  readFileSync(new URL('../vectors/file-1.json', import.meta.url), 'utf8'),
) as { vectors: Vector[] }

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const unhex = (text: string) => Buffer.from(text, 'hex')
const plaintextOf = (length: number) => Buffer.from(Array.from({ length }, (_, at) => at % 251))

/** What the specification says, on @noble: reads a whole file. */
function secondOpinion(file: Uint8Array, dataKey: Uint8Array): Buffer {
  const wrappedLength = Buffer.from(file).readUInt32BE(11)
  const commitmentAt = 15 + wrappedLength + 32
  const salt = file.slice(commitmentAt - 32, commitmentAt)
  const headerHash = sha256(file.slice(0, commitmentAt))
  const info = Buffer.concat([Buffer.from('claviger/file/1'), headerHash])
  const derived = hkdf(sha512, dataKey, salt, info, 64)
  assert.equal(hex(derived.slice(32)), hex(file.slice(commitmentAt, commitmentAt + 32)))
  const sealedBytes = 2 ** (file[10] ?? 0) + 16
  const out: Uint8Array[] = []
  let chunk = 0
  for (let at = commitmentAt + 32; at < file.length; at += sealedBytes) {
    const nonce = Buffer.alloc(12)
    nonce.writeUInt32BE(chunk, 7)
    nonce[11] = at + sealedBytes >= file.length ? 1 : 0
    const cipher = gcm(derived.slice(0, 32), Uint8Array.from(nonce), headerHash)
    out.push(cipher.decrypt(file.slice(at, at + sealedBytes)))
    chunk += 1
  }
  return Buffer.concat(out)
}

for (const vector of vectors) {
  test(`file vector: ${vector.comment}`, async () => {
    const file = Buffer.from(vector.file, 'base64')
    const plaintext = plaintextOf(vector.plaintextLength)
    assert.equal(createHash('sha256').update(file).digest('hex'), vector.fileSha256)
    assert.deepEqual(secondOpinion(Uint8Array.from(file), unhex(vector.dataKey)), plaintext)

    const { sink, bytes } = collector()
    await decryptFile({
      source: whole(file),
      sink,
      unwrap: async (wrapped) => {
        assert.equal(hex(wrapped), vector.wrapped)
        return unhex(vector.dataKey)
      },
    })
    assert.deepEqual(bytes(), plaintext)
  })

  test(`file vector, made again: ${vector.comment}`, () => {
    const salt = unhex(vector.salt)
    const header = makeFileHeader(vector.chunkBits, unhex(vector.wrapped), salt)
    const payload = derivePayload(unhex(vector.dataKey), salt, header.subarray(0, -32))
    assert.equal(hex(payload.headerHash), vector.headerHash)
    assert.equal(payload.key.export().toString('hex'), vector.payloadKey)
    assert.equal(hex(payload.commitment), vector.commitment)
    header.set(payload.commitment, header.length - 32)
    const plaintext = plaintextOf(vector.plaintextLength)
    const chunkBytes = 2 ** vector.chunkBits
    const chunks = Math.max(1, Math.ceil(plaintext.length / chunkBytes))
    const body = Array.from({ length: chunks }, (_, chunk) => {
      const part = plaintext.subarray(chunk * chunkBytes, (chunk + 1) * chunkBytes)
      return Buffer.concat(sealChunk(payload, chunk, chunk === chunks - 1, part))
    })
    assert.equal(Buffer.concat([header, ...body]).toString('base64'), vector.file)
  })
}

test('what the library encrypts, the second opinion decrypts', async () => {
  const keeper = new KeyKeeper()
  for (const length of [0, 1, 4_096, 10_000]) {
    const file = await encrypted(plaintextOf(length), keeper)
    const dataKey = await keeper.unwrap(file.subarray(15, 55))
    assert.deepEqual(
      secondOpinion(Uint8Array.from(file), Uint8Array.from(dataKey)),
      plaintextOf(length),
    )
  }
})

test('the example in docs/file-format.md is the first vector', () => {
  const page = readFileSync(new URL('../../../docs/file-format.md', import.meta.url), 'utf8')
  const [vector] = vectors
  assert.ok(vector)
  const { dataKey, wrapped, salt, headerHash, payloadKey, commitment } = vector
  const file = Buffer.from(vector.file, 'base64').toString('hex')
  const digits = page.replaceAll(/\s/g, '')
  for (const value of [dataKey, wrapped, salt, headerHash, payloadKey, commitment, file]) {
    assert.ok(digits.includes(value), value)
  }
})
