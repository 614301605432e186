import { ClavigerError, type Binding } from '#model'
import { standingPrincipal } from '../standing-principal.ts'
import type { InternalVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { planToken } from './principals.ts'

const BINDINGS_LOOKED_AT_MAX = 1_000

/**
 * A token for an owner of the tenant, made by the server for whoever started it on their own machine: `claviger dev --data` hands one
 * out at each start, since it keeps only their hashes.
 */
export const createOwnerToken: InternalVerb<Record<never, never>, { readonly token: string }> = {
  kind: 'change',
  references: () => [],
  async run(_input, work) {
    work.authorize()
    const { principal, standing } = await findOwner(work)
    const plan = planToken(work, principal, { description: 'development server', days: 30 })
    return { ...plan, unchanged: [standing] }
  },
}

/** An enabled owner of the tenant that is a program, with the condition that it still is. */
export async function findOwner(work: Work) {
  const { store, seals } = work.parts
  const rows = await store.list({
    kind: 'binding',
    tenant: work.caller.tenant,
    facets: [],
    limit: BINDINGS_LOOKED_AT_MAX,
  })
  for (const binding of rows.map((row) => seals.open<Binding>(row))) {
    if (binding.role !== 'owner' || binding.scope.kind !== 'tenant') continue
    const held = await standingPrincipal(work, binding.principal)
    if (held?.principal.kind === 'service' && held.principal.state === 'enabled') return held
  }
  throw new ClavigerError(
    'not_found',
    'The tenant has no enabled owner that is a service; start the server itself, log in as an owner, and make one',
  )
}
