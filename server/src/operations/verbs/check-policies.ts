import type { InputOf } from '@claviger/contract'
import { newId } from '#keyring'
import {
  ClavigerError,
  loosenedBy,
  violationsOf,
  worsened,
  type LifecyclePolicy,
  type Violation,
} from '#model'
import { governed } from '../lifecycle/govern.ts'
import { mayList } from '../may-list.ts'
import type { ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { changedPolicy, keyOfScope, rulesOfNew } from './lifecycle-policies.ts'
import { own } from './own.ts'
import { page } from './page.ts'
import { fixedScope } from './rules.ts'

/** Which keys break which policy: as things stand, and as they would after a change. Only keys that the caller may ask it of. */

type Policies = readonly LifecyclePolicy[]

/** One page of what `look` finds worth saying of a key. */
function pageOfKeys<Item>(
  work: Work,
  input: { readonly limit: number; readonly cursor?: string | undefined },
  look: (
    violations: (policies: Policies) => Promise<Violation[]>,
    key: string,
  ) => Promise<Item | undefined>,
) {
  return page(work, { kind: 'key', facets: [], input }, async ({ id }) => {
    const ringKey = await work.parts.ring.load(id)
    if (ringKey === undefined || !(await mayList(work, ringKey))) return undefined
    const violations = async (policies: Policies) =>
      violationsOf(policies, await governed(work, policies, ringKey))
    return look(violations, id)
  })
}

function view({ policy, rule, words }: Violation) {
  return { policy, rule, words }
}

export const checkPolicies: ReadVerb<'policy.check'> = {
  kind: 'read',
  async run(input, work) {
    work.authorizeSomewhere()
    const all = await work.parts.lifecycle.of(work.caller.tenant)
    const policies = input.policy === undefined ? all : all.filter(({ id }) => id === input.policy)
    if (input.policy !== undefined && policies.length === 0)
      throw new ClavigerError('not_found', 'There is no lifecycle policy of that id')
    return pageOfKeys(work, input, async (violations, key) => {
      const found = await violations(policies)
      return found.length === 0 ? undefined : { key, violations: found.map(view) }
    })
  },
}

/** A policy as it stands, and as it would; a new one stands nowhere yet. */
async function supposed(
  work: Work,
  input: InputOf<'policy.simulate'>,
): Promise<{ readonly before?: LifecyclePolicy; readonly after?: LifecyclePolicy }> {
  const { policy: id, remove, preset, scope, rules } = input
  if (id === undefined) {
    if (remove === true)
      throw new ClavigerError('invalid_request', 'policy: name the one to delete', {
        field: 'policy',
      })
    const made: LifecyclePolicy = {
      id: newId(),
      tenant: work.caller.tenant,
      name: 'the new policy',
      scope: fixedScope(work, scope ?? { kind: 'tenant' }),
      rules: rulesOfNew(preset, rules ?? {}, work.now),
      createdAt: work.now,
    }
    return { after: made }
  }
  const { value } = await own<LifecyclePolicy>(work, 'lifecyclePolicy', id)
  if (remove === true) return { before: value }
  if (preset !== undefined)
    throw new ClavigerError('invalid_request', 'preset: is for a new policy', { field: 'preset' })
  return { before: value, after: changedPolicy(work, value, { scope, rules }) }
}

export const simulatePolicy: ReadVerb<'policy.simulate'> = {
  kind: 'read',
  async run(input, work) {
    work.authorizeSomewhere()
    const named = keyOfScope(input)
    await work.locate(named)
    for (const reference of named) work.key(reference)
    const { before, after } = await supposed(work, input)
    const standing = await work.parts.lifecycle.of(work.caller.tenant)
    const others = standing.filter(({ id }) => id !== before?.id)
    const next = after === undefined ? others : [...others, after]
    const found = await pageOfKeys(work, input, async (violations, key) => {
      const [now, then] = [await violations(standing), await violations(next)]
      const breaks = worsened(now, then).map(view)
      const mends = worsened(then, now).map(view)
      return breaks.length + mends.length === 0 ? undefined : { key, breaks, mends }
    })
    return { loosened: before === undefined ? [] : loosenedBy(before, after), ...found }
  },
}
