import { constants, createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'

/** An issuer of identity tokens, made by hand and not with the library that verifies them, so that it can also make bad ones. */

export type IssuerAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'EdDSA'

type Json = Readonly<Record<string, unknown>>

const pairs = new Map<string, { readonly publicKey: KeyObject; readonly privateKey: KeyObject }>()

function makePair(algorithm: IssuerAlgorithm) {
  switch (algorithm) {
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    case 'ES384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' })
    case 'EdDSA':
      return generateKeyPairSync('ed25519')
    default:
      return generateKeyPairSync('rsa', { modulusLength: 2_048 })
  }
}

/** The pair of an algorithm; every RSA algorithm has the same, since they take long to make. */
function pairOf(algorithm: IssuerAlgorithm, which: string) {
  const kind = /^[RP]S/.test(algorithm) ? 'RSA' : algorithm
  return pairs.getOrInsertComputed(`${kind} ${which}`, () => makePair(algorithm))
}

function part(value: Json): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

export class Issuer {
  readonly issuer: string
  readonly algorithm: IssuerAlgorithm
  readonly kid: string | undefined
  readonly #publicKey: KeyObject
  readonly #privateKey: KeyObject

  constructor(
    issuer: string,
    algorithm: IssuerAlgorithm = 'EdDSA',
    { kid, pair = 'one' }: { readonly kid?: string; readonly pair?: string } = {},
  ) {
    this.issuer = issuer
    this.algorithm = algorithm
    this.kid = kid
    const { publicKey, privateKey } = pairOf(algorithm, pair)
    this.#publicKey = publicKey
    this.#privateKey = privateKey
  }

  /** The public key as a member of a key set. */
  jwk(rest: Json = {}): Json {
    return {
      ...this.#publicKey.export({ format: 'jwk' }),
      ...(this.kid === undefined ? {} : { kid: this.kid }),
      ...rest,
    }
  }

  /** The private key, which nobody should give away. */
  privateJwk(): Json {
    return this.#privateKey.export({ format: 'jwk' }) as Json
  }

  /** A key set with this key. */
  keys(rest: Json = {}): string {
    return JSON.stringify({ keys: [this.jwk(rest)] })
  }

  /** A token with these claims. `header` replaces what the header says, and not what is done. */
  token(claims: Json, header: Json = {}): string {
    const kid = this.kid === undefined ? {} : { kid: this.kid }
    const head = { alg: this.algorithm, typ: 'JWT', ...kid, ...header }
    const text = `${part(head)}.${part(claims)}`
    return `${text}.${this.#sign(Buffer.from(text)).toString('base64url')}`
  }

  /** The old trick: the public key, which everybody has, as the secret of an HMAC. */
  confusedToken(claims: Json): string {
    const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
    const secret = this.#publicKey.export({ type: 'spki', format: 'pem' })
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
  }

  #sign(data: Buffer): Buffer {
    const hash = /^[RPE]S(\d+)$/.exec(this.algorithm)?.[1]
    if (hash === undefined) return sign(null, data, this.#privateKey)
    if (this.algorithm.startsWith('ES')) {
      return sign(`sha${hash}`, data, { key: this.#privateKey, dsaEncoding: 'ieee-p1363' })
    }
    return this.algorithm.startsWith('PS')
      ? sign(`sha${hash}`, data, {
          key: this.#privateKey,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
        })
      : sign(`sha${hash}`, data, this.#privateKey)
  }
}
