import assert from 'node:assert/strict'
import type { InputOf } from '@claviger/contract'
import type { Entry, StartOptions, TestHouse } from './house.ts'
import { startHouse } from './house.ts'

/** A tenant where rotating and suspending keys takes the approval of two others, and a requester who leaves it to the server. */
export async function automaticScene(how: StartOptions = {}) {
  const house = await startHouse(how)
  const requester = await house.createUser('key-admin')
  const approvers = [
    await house.createUser('approver'),
    await house.createUser('approver'),
  ] as const
  const key = (await house.createKey({ exportable: true })).id
  const policy = await house.perform('approvalPolicy.create', {
    name: 'two of us',
    actions: ['key.rotate', 'key.suspend', 'key.export', 'token.create', 'breakGlass.open'],
    scope: { kind: 'tenant' },
    approvals: 2,
    principals: [],
    groups: [],
    hours: 2,
  })
  const { token } = requester
  const ask = (about: Partial<InputOf<'approval.request'>> = {}, by: string = token) =>
    house.perform(
      'approval.request',
      { operation: 'key.rotate', input: { key }, comment: '', automatic: true, ...about },
      { token: by },
    )
  const approve = (approval: string, one: 0 | 1) =>
    house.perform('approval.approve', { approval, comment: '' }, { token: approvers[one].token })
  /** Asked for and approved by both; the server has not come to it. */
  const approved = async (about?: Partial<InputOf<'approval.request'>>, by?: string) => {
    const { id } = await ask(about, by)
    await approve(id, 0)
    assert.equal((await approve(id, 1)).state, 'approved')
    return id
  }
  const look = (approval: string) => house.perform('approval.get', { approval })
  const versions = async () => (await house.perform('key.get', { key })).version
  return { house, requester, approvers, key, policy, ask, approve, approved, look, versions }
}

/** What the ledger says was done under an approval. */
export async function doneUnder(house: TestHouse, approval: string): Promise<Entry[]> {
  const entries = await house.entries()
  return entries.filter(
    ({ outcome, detail }) => outcome === 'ok' && detail?.['approval'] === approval,
  )
}
