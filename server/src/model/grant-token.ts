/**
 * A grant token names a grant on a key. It is no secret and gives no right by itself: AWS's clients hand it on to bridge the minutes
 * until a grant is known everywhere, which here is when it was made.
 */

export interface GrantToken {
  readonly key: string
  /** 64 hexadecimal digits. */
  readonly grant: string
}

const TEXT =
  /^clvg1\.(?<key>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(?<grant>[0-9a-f]{64})\.[0-9a-f]{1,64}$/

/** The token as base64; `nonce` (hexadecimal digits) makes each one different, as AWS's are. */
export function makeGrantToken({ key, grant }: GrantToken, nonce: string): string {
  return btoa(`clvg1.${key}.${grant}.${nonce}`)
}

/** Reads what a caller gave; attacker-chosen. Undefined for what is no grant token. */
export function readGrantToken(text: string): GrantToken | undefined {
  let plain: string
  try {
    plain = atob(text)
  } catch {
    return undefined
  }
  const { key, grant } = TEXT.exec(plain)?.groups ?? {}
  return key === undefined || grant === undefined ? undefined : { key, grant }
}
