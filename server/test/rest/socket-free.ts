import { openApi } from '@claviger/contract'
import type { HttpDoor } from '#http'
import type { ClavigerError } from '#model'
import { createRestDoor, type RestDoorOptions } from '#rest'
import { createMetrics } from '../../src/metrics.ts'
import { VERSION } from '../../src/status.ts'
import type { TestHouse } from '../harness/house.ts'
import { Client, intoDoor } from './client.ts'

/** The REST door over a house in this process, so that a test can drive the clock and break the store. */

export interface SocketFree {
  readonly door: HttpDoor
  /** The owner. */
  readonly owner: Client
  /** Errors of the server's own, as the log is told of them. */
  readonly failures: ClavigerError[]
}

export function restDoorOver(test: TestHouse, replaced: Partial<RestDoorOptions> = {}): SocketFree {
  const { house } = test
  const failures: ClavigerError[] = []
  const metrics = createMetrics({
    entries: () => house.ledger.entries,
    revision: () => house.ledger.revision,
    keysHeld: () => house.keysHeld(),
    unsealed: () => house.hierarchy.open,
    jobs: house.jobs,
  })
  const door = createRestDoor({
    gate: house.gate,
    ceremonies: house.ceremonies,
    status: () => house.status(),
    assertReady: () => house.assertServing(),
    openApi: () => JSON.stringify(openApi(VERSION)),
    metrics: () => metrics.render(),
    observe: (operation, code, milliseconds) => metrics.observe(operation, code, milliseconds),
    reportFailure: (_request, error) => failures.push(error),
    elapsed: () => performance.now(),
    revision: () => house.ledger.revision,
    ...replaced,
  })
  return { door, owner: new Client(intoDoor(door), test.token), failures }
}
