import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatProof, leafHash, LedgerFormatError } from '@claviger/contract/ledger'
import * as fc from 'fast-check'
import { logFiles, logSigner, uses } from '../../../contract/test/ledger/log.ts'
import { flipped, pathTo, sha256 } from '../../../contract/test/ledger/support.ts'
import { checkEntryProof } from '../../src/ledger/index.ts'

const signer = logSigner()
const entries = uses(500)
const leaves = entries.map((entry) => leafHash(sha256, entry))
const checkpoint = new TextDecoder().decode(logFiles(entries, signer).get('checkpoint'))

function proofOf(index: number): string {
  return formatProof({ index, hashes: pathTo(index, leaves), checkpoint })
}

test('a proof holds for its entry and for no other, nor with anything changed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(499), fc.nat(), async (index, bit) => {
      const entry = entries[index] ?? new Uint8Array()
      const good = await checkEntryProof(proofOf(index), entry, signer.vkeys)
      assert.deepEqual(good.findings, [])
      assert.equal(good.index, index)
      assert.equal(good.size, 500)
      assert.equal(good.record?.request, `r${index}`)
      const text = await checkEntryProof(
        proofOf(index),
        new TextDecoder().decode(entry),
        signer.vkeys,
      )
      assert.equal(text.ok, true)
      const next = proofOf((index + 1) % 500)
      assert.equal((await checkEntryProof(next, entry, signer.vkeys)).ok, false)
      const moved = proofOf(index).replace(`index ${index}`, `index ${(index + 1) % 500}`)
      assert.equal((await checkEntryProof(moved, entry, signer.vkeys)).ok, false)
      assert.equal(
        (await checkEntryProof(proofOf(index), flipped(entry, bit), signer.vkeys)).ok,
        false,
      )
      const document = flipped(new TextEncoder().encode(proofOf(index)), bit)
      const changed = checkEntryProof(document, entry, signer.vkeys).then(
        ({ ok }) => ok,
        (error: unknown) => !(error instanceof LedgerFormatError),
      )
      assert.equal(await changed, false)
    }),
    { numRuns: 40 },
  )
})

test('a proof is worth nothing without a key of the log, or under another', async () => {
  const [entry = assert.fail()] = entries
  assert.equal((await checkEntryProof(proofOf(0), entry, [])).ok, false)
  assert.equal((await checkEntryProof(proofOf(0), entry, logSigner().vkeys)).ok, false)
  assert.equal((await checkEntryProof(proofOf(0), entry, logSigner('other').vkeys)).ok, false)
  await assert.rejects(checkEntryProof(proofOf(0), entry, ['x']), LedgerFormatError)
  await assert.rejects(checkEntryProof('x', entry, signer.vkeys), LedgerFormatError)
})
