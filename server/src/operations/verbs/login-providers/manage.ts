import { listRows } from '#access'
import { newId } from '#keyring'
import {
  ClavigerError,
  type Group,
  type LoginLink,
  type LoginProvider,
  type Membership,
} from '#model'
import type { RowReference } from '#store'
import { leftByGroups } from '../../occurrences/leaving.ts'
import { membershipId } from '../../rows.ts'
import { loginProviderRow } from '../../rows/login-providers.ts'
import { keepFromWidening } from '../../separation.ts'
import { allOf } from '../../until-recorded.ts'
import type { ChangeVerb, PlannedRow, ReadVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { givenBy } from '../groups.ts'
import { own, ownOrNone } from '../own.ts'
import { page } from '../page.ts'
import { loginProviderView, wrapSecret } from './stored.ts'

/** Which providers persons may log in with. */

export const createLoginProvider: ChangeVerb<'loginProvider.create'> = {
  kind: 'change',
  async run({ clientSecret, ...input }, work) {
    work.authorize()
    const unchanged = await mappedGroups(work, input.groups)
    const settings = withoutEmpty(input)
    await work.once('checked', () => work.parts.loginProviders.check(settings))
    const provider: LoginProvider = {
      ...settings,
      id: newId(),
      tenant: work.caller.tenant,
      createdAt: work.now,
    }
    const wrapped = wrapSecret(work, provider, clientSecret)
    return {
      additive: false,
      rows: [loginProviderRow(provider, wrapped)],
      absent: [{ kind: 'loginProvider', id: provider.id }],
      unchanged,
      subject: provider.id,
      detail: {
        issuer: provider.issuer,
        admits: provider.admits ? 1 : 0,
        vouches: provider.strong.length,
      },
      output: loginProviderView(provider, wrapped !== undefined),
    }
  },
}

export const updateLoginProvider: ChangeVerb<'loginProvider.update'> = {
  kind: 'change',
  async run({ provider: id, clientSecret, ...input }, work) {
    work.authorize()
    const changes = Object.fromEntries(
      Object.entries(input).filter(([, value]) => value !== undefined),
    )
    const changed = [
      ...Object.keys(changes),
      ...(clientSecret === undefined ? [] : ['clientSecret']),
    ]
    if (changed.length === 0)
      throw new ClavigerError('invalid_request', 'Give something that is to be another')
    const { value, material, standing } = await own<LoginProvider>(work, 'loginProvider', id)
    const groups = await mappedGroups(work, input.groups ?? (await remapped(work, value, input)))
    const provider = withoutEmpty<LoginProvider>({ ...value, ...changes })
    const wrapped = wrapSecret(work, provider, clientSecret) ?? material
    return {
      additive: false,
      rows: [loginProviderRow(provider, wrapped)],
      unchanged: [standing, ...groups],
      subject: id,
      detail: { issuer: provider.issuer, changed: changed.join(' and ') },
      output: loginProviderView(provider, wrapped !== undefined),
    }
  },
}

type Claims = { readonly groupsClaim?: string | undefined; readonly linkClaim?: string | undefined }

/** A claim without a name is none. */
function withoutEmpty<Value extends Claims>({ groupsClaim, linkClaim, ...rest }: Value) {
  return {
    ...rest,
    ...(groupsClaim ? { groupsClaim } : {}),
    ...(linkClaim ? { linkClaim } : {}),
  }
}

/** The groups that another claim would say of persons; those that were deleted since they were mapped are nobody's. */
async function remapped(work: Work, { groups, groupsClaim: before }: LoginProvider, after: Claims) {
  if (!after.groupsClaim || after.groupsClaim === before) return []
  const standing = await Promise.all(groups.map(({ group }) => ownOrNone(work, 'group', group)))
  return groups.filter((_, at) => standing[at] !== undefined)
}

/**
 * The groups that a provider may put persons into. It can say any of them of whoever sets it up, so nobody maps what they do not have.
 *
 * @throws ClavigerError not_found for a group that is not the tenant's, forbidden
 */
async function mappedGroups(work: Work, groups: LoginProvider['groups']) {
  const { principal } = work.caller
  const ids = new Set(groups.map(({ group }) => group))
  return Promise.all(
    [...ids].map(async (id) => {
      const { standing } = await own<Group>(work, 'group', id)
      await keepFromWidening(work, () => givenBy(work, id, principal))
      return standing
    }),
  )
}

export const listLoginProviders: ReadVerb<'loginProvider.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return page(work, { kind: 'loginProvider', facets: [], input }, (row) =>
      loginProviderView(work.parts.seals.open<LoginProvider>(row), row.material !== undefined),
    )
  },
}

/** What goes with a provider: who its persons are there, and the groups that it said they are in. Persons stay. */
export const deleteLoginProvider: ChangeVerb<'loginProvider.delete'> = {
  kind: 'change',
  async run({ provider: id }, work) {
    work.authorize()
    const { value, standing } = await own<LoginProvider>(work, 'loginProvider', id)
    const { parts } = work
    const links = await listRows<LoginLink>(parts, 'loginLink', value.tenant, ['provider', id])
    const provided = await endOfProvided(work, id)
    return {
      additive: false,
      rows: provided.rows,
      removals: [
        { kind: 'loginProvider', id },
        ...links.map((link) => ({ kind: 'loginLink' as const, id: link.id })),
        ...provided.removals,
      ],
      unchanged: [standing],
      subject: id,
      detail: { issuer: value.issuer, persons: links.length },
      output: {},
    }
  },
}

/** The memberships that a provider said, of everybody or of one person. */
async function providedBy({ parts, caller }: Work, provider: string, principal?: string) {
  const facet = ['provider', provider] as const
  const found = await listRows<Membership>(parts, 'membership', caller.tenant, facet)
  return found
    .filter((one) => one.provider === provider)
    .filter((one) => principal === undefined || one.principal === principal)
}

/** The end of those memberships. None is left out that a login brings before they are taken away. @throws ClavigerError conflict */
export async function endOfProvided(
  work: Work,
  provider: string,
  principal?: string,
): Promise<{ readonly rows: readonly PlannedRow[]; readonly removals: readonly RowReference[] }> {
  const ended = await allOf(
    work,
    () => providedBy(work, provider, principal),
    (one) => [membershipId(one.group, one.principal)],
    'Somebody has just logged in with it; do it again',
  )
  const { tenant } = work.caller
  return {
    rows: await leftByGroups(work, { tenant, who: principal ?? provider }, ended),
    removals: ended.map((one) => ({
      kind: 'membership',
      id: membershipId(one.group, one.principal),
    })),
  }
}
