import { ProviderError } from '#access'
import { newestRow } from '#keyring'
import type { LoginSession } from '#model'
import { loggedIn } from '../../logins/stored.ts'
import type { ReadVerb } from '../../verb.ts'
import { findProvider } from './stored.ts'

/** Where a browser goes to log out at the provider too (OpenID Connect RP-Initiated Logout 1.0). The login here ends with `logout`. */
export const providerLogout: ReadVerb<'login.providerLogout'> = {
  kind: 'read',
  async run(_input, work) {
    work.authorizeAnybody()
    loggedIn(work)
    const { parts } = work
    const { id } = work.session.credential
    const row = await newestRow(parts.store, { kind: 'loginSession', id })
    const login = row && parts.seals.open<LoginSession>(row)
    const stored =
      login?.provider === undefined ? undefined : await findProvider(work, login.provider)
    if (stored === undefined) return {}
    try {
      const url = await parts.loginProviders.endSession(stored, `${parts.publicUrl()}/login`)
      return url === undefined ? {} : { provider: { name: stored.provider.name, url } }
    } catch (thrown) {
      // A provider that does not answer keeps nobody from logging out here.
      if (thrown instanceof ProviderError) return {}
      throw thrown
    }
  },
}
