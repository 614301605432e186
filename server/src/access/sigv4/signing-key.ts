import { hmacSha256, HmacSha256Key, secretBuffer } from '#crypto'
import type { Presented } from './authorization.ts'

/** Signing keys held at once. */
const KEYS_MAX = 10_000

/** Whose signing key, and what for: a day, a region and a service. */
export type SigningScope = Pick<Presented, 'accessKey' | 'date' | 'region' | 'service'>

/**
 * Derives the key that signs for one day, region and service from the secret of an access key (the bytes of its text). The secret
 * stays the caller's to overwrite.
 */
export function deriveSigningKey(secret: Uint8Array, scope: SigningScope): HmacSha256Key {
  const prefix = Buffer.from('AWS4')
  let key = secretBuffer(prefix.length + secret.length)
  key.set(prefix)
  key.set(secret, prefix.length)
  try {
    for (const part of [scope.date, scope.region, scope.service, 'aws4_request']) {
      const next = hmacSha256(key, Buffer.from(part))
      key.fill(0)
      key = next
    }
    return new HmacSha256Key(key)
  } finally {
    key.fill(0)
  }
}

/**
 * Signing keys that were used lately, so that the secret itself is unwrapped once a day and not for every request. Keep a key only
 * after a signature was verified with it, or strangers fill the cache; and forget an access key when its row changes.
 */
export class SigningKeys {
  readonly #keys = new Map<string, HmacSha256Key>()
  readonly #max: number
  /** What was found last is nearly always what is looked for next. */
  #last: (SigningScope & { readonly key: HmacSha256Key }) | undefined

  constructor(max: number = KEYS_MAX) {
    this.#max = max
  }

  find(scope: SigningScope): HmacSha256Key | undefined {
    const last = this.#last
    if (
      last !== undefined &&
      last.accessKey === scope.accessKey &&
      last.date === scope.date &&
      last.region === scope.region &&
      last.service === scope.service
    )
      return last.key
    const key = this.#keys.get(nameOf(scope))
    const { accessKey, date, region, service } = scope
    if (key !== undefined) this.#last = { accessKey, date, region, service, key }
    return key
  }

  /** Holds a key; when there is no room, the one that is held longest makes room. */
  keep(scope: SigningScope, key: HmacSha256Key): void {
    const name = nameOf(scope)
    const [oldest] = this.#keys.keys()
    if (oldest !== undefined && this.#keys.size >= this.#max && !this.#keys.has(name))
      this.#drop(oldest)
    this.#keys.set(name, key)
  }

  /** Drops all keys of an access key. */
  forget(accessKey: string): void {
    for (const name of this.#keys.keys()) {
      if (name.startsWith(`${accessKey}/`)) this.#drop(name)
    }
  }

  clear(): void {
    for (const name of this.#keys.keys()) this.#drop(name)
  }

  #drop(name: string): void {
    this.#last = undefined
    this.#keys.get(name)?.forget()
    this.#keys.delete(name)
  }
}

/** No part of it holds a slash. */
function nameOf({ accessKey, date, region, service }: SigningScope): string {
  return `${accessKey}/${date}/${region}/${service}`
}
