import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeRecord, LedgerFormatError, utf8 } from '@claviger/contract/ledger'
import * as fc from 'fast-check'
import { logFiles, logSigner, record, uses } from '../../../contract/test/ledger/log.ts'
import { flipped } from '../../../contract/test/ledger/support.ts'
import { verifyLedger } from '../../src/ledger/index.ts'
import { memorySource } from './support.ts'

const signer = logSigner()
const { vkeys } = signer
const all = uses(2_000)
const sizes = [0, 1, 2, 255, 256, 257, 511, 512, 1_999]

test('a ledger that is right has no finding, at every kind of size', async () => {
  for (const size of sizes) {
    const files = logFiles(all.slice(0, size), signer)
    const seen: number[] = []
    const report = await verifyLedger(memorySource(files), {
      vkeys,
      onProgress: ({ entries }) => seen.push(entries),
    })
    assert.deepEqual(report.findings, [], `size ${size}`)
    assert.equal(report.ok, true)
    assert.equal(report.entries, size)
    assert.equal(report.size, size)
    assert.equal(report.uses, Math.max(size - 2, 0))
    assert.equal(report.keys, size < 2 ? 0 : 1)
    assert.equal(report.origin, signer.origin)
    assert.equal(report.trust, 'given')
    assert.deepEqual(report.vkeys, vkeys)
    assert.deepEqual(
      report.signatures.map(({ algorithm, verdict, time }) => [algorithm, verdict, time]),
      [
        ['ed25519', 'valid', undefined],
        ['ml-dsa-44', 'valid', 1_800_000_000],
      ],
    )
    assert.equal(seen.at(-1) ?? 0, size)
    assert.match(report.summary, /^verified \d+ entr(y|ies) and \d keys?: the tree is whole, 2 sig/)
  }
})

test('whatever bit of whatever file is changed, and whatever file is missing, is found', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(2_000), fc.nat(), fc.nat(), async (size, which, bit) => {
      const files = logFiles(all.slice(0, size), signer)
      const path = [...files.keys()][which % files.size] ?? ''
      const original = files.get(path) ?? new Uint8Array()
      files.set(path, flipped(original, bit))
      const changed = await verifyLedger(memorySource(files), { vkeys })
      assert.equal(changed.ok, false, path)
      assert.ok(changed.findingsTotal > 0)
      files.delete(path)
      const missing = await verifyLedger(memorySource(files), { vkeys })
      assert.equal(missing.ok, false, path)
      assert.match(missing.findings[0]?.why ?? '', /missing/)
      files.set(path, original)
      assert.equal((await verifyLedger(memorySource(files), { vkeys })).ok, true)
    }),
    { numRuns: 40 },
  )
})

test('a changed entry is named by its index', async () => {
  const files = logFiles(all.slice(0, 600), signer)
  const forged = all.slice(0, 600).with(300, encodeRecord(record({ request: 'forged' })))
  const others = logFiles(forged, signer)
  files.set('tile/entries/001', others.get('tile/entries/001') ?? new Uint8Array())
  const { findings } = await verifyLedger(memorySource(files), { vkeys })
  assert.deepEqual(
    findings.map(({ what, index }) => [what, index]),
    [
      ['tile/0/001', 300],
      ['tile/1/000.p/2', undefined],
      ['the checkpoint', undefined],
    ],
  )
  // Whoever forges the whole tree too still lacks the signature.
  const checkpoint = files.get('checkpoint') ?? new Uint8Array()
  const whole = await verifyLedger(memorySource(others.set('checkpoint', checkpoint)), { vkeys })
  assert.deepEqual(
    whole.findings.map(({ kind, what }) => [kind, what]),
    [['tree', 'the checkpoint']],
  )
})

test('a partial tile may be read from the full one that has replaced it', async () => {
  const [small, large] = [all.slice(0, 300), all.slice(0, 512)]
  const files = logFiles(large, signer)
  files.set('checkpoint', logFiles(small, signer).get('checkpoint') ?? new Uint8Array())
  files.set('tile/1/000.p/1', (files.get('tile/1/000.p/2') ?? new Uint8Array()).subarray(0, 32))
  const report = await verifyLedger(memorySource(files), { vkeys })
  assert.deepEqual(report.findings, [])
  assert.equal(report.entries, 300)
})

test('without keys of the auditor’s own the report says whose word was taken', async () => {
  const files = logFiles(all.slice(0, 3), signer)
  const named = await verifyLedger(memorySource(files, vkeys))
  assert.equal(named.ok, true)
  assert.equal(named.trust, 'first-use')
  assert.deepEqual(named.vkeys, vkeys)
  assert.match(named.summary, /trust on first use/)
  const unnamed = await verifyLedger(memorySource(files))
  assert.equal(unnamed.ok, false)
  assert.equal(unnamed.trust, 'none')
  const broken = await verifyLedger(memorySource(files, ['no key']))
  assert.equal(broken.ok, false)
  await assert.rejects(verifyLedger(memorySource(files), { vkeys: ['no key'] }), LedgerFormatError)
})

test('whoever gives no key of a list of keys trusts none, whatever the ledger says', async () => {
  const files = logFiles(all.slice(0, 3), signer)
  const report = await verifyLedger(memorySource(files, vkeys), { vkeys: [] })
  assert.equal(report.ok, false)
  assert.equal(report.trust, 'none')
  assert.match(report.summary, /there is no verifier key to check its signatures with/)
})

test('the summary says what was not checked', async () => {
  const newer = encodeRecord(record({ event: 'key.transmute', key: 'k1' }))
  const entries = [...all.slice(0, 1), newer]
  const report = await verifyLedger(memorySource(logFiles(entries, signer)), { vkeys })
  assert.deepEqual(report.unknownEvents, ['key.transmute'])
  assert.match(
    report.summary,
    /, but for what 1 unknown event stands for, nothing stands after its revocation$/,
  )
})

test('every key of the log must have signed, and no other key can stand in', async () => {
  const entries = all.slice(0, 10)
  const root = (size: number) => {
    const text = new TextDecoder().decode(logFiles(all.slice(0, size), signer).get('checkpoint'))
    return Uint8Array.fromBase64(text.split('\n')[2] ?? '')
  }
  const verify = (checkpoint: Uint8Array | undefined, keys = vkeys) => {
    const files = logFiles(entries, signer)
    if (checkpoint === undefined) files.delete('checkpoint')
    else files.set('checkpoint', checkpoint)
    return verifyLedger(memorySource(files), { vkeys: keys })
  }
  const other = logSigner()
  const stranger = logSigner('elsewhere.example/log')
  const cases: readonly (readonly [string, Uint8Array | undefined, readonly string[]])[] = [
    ['only Ed25519', signer.sign(10, root(10), 'ed25519'), vkeys],
    ['only ML-DSA-44', signer.sign(10, root(10), 'ml-dsa-44'), vkeys],
    ['another key of the same name', other.sign(10, root(10)), vkeys],
    ['keys of another log', signer.sign(10, root(10)), stranger.vkeys],
    ['a checkpoint of another log', stranger.sign(10, root(10)), vkeys],
    ['another size', signer.sign(9, root(10)), vkeys],
    ['a larger size than there are entries', signer.sign(11, root(10)), vkeys],
    ['the largest size', signer.sign(Number.MAX_SAFE_INTEGER, root(10)), vkeys],
    ['no checkpoint', undefined, vkeys],
    ['no note', utf8('hello\n'), vkeys],
    ['empty root over entries', signer.sign(0, root(10)), vkeys],
  ]
  for (const [name, checkpoint, keys] of cases) {
    assert.equal((await verify(checkpoint, keys)).ok, false, name)
  }
  // A log that signs with one key only is verified by that one.
  const classical = await verify(signer.sign(10, root(10), 'ed25519'), vkeys.slice(0, 1))
  assert.deepEqual(classical.findings, [])
  // A witness who has not signed yet is reported and is no finding.
  const witnessed = await verify(signer.sign(10, root(10)), [...vkeys, ...stranger.vkeys])
  assert.equal(witnessed.ok, true)
  assert.equal(witnessed.signatures.filter(({ verdict }) => verdict === 'absent').length, 2)
  // A line that stands there twice is one signature.
  const [text = '', lines = ''] = new TextDecoder().decode(signer.sign(10, root(10))).split('\n\n')
  const [first = ''] = lines.split('\n')
  const doubled = await verify(utf8(`${text}\n\n${first}\n${lines}`))
  assert.match(doubled.summary, /, 2 signatures hold, /)
})

test('an earlier checkpoint must be over the beginning of the ledger', async () => {
  const files = logFiles(all.slice(0, 700), signer)
  const earlierAt = (entries: readonly Uint8Array[], by = signer) =>
    logFiles(entries, by).get('checkpoint') ?? new Uint8Array()
  const verify = (...earlier: (Uint8Array | string)[]) =>
    verifyLedger(memorySource(files), { vkeys, earlier })
  for (const size of [0, 1, 255, 256, 257, 512, 699, 700]) {
    assert.deepEqual((await verify(earlierAt(all.slice(0, size)))).findings, [], `size ${size}`)
  }
  const forked = all.slice(0, 300).with(7, encodeRecord(record({ request: 'was here' })))
  const cases: readonly (readonly [string, Uint8Array])[] = [
    ['entries were changed', earlierAt(forked)],
    ['entries are gone', earlierAt(all.slice(0, 701))],
    ['another log', earlierAt(all.slice(0, 1), logSigner('elsewhere.example/log'))],
  ]
  for (const [why, earlier] of cases) {
    const { findings } = await verify(earlierAt(all.slice(0, 5)), earlier)
    assert.equal(findings.length, 1, why)
    assert.equal(findings[0]?.kind, 'history')
    assert.match(findings[0]?.why ?? '', new RegExp(why))
  }
  await assert.rejects(verify('no note'), LedgerFormatError)
  files.delete('tile/entries/001')
  const { findings } = await verify(earlierAt(all.slice(0, 600)))
  assert.match(findings.at(-1)?.why ?? '', /could not be compared/)
})

test('a ledger that is wrong everywhere is counted to the end and listed to a limit', async () => {
  const files = logFiles(
    Array.from({ length: 1_300 }, (_, at) => utf8(`no record ${at}`)),
    signer,
  )
  const report = await verifyLedger(memorySource(files), { vkeys })
  assert.equal(report.findingsTotal, 1_300)
  assert.equal(report.findings.length, 1_000)
  assert.deepEqual(
    report.findings.slice(0, 2).map(({ kind, index }) => [kind, index]),
    [
      ['record', 0],
      ['record', 1],
    ],
  )
  assert.match(report.summary, /1300 findings, the first about entry 0/)
})

test('a source that fails is an error and never a verdict', async () => {
  const files = logFiles(all.slice(0, 1_500), signer)
  let calls = 0
  const source = {
    ...memorySource(files),
    tile: async (path: string) => {
      calls += 1
      if (calls > 5) throw new Error('the line is cut')
      return files.get(path)
    },
  }
  await assert.rejects(verifyLedger(source, { vkeys }), /the line is cut/)
})
