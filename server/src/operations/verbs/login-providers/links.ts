import { listRows } from '#access'
import { ClavigerError, type LoginLink, type LoginProvider, type Principal } from '#model'
import { loginLinkId, loginLinkRow } from '../../rows/login-providers.ts'
import type { ChangeVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { own, ownEnabled } from '../own.ts'
import { providedBy } from './manage.ts'

/** Who a person is at a provider. */

export const linkLoginProvider: ChangeVerb<'loginProvider.link'> = {
  kind: 'change',
  async run({ provider: id, principal, subject }, work) {
    work.authorize()
    const provider = await own<LoginProvider>(work, 'loginProvider', id)
    const person = await ownEnabled(work, principal)
    if (person.value.kind !== 'user')
      throw new ClavigerError('conflict', 'Only persons log in; give a service a token')
    await assertWithoutFactors(work, principal)
    const link = newLink(work, provider.value, principal, subject)
    await assertUnlinked(work, id, principal)
    work.relyOn(() => assertWithoutFactors(work, principal))
    return {
      additive: false,
      rows: [loginLinkRow(link)],
      absent: [
        { kind: 'loginLink', id: link.id },
        { kind: 'password', id: principal },
      ],
      taken: 'That person of the provider is somebody here already',
      unchanged: [provider.standing, person.standing],
      subject: principal,
      detail: { provider: id },
      output: {},
    }
  },
}

export function newLink(
  work: Work,
  provider: LoginProvider,
  principal: string,
  subject: string,
): LoginLink {
  return {
    id: loginLinkId(provider.id, subject),
    tenant: provider.tenant,
    provider: provider.id,
    principal,
    subject,
    createdAt: work.now,
  }
}

/**
 * Whoever links a person decides who can log in as them. Before they have factors of their own that is what an invitation does; after
 * it, it would be a reset without the second person that a reset takes.
 */
async function assertWithoutFactors({ parts, caller }: Work, principal: string): Promise<void> {
  const references = [{ kind: 'password' as const, id: principal }]
  const [password] = await parts.store.rows(references)
  const factors = await listRows(parts, 'factor', caller.tenant, ['principal', principal])
  if (password !== undefined || factors.length > 0 || (await isProven({ parts, caller }, principal)))
    throw new ClavigerError(
      'conflict',
      'The person can log in already; they link themselves on their account page, or person.reset comes first',
    )
}

/** Whether a person logs in with a provider that alone is enough. */
export async function isProven(
  { parts, caller }: Pick<Work, 'parts' | 'caller'>,
  principal: string,
): Promise<boolean> {
  const links = await listRows<LoginLink>(parts, 'loginLink', caller.tenant, [
    'principal',
    principal,
  ])
  return links.some((one) => one.principal === principal && one.proven === true)
}

/** @throws ClavigerError conflict where the person is somebody at the provider already: one person, one subject */
export async function assertUnlinked(
  { parts, caller }: Work,
  provider: string,
  principal: string,
): Promise<void> {
  const links = await listRows<LoginLink>(parts, 'loginLink', caller.tenant, [
    'principal',
    principal,
  ])
  if (links.some((one) => one.principal === principal && one.provider === provider))
    throw new ClavigerError('conflict', 'The person is linked with that provider; unlink them first')
}

export const unlinkLoginProvider: ChangeVerb<'loginProvider.unlink'> = {
  kind: 'change',
  async run({ provider, principal }, work) {
    work.authorize()
    const { parts, caller } = work
    const { standing } = await own<Principal>(work, 'principal', principal)
    const links = await listRows<LoginLink>(parts, 'loginLink', caller.tenant, [
      'principal',
      principal,
    ])
    const link = links.find((one) => one.principal === principal && one.provider === provider)
    if (link === undefined)
      throw new ClavigerError('not_found', 'The person is not linked with that provider')
    return {
      additive: false,
      rows: [],
      removals: [
        { kind: 'loginLink', id: link.id },
        ...(await providedBy(work, provider, principal)),
      ],
      unchanged: [standing],
      subject: principal,
      detail: { provider },
      output: {},
    }
  },
}
