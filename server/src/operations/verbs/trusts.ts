import { newId } from '#keyring'
import { ClavigerError, type IdentityProvider, type Principal, type Trust } from '#model'
import { trustRow } from '../rows.ts'
import type { ChangeVerb, ReadVerb } from '../verb.ts'
import { trustView } from '../views.ts'
import type { Work } from '../work.ts'
import { assertProgram, own } from './own.ts'
import { ofPrincipal, page } from './page.ts'

/** Who may act as whom: what `session.create` and identity tokens go by. */

/** The row that says who may, which must be of the caller's tenant. */
async function standingOf(work: Work, by: Trust['by']) {
  switch (by.kind) {
    case 'principal':
      return (await own<Principal>(work, 'principal', by.principal)).standing
    case 'identity':
      return (await own<IdentityProvider>(work, 'identityProvider', by.provider)).standing
    default:
      return by satisfies never
  }
}

function detailOf({ principal, by, seconds }: Trust) {
  return by.kind === 'principal'
    ? { principal, by: by.principal, seconds }
    : { principal, provider: by.provider, seconds }
}

export const createTrust: ChangeVerb<'trust.create'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    if (input.claims !== undefined && input.by.kind !== 'identity')
      throw new ClavigerError('invalid_request', 'claims: only identity tokens have them', {
        field: 'claims',
      })
    const { value, standing } = await own<Principal>(work, 'principal', input.principal)
    assertProgram(value)
    const trust: Trust = {
      id: newId(),
      tenant: work.caller.tenant,
      principal: input.principal,
      by: input.by,
      ...(input.claims === undefined ? {} : { claims: input.claims }),
      seconds: input.seconds,
      createdAt: work.parts.clock.now(),
    }
    const other = await standingOf(work, trust.by)
    return {
      additive: true,
      rows: [trustRow(trust)],
      absent: [{ kind: 'trust', id: trust.id }],
      unchanged: other.id === standing.id ? [standing] : [standing, other],
      subject: trust.id,
      detail: detailOf(trust),
      output: trustView(trust),
    }
  },
}

export const listTrusts: ReadVerb<'trust.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return page(work, { kind: 'trust', facets: ofPrincipal(input), input }, (row) =>
      trustView(work.parts.seals.open<Trust>(row)),
    )
  },
}

export const deleteTrust: ChangeVerb<'trust.delete'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { value, standing } = await own<Trust>(work, 'trust', input.trust)
    return {
      additive: false,
      rows: [],
      removals: [{ kind: 'trust', id: value.id }],
      unchanged: [standing],
      subject: value.id,
      detail: detailOf(value),
      output: {},
    }
  },
}
