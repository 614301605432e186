import { ClavigerError, type Clock, type LoginProvider } from '#model'
import type { ProviderIdentity } from './claims.ts'
import type { Asking, ProviderClient } from './client.ts'
import { Flows, type AwaitedAnswer } from './flows.ts'
import { ProviderError } from './provider-error.ts'

/** How long an issuer's metadata are believed, in milliseconds; its keys are asked for again by themselves. */
const METADATA_MS = 600_000
/** Providers whose metadata are held; more are asked for anew. */
const CLIENTS_MAX = 100

/** A provider as it is stored, at one revision. */
export interface StoredProvider {
  readonly provider: LoginProvider
  readonly revision: number
  /** Opens the client secret, where there is one. */
  readonly openSecret: (() => Buffer) | undefined
}

interface Held {
  readonly client: Promise<ProviderClient>
  readonly until: number
}

/** The logins under way at every provider, and what is held of the providers meanwhile. The library is loaded with the first one. */
export class LoginProviders {
  readonly flows: Flows
  readonly #clock: Clock
  /** By id and revision: a provider that was changed is another one. */
  readonly #clients = new Map<string, Held>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.flows = new Flows(clock)
  }

  /**
   * Asks an issuer for its metadata.
   *
   * @throws ClavigerError conflict, with what is wrong with it
   */
  async check(provider: Omit<LoginProvider, 'id' | 'tenant' | 'createdAt'>): Promise<void> {
    try {
      await discover(provider, undefined)
    } catch (thrown) {
      if (!(thrown instanceof ProviderError)) throw thrown
      throw new ClavigerError('conflict', words[thrown.fault] ?? words.metadata ?? '', {
        cause: thrown,
      })
    }
  }

  /** @throws ProviderError */
  async start(stored: StoredProvider, asking: Asking) {
    return (await this.#client(stored)).start(asking, this.#clock.now())
  }

  /** @throws ProviderError */
  async finish(
    stored: StoredProvider,
    awaited: AwaitedAnswer,
    query: string,
  ): Promise<ProviderIdentity> {
    return (await this.#client(stored)).finish(awaited, query)
  }

  /**
   * Where a browser logs out at the provider; undefined where it has no such place.
   *
   * @throws ProviderError
   */
  async endSession(stored: StoredProvider, redirect: string): Promise<string | undefined> {
    return (await this.#client(stored)).endSession(redirect)
  }

  #client(stored: StoredProvider): Promise<ProviderClient> {
    const { provider, revision, openSecret } = stored
    const name = `${provider.id}@${revision}`
    const now = this.#clock.now()
    const held = this.#clients.get(name)
    if (held !== undefined && held.until > now) return held.client
    const client = discover(provider, openSecret)
    if (this.#clients.size >= CLIENTS_MAX) this.#clients.clear()
    this.#clients.set(name, { client, until: now + METADATA_MS })
    // Nobody was there: the next one asks again.
    client.catch(() => {
      if (this.#clients.get(name)?.client === client) this.#clients.delete(name)
    })
    return client
  }
}

async function discover(
  provider: Omit<LoginProvider, 'id' | 'tenant' | 'createdAt'>,
  openSecret: (() => Buffer) | undefined,
): Promise<ProviderClient> {
  const { ProviderClient } = await import('./client.ts')
  return ProviderClient.discover({ ...provider, openSecret })
}

/** For whoever sets a provider up. */
const words: Readonly<Partial<Record<ProviderError['fault'], string>>> = {
  address: 'The issuer must be an https address, or http on loopback',
  unreachable: 'The issuer did not answer in time, or said too much; check the address',
  metadata:
    "The issuer's metadata cannot be read, or name no authorization, token and key endpoints over https",
  issuer:
    'The issuer calls itself otherwise; give exactly what its metadata say, and one tenant of a provider that has many',
  pkce: 'The issuer does not support PKCE with S256',
}
