import type { InputOf, OutputOf } from '@claviger/contract'
import { PUBLIC_URL, startHouse } from './house.ts'
import { enrolledWithPasskey, type Wrong } from './passkey-person.ts'

/** A tenant where suspending a key takes the signatures of two approvers with passkeys. */
export async function signingScene(about: Partial<InputOf<'approvalPolicy.create'>> = {}) {
  const house = await startHouse()
  const requester = await house.createUser('key-admin')
  const approver = async () => {
    const person = await enrolledWithPasskey(house)
    const scope = { kind: 'tenant' as const }
    await house.perform('binding.create', { role: 'approver', principal: person.id, scope })
    return person
  }
  const approvers = [await approver(), await approver()] as const
  const key = (await house.createKey()).id
  const policy = await house.perform('approvalPolicy.create', {
    name: 'two signatures',
    actions: ['key.suspend'],
    scope: { kind: 'tenant' },
    approvals: 2,
    principals: [],
    groups: [],
    hours: 2,
    signed: true,
    ...about,
  })
  const ask = (which = key): Promise<OutputOf<'approval.request'>> =>
    house.perform(
      'approval.request',
      { operation: 'key.suspend', input: { key: which }, comment: '' },
      { token: requester.token },
    )
  type Approver = (typeof approvers)[number]
  /** The answer of somebody's passkey to what the server asks to sign. */
  const sign = async (approval: string, { token, authenticator }: Approver, wrong: Wrong = {}) => {
    const { options } = await house.perform('approval.challenge', { approval }, { token })
    const rpId = new URL(PUBLIC_URL).hostname
    const challenge = String(options['challenge'])
    return authenticator.assert({ origin: PUBLIC_URL, rpId, challenge, ...wrong })
  }
  const approve = async (approval: string, person: Approver, response?: object) => {
    const answer = response ?? (await sign(approval, person))
    const input = { approval, comment: '', response: { ...answer } }
    return house.perform('approval.approve', input, { token: person.token })
  }
  const suspend = (approval: string) =>
    house.codeOf('key.suspend', { key }, { token: requester.token, approval })
  return { house, requester, approvers, key, policy, ask, sign, approve, suspend }
}
