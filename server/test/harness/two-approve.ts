import type { TestHouse } from './house.ts'

/** Two others approve what suspends a key. */
export async function twoApprove(house: TestHouse): Promise<void> {
  await house.perform('approvalPolicy.create', {
    name: 'two of us',
    actions: ['key.suspend'],
    scope: { kind: 'tenant' },
    approvals: 2,
    principals: [],
    groups: [],
    hours: 2,
  })
}
