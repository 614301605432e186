import { assertFresh } from '../../logins/fresh.ts'
import { loggedIn } from '../../logins/stored.ts'
import type { ChangeVerb } from '../../verb.ts'
import { identify, providerOf, takeFlow } from './answer.ts'
import { planLink } from './links.ts'
import { refused } from './refused.ts'

/** A person says who they are at a provider, by logging in there. It takes a proof of a moment ago, as a new factor does. */
export const linkOwnProvider: ChangeVerb<'login.providerLink'> = {
  kind: 'change',
  async run({ flow: secret, callback }, work) {
    work.authorizeAnybody()
    const person = loggedIn(work)
    assertFresh(work)
    const flow = await takeFlow(work, secret)
    // What was begun at the login page is a login.
    if (flow.kind !== 'answer' || flow.redirect.endsWith('/login'))
      throw refused({ id: flow.provider }, 'flow')
    const { subject } = await identify(work, flow, callback)
    const { provider, revision } = await providerOf(work, flow)
    if (provider.tenant !== person.tenant) throw refused(provider, 'provider')
    return {
      ...(await planLink(work, provider, person, subject)),
      unchanged: [{ kind: 'loginProvider', id: provider.id, revision }],
      output: { provider: provider.id },
    }
  },
}
