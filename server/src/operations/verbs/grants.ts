import type { OutputOf } from '@claviger/contract'
import type { RingKey } from '#keyring'
import { ClavigerError, readGrantToken, type Key, type KeyGrant } from '#model'
import { grantFor, isDenied } from '../may.ts'
import { isNamed, namedPrincipal } from '../named-principal.ts'
import { leftByGrant } from '../occurrences/leaving.ts'
import { target } from '../target.ts'
import type { ChangeVerb, Plan, ReadVerb } from '../verb.ts'
import { grantView } from '../views.ts'
import type { Work } from '../work.ts'
import { own } from './own.ts'
import { page } from './page.ts'

/** Grants that are there: to see them, to give them up, to take them away. */

export const listGrants: ReadVerb<'grant.list'> = {
  kind: 'read',
  async run(input, work) {
    await work.locate([input.key])
    const { key } = work.key(input.key).ringKey
    const facets: [string, string][] = [['key', key.id]]
    if (input.grant !== undefined) facets.push(['grant', input.grant])
    const grantee =
      input.grantee === undefined ? undefined : await namedPrincipal(work, input.grantee, 'grantee')
    if (grantee !== undefined) facets.push(['grantee', grantee.name])
    return page(work, { kind: 'grant', facets, input }, (row) => {
      const grant = work.parts.seals.open<KeyGrant>(row)
      // The facets only find rows; the sealed row says what it is.
      if (grant.key !== key.id) return undefined
      if (grantee !== undefined && grant.granteeSession !== grantee.session) return undefined
      return grantView(grant, key)
    })
  },
}

export const listRetirableGrants: ReadVerb<'grant.retirable'> = {
  kind: 'read',
  async run(input, work) {
    const { caller, parts, origin } = work
    const retiring = await namedPrincipal(work, input.retiring, 'retiring')
    // Everybody sees what is theirs to retire.
    if (isNamed(caller, retiring.name, retiring.session)) work.authorizeAnybody()
    else work.authorize()
    const facets = [['retiring', retiring.name]] as const
    return page(work, { kind: 'grant', facets, input }, async (row) => {
      const grant = parts.seals.open<KeyGrant>(row)
      if (grant.retiringName !== retiring.name) return undefined
      if (grant.retiringSession !== undefined && grant.retiringSession !== retiring.session)
        return undefined
      const key = (await parts.ring.load(grant.key))?.key
      return key !== undefined && isSeenFrom(key, origin.region) ? grantView(grant, key) : undefined
    })
  },
}

/** Doors that know regions show what is in theirs. */
function isSeenFrom({ region }: Key, from: string | undefined): boolean {
  return from === undefined || region === undefined || region === from
}

/** A grant on a key, with the condition that it still stands. @throws ClavigerError not_found */
async function grantOn(work: Work, { key }: RingKey, id: string) {
  const [row] = await work.parts.store.list({
    kind: 'grant',
    tenant: work.caller.tenant,
    facets: [
      ['key', key.id],
      ['grant', id],
    ],
    limit: 1,
  })
  // Its row's id says whose it was, and is not known here.
  if (row === undefined) work.parts.access.forgetGrant(key.id, id)
  const found = row && (await own<KeyGrant>(work, 'grant', row.id))
  if (found === undefined || found.value.key !== key.id || found.value.id !== id)
    throw new ClavigerError('not_found', 'There is no grant of that id on the key')
  return found
}

/** The plan that takes a grant away. It is in force when the call returns: the session of its grantee goes with the row. */
async function planRemoval(
  work: Work,
  { value, standing }: Awaited<ReturnType<typeof grantOn>>,
): Promise<Plan<OutputOf<'grant.revoke'>>> {
  return {
    additive: false,
    rows: await leftByGrant(work, value),
    removals: [{ kind: 'grant', id: standing.id }],
    unchanged: [standing],
    key: value.key,
    subject: value.id,
    detail: { grantee: value.grantee },
    output: {},
  }
}

export const revokeGrant: ChangeVerb<'grant.revoke'> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    return planRemoval(work, await grantOn(work, ringKey, input.grant))
  },
}

interface Retired {
  readonly key: string
  readonly grant: string
}

/** What is to be retired, by a token or by a key and an id. @throws ClavigerError invalid_request */
function retiredOf(input: {
  readonly key?: string | undefined
  readonly grant?: string | undefined
  readonly token?: string | undefined
}): Retired {
  const { key, grant, token } = input
  if (token !== undefined && key === undefined && grant === undefined) {
    const read = readGrantToken(token)
    if (read !== undefined) return read
    throw new ClavigerError('invalid_request', 'That is no grant token', { field: 'token' })
  }
  if (token === undefined && key !== undefined && grant !== undefined) return { key, grant }
  throw new ClavigerError('invalid_request', 'Give a token, or a key and a grant')
}

export const retireGrant: ChangeVerb<'grant.retire'> = {
  kind: 'change',
  references: (input) => [retiredOf(input).key],
  async run(input, work) {
    const { key, grant: id } = retiredOf(input)
    const ringKey = work.found(key)
    const found = ringKey && (await grantOn(work, ringKey, id).catch(absent))
    if (found !== undefined && mayRetire(work, key, found.value)) {
      work.authorizeAnybody()
      work.relyOn(async () => {
        if (!mayRetire(work, key, found.value)) work.key(key)
      })
      return planRemoval(work, found)
    }
    // Who may retire any grant is told where there is none; nobody else learns whether there is.
    const reached = work.key(key).ringKey
    return planRemoval(work, found ?? (await grantOn(work, reached, id)))
  },
}

function absent(error: unknown): undefined {
  if (error instanceof ClavigerError && error.code === 'not_found') return undefined
  throw error
}

/**
 * A grant is given up by its retiring principal, by its grantee where it says so, and by whoever may revoke it (AWS KMS Developer Guide,
 * Retiring and revoking grants), unless the key policy denies it. What rules ask for before it is revoked they ask for here, too.
 *
 * @throws StepUpRequired, ApprovalRequired; ClavigerError forbidden, where it is not the caller's own and a rule is not met
 */
function mayRetire(work: Work, reference: string, grant: KeyGrant): boolean {
  const ringKey = work.found(reference)
  if (ringKey === undefined) return false
  const on = target(ringKey, work.caller, work.origin)
  const { caller } = work
  const isIts =
    isNamed(caller, grant.retiringName, grant.retiringSession) ||
    (grant.operations.includes('RetireGrant') &&
      isNamed(caller, grant.granteeName, grant.granteeSession))
  if (isIts && !isDenied(work, on)) return true
  const right = grantFor(work, 'grant.revoke', on)
  if (right !== undefined) work.assertMet('grant.revoke', on, right)
  return right !== undefined
}
