import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkSignatures,
  emptyRoot,
  LedgerFormatError,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  utf8,
} from '@claviger/contract/ledger'
import { ed25519 } from '@noble/curves/ed25519.js'
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js'
import { logPrimitives } from '#keyring'
import { sha256, verifiers } from '../../../contract/test/ledger/support.ts'
import { createLogKeys, signCheckpoint, vkeys } from '../../src/ledger/signer.ts'

const origin = 'kms.example/ledger'
const root = Uint8Array.from(emptyRoot(sha256))
const head = { origin, size: 0, root, time: 1_800_000_000 }
const keys = await createLogKeys(logPrimitives)
const published = vkeys(sha256, keys, origin).map((text) => parseVerifierKey(sha256, text))

test('a checkpoint carries an Ed25519 signature and an ML-DSA-44 one with its time', async () => {
  const note = parseNote(await signCheckpoint(logPrimitives, keys, head))
  assert.deepEqual(parseCheckpoint(note.text), {
    origin,
    size: 0,
    root: head.root,
    extensions: [],
  })
  assert.deepEqual(
    published.map(({ name, type, publicKey }) => [name, type, publicKey.length]),
    [
      [origin, 0x01, 32],
      [origin, 0x06, 1_312],
    ],
  )
  const checked = await checkSignatures(note, published, verifiers)
  assert.deepEqual(
    checked.map(({ verdict, algorithm, time }) => [verdict, algorithm, time]),
    [
      ['valid', 'ed25519', undefined],
      ['valid', 'ml-dsa-44', head.time],
    ],
  )
})

test('a second implementation of both algorithms agrees, over the messages as specified', async () => {
  const size = 513
  const root = sha256(utf8('root'))
  const note = parseNote(await signCheckpoint(logPrimitives, keys, { ...head, size, root }))
  const [classical, quantum] = note.signatures
  assert.ok(classical && quantum)
  const text = utf8(`${origin}\n513\n${root.toBase64()}\n`)
  assert.ok(ed25519.verify(classical.signature, text, keys.ed25519.publicKey))
  const message = Buffer.concat([
    Buffer.from('subtree/v1\n\0', 'latin1'),
    Buffer.of(origin.length),
    Buffer.from(origin, 'latin1'),
    Buffer.from('000000006b49d200', 'hex'),
    Buffer.of(origin.length),
    Buffer.from(origin, 'latin1'),
    Buffer.from('0000000000000000', 'hex'),
    Buffer.from('0000000000000201', 'hex'),
    root,
  ])
  assert.equal(Buffer.from(quantum.signature.subarray(0, 8)).toString('hex'), '000000006b49d200')
  assert.ok(
    ml_dsa44.verify(
      quantum.signature.subarray(8),
      message,
      Uint8Array.from(keys.mlDsa44.publicKey),
    ),
  )
})

test('keys differ from log to log, and from name to name', async () => {
  const other = await createLogKeys(logPrimitives)
  const note = parseNote(await signCheckpoint(logPrimitives, other, head))
  const verdicts = await checkSignatures(note, published, verifiers)
  assert.ok(verdicts.every(({ verdict }) => verdict !== 'valid'))
  const renamed = vkeys(sha256, keys, 'kms.example/other')
  assert.equal(new Set([...vkeys(sha256, keys, origin), ...renamed]).size, 4)
})

test('what no checkpoint can say is not signed', async () => {
  const bad = [
    { ...head, origin: '' },
    { ...head, origin: 'two words' },
    { ...head, origin: 'a\nb' },
    { ...head, size: -1 },
    { ...head, size: 2 ** 53 },
    { ...head, root: new Uint8Array(31) },
  ]
  for (const one of bad) {
    await assert.rejects(signCheckpoint(logPrimitives, keys, one), LedgerFormatError)
  }
})

test('signing does not hold up the event loop', async () => {
  let turns = 0
  const turn = () => {
    turns += 1
    counting = setImmediate(turn)
  }
  let counting = setImmediate(turn)
  await Promise.all(
    Array.from({ length: 8 }, (_, at) =>
      signCheckpoint(logPrimitives, keys, { ...head, time: at }),
    ),
  )
  clearImmediate(counting)
  assert.ok(turns > 0)
})
