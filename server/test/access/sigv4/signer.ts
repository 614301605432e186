import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { SignatureV4 } from '@smithy/signature-v4'
import {
  deriveSigningKey,
  readSignature,
  verifySignature,
  type SignedRequest,
} from '../../../src/access/sigv4/index.ts'

/** Requests as clients sign them: the signer of AWS's JavaScript SDK over another implementation of SHA-256. */

/** The credentials of AWS's own published examples. */
export const ACCESS_KEY = 'AKIDEXAMPLE'
export const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
export const REGION = 'eu-central-1'
export const TIME = Date.UTC(2026, 10, 24, 8, 30, 15)

/** What SignatureV4 asks of a hash. */
class Sha256 {
  readonly #hash

  constructor(secret?: unknown) {
    this.#hash = secret === undefined ? sha256.create() : hmac.create(sha256, bytesOf(secret))
  }

  update(data: unknown): void {
    this.#hash.update(bytesOf(data))
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {
    throw new Error('the signer makes a new one each time')
  }
}

function bytesOf(data: unknown): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  if (data instanceof Uint8Array) return data
  throw new TypeError('neither text nor bytes')
}

export interface Draft {
  readonly method?: string
  readonly path?: string
  readonly query?: readonly (readonly [name: string, value: string])[]
  /** Beside `host`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Headers that come without being signed. */
  readonly unsigned?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly service?: string
  readonly sessionToken?: string
  /** Whether `x-amz-content-sha256` is sent and signed, as the JavaScript SDK does and boto3 does not. */
  readonly checksum?: boolean
}

/** Signs a request and makes of it what a door reads. */
export async function signed(draft: Draft = {}): Promise<SignedRequest> {
  const { path = '/', query = [], body = Buffer.alloc(0), service = 'kms' } = draft
  const { method = 'POST', sessionToken, checksum = true } = draft
  const signer = new SignatureV4({
    service,
    region: REGION,
    credentials: {
      accessKeyId: ACCESS_KEY,
      secretAccessKey: SECRET,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    sha256: Sha256,
    applyChecksum: checksum,
  })
  const request = await signer.sign(
    {
      method,
      protocol: 'http:',
      hostname: 'localhost',
      path,
      query: Object.fromEntries(
        query.map(([name]) => [
          name,
          query.filter(([other]) => other === name).map(([, value]) => value),
        ]),
      ),
      headers: { host: 'localhost:8200', ...draft.headers },
      body,
    },
    { signingDate: new Date(TIME) },
  )
  return {
    method,
    path,
    query: query.map((pair) => pair.map(escapeUri).join('=')).join('&'),
    headers: { ...request.headers, ...draft.unsigned },
    body,
  }
}

/** As clients encode: everything but RFC 3986's unreserved characters. */
function escapeUri(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** The headers of a request to KMS beside those that signing adds, as boto3 sends them. */
export const KMS_HEADERS = {
  'content-type': 'application/x-amz-json-1.1',
  'x-amz-target': 'TrentService.Encrypt',
}

/** Reads and verifies as access does, with the example's secret. */
export function accept(request: SignedRequest, now: number = TIME): void {
  const presented = readSignature(request, ['kms', 'sts'])
  verifySignature(request, presented, deriveSigningKey(Buffer.from(SECRET), presented), now)
}

/** The same request with other headers; undefined takes one away. */
export function withHeaders(
  request: SignedRequest,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): SignedRequest {
  return { ...request, headers: { ...request.headers, ...headers } }
}

/** The request's Authorization header. */
export function authorizationOf(request: SignedRequest): string {
  const value = request.headers['authorization']
  return typeof value === 'string' ? value : ''
}
