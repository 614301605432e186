import { ClavigerError, type LoginLink, type LoginProvider, type Principal } from '#model'
import { assertUnlinked, canLogIn, linksOf } from '../../logins/provider-links.ts'
import { loginLinkId, loginLinkRow } from '../../rows/login-providers.ts'
import { holds } from '../../until-recorded.ts'
import type { ChangeVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { own, ownEnabled } from '../own.ts'
import { endedLogins } from '../persons/logins.ts'
import { endOfProvided } from './manage.ts'

/** Who a person is at a provider. */

const TAKEN = 'That person of the provider is somebody here already'

export function newLink(
  work: Work,
  { id, tenant }: Pick<LoginProvider, 'id' | 'tenant'>,
  principal: string,
  subject: string,
): LoginLink {
  return {
    id: loginLinkId(id, subject),
    tenant,
    provider: id,
    principal,
    subject,
    createdAt: work.now,
  }
}

/** What a change that makes a link writes, and what must not be there. */
export async function planLink(
  work: Work,
  provider: Pick<LoginProvider, 'id' | 'tenant'>,
  person: Pick<Principal, 'id' | 'tenant'>,
  subject: string,
) {
  await holds(work, () => assertUnlinked(work, person, provider.id))
  const link = newLink(work, provider, person.id, subject)
  return {
    additive: false,
    rows: [loginLinkRow(link)],
    absent: [{ kind: 'loginLink' as const, id: link.id }],
    taken: TAKEN,
    subject: person.id,
    detail: { provider: provider.id },
  }
}

export const linkLoginProvider: ChangeVerb<'loginProvider.link'> = {
  kind: 'change',
  async run({ provider: id, principal, subject }, work) {
    work.authorize()
    const provider = await own<LoginProvider>(work, 'loginProvider', id)
    const person = await ownEnabled(work, principal)
    if (person.value.kind !== 'user')
      throw new ClavigerError('conflict', 'Only persons log in; give a service a token')
    await holds(work, () => assertCannotLogIn(work, person.value))
    const plan = await planLink(work, provider.value, person.value, subject)
    return {
      ...plan,
      absent: [...plan.absent, { kind: 'password', id: principal }],
      unchanged: [provider.standing, person.standing],
      output: {},
    }
  },
}

/**
 * Whoever links a person decides who can log in as them. Before they can, that is what an invitation does; after it, it would be a reset
 * without the second person that a reset takes.
 */
async function assertCannotLogIn(work: Work, person: Principal): Promise<void> {
  if (await canLogIn(work, person))
    throw new ClavigerError(
      'conflict',
      'The person can log in already; they link themselves, or person.reset comes first',
    )
}

export const unlinkLoginProvider: ChangeVerb<'loginProvider.unlink'> = {
  kind: 'change',
  async run({ provider, principal }, work) {
    work.authorize()
    const { value, standing } = await own<Principal>(work, 'principal', principal)
    const link = (await linksOf(work, value)).find((one) => one.provider === provider)
    if (link === undefined)
      throw new ClavigerError('not_found', 'The person is not linked with that provider')
    const provided = await endOfProvided(work, provider, principal)
    // Where the person is linked anew, what ended with the link before stays ended.
    const logins = await endedLogins(work, value, (login) => login.provider === provider)
    return {
      additive: false,
      rows: [...provided.rows, ...logins.rows],
      removals: [{ kind: 'loginLink', id: link.id }, ...provided.removals],
      unchanged: [standing, ...logins.unchanged],
      subject: principal,
      detail: { provider, logins: logins.rows.length },
      output: {},
    }
  },
}
