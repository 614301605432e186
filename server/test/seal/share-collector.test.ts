import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createShares, ShareCollector, type NewShareSeal } from '#seal'
import { formatShare, parseShare } from '../../src/seal/share-text.ts'

const invalidShare = { name: 'ClavigerError', code: 'invalid_share' }

async function ceremony(threshold: number, shares: number) {
  const seal = await createShares({ threshold, shares })
  return {
    seal,
    collector: new ShareCollector(seal.description),
    share: (at: number) => shareAt(seal, at),
  }
}

function shareAt(seal: NewShareSeal, at: number): string {
  const share = seal.shares[at]
  assert.ok(share !== undefined)
  return share
}

/** A share with a good checksum and a payload that somebody made up. */
function forged(text: string, changes: Partial<ReturnType<typeof parseShare>> = {}): string {
  const share = parseShare(text)
  return formatShare({ ...share, payload: Buffer.alloc(32, 0x5a), ...changes })
}

test('custodians come one after the other', async () => {
  const { seal, collector, share } = await ceremony(3, 5)
  assert.equal(collector.need, 3)
  assert.deepEqual(await collector.add(share(4)), { kind: 'more', have: 1, need: 3 })
  assert.deepEqual(await collector.add(share(0)), { kind: 'more', have: 2, need: 3 })
  assert.deepEqual(await collector.add(share(2)), { kind: 'open', sealKey: seal.sealKey })
  assert.equal(collector.have, 0)
})

test('the same share twice does not count, however it is typed', async () => {
  const { collector, share } = await ceremony(2, 3)
  const again = { kind: 'more', have: 1, need: 2 }
  assert.deepEqual(await collector.add(share(0)), again)
  assert.deepEqual(await collector.add(share(0)), again)
  assert.deepEqual(await collector.add(share(0).toUpperCase().replaceAll('-', ' ')), again)
})

test('a share that is refused leaves the others where they are', async () => {
  const { seal, collector, share } = await ceremony(2, 3)
  const other = await createShares({ threshold: 2, shares: 3 })
  await collector.add(share(0))
  const refused = [
    '',
    'not a share',
    share(1).slice(0, -1),
    shareAt(other, 1),
    forged(share(1), { threshold: 3 }),
    forged(share(1), { number: 0 }),
    // The number of a share that is already there, with another payload.
    forged(share(0)),
  ]
  for (const text of refused) {
    await assert.rejects(collector.add(text), invalidShare)
    assert.equal(collector.have, 1)
  }
  assert.deepEqual(await collector.add(share(1)), { kind: 'open', sealKey: seal.sealKey })
})

test('shares that do not open together are all forgotten, and the ceremony can begin again', async () => {
  const { seal, collector, share } = await ceremony(3, 4)
  await collector.add(share(0))
  await collector.add(forged(share(1)))
  await assert.rejects(collector.add(share(2)), invalidShare)
  assert.equal(collector.have, 0)
  assert.deepEqual(await collector.add(share(2)), { kind: 'more', have: 1, need: 3 })
  await collector.add(share(1))
  assert.deepEqual(await collector.add(share(0)), { kind: 'open', sealKey: seal.sealKey })
})

test('reset forgets', async () => {
  const { collector, share } = await ceremony(2, 2)
  await collector.add(share(0))
  collector.reset()
  assert.equal(collector.have, 0)
  assert.deepEqual(await collector.add(share(1)), { kind: 'more', have: 1, need: 2 })
})

test('shares that come at the same time open once', async () => {
  const { seal, collector } = await ceremony(3, 5)
  const collected = await Promise.all(seal.shares.map((share) => collector.add(share)))
  assert.deepEqual(
    collected.map(({ kind }) => kind),
    ['more', 'more', 'open', 'more', 'more'],
  )
  assert.equal(collector.have, 2)
})

test('it never holds as many shares as open the seal', async () => {
  const { collector, share } = await ceremony(4, 4)
  for (const at of [0, 1, 2, 0, 1, 2]) {
    await collector.add(share(at))
    assert.ok(collector.have < collector.need)
  }
})

test('no message repeats a share', async () => {
  const { collector, share } = await ceremony(2, 2)
  await collector.add(share(0))
  for (const wrong of [forged(share(0)), share(1).slice(1), forged(share(1))]) {
    await assert.rejects(
      collector.add(wrong),
      (error: Error) =>
        !wrong.split('-').some((group) => group.length === 4 && error.message.includes(group)),
    )
  }
})
