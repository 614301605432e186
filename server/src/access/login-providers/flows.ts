import { randomSecret, sha256Text } from '#crypto'
import { ClavigerError, type Clock } from '#model'
import { sourceOf } from '../source.ts'
import type { ProviderIdentity } from './claims.ts'

/**
 * Logins with a provider that are under way. Each is known by a secret that only the browser has that began it: an answer of the
 * provider is of no use without it, so nobody can make somebody else's browser finish a login of theirs (login CSRF; RFC 9700 section
 * 4.7), nor use an answer that they saw. They live in memory; a restart ends them, and persons begin again.
 */

/** How long a step may take, in milliseconds: persons type passwords at the provider. */
const FLOW_MS = 600_000
/** Flows at once, and of one source, so that nobody can fill the memory or put out the flows of others. */
const FLOWS_MAX = 10_000
const FLOWS_PER_SOURCE_MAX = 200
/** Wrong second factors before the login begins anew. */
export const SECOND_FACTOR_ATTEMPTS = 3

const SECRET_BYTES = 32

/** Waits for the provider's answer. */
export interface AwaitedAnswer {
  readonly kind: 'answer'
  /** RFC 6749 section 10.12, OpenID Connect Core 1.0 section 3.1.2.1, RFC 7636. */
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  /** The redirect URI, whole. */
  readonly redirect: string
  /** What was proved there before is too old, in milliseconds since 1970. */
  readonly since: number
}

/** Waits for a second factor of a person that the provider knows. */
export interface AwaitedFactor {
  readonly kind: 'factor'
  readonly identity: ProviderIdentity
  readonly principal: string
  /** When the provider answered. */
  readonly at: number
  /** What a passkey of theirs is to sign, where there is one. */
  readonly challenge?: string
  readonly attempts: number
}

export type Flow = (AwaitedAnswer | AwaitedFactor) & {
  readonly provider: string
  readonly tenant: string
  /** The login, by its id, that is to be linked with whoever comes back: nothing else takes the answer. Absent where a login begins. */
  readonly login?: string
}

interface Held {
  readonly flow: Flow
  readonly source: string
  readonly expiresAt: number
}

export class Flows {
  readonly #clock: Clock
  /** By SHA-256 of the secret, the oldest first. */
  readonly #held = new Map<string, Held>()
  readonly #bySource = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Remembers a flow.
   *
   * @throws ClavigerError overloaded when there are too many
   */
  begin(flow: Flow, address: string): { readonly secret: string; readonly expiresAt: number } {
    this.#forgetOld()
    const source = sourceOf(address)
    const ofSource = this.#bySource.get(source) ?? 0
    if (ofSource >= FLOWS_PER_SOURCE_MAX || this.#held.size >= FLOWS_MAX)
      throw new ClavigerError('overloaded', 'Too many logins are under way; try again later')
    const bytes = randomSecret(SECRET_BYTES)
    const secret = bytes.toString('base64url')
    bytes.fill(0)
    const expiresAt = this.#clock.now() + FLOW_MS
    this.#held.set(sha256Text(secret), { flow, source, expiresAt })
    this.#bySource.set(source, ofSource + 1)
    return { secret, expiresAt }
  }

  /** The flow of a secret, which is over with that; attacker-chosen. Undefined where there is none. */
  take(secret: string): Flow | undefined {
    this.#forgetOld()
    const name = sha256Text(secret)
    const held = this.#held.get(name)
    if (held === undefined) return undefined
    this.#forget(name, held)
    return held.expiresAt > this.#clock.now() ? held.flow : undefined
  }

  /** Puts a second step back for another attempt at it, until the login as a whole has lasted too long. */
  again(secret: string, flow: Flow & AwaitedFactor, address: string): void {
    const source = sourceOf(address)
    this.#held.set(sha256Text(secret), { flow, source, expiresAt: flow.at + FLOW_MS })
    this.#bySource.set(source, (this.#bySource.get(source) ?? 0) + 1)
  }

  #forgetOld(): void {
    const now = this.#clock.now()
    for (const [name, held] of this.#held) {
      if (held.expiresAt > now) return
      this.#forget(name, held)
    }
  }

  #forget(name: string, { source }: Held): void {
    this.#held.delete(name)
    const left = (this.#bySource.get(source) ?? 1) - 1
    if (left > 0) this.#bySource.set(source, left)
    else this.#bySource.delete(source)
  }
}
