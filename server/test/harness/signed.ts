import { createHash, createHmac, randomUUID, type Hash, type Hmac } from 'node:crypto'
import type { InputOf, OutputOf } from '@claviger/contract'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Credential, GatedName } from '#operations'
import type { TestHouse } from './house.ts'

/** Callers who sign their requests, with the signer of AWS's JavaScript SDK. */

/** What signs: an access key, or temporary credentials. */
export interface SigningCredentials {
  readonly accessKey: string
  readonly secret: string
  readonly token?: string
}

type Signed = Extract<Credential, { kind: 'signed' }>

/** What the signer hashes with. */
export class Sha256 {
  readonly #hash: Hash | Hmac

  constructor(secret?: unknown) {
    this.#hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array)
  }

  update(data: unknown): void {
    this.#hash.update(data as Uint8Array)
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {
    throw new Error('the signer makes a new one each time')
  }
}

export interface SignOptions {
  readonly service?: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** The credential of a request that is signed now; no two are alike. */
export async function signedBy(
  { accessKey, secret, token }: SigningCredentials,
  { service = 'kms', at }: SignOptions,
): Promise<Signed> {
  const signer = new SignatureV4({
    service,
    region: 'eu-central-1',
    credentials: {
      accessKeyId: accessKey,
      secretAccessKey: secret,
      ...(token === undefined ? {} : { sessionToken: token }),
    },
    sha256: Sha256,
  })
  const body = Buffer.from('{}')
  const { headers } = await signer.sign(
    {
      method: 'POST',
      protocol: 'https:',
      hostname: 'localhost',
      path: '/',
      headers: {
        host: 'localhost',
        'x-amz-target': 'TrentService.Any',
        'amz-sdk-invocation-id': randomUUID(),
      },
      body,
    },
    { signingDate: new Date(at) },
  )
  return {
    kind: 'signed',
    request: { method: 'POST', path: '/', query: '', headers, body },
    services: ['kms', 'sts'],
  }
}

/** Does an operation with any credential. */
export function performWith<Name extends GatedName>(
  house: TestHouse,
  credential: Credential,
  operation: Name,
  input: InputOf<Name>,
): Promise<OutputOf<Name>> {
  return house.house.gate.perform({
    operation,
    credential,
    door: 'test',
    source: '127.0.0.1',
    request: randomUUID(),
    read: () => input,
  })
}

/** Does an operation with a request that is signed for it. */
export async function performSigned<Name extends GatedName>(
  house: TestHouse,
  by: SigningCredentials,
  operation: Name,
  input: InputOf<Name>,
): Promise<OutputOf<Name>> {
  const credential = await signedBy(by, { at: house.clock.now() })
  return performWith(house, credential, operation, input)
}
