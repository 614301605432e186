import { listRows } from '#access'
import { newId } from '#keyring'
import { ClavigerError, type Group, type LoginLink, type LoginProvider, type Membership } from '#model'
import type { RowReference } from '#store'
import { loginProviderRow } from '../../rows/login-providers.ts'
import type { ChangeVerb, ReadVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { own } from '../own.ts'
import { page } from '../page.ts'
import { loginProviderView, wrapSecret } from './stored.ts'

/** Which providers persons may log in with. */

export const createLoginProvider: ChangeVerb<'loginProvider.create'> = {
  kind: 'change',
  async run({ clientSecret, groupsClaim, ...input }, work) {
    work.authorize()
    const unchanged = await standingGroups(work, input.groups)
    const settings = { ...input, ...(groupsClaim === undefined ? {} : { groupsClaim }) }
    await work.once('checked', () => work.parts.loginProviders.check(settings))
    const provider: LoginProvider = {
      ...settings,
      id: newId(),
      tenant: work.caller.tenant,
      createdAt: work.now,
    }
    const wrapped = wrapSecret(work, provider, clientSecret)
    return {
      additive: true,
      rows: [loginProviderRow(provider, wrapped)],
      absent: [{ kind: 'loginProvider', id: provider.id }],
      unchanged,
      subject: provider.id,
      detail: { issuer: provider.issuer, admits: provider.admits ? 1 : 0 },
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
    const groups = await standingGroups(work, input.groups ?? [])
    const provider: LoginProvider = { ...value, ...changes }
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

/** @throws ClavigerError not_found for a group that is not the tenant's */
async function standingGroups(work: Work, groups: LoginProvider['groups']) {
  const ids = new Set(groups.map(({ group }) => group))
  return Promise.all([...ids].map(async (id) => (await own<Group>(work, 'group', id)).standing))
}

export const listLoginProviders: ReadVerb<'loginProvider.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return page(work, { kind: 'loginProvider', facets: [], input }, (row) =>
      loginProviderView(
        work.parts.seals.open<LoginProvider>(row),
        row.material !== undefined,
      ),
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
    const memberships = await providedBy(work, id)
    return {
      additive: false,
      rows: [],
      removals: [
        { kind: 'loginProvider', id },
        ...links.map((link) => ({ kind: 'loginLink' as const, id: link.id })),
        ...memberships,
      ],
      unchanged: [standing],
      subject: id,
      detail: { issuer: value.issuer, persons: links.length },
      output: {},
    }
  },
}

/** The memberships that a provider said, of everybody or of one person. */
export async function providedBy(
  { parts, caller }: Work,
  provider: string,
  principal?: string,
): Promise<RowReference[]> {
  const found = await listRows<Membership>(parts, 'membership', caller.tenant, [
    'provider',
    provider,
  ])
  return found
    .filter((one) => one.provider === provider)
    .filter((one) => principal === undefined || one.principal === principal)
    .map((one) => ({ kind: 'membership', id: `${one.group}/${one.principal}` }))
}
