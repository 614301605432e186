import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { beginning, life } from './access-life/actions.ts'
import { AccessLife } from './access-life/life.ts'
import { ask } from './access-life/questions.ts'

/**
 * Random lives of principals, their credentials, groups, roles, bindings, key policies, grants, names and labels, against the plain model
 * of who may do what: whatever was given and taken away in whichever order, and whatever was forgotten and read again, the house answers
 * as the model, and explains it so.
 */

const RUNS = 40

test('whatever is given and taken away, everybody may do exactly what is left', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  let lives = 0
  await fc.assert(
    fc.asyncProperty(life, async ({ begun, steps }) => {
      lives += 1
      const one = await AccessLife.begin(house, clock, lives)
      try {
        for (const action of beginning.slice(0, begun)) await one.do(action)
        for (const { action, questions } of steps) {
          await one.do(action)
          for (const question of questions) await ask(one, question)
        }
      } finally {
        await one.end()
      }
    }),
    { numRuns: RUNS },
  )
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})
