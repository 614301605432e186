import type { TestHouse } from './house.ts'
import type { Inputs } from './inputs.ts'

const page = { limit: 100 }
const seal = { kind: 'shares', shares: 2, threshold: 2 } as const

type SystemName = Extract<keyof Inputs, `ledger.${string}` | `system.${string}`>

/** The inputs of operations on the ledger and on the server as a whole. */
export function systemInputs(house: TestHouse): Pick<Inputs, SystemName> {
  return {
    'ledger.head': async () => ({}),
    'ledger.search': async () => ({ order: 'descending', ...page }),
    'ledger.prove': async () => ({ index: 0 }),
    'ledger.checkpoint': async () => ({}),
    'ledger.tile': async () => {
      await house.checkpoint()
      return { path: 'entries/000.p/1' }
    },
    'system.seal': async () => ({}),
    'system.rotateRoot': async () => ({ proof: [...house.shares] }),
    'system.reissueSeal': async () => ({ proof: [...house.shares], seal }),
    'system.doctor': async () => ({}),
  }
}
