import { ClavigerError, type LoginLink, type Principal } from '#model'
import type { RowStanding } from '#store'
import { assertFresh } from '../../logins/fresh.ts'
import { assertUnlinked, linksOf } from '../../logins/provider-links.ts'
import { factorsOf, loggedIn, logsIn, passwordOf } from '../../logins/stored.ts'
import type { ChangeVerb, ReadVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { own } from '../own.ts'
import { endedLogins } from '../persons/logins.ts'
import { identify, providerOf, takeFlow } from './answer.ts'
import { planLink } from './links.ts'
import { endOfProvided } from './manage.ts'
import { refused } from './refused.ts'
import { beginAt, providersOf } from './start.ts'
import { findProvider } from './stored.ts'

/**
 * A person says who they are at a provider, by logging in there: with a proof of a moment ago, as for a new factor, and anew at the
 * provider, so that nobody is linked with whoever the browser happens to be logged in as there.
 */

export const listOwnLinks: ReadVerb<'login.providerLinks'> = {
  kind: 'read',
  async run(_input, work) {
    work.authorizeAnybody()
    const person = loggedIn(work)
    const links = await linksOf(work, person)
    const linkWith = new Map(links.map((link) => [link.provider, link]))
    return {
      items: (await providersOf(work, person.tenant)).map(({ id, name }) => {
        const link = linkWith.get(id)
        if (link === undefined) return { id, name }
        return { id, name, subject: link.subject, linkedAt: link.createdAt }
      }),
    }
  },
}

export const startOwnLink: ReadVerb<'login.providerLinkStart'> = {
  kind: 'read',
  async run({ provider: id, redirect }, work) {
    work.authorizeAnybody()
    const person = loggedIn(work)
    assertFresh(work)
    const stored = await findProvider(work, id)
    if (stored?.provider.tenant !== person.tenant)
      throw new ClavigerError('not_found', 'There is no login provider of that id')
    await assertUnlinked(work, person, id)
    return beginAt(work, stored, { redirect, again: true }, work.session.credential.id)
  },
}

export const linkOwnProvider: ChangeVerb<'login.providerLink'> = {
  kind: 'change',
  async run({ flow: secret, callback }, work) {
    work.authorizeAnybody()
    const person = loggedIn(work)
    assertFresh(work)
    const flow = await takeFlow(work, secret)
    // Begun in another login, perhaps by somebody else who has this one finish it, or at the login page: it links nobody here.
    if (flow.kind !== 'answer' || flow.login !== work.session.credential.id)
      throw refused({ id: flow.provider }, 'flow')
    const { subject } = await identify(work, flow, callback)
    const { provider, revision } = await providerOf(work, flow)
    return {
      ...(await planLink(work, provider, person, subject)),
      unchanged: [{ kind: 'loginProvider', id: provider.id, revision }],
      output: { provider: provider.id },
    }
  },
}

export const unlinkOwnProvider: ChangeVerb<'login.providerUnlink'> = {
  kind: 'change',
  async run({ provider }, work) {
    work.authorizeAnybody()
    const person = loggedIn(work)
    assertFresh(work)
    const links = await linksOf(work, person)
    const link = links.find((one) => one.provider === provider)
    if (link === undefined)
      throw new ClavigerError('not_found', 'You are not linked with that provider')
    const left = await whatIsLeft(work, person, links, link)
    const provided = await endOfProvided(work, provider, person.id)
    // Where the person is linked anew, what ended with the link before stays ended.
    const logins = await endedLogins(work, person, (login) => login.provider === provider)
    return {
      additive: false,
      rows: [...provided.rows, ...logins.rows],
      removals: [{ kind: 'loginLink', id: link.id }, ...provided.removals],
      unchanged: [
        (await own<LoginLink>(work, 'loginLink', link.id)).standing,
        ...left,
        ...logins.unchanged,
      ],
      subject: person.id,
      detail: { provider, logins: logins.rows.length },
      output: {},
    }
  },
}

/**
 * What a person still logs in with once a link is gone, which must stay so: two that take one each away must not take both.
 *
 * @throws ClavigerError conflict where nothing is left
 */
async function whatIsLeft(
  work: Work,
  person: Principal,
  links: readonly LoginLink[],
  gone: LoginLink,
): Promise<RowStanding[]> {
  const factors = await factorsOf(work, person)
  const password = await passwordOf(work, person)
  const standing = [
    ...factors.map((one) => one.standing),
    ...(password === undefined ? [] : [password.standing]),
  ]
  if (logsIn(factors, password)) return standing
  const other = links.find(({ id, proven }) => id !== gone.id && proven === true)
  if (other === undefined)
    throw new ClavigerError(
      'conflict',
      'Without it you could not log in; add a passkey, or a password and an app, first',
    )
  return [...standing, (await own<LoginLink>(work, 'loginLink', other.id)).standing]
}
