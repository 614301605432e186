import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Counter, Histogram, Registry } from 'prom-client'
import { Tallies } from '../src/tallies.ts'

/** Operations are counted here and told by prom-client: what is told must be what its own metrics would tell. */

const BOUNDS = [0.001, 0.01, 0.5, 1]
const counted = { name: 'claviger_operations_total', help: 'Operations' }
const timed = { name: 'claviger_operation_seconds', help: 'Time' }

const observation = fc.tuple(
  fc.constantFrom('encrypt', 'key.create', 'sign'),
  fc.constantFrom('ok', 'forbidden'),
  // Powers of two, so that sums do not depend on their order; the bounds themselves among them.
  fc.constantFrom(0, 2 ** -12, 0.001, 2 ** -8, 0.5, 1, 4),
)

test('tallies are told as prom-client tells its own counter and histogram', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(observation, { maxLength: 60 }), async (observations) => {
      const ours = new Registry()
      const tallies = new Tallies(BOUNDS)
      tallies.register(ours, counted, timed)
      const theirs = new Registry()
      const counter = new Counter({
        ...counted,
        labelNames: ['operation', 'code'],
        registers: [theirs],
      })
      const histogram = new Histogram({
        ...timed,
        labelNames: ['operation'],
        buckets: BOUNDS,
        registers: [theirs],
      })
      for (const [operation, code, seconds] of observations) {
        tallies.observe(operation, code, seconds)
        counter.inc({ operation, code })
        histogram.observe({ operation }, seconds)
      }
      assert.deepEqual(await lines(ours), await lines(theirs))
    }),
    { numRuns: 100 },
  )
})

/** Lines have no order that means anything. */
async function lines(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).trim().split('\n').toSorted()
}
