import { QuotaReached } from '#model'
import type { RowKind } from '#store'
import { holds } from './until-recorded.ts'
import type { Work } from './work.ts'

/**
 * How many there may be of what others make for somebody: each session of a principal holds all of its grants and bindings, and what ends
 * a key reads all that is about it. Of those that are made at the same moment a few more may come than a quota says.
 */

interface Quota {
  readonly kind: RowKind
  /** By which facet they are counted. */
  readonly facet: string
  readonly max: number
  readonly words: string
}

export const quotas = {
  /** AWS KMS Developer Guide, Resource quotas: grants per KMS key. */
  grantsOfKey: {
    kind: 'grant',
    facet: 'key',
    max: 50_000,
    words: 'A key has at most 50,000 grants; retire or revoke some',
  },
  grantsOfPrincipal: {
    kind: 'grant',
    facet: 'grantee',
    max: 5_000,
    words: 'A principal has at most 5,000 grants; retire or revoke some',
  },
  bindingsOfPrincipal: {
    kind: 'binding',
    facet: 'principal',
    max: 10_000,
    words: 'A principal has at most 10,000 bindings of its own; delete some, or bind a group',
  },
  bindingsOfGroup: {
    kind: 'binding',
    facet: 'group',
    max: 10_000,
    words: 'A group has at most 10,000 bindings; delete some',
  },
} as const satisfies Record<string, Quota>

/**
 * That there is room for one more, also where something changes before it is recorded.
 *
 * @throws QuotaReached
 */
export function assertRoomFor(work: Work, { kind, facet, max, words }: Quota, of: string) {
  const query = { kind, tenant: work.caller.tenant, facet: [facet, of] } as const
  return holds(work, async () => {
    if ((await work.parts.store.count(query)) >= max) throw new QuotaReached(words)
  })
}
