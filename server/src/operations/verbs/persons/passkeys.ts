import { assertionOptions, passkeyRefused } from '#access'
import { newestRow } from '#keyring'
import type { Principal } from '#model'
import { newLogin } from '../../logins/new-login.ts'
import {
  challengeEnd,
  newChallenge,
  provePasskey,
  siteOfServer,
  takeOnce,
} from '../../logins/passkeys.ts'
import type { ChangeVerb, ReadVerb } from '../../verb.ts'

/** Logging in with a passkey. Nobody says a name: the authenticator knows whose it is, so there is nothing to guess at. */

export const loginChallenge: ReadVerb<'login.challenge'> = {
  kind: 'read',
  async run(_input, work) {
    work.authorizeAnybody()
    const [id, challenge] = [newChallenge(), newChallenge()]
    work.parts.begunLogins.loginChallenges.keep(id, challenge, challengeEnd(work))
    return { id, options: await assertionOptions({ site: siteOfServer(work), challenge }) }
  },
}

export const loginPasskey: ChangeVerb<'login.passkey'> = {
  kind: 'change',
  async run({ challenge: id, response }, work) {
    work.authorizeAnybody()
    const { parts } = work
    const challenge = await takeOnce(work, parts.begunLogins.loginChallenges, id)
    if (challenge === undefined) throw passkeyRefused('wrong-challenge')
    const proved = await provePasskey(work, { response, challenge })
    const reference = { kind: 'principal' as const, id: proved.factor.principal }
    const row = await newestRow(parts.store, reference)
    const principal = row && parts.seals.open<Principal>(row)
    if (row === undefined || principal?.kind !== 'user' || principal.state !== 'enabled')
      throw passkeyRefused('disabled', reference.id)
    const made = await newLogin(work, { principal, authentications: [proved.authentication] })
    work.believe({
      principal: principal.id,
      tenant: principal.tenant,
      name: principal.name,
      credential: made.login.id,
      factors: ['login', 'passkey'],
    })
    return {
      additive: false,
      rows: [made.row, proved.row],
      absent: [made.absent],
      unchanged: [{ ...reference, revision: row.revision }, proved.standing],
      subject: principal.id,
      detail: { passkey: proved.factor.id },
      output: made.output,
    }
  },
}
