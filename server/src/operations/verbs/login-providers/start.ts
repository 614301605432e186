import type { OutputOf } from '@claviger/contract'
import { ProviderError, type Asking, type StoredProvider } from '#access'
import { ClavigerError, type LoginProvider } from '#model'
import { tenantNamed } from '../../logins/named-tenant.ts'
import type { ReadVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { findProvider } from './stored.ts'

/** What anybody may ask who is about to log in. */

/** Providers on a page. */
const PROVIDERS_MAX = 100

export const nameLoginProviders: ReadVerb<'loginProvider.names'> = {
  kind: 'read',
  async run(input, work) {
    work.authorizeAnybody()
    const tenant = await tenantNamed(work, input.tenant)
    if (tenant === undefined) return { items: [] }
    return { items: (await providersOf(work, tenant)).map(({ id, name }) => ({ id, name })) }
  },
}

/** The providers of a tenant, as many as a page shows. */
export async function providersOf(
  { parts }: Work,
  tenant: string,
): Promise<readonly LoginProvider[]> {
  const rows = await parts.store.list({
    kind: 'loginProvider',
    tenant,
    facets: [],
    limit: PROVIDERS_MAX,
  })
  return rows.map((row) => parts.seals.open<LoginProvider>(row))
}

export const startProviderLogin: ReadVerb<'login.providerStart'> = {
  kind: 'read',
  async run({ provider: id, redirect, again }, work) {
    work.authorizeAnybody()
    const stored = await findProvider(work, id)
    if (stored === undefined)
      throw new ClavigerError('not_found', 'There is no login provider of that id')
    return beginAt(work, stored, { redirect, again })
  },
}

/**
 * Sends a browser to a provider; `login` is the id of the login that is to be linked with whoever comes back, where it is not a login
 * that begins.
 *
 * @throws ClavigerError overloaded where the provider does not answer
 */
export async function beginAt(
  { parts, origin }: Work,
  stored: StoredProvider,
  { redirect, again }: Asking,
  login?: string,
): Promise<OutputOf<'login.providerStart'>> {
  try {
    const { url, awaited } = await parts.loginProviders.start(stored, {
      redirect: redirect.startsWith('/') ? `${parts.publicUrl()}${redirect}` : redirect,
      again,
    })
    const { id: provider, tenant } = stored.provider
    const flow = { ...awaited, provider, tenant, ...(login === undefined ? {} : { login }) }
    const { secret, expiresAt } = parts.loginProviders.flows.begin(flow, origin.source)
    return { url, flow: secret, expiresAt }
  } catch (thrown) {
    if (!(thrown instanceof ProviderError)) throw thrown
    throw new ClavigerError(
      'overloaded',
      'The login provider does not answer as it should; try again later, or tell an administrator',
      { cause: thrown },
    )
  }
}
