import { randomBytes } from 'node:crypto'
import * as sdk from '@aws-sdk/client-kms'
import type { AwsHouse } from '../house.ts'
import { differences, type Difference } from './differences.ts'
import { importMaterial, makeKey } from './keys-in-states.ts'
import { stateRows } from './state-table.ts'

/** What is said of every operation of AWS KMS, each word of it shown to be so. */

export interface OperationRow {
  readonly operation: string
  /** What must succeed; absent for what is not supported. */
  readonly works?: (house: AwsHouse) => Promise<unknown>
  readonly differs?: readonly Difference[]
}

/** Names of AWS's operations, by the commands of its client. */
export const operationNames: readonly string[] = Object.keys(sdk)
  .filter((name) => /^[A-Z]\w*Command$/.test(name))
  .map((name) => name.slice(0, -'Command'.length))
  .toSorted()

/** What no row of the table of states does. */
const others: readonly OperationRow[] = [
  { operation: 'CreateKey', works: ({ kms }) => kms.createKey({}) },
  { operation: 'ListKeys', works: ({ kms }) => kms.listKeys({}) },
  { operation: 'GenerateRandom', works: ({ kms }) => kms.generateRandom({ NumberOfBytes: 32 }) },
  { operation: 'DescribeCustomKeyStores', works: ({ kms }) => kms.describeCustomKeyStores({}) },
  {
    operation: 'ImportKeyMaterial',
    async works({ kms }) {
      const { id } = await makeKey(kms, { Origin: 'EXTERNAL' })
      await importMaterial(kms, id, randomBytes(32))
    },
  },
  {
    operation: 'ListRetirableGrants',
    works: ({ kms, owner }) => kms.listRetirableGrants({ RetiringPrincipal: owner.arn }),
  },
]

/** What the table of states does with a key that is enabled. */
const ofStates: readonly OperationRow[] = stateRows.map((row) => ({
  operation: row.operation,
  async works({ kms }) {
    const external = row.key?.Origin === 'EXTERNAL' || row.told[0] === 9
    const key = await makeKey(kms, { ...row.key, ...(external ? { Origin: 'EXTERNAL' } : {}) })
    if (row.operation === 'CancelKeyDeletion') await kms.scheduleKeyDeletion({ KeyId: key.id })
    await row.ask(kms, key.id, await row.prepare?.(kms, key, 'Enabled'))
  },
}))

export const operationRows: readonly OperationRow[] = operationNames.map((operation) => {
  const row = [...others, ...ofStates].find((each) => each.operation === operation)
  return { ...row, operation, differs: differences[operation] ?? [] }
})
