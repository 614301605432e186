import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import {
  checkSignatures,
  cosignatureMessage,
  formatNote,
  formatVerifierKey,
  LedgerFormatError,
  NOTE_SIGNATURES_MAX,
  parseNote,
  parseVerifierKey,
  timestampedSignature,
  utf8,
  verifierKey,
} from '@claviger/contract/ledger'
import * as fc from 'fast-check'
import { flipped, rawPublic, sha256, signed, verifiers } from './support.ts'

/** The example of signed-note, and that of Go's note package. */
const examples = [
  {
    vkey: 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    note:
      'This is an example message.\n\n\u2014 example.com/foo ' +
      'Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n',
    keyId: 0x530d903a,
  },
  {
    vkey: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    note:
      'If you think cryptography is the answer to your problem,\n' +
      "then you don't know what your problem is.\n\n\u2014 PeterNeumann " +
      'x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
    keyId: 0xc74f20a3,
  },
] as const
const [example] = examples

test('the examples of signed-note and of Go open under their keys, and come out as they were', async () => {
  for (const { vkey, note, keyId } of examples) {
    const key = parseVerifierKey(sha256, vkey)
    assert.equal(key.keyId, keyId)
    assert.equal(formatVerifierKey(key), vkey)
    const parsed = parseNote(utf8(note))
    assert.equal(formatNote(parsed), note)
    const checked = await checkSignatures(parsed, [key], verifiers)
    assert.deepEqual(checked, [{ name: key.name, keyId, verdict: 'valid', algorithm: 'ed25519' }])
    const changed = { ...parsed, text: `${parsed.text}more\n` }
    assert.equal((await checkSignatures(changed, [key], verifiers))[0]?.verdict, 'invalid')
  }
})

test('keys we do not know say nothing; keys we know and miss are named', async () => {
  const [foo, peter] = examples.map(({ vkey }) => parseVerifierKey(sha256, vkey))
  assert.ok(foo && peter)
  const checked = await checkSignatures(parseNote(example.note), [peter], verifiers)
  assert.deepEqual(
    checked.map(({ name, verdict }) => [name, verdict]),
    [
      ['example.com/foo', 'unknown'],
      ['PeterNeumann', 'absent'],
    ],
  )
  // The same name with another id is another key.
  const other = { ...foo, keyId: foo.keyId - 1 }
  assert.equal(
    (await checkSignatures(parseNote(example.note), [other], verifiers))[0]?.verdict,
    'unknown',
  )
})

test('a witness signs the text under a header and its time', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const key = verifierKey(sha256, 'witness.example/w1', 0x04, rawPublic(publicKey))
  const text = 'example.com/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n'
  const time = 1_679_315_147
  const bare = signed(privateKey, cosignatureMessage(text, time))
  const { name, keyId } = key
  const verdictOf = async (signature: Uint8Array) => {
    const note = parseNote(formatNote({ text, signatures: [{ name, keyId, signature }] }))
    return (await checkSignatures(note, [key], verifiers))[0]
  }
  const good = await verdictOf(timestampedSignature(time, bare))
  assert.deepEqual(good, { name, keyId, verdict: 'valid', algorithm: 'ed25519', time })
  assert.equal((await verdictOf(timestampedSignature(time + 1, bare)))?.verdict, 'invalid')
  assert.equal((await verdictOf(bare))?.verdict, 'invalid')
})

test('notes that are not notes are refused', () => {
  const line = `\u2014 example.com/foo ${new Uint8Array(68).toBase64()}\n`
  const bad = [
    '',
    '\n',
    '\n\n',
    'text\n',
    'text\n\n',
    `text\n${line}`,
    `text\n\n${line.trimEnd()}`,
    `text\n\n${line}\n`,
    `text\n\n${line}trailing\n`,
    `text\r\n\n${line}`,
    `te\txt\n\n${line}`,
    `te\u0000xt\n\n${line}`,
    `text\n\n${line.replace('\u2014', '-')}`,
    `text\n\n${line.replace(' example', '  example')}`,
    `text\n\n${line.replace('foo', 'f+o')}`,
    `text\n\n${line.replace('foo', 'f\u00a0o')}`,
    `text\n\n${line.replace('foo', 'f\u2003o')}`,
    `text\n\n${line.replace('example.com/foo', '')}`,
    `text\n\n${line.replace('=', '')}`,
    `text\n\n\u2014 example.com/foo AAAAAA==\n`,
    `text\n\n\u2014 example.com/foo AAAAAAB=\n`,
    `text\n\n${line.repeat(NOTE_SIGNATURES_MAX + 1)}`,
    `${'a'.repeat(1_000_000)}\n\n${line}`,
    `\ud800\n\n${line}`,
  ]
  for (const note of bad) {
    assert.throws(() => parseNote(note), LedgerFormatError, JSON.stringify(note.slice(0, 80)))
  }
  assert.throws(() => parseNote(Uint8Array.of(0xff, 0x0a, 0x0a)), LedgerFormatError)
})

test('the last empty line ends the text, and sixteen signatures are few', () => {
  const line = `\u2014 example.com/foo ${new Uint8Array(68).toBase64()}\n`
  const note = `one\n\ntwo\n\n${line.repeat(16)}`
  const parsed = parseNote(note)
  assert.equal(parsed.text, 'one\n\ntwo\n')
  assert.equal(parsed.signatures.length, 16)
  assert.equal(formatNote(parsed), note)
  assert.throws(() => formatNote({ text: 'no newline', signatures: parsed.signatures }))
  assert.throws(() => formatNote({ text: 'text\n', signatures: [] }), LedgerFormatError)
})

test('whatever the note, it is parsed or refused; what is parsed is written the same', () => {
  const piece = fc.constantFrom('\n', '\n\n', '\u2014 ', 'example.com/foo', ' ', 'AAAAAAA=', 'text')
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(piece, { maxLength: 20 }).map((all) => all.join('')),
    fc
      .tuple(fc.nat(example.note.length), fc.string({ unit: 'binary', maxLength: 2 }))
      .map(([at, insert]) => example.note.slice(0, at) + insert + example.note.slice(at + 1)),
  )
  fc.assert(
    fc.property(text, (note) => {
      try {
        assert.equal(formatNote(parseNote(note)), note)
      } catch (error) {
        assert.ok(error instanceof LedgerFormatError)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('verifier keys: wrong ids, types, lengths and spellings are refused', () => {
  const { vkey } = example
  const bad = [
    '',
    '+',
    '++',
    vkey.replace('530d903a', '530d903b'),
    vkey.replace('530d903a', '530D903A'),
    vkey.replace('example.com/foo', 'example.com/fop'),
    vkey.replace('example.com/foo', 'example.com/f o'),
    vkey.replace('+Aek', '+Bek'),
    vkey.slice(0, -1),
    `${vkey}=`,
    `${vkey}\n`,
    `x+00000000+${new Uint8Array(33).toBase64()}`,
    `x+00000000+${'A'.repeat(100_000)}`,
  ]
  for (const text of bad) {
    assert.throws(() => parseVerifierKey(sha256, text), LedgerFormatError, text.slice(0, 80))
  }
  assert.throws(() => verifierKey(sha256, 'x', 0x06, new Uint8Array(32)), LedgerFormatError)
  assert.throws(() => verifierKey(sha256, 'a b', 0x01, new Uint8Array(32)), LedgerFormatError)
  fc.assert(
    fc.property(fc.nat(vkey.length - 1), fc.string({ unit: 'binary', maxLength: 2 }), (at, put) => {
      const text = vkey.slice(0, at) + put + vkey.slice(at + 1)
      try {
        assert.equal(formatVerifierKey(parseVerifierKey(sha256, text)), text)
      } catch (error) {
        assert.ok(error instanceof LedgerFormatError)
      }
    }),
    { numRuns: 500 },
  )
})

test('no flipped bit of a signed text or signature goes unseen', async () => {
  const key = parseVerifierKey(sha256, example.vkey)
  const { text, signatures } = parseNote(example.note)
  const [{ signature, ...who } = assert.fail()] = signatures
  await fc.assert(
    fc.asyncProperty(fc.nat(64 * 8 - 1), async (bit) => {
      const note = { text, signatures: [{ ...who, signature: flipped(signature, bit) }] }
      assert.equal((await checkSignatures(note, [key], verifiers))[0]?.verdict, 'invalid')
    }),
    { numRuns: 50 },
  )
})
