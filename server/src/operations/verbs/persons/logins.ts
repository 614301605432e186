import { everyRowOf } from '#keyring'
import { ClavigerError, type LoginSession, type Principal } from '#model'
import { readOrForget } from '../../forget-row.ts'
import { loginView } from '../../logins/new-login.ts'
import { loggedIn } from '../../logins/stored.ts'
import { loginSessionRow } from '../../rows/logins.ts'
import { allOf } from '../../until-recorded.ts'
import type { ChangeVerb, ReadVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { own } from '../own.ts'
import { page } from '../page.ts'

/** Logins that are there: listing them, ending them. */

export const listLogins: ReadVerb<'login.list'> = {
  kind: 'read',
  async run(input, work) {
    const principal = input.principal ?? work.caller.principal
    if (principal === work.caller.principal) work.authorizeAnybody()
    else {
      work.authorize()
      await own<Principal>(work, 'principal', principal)
    }
    const { now, parts } = work
    const wanted = { kind: 'loginSession' as const, facets: [['principal', principal]] as const }
    return page(work, { ...wanted, input }, (row) => {
      const login = parts.seals.open<LoginSession>(row)
      const seenAt = Math.max(parts.access.lastUseOf(login.id) ?? 0, login.seenAt)
      const ended = login.endedAt !== undefined || login.expiresAt <= now
      if (login.principal !== principal || ended || now - seenAt >= login.idle) return undefined
      return loginView(login, seenAt)
    })
  },
}

async function planEnd(work: Work, id: string) {
  const { value, standing } = await own<LoginSession>(work, 'loginSession', id)
  if (value.principal === work.caller.principal) work.authorizeAnybody()
  else work.authorize()
  if (value.endedAt !== undefined)
    throw new ClavigerError('conflict', 'The login has ended already')
  return {
    additive: false,
    rows: [loginSessionRow({ ...value, endedAt: work.now })],
    unchanged: [standing],
    subject: id,
    detail: { principal: value.principal },
    output: {},
  }
}

export const endLogin: ChangeVerb<'login.end'> = {
  kind: 'change',
  async run({ login }, work) {
    // Whoever may end only their own cannot tell whether another one is there.
    const row = await readOrForget(work.parts, { kind: 'loginSession', id: login })
    const value = row && work.parts.seals.open<LoginSession>(row)
    if (value?.principal !== work.caller.principal) work.authorize()
    return planEnd(work, login)
  },
}

export const logout: ChangeVerb<'logout'> = {
  kind: 'change',
  run(_input, work) {
    loggedIn(work)
    return planEnd(work, work.session.credential.id)
  },
}

type Meant = (login: LoginSession) => boolean

type Person = Pick<Principal, 'id' | 'tenant'>

/** The logins of a person that are meant and have not ended. */
async function liveLogins({ parts, now }: Work, { id, tenant }: Person, isMeant: Meant) {
  const facets = [['principal', id]] as const
  const live: { readonly login: LoginSession; readonly revision: number }[] = []
  for await (const row of everyRowOf(parts.store, { kind: 'loginSession', tenant, facets })) {
    const login = parts.seals.open<LoginSession>(row)
    const isOver = login.endedAt !== undefined || login.expiresAt <= now
    if (login.principal === id && isMeant(login) && !isOver)
      live.push({ login, revision: row.revision })
  }
  return live
}

/**
 * The rows that end those logins of a person that are meant. None is left out that comes before they are written.
 *
 * @throws ClavigerError conflict
 */
export async function endedLogins(work: Work, person: Person, isMeant: Meant = () => true) {
  const live = await allOf(
    work,
    () => liveLogins(work, person, isMeant),
    ({ login }) => [login.id],
    'Somebody has just logged in as the person; do it again, or disable the person first',
  )
  return {
    rows: live.map(({ login }) => loginSessionRow({ ...login, endedAt: work.now })),
    unchanged: live.map(({ login, revision }) => ({
      kind: 'loginSession' as const,
      id: login.id,
      revision,
    })),
  }
}
