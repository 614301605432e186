import { ClavigerError } from '#model'
import { Claims, slotOf } from './claims.ts'
import { SignatureError } from './errors.ts'
import { WINDOW_MS } from './time.ts'

/** Claims remembered at once, of all tenants: 160 changes a second, each second of the ten minutes that a signature can be good for. */
const CLAIMS_MAX = 100_000
const SECOND_MS = 1_000

/** One call's hold on its signature. */
export interface ReplayClaim {
  /** Gives the signature back, because the call changed nothing: the same request may then be sent again. */
  release(): void
}

export interface ReplaysOptions {
  /** When this process began to remember, in milliseconds since 1970; what was signed before may have been used before. */
  readonly since: number
  readonly claimsMax?: number
}

/** Who wants to use which signature. */
export interface Claimed {
  /** The tenant of the caller, who has been authenticated. */
  readonly tenant: string
  /** 64 hex digits. */
  readonly signature: string
  /** The client's id of the call and of its try, bounded by the caller. */
  readonly invocation: string | undefined
  /** The verified time of the signature, in milliseconds since 1970. */
  readonly signedAt: number
}

/**
 * The memory of signatures that were used to change something. SigV4 has no nonce: whoever sees a signed request could send it again
 * for five minutes. Here a signature counts once, with one exception. Times are signed to the second, and boto3 and the SDK for Rust sign
 * nothing that tells two equal calls of one second apart, nor a call from its next try; but they give each an id, so a signature may come
 * again with another id, shortly after it first came. Where the client signs the id, the two have two signatures, and the exception never
 * applies.
 *
 * The memory is shared fairly: where it is full, room is made at the cost of the tenant that holds the most of it, and what that one
 * signed longest ago is refused from then on, whether it was used or not. So the flood of one tenant ends nothing of another's, and no
 * signature counts twice.
 */
export class Replays {
  readonly #claimsMax: number
  readonly #tenants = new Map<string, Claims>()
  /** Nothing that was signed before is remembered, so none of it is believed. It stays right when the clock is put back. */
  #since: number
  #droppedAt: number | undefined

  constructor({ since, claimsMax = CLAIMS_MAX }: ReplaysOptions) {
    this.#since = Math.floor(since / SECOND_MS) * SECOND_MS
    this.#claimsMax = claimsMax
  }

  /**
   * Takes a signature for one call. `now` is the server's time, in milliseconds since 1970.
   *
   * @throws SignatureError replayed; ClavigerError overloaded, when there is no room to remember one more of this tenant.
   */
  claim({ tenant, signature, invocation, signedAt }: Claimed, now: number): ReplayClaim {
    this.#dropExpired(now)
    if (signedAt < this.#since) throw new SignatureError('replayed')
    const claims = this.#tenants.get(tenant) ?? new Claims()
    const fresh = claims.look(signature, invocation, signedAt, now)
    this.#makeRoom(claims)
    this.#tenants.set(tenant, claims)
    const forget = fresh.keep()
    return { release: forget }
  }

  get #count(): number {
    return this.#tenants.values().reduce((total, { count }) => total + count, 0)
  }

  /** Room for one more of a tenant, which may then hold as many as the tenant with the most, and no more. */
  #makeRoom(claims: Claims): void {
    if (this.#count < this.#claimsMax) return
    const most = this.#tenants
      .values()
      .reduce((one, other) => (other.count > one.count ? other : one), claims)
    if (most.count <= claims.count + 1) {
      throw new ClavigerError(
        'overloaded',
        `More than ${this.#claimsMax} signatures are remembered; send fewer changes, or wait some minutes`,
      )
    }
    most.dropOldest()
  }

  #dropExpired(now: number): void {
    const today = slotOf(now)
    if (today === this.#droppedAt) return
    this.#droppedAt = today
    for (const [tenant, claims] of this.#tenants) {
      claims.dropExpired(now)
      // From then on it is everybody's, so that nothing has to be kept of a tenant that is silent.
      if (claims.since + WINDOW_MS < now) this.#since = Math.max(this.#since, claims.since)
      if (claims.count === 0 && claims.since <= this.#since) this.#tenants.delete(tenant)
    }
  }
}
