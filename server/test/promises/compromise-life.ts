import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { passphrase } from '../harness/server-process.ts'
import { storeWith } from '../harness/store-with.ts'

/**
 * One life of a server that goes on with open cases by itself, and is killed (kill -9) at the first commit of a step: just before it, or
 * when it is durable and nobody was told. It ends in order where there is nothing to do.
 */
const [path = '', moment = '', now = ''] = process.argv.slice(2)

const house = await startHouse({
  path,
  passphrase,
  clock: new DrivenClock(Number(now)),
  wrapStore: (store) =>
    storeWith(store, {
      async commit(batch) {
        const isStep = batch.changes.some(({ writes }) =>
          writes.some(({ row }) => row.kind === 'compromiseCase'),
        )
        if (isStep && moment === 'before') process.kill(process.pid, 'SIGKILL')
        const result = await store.commit(batch)
        if (isStep) process.kill(process.pid, 'SIGKILL')
        return result
      },
    }),
})
await house.runJob('compromise')
await house.close()
