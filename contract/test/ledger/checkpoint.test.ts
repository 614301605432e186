import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import {
  checkSignatures,
  formatCheckpoint,
  formatNote,
  formatProof,
  formatVerifierKey,
  LedgerFormatError,
  parseCheckpoint,
  parseNote,
  parseProof,
  parseVerifierKey,
  subtreeMessage,
  timestampedSignature,
  verifierKey,
} from '@claviger/contract/ledger'
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js'
import * as fc from 'fast-check'
import { leavesOf, rawPublic, sha256, signed, verifiers } from './support.ts'

const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'

test('the example of tlog-checkpoint is read, and written the same', () => {
  const checkpoint = parseCheckpoint(text)
  assert.equal(checkpoint.origin, 'example.com/behind-the-sofa')
  assert.equal(checkpoint.size, 20_852_163)
  assert.equal(checkpoint.root.toHex().slice(0, 8), '0ac5186a')
  assert.deepEqual(checkpoint.extensions, [])
  assert.equal(formatCheckpoint(checkpoint), text)
  assert.deepEqual(parseCheckpoint(`${text}more\n`).extensions, ['more'])
})

test('checkpoints that are not checkpoints are refused', () => {
  const [origin = '', size = '', root = ''] = text.split('\n')
  const bad = [
    '',
    '\n',
    text.slice(0, -1),
    `${text}\n`,
    `\n${size}\n${root}\n`,
    `${origin}\n${size}\n`,
    `${origin}\n0${size}\n${root}\n`,
    `${origin}\n-1\n${root}\n`,
    `${origin}\n1e3\n${root}\n`,
    `${origin}\n 1\n${root}\n`,
    `${origin}\n9007199254740992\n${root}\n`,
    `${origin}\n${'9'.repeat(400)}\n${root}\n`,
    `${origin}\n${size}\n${root.slice(0, -4)}\n`,
    `${origin}\n${size}\n${root.replace('=', '')}\n`,
    `${origin}\n${size}\n ${root}\n`,
  ]
  for (const one of bad) assert.throws(() => parseCheckpoint(one), LedgerFormatError, one)
  const good = parseCheckpoint(text)
  assert.throws(() => formatCheckpoint({ ...good, origin: 'a\nb' }), LedgerFormatError)
  assert.throws(() => formatCheckpoint({ ...good, size: 1.5 }), LedgerFormatError)
  assert.throws(() => formatCheckpoint({ ...good, extensions: ['a\nb'] }), LedgerFormatError)
})

test('whatever the text, it is read or refused', () => {
  const changed = fc
    .tuple(fc.nat(text.length), fc.string({ unit: 'binary', maxLength: 2 }))
    .map(([at, put]) => text.slice(0, at) + put + text.slice(at + 1))
  fc.assert(
    fc.property(fc.oneof(changed, fc.string({ unit: 'binary' })), (one) => {
      try {
        assert.equal(formatCheckpoint(parseCheckpoint(one)), one)
      } catch (error) {
        assert.ok(error instanceof LedgerFormatError)
      }
    }),
    { numRuns: 500 },
  )
})

test('the message of an ML-DSA-44 cosignature is laid out as tlog-cosignature says', () => {
  const message = subtreeMessage({
    cosigner: 'w',
    time: 0x01_02_03,
    origin: 'log',
    start: 0,
    end: 5,
    hash: new Uint8Array(32).fill(0xee),
  })
  const want = [
    '737562747265652f76310a00', // "subtree/v1\n\0"
    '0177',
    '0000000000010203',
    '036c6f67',
    '0000000000000000',
    '0000000000000005',
    'ee'.repeat(32),
  ]
  assert.equal(message.toHex(), want.join(''))
  const part = { cosigner: 'w', time: 1, origin: 'log', start: 4, end: 5, hash: new Uint8Array(32) }
  assert.throws(() => subtreeMessage(part), LedgerFormatError)
  assert.throws(
    () => subtreeMessage({ ...part, time: 0, origin: 'x'.repeat(256) }),
    LedgerFormatError,
  )
  assert.throws(() => subtreeMessage({ ...part, time: 0, cosigner: '' }), LedgerFormatError)
})

test('an ML-DSA-44 cosignature holds here and under a second implementation', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ml-dsa-44')
  const name = 'example.com/behind-the-sofa'
  const raw = rawPublic(publicKey)
  const key = verifierKey(sha256, name, 0x06, raw)
  assert.deepEqual(parseVerifierKey(sha256, formatVerifierKey(key)).keyId, key.keyId)
  const { size, root, origin } = parseCheckpoint(text)
  const time = 1_700_000_000
  const message = subtreeMessage({ cosigner: name, time, origin, start: 0, end: size, hash: root })
  const bare = signed(privateKey, message)
  assert.equal(ml_dsa44.verify(bare, message, Uint8Array.from(raw)), true)
  const signature = timestampedSignature(time, bare)
  const verdictOf = async (body: string, bytes: Uint8Array) => {
    const signatures = [{ name, keyId: key.keyId, signature: bytes }]
    const note = parseNote(formatNote({ text: body, signatures }))
    return (await checkSignatures(note, [key], verifiers))[0]
  }
  assert.deepEqual(await verdictOf(text, signature), {
    name,
    keyId: key.keyId,
    verdict: 'valid',
    algorithm: 'ml-dsa-44',
    time,
  })
  assert.equal((await verdictOf(text.replace('163', '164'), signature))?.verdict, 'invalid')
  assert.equal((await verdictOf('no checkpoint\n', signature))?.verdict, 'invalid')
  assert.equal((await verdictOf(text, timestampedSignature(time + 1, bare)))?.verdict, 'invalid')
  assert.equal((await verdictOf(text, signature.subarray(1)))?.verdict, 'invalid')
  const endless = Uint8Array.from(signature)
  endless.fill(0xff, 0, 8)
  assert.equal((await verdictOf(text, endless))?.verdict, 'invalid')
})

const note = `${text}\n\u2014 example.com/behind-the-sofa ${new Uint8Array(68).toBase64()}\n`

test('proofs: what goes in comes out, byte for byte', () => {
  for (const count of [0, 1, 5, 63]) {
    for (const extra of [undefined, new Uint8Array(), Uint8Array.of(1, 2, 3)]) {
      const proof = {
        index: 73_894,
        hashes: leavesOf(count),
        checkpoint: note,
        ...(extra === undefined ? {} : { extra }),
      }
      const document = formatProof(proof)
      const again = parseProof(document)
      assert.equal(formatProof(again), document)
      assert.equal(again.checkpoint, note)
      assert.equal(again.hashes.length, count)
      assert.deepEqual(again.extra, extra)
    }
  }
  const lines = formatProof({ index: 0, hashes: leavesOf(1), checkpoint: note }).split('\n')
  assert.deepEqual(lines.slice(0, 2), ['c2sp.org/tlog-proof@v1', 'index 0'])
  assert.equal(lines[3], '')
})

test('proofs that are not proofs are refused', () => {
  const good = formatProof({ index: 7, hashes: leavesOf(2), checkpoint: note })
  const bad = [
    '',
    good.replace('@v1', '@v2'),
    good.replace('index 7', 'index 07'),
    good.replace('index 7', 'index -7'),
    good.replace('index 7', 'index 9007199254740992'),
    good.replace('index 7\n', ''),
    good.replace('index 7', 'extra ?\nindex 7'),
    good.replace('index 7', 'extra AA==\nextra AA==\nindex 7'),
    good.replace('=\n', '\n'),
    good.replace('=\n', '=\nAA==\n'),
    good.slice(0, good.indexOf('\n\n')),
    good.slice(0, good.lastIndexOf('\n\n')),
    'x'.repeat(10_000_000),
  ]
  for (const one of bad) assert.throws(() => parseProof(one), LedgerFormatError, one.slice(0, 100))
  const long = { index: 7, hashes: leavesOf(64), checkpoint: note }
  assert.throws(() => formatProof(long), LedgerFormatError)
  fc.assert(
    fc.property(fc.nat(good.length), fc.string({ unit: 'binary', maxLength: 2 }), (at, put) => {
      const one = good.slice(0, at) + put + good.slice(at + 1)
      try {
        assert.equal(formatProof(parseProof(one)), one)
      } catch (error) {
        assert.ok(error instanceof LedgerFormatError)
      }
    }),
    { numRuns: 500 },
  )
})
