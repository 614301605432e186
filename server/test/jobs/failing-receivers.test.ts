import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deliveries } from '#jobs'
import { FAILING_MAX_MS, type Subscription } from '#model'

const NOW = 2 * FAILING_MAX_MS

const subscription: Subscription = {
  id: 's',
  tenant: 't',
  name: 's',
  url: 'https://receiver.test/',
  scope: { kind: 'tenant' },
  types: [],
  state: 'active',
  cursor: 0,
  createdAt: 0,
  signatures: ['v1'],
  failingSince: NOW - FAILING_MAX_MS,
}

/** Sends two notices at once to a receiver that failed for as long as it may; says why it was given up. */
async function givenUp(answers: readonly ('taken' | 'failed')[]): Promise<string[]> {
  const reasons: string[] = []
  const waiting = answers.map((_, notice) => ({ at: 0, id: `s/${notice}`, subscription: 's' }))
  const job = new Deliveries<number>({
    now: () => NOW,
    random: () => 0,
    head: () => ({ next: 0, revision: 0 }),
    subscriptions: () => Promise.resolve([subscription]),
    notices: () => Promise.resolve({ notices: [], end: 0 }),
    due: (until, after) => Promise.resolve(after === undefined && until === NOW ? waiting : []),
    load: (id) =>
      Promise.resolve({
        tenant: 't',
        subscription: 's',
        notice: Number(id.slice(2)),
        type: 'key.suspended' as const,
        attempts: 1,
        createdAt: 0,
        nextAt: 0,
      }),
    message: ({ notice }) => Promise.resolve(notice),
    send: async (notice) => {
      // One after the other, as their answers come.
      for (let turn = 0; turn <= notice; turn += 1) await new Promise((next) => setImmediate(next))
      return answers[notice] === 'taken'
        ? { kind: 'taken' }
        : { kind: 'failed', reason: 'status-503' }
    },
    recordedAt: () => Promise.resolve(NOW),
    enqueue: () => Promise.resolve(),
    settle: () => Promise.resolve(),
    disable: (_to, reason) => Promise.resolve(void reasons.push(reason)),
    observe: () => undefined,
    reportFailure: (cause) => assert.ifError(cause),
  })
  await job.run()
  await job.settled()
  return reasons
}

test('a receiver that took one of the notices sent to it at once is not given up for the next', async () => {
  assert.deepEqual(await givenUp(['taken', 'failed']), [])
  assert.deepEqual(await givenUp(['failed']), ['failing'])
})
