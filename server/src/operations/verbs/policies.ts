import { defaultPolicy, KeyPolicy, POLICY_BYTES_MAX, PolicyError } from '#access'
import { ClavigerError, type Key } from '#model'
import { mayDo } from '../may.ts'
import { policed } from '../target.ts'
import type { ChangeVerb, ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { assertNotDestroyed, planChange } from './change-key.ts'

/** Key policies: kept byte for byte, and in force at every door when the call returns. */

const LOCKED_OUT = 'The new key policy will not allow you to update the key policy in the future.'

/**
 * A policy that may be put on a key by this caller, who may put policies on it.
 *
 * @throws ClavigerError payload_too_large; PolicyError for what is no policy, or would lock the caller out
 */
export function checkedPolicy(
  work: Work,
  policy: string,
  key: Key,
  bypass: boolean | undefined,
): string {
  if (Buffer.byteLength(policy) > POLICY_BYTES_MAX) {
    throw new ClavigerError(
      'payload_too_large',
      `A key policy has at most ${POLICY_BYTES_MAX} bytes`,
    )
  }
  const parsed = KeyPolicy.parse(policy)
  parsed.assertWithinLimits()
  const target = policed(key, parsed, work.caller.account, work.origin.region)
  if (bypass !== true && !mayDo(work, 'policy.put', target)) throw new PolicyError(LOCKED_OUT)
  return policy
}

/**
 * The policy of a key that is being made: whoever writes it says who may use the key, so that making keys is not enough.
 *
 * @throws ClavigerError forbidden, and as {@link checkedPolicy} does
 */
export function policyOfNewKey(
  work: Work,
  policy: string,
  key: Key,
  bypass: boolean | undefined,
): string {
  work.authorize({ labels: key.labels }, 'policy.put')
  return checkedPolicy(work, policy, key, bypass)
}

export const getPolicy: ReadVerb<'policy.get'> = {
  kind: 'read',
  async run(input, work) {
    await work.locate([input.key])
    const { ringKey } = work.key(input.key)
    const { policy } = ringKey.key
    return { policy: policy ?? defaultPolicy(work.caller.account), own: policy !== undefined }
  },
}

export const putPolicy: ChangeVerb<'policy.put'> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    assertNotDestroyed(ringKey.key)
    // The new policy may ask for names that the one before did not ask for.
    await work.seeAliases(ringKey.key.id)
    const policy = checkedPolicy(work, input.policy, ringKey.key, input.bypassPolicyLockoutCheck)
    const plan = await planChange(work, ringKey, { key: { ...ringKey.key, policy } })
    return { ...plan, output: { policy, own: true } }
  },
}
