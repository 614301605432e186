import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { enrolled } from '../harness/person.ts'
import { life } from './approval-life/actions.ts'
import { ApprovalLife, OPERATOR } from './approval-life/life.ts'
import { acts } from './approval-life/model.ts'

/**
 * Random lives of approval policies, step-up rules, requests, logins and what is done under them, against the plain model of who may do
 * what and when: by hand or by the server, whatever changed in between, and whatever was forgotten and read again.
 */

const RUNS = 12

test('whatever others approve, and whoever proves who they are, just that is done, once', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  await house.perform('role.create', { role: OPERATOR, actions: [...acts], summary: '' })
  const cast = {
    services: [(await house.createUser()).id, (await house.createUser()).id],
    persons: [await enrolled(house), await enrolled(house)],
    group: (await house.perform('group.create', { name: 'approvers' })).id,
  }
  let lives = 0
  await fc.assert(
    fc.asyncProperty(life, async ({ begun, actions }) => {
      lives += 1
      const one = await ApprovalLife.begin(house, clock, { cast, life: lives })
      try {
        for (const taken of [...begun, ...actions]) {
          await one.do(taken)
          await one.compare()
        }
      } finally {
        await one.end()
      }
    }),
    { numRuns: RUNS },
  )
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})
