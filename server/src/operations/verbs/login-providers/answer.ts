import { ProviderError, type AwaitedFactor, type Flow, type ProviderIdentity } from '#access'
import type { Work } from '../../work.ts'
import { refused } from './refused.ts'
import { findProvider } from './stored.ts'

/** What was begun, and what the provider answered to it. Attacker-chosen: the secret, and the query string. */

/** The login under way that a browser's secret belongs to; it is used up, however often the verb runs. @throws LoginRefused */
export function takeFlow(work: Work, secret: string): Promise<Flow> {
  return work.once('flow', async () => {
    const flow = work.parts.loginProviders.flows.take(secret)
    if (flow === undefined) throw refused(undefined, 'flow')
    return flow
  })
}

/** The provider of a login under way, as it stands now. @throws LoginRefused where it is gone */
export async function providerOf(work: Work, flow: Flow) {
  const stored = await findProvider(work, flow.provider)
  if (stored === undefined) throw refused({ id: flow.provider }, 'provider')
  return stored
}

/** Who the provider says somebody is. It is asked once: a code counts once. @throws LoginRefused */
export function identify(
  work: Work,
  flow: Exclude<Flow, AwaitedFactor>,
  query: string,
): Promise<ProviderIdentity> {
  return work.once('identity', async () => {
    const stored = await providerOf(work, flow)
    try {
      return await work.parts.loginProviders.finish(stored, flow, query)
    } catch (thrown) {
      if (!(thrown instanceof ProviderError)) throw thrown
      throw refused(stored.provider, thrown.fault, undefined, thrown)
    }
  })
}
