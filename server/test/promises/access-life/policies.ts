import type { InputOf } from '@claviger/contract'
import { pick } from '../allowed.ts'
import type { Of } from './actions.ts'
import type { AccessLife } from './life.ts'
import type { ActOnKey, KeyPolicyModel, StatementModel } from './model.ts'

/** Key policies in random lives of rights: in the language of AWS KMS, as docs/key-policies.md tells it. */

/** What the operations are called in key policies. */
const names = {
  encrypt: 'Encrypt',
  decrypt: 'Decrypt',
  'key.get': 'DescribeKey',
  'key.update': 'UpdateKeyDescription',
} as const satisfies Record<ActOnKey, string>

/** Everything of the key stays the owner's, so that the life goes on; the rest is what the statements say. */
async function inWords(
  { house }: AccessLife,
  { isDelegating, statements }: KeyPolicyModel,
): Promise<string> {
  const { account, arn } = await house.perform('whoami', {})
  const arnOf = (name: string) => `arn:aws:iam::${account}:user/${name}`
  const ofOwner = { Effect: 'Allow', Principal: { AWS: arn }, Action: 'kms:*', Resource: '*' }
  const root = { AWS: `arn:aws:iam::${account}:root` }
  const delegating = { Effect: 'Allow', Principal: root, Action: 'kms:*', Resource: '*' }
  const others = statements.map(({ isAllow, to, act, network }) => ({
    Effect: isAllow ? 'Allow' : 'Deny',
    Principal: to === undefined ? '*' : { AWS: arnOf(to.name) },
    Action: `kms:${names[act]}`,
    Resource: '*',
    ...(network === undefined ? {} : { Condition: { IpAddress: { 'aws:SourceIp': network } } }),
  }))
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [...others, ofOwner, ...(isDelegating ? [delegating] : [])],
  })
}

export async function putPolicy(life: AccessLife, taken: Of<'putPolicy'>): Promise<void> {
  const { house, model } = life
  const key = pick(model.keys, taken.key)
  if (key === undefined) return
  const statements = taken.statements.map(({ to, ...each }): StatementModel => {
    return { ...each, to: to === undefined ? undefined : pick(model.principals, to) }
  })
  const own = { isDelegating: taken.isDelegating, statements }
  const input: InputOf<'policy.put'> = { key: key.id, policy: await inWords(life, own) }
  await house.perform('policy.put', input)
  key.policy = own
}
