import { defaultApprovals } from '@claviger/contract'
import type { TestHouse } from './house.ts'

/** Takes the default approval policies away again, with the approval that this takes itself, so that a test can go on without them. */
export async function dropDefaultApprovals(house: TestHouse): Promise<void> {
  const names = new Set(defaultApprovals.map(({ name }) => name))
  const { items } = await house.perform('approvalPolicy.list', { limit: 1_000 })
  const made = items.filter(({ name }) => names.has(name))
  const isGuard = (actions: readonly string[]) => actions.includes('approvalPolicy.delete')
  const { token } = await house.createUser('approver')
  for (const { id: policy } of made.filter(({ actions }) => isGuard(actions))) {
    const asked = { operation: 'approvalPolicy.delete', input: { policy }, comment: '' }
    const { id: approval } = await house.perform('approval.request', asked)
    await house.perform('approval.approve', { approval, comment: '' }, { token })
    await house.perform('approvalPolicy.delete', { policy }, { token: house.token, approval })
  }
  for (const { id: policy } of made.filter(({ actions }) => !isGuard(actions)))
    await house.perform('approvalPolicy.delete', { policy })
}
