import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Replays, type ReplayClaim } from '../../../src/access/sigv4/index.ts'
import { TIME } from './signer.ts'

const WINDOW = 300_000
const REPLAYED = { name: 'SignatureError', code: 'unauthenticated', kind: 'replayed' }
const [A, B] = ['a'.repeat(64), 'b'.repeat(64)]

/** The memory, as one tenant sees it. */
class Seen {
  readonly replays: Replays
  readonly #tenant: string

  constructor(replays: Replays, tenant = 'ours') {
    this.replays = replays
    this.#tenant = tenant
  }

  claim(
    signature: string,
    invocation: string | undefined,
    signedAt: number,
    now: number,
  ): ReplayClaim {
    return this.replays.claim({ tenant: this.#tenant, signature, invocation, signedAt }, now)
  }

  of(tenant: string): Seen {
    return new Seen(this.replays, tenant)
  }
}

function replays(claimsMax?: number): Seen {
  const rest = claimsMax === undefined ? {} : { claimsMax }
  return new Seen(new Replays({ since: TIME - WINDOW, ...rest }))
}

const signature = (n: number) => n.toString(16).padStart(64, '0')
const FULL = { name: 'ClavigerError', code: 'overloaded' }

test('a signature counts once, for as long as it is good', () => {
  const seen = replays()
  seen.claim(A, undefined, TIME, TIME)
  seen.claim(B, undefined, TIME, TIME)
  for (const later of [0, 1_000, 60_000, WINDOW]) {
    assert.throws(() => seen.claim(A, undefined, TIME, TIME + later), REPLAYED)
    assert.throws(() => seen.claim(B, 'id', TIME, TIME + later), REPLAYED)
  }
})

test('also one from a clock that is ahead, which is good for longer', () => {
  const seen = replays()
  seen.claim(A, undefined, TIME + WINDOW, TIME)
  for (const later of [1, WINDOW, 2 * WINDOW]) {
    assert.throws(() => seen.claim(A, undefined, TIME + WINDOW, TIME + later), REPLAYED)
  }
})

test('equal calls of one second, told apart by their ids, are several', () => {
  const seen = replays()
  // The client's clock may be off; what counts is that they come together.
  for (const signedAt of [TIME, TIME - 60_000, TIME + 60_000]) {
    const signature = signedAt.toString(16).padStart(64, '0')
    seen.claim(signature, 'one', signedAt, TIME)
    seen.claim(signature, 'two', signedAt, TIME + 900)
    seen.claim(signature, 'three', signedAt, TIME + 2_000)
    for (const id of ['one', 'two', 'three', undefined]) {
      assert.throws(() => seen.claim(signature, id, signedAt, TIME + 1_000), REPLAYED)
    }
    assert.throws(() => seen.claim(signature, 'four', signedAt, TIME + 2_001), REPLAYED)
  }
})

test('an id does not help where the first call had none, or the clock was put back', () => {
  const seen = replays()
  seen.claim(A, undefined, TIME, TIME)
  assert.throws(() => seen.claim(A, 'id', TIME, TIME), REPLAYED)
  seen.claim(B, 'one', TIME, TIME)
  assert.throws(() => seen.claim(B, 'two', TIME, TIME - 1), REPLAYED)
})

test('a failed call gives its signature back, and only its own', () => {
  const seen = replays()
  const first = seen.claim(A, undefined, TIME, TIME)
  first.release()
  const second = seen.claim(A, undefined, TIME, TIME + 5_000)
  // A claim that was given back is nobody's to give back again.
  first.release()
  assert.throws(() => seen.claim(A, undefined, TIME, TIME + 5_000), REPLAYED)
  second.release()
  seen.claim(A, undefined, TIME, TIME + 6_000)

  const one = seen.claim(B, 'one', TIME, TIME)
  seen.claim(B, 'two', TIME, TIME)
  one.release()
  seen.claim(B, 'one', TIME, TIME + 1_000)
  assert.throws(() => seen.claim(B, 'two', TIME, TIME + 1_000), REPLAYED)
})

test('memory is bounded: full means no, until something expires or is given back', () => {
  const seen = replays(3)
  const claims: ReplayClaim[] = [0, 1].map((n) => seen.claim(signature(n), undefined, TIME, TIME))
  seen.claim(signature(2), undefined, TIME + WINDOW, TIME)
  assert.throws(() => seen.claim(signature(3), undefined, TIME, TIME), FULL)
  assert.throws(() => seen.claim(signature(0), undefined, TIME, TIME), REPLAYED)
  claims[0]?.release()
  claims[0]?.release()
  seen.claim(signature(3), undefined, TIME, TIME)
  assert.throws(() => seen.claim(signature(4), undefined, TIME, TIME), FULL)
  // Ids of one signature take room too.
  const later = TIME + WINDOW + 20_000
  seen.claim(signature(5), 'one', later, later)
  seen.claim(signature(5), 'two', later, later)
  assert.throws(() => seen.claim(signature(5), 'three', later, later), FULL)
  // What has expired is not counted twice when it is given back.
  claims[1]?.release()
  assert.throws(() => seen.claim(signature(6), undefined, later, later), FULL)
})

test('a flood of one tenant takes no room from another, and lets nothing through twice', () => {
  const flood = replays(10)
  for (let n = 0; n < 6; n += 1) flood.claim(signature(n), undefined, TIME, TIME)
  for (let n = 6; n < 10; n += 1) flood.claim(signature(n), undefined, TIME + 10_000, TIME + 10_000)
  const now = TIME + 10_000
  assert.throws(() => flood.claim(signature(10), undefined, now, now), FULL)
  // Others have as much room as they need, up to their share of it.
  const other = flood.of('other')
  for (let n = 0; n < 4; n += 1) other.claim(signature(n), undefined, now, now)
  for (let n = 0; n < 4; n += 1)
    assert.throws(() => other.claim(signature(n), undefined, now, now), REPLAYED)
  // What the flood signed first is not remembered one by one any more, so none of then is believed.
  for (let n = 0; n < 10; n += 1)
    assert.throws(() => flood.claim(signature(n), undefined, n < 6 ? TIME : now, now), REPLAYED)
  assert.throws(() => flood.claim(signature(11), undefined, TIME, now), REPLAYED)
  flood.claim(signature(11), undefined, now, now)
  // The flood is not pushed out either, below what everybody has.
  other.claim(signature(4), undefined, now, now)
  assert.throws(() => other.claim(signature(5), undefined, now, now), FULL)
  assert.throws(() => flood.claim(signature(12), undefined, now, now), FULL)
})

test('tenants are apart: what one has used is nothing to another', () => {
  const seen = replays()
  seen.claim(A, undefined, TIME, TIME)
  seen.of('other').claim(A, undefined, TIME, TIME)
  assert.throws(() => seen.claim(A, undefined, TIME, TIME), REPLAYED)
})

test('what may have been used before this process remembered is refused', () => {
  const seen = new Seen(new Replays({ since: TIME + 999 }))
  assert.throws(() => seen.claim(A, undefined, TIME - 1_000, TIME + 1_000), REPLAYED)
  // Signed in the second in which it started.
  seen.claim(A, undefined, TIME, TIME + 1_000)
})

test('what was forgotten because the clock ran ahead is not believed when it is put back', () => {
  const seen = replays()
  seen.claim(A, undefined, TIME, TIME)
  seen.claim(B, undefined, TIME + 3_600_000, TIME + 3_600_000)
  assert.throws(() => seen.claim(A, undefined, TIME, TIME + 1_000), REPLAYED)
  // But the server does not stand still until that hour has come.
  seen.claim(A, undefined, TIME + 10_000, TIME + 12_000)
})

test('no order of claims lets one call through twice', () => {
  const step = fc.record({
    signature: fc.integer({ min: 0, max: 5 }),
    id: fc.option(fc.constantFrom('one', 'two'), { nil: undefined }),
    ahead: fc.integer({ min: -300, max: 300 }),
    elapsed: fc.integer({ min: -20_000, max: 60_000 }),
    tenant: fc.constantFrom('one', 'two', 'three'),
  })
  fc.assert(
    // With little room, so that tenants push each other out.
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 3, max: 50 }),
      (steps, room) => {
        const seen = replays(room)
        const signedAt = new Map<string, number>()
        const accepted = new Set<string>()
        let now = TIME
        for (const { signature: n, id, ahead, elapsed, tenant } of steps) {
          now += elapsed
          // A signature is of one time.
          const name = `${tenant} ${n}`
          const at = signedAt.get(name) ?? Math.floor(now / 1_000 + ahead) * 1_000
          signedAt.set(name, at)
          if (Math.abs(at - now) > WINDOW) continue
          try {
            seen.of(tenant).claim(signature(n), id, at, now)
          } catch {
            continue
          }
          const call = `${name} ${id}`
          assert.ok(!accepted.has(call), `${call} was accepted twice`)
          if (id === undefined) {
            assert.ok(![...accepted].some((other) => other.startsWith(`${name} `)))
          }
          accepted.add(call)
        }
      },
    ),
  )
})
