import assert from 'node:assert/strict'
import { hkdfSync } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createShares, openShares, type NewShareSeal } from '#seal'
import { opens } from '../../src/seal/check.ts'
import { combineKey } from '../../src/seal/shamir.ts'
import { parseShare } from '../../src/seal/share-text.ts'

const invalidShare = { name: 'ClavigerError', code: 'invalid_share' }

/** Every way to choose `size` of the items, in order. */
function choices<Item>(items: readonly Item[], size: number): Item[][] {
  if (size === 0) return [[]]
  return items.flatMap((item, index) =>
    choices(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]),
  )
}

const plans = [2, 3, 4, 5].flatMap((shares) =>
  [2, 3, 4, 5]
    .filter((threshold) => threshold <= shares)
    .map((threshold) => ({ threshold, shares })),
)

for (const plan of plans) {
  test(`any ${plan.threshold} of ${plan.shares} shares open, in any order`, async () => {
    const seal = await createShares(plan)
    assert.equal(seal.shares.length, plan.shares)
    for (const chosen of choices(seal.shares, plan.threshold)) {
      assert.deepEqual(await openShares(seal.description, chosen), seal.sealKey)
      assert.deepEqual(await openShares(seal.description, chosen.toReversed()), seal.sealKey)
    }
  })

  test(`no ${plan.threshold - 1} of ${plan.shares} shares open`, async () => {
    const seal = await createShares(plan)
    for (const chosen of choices(seal.shares, plan.threshold - 1)) {
      await assert.rejects(openShares(seal.description, chosen), invalidShare)
    }
  })
}

test('fewer shares than the threshold combine to a key that the check refuses', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 3, max: 12 }), fc.nat(), fc.nat(), async (shares, a, b) => {
      const threshold = 3 + (a % (shares - 2))
      const fewer = 2 + (b % (threshold - 2))
      const seal = await createShares({ threshold, shares })
      const key = await combineKey(seal.shares.slice(0, fewer).map(parseShare))
      assert.notDeepEqual(key, seal.sealKey)
      assert.equal(opens(key, seal.description), false)
    }),
    { numRuns: 40 },
  )
})

test('shares are points of their own, and show nothing of the key', async () => {
  const { shares, sealKey } = await createShares({ threshold: 2, shares: 255 })
  const points = shares.map(parseShare)
  assert.equal(new Set(points.map(({ number }) => number)).size, 255)
  assert.equal(new Set(points.map(({ payload }) => payload.toString('hex'))).size, 255)
  assert.ok(points.every(({ number, payload }) => number >= 1 && !payload.equals(sealKey)))
})

test('the largest seal opens', async () => {
  const { shares, sealKey, description } = await createShares({ threshold: 255, shares: 255 })
  assert.deepEqual(await openShares(description, shares), sealKey)
})

test('a plan outside of 2 <= k <= n <= 255 is refused', async () => {
  const bad = [
    [1, 1],
    [1, 3],
    [0, 3],
    [-2, 3],
    [4, 3],
    [2, 256],
    [256, 256],
    [2.5, 3],
    [2, 3.5],
    [Number.NaN, 3],
    [2, Number.POSITIVE_INFINITY],
  ] as const
  for (const [threshold, shares] of bad) {
    await assert.rejects(createShares({ threshold, shares }), {
      code: 'invalid_request',
      field: 'threshold',
    })
  }
})

test('shares of two seals do not mix, and new shares retire the old', async () => {
  const plan = { threshold: 2, shares: 3 }
  const old = await createShares(plan)
  const fresh = await createShares(plan)
  assert.notEqual(old.description.id, fresh.description.id)
  assert.notDeepEqual(old.sealKey, fresh.sealKey)
  for (const [one, other] of [
    [old, fresh],
    [fresh, old],
  ] as const) {
    await assert.rejects(openShares(one.description, other.shares), invalidShare)
    await assert.rejects(openShares(one.description, mixed(one, other)), invalidShare)
    // With the name of the other seal written over its own, the shares still make the wrong key.
    const renamed = { ...other.description, id: one.description.id }
    await assert.rejects(openShares(renamed, one.shares), invalidShare)
  }
})

function mixed(one: NewShareSeal, other: NewShareSeal): string[] {
  return [one.shares[0] ?? '', other.shares[1] ?? '']
}

test('a description that was changed does not open', async () => {
  const { shares, description } = await createShares({ threshold: 3, shares: 5 })
  const changes = [
    { id: '0123456789abcdef' },
    { threshold: 2 },
    { threshold: 4 },
    { shares: 4 },
    { shares: 6 },
    { check: Buffer.alloc(32).toString('base64') },
  ]
  for (const change of changes) {
    await assert.rejects(openShares({ ...description, ...change }, shares), invalidShare)
  }
  for (const change of [
    { threshold: 1 },
    { threshold: 6 },
    { shares: 256 },
    { check: '' },
    { id: '' },
  ]) {
    await assert.rejects(openShares({ ...description, ...change }, shares), { code: 'internal' })
  }
})

test('the seal can be opened by its documentation alone', async () => {
  const { shares, sealKey, description } = await createShares({ threshold: 3, shares: 4 })
  const points = shares.slice(1).map(readByHand)
  const key = Buffer.from(
    Array.from({ length: 32 }, (_, at) =>
      interpolate(points.map(({ number, payload }) => [number, payload[at] ?? 0])),
    ),
  )
  assert.deepEqual(key, sealKey)
  const fields = `{"id":"${description.id}","kind":"shares","shares":4,"threshold":3}`
  const check = hkdfSync('sha512', key, '', `claviger/seal/1/check\n${fields}`, 32)
  assert.equal(Buffer.from(check).toString('base64'), description.check)
})

/** A share read without the code under test. */
function readByHand(text: string): { number: number; payload: Buffer } {
  const letters = text.slice('clvs1'.length).replaceAll('-', '')
  const value = [...letters].reduce(
    (sum, letter) => sum * 32n + BigInt('0123456789abcdefghjkmnpqrstvwxyz'.indexOf(letter)),
    0n,
  )
  const bytes = Buffer.from(value.toString(16).padStart(100, '0'), 'hex')
  return { number: bytes[11] ?? 0, payload: bytes.subarray(12, 44) }
}

/** Lagrange's formula at 0 over GF(2^8) with the polynomial of AES, by the schoolbook. */
function interpolate(points: readonly (readonly [number, number])[]): number {
  return points.reduce((sum, [x, y]) => {
    const others = points.filter(([other]) => other !== x)
    return sum ^ others.reduce((term, [other]) => times(term, times(other, inverse(x ^ other))), y)
  }, 0)
}

function times(a: number, b: number): number {
  let product = 0
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ (product & 0x80 ? 0x11b : 0)
    if ((b >> bit) & 1) product ^= a
  }
  return product
}

function inverse(a: number): number {
  for (let b = 1; b < 256; b += 1) if (times(a, b) === 1) return b
  throw new RangeError('zero has no inverse')
}
