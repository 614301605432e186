import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

/** An authenticator in software (WebAuthn level 3 section 6): one passkey, with a P-256 key. */

type Cbor = number | string | Uint8Array | ReadonlyMap<number | string, Cbor>

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value])
  if (value < 256) return Buffer.from([(major << 5) | 24, value])
  return Buffer.from([(major << 5) | 25, value >> 8, value & 255])
}

/** As much of CBOR (RFC 8949) as answers need. */
export function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.byteLength), value])
  const parts = [...value].flatMap(([key, one]) => [cbor(key), cbor(one)])
  return Buffer.concat([head(5, value.size), ...parts])
}

export interface AnswerOptions {
  readonly origin: string
  readonly rpId: string
  readonly challenge: string
  readonly counter?: number
  readonly verified?: boolean
  readonly backedUp?: boolean
  readonly crossOrigin?: boolean
  /** What it knows its person by (user.id of the options); it is told with every answer from then on. */
  readonly userHandle?: string
  /** The format of the statement about the authenticator. */
  readonly format?: string
}

export class Authenticator {
  readonly id = randomBytes(32)
  readonly #privateKey: KeyObject
  readonly #publicKey: KeyObject
  #userHandle: string | undefined

  constructor() {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#privateKey = pair.privateKey
    this.#publicKey = pair.publicKey
  }

  get credential(): string {
    return this.id.toString('base64url')
  }

  /** The answer of `navigator.credentials.create`, as JSON. */
  register(options: AnswerOptions) {
    this.#userHandle = options.userHandle ?? this.#userHandle
    const length = Buffer.alloc(2)
    length.writeUInt16BE(this.id.byteLength)
    const attested = Buffer.concat([Buffer.alloc(16), length, this.id, this.#cose()])
    const attestationObject = cbor(
      new Map<string, Cbor>([
        ['fmt', options.format ?? 'none'],
        ['attStmt', new Map()],
        ['authData', Buffer.concat([data(options, 0x40), attested])],
      ]),
    )
    return this.#answer({
      clientDataJSON: clientData('webauthn.create', options).toString('base64url'),
      attestationObject: attestationObject.toString('base64url'),
      transports: ['internal'],
    })
  }

  /** The answer of `navigator.credentials.get`, as JSON. */
  assert(options: AnswerOptions) {
    const said = clientData('webauthn.get', options)
    const authenticatorData = data(options, 0)
    const signed = Buffer.concat([authenticatorData, sha256(said)])
    return this.#answer({
      clientDataJSON: said.toString('base64url'),
      authenticatorData: authenticatorData.toString('base64url'),
      signature: sign('sha256', signed, this.#privateKey).toString('base64url'),
      userHandle: options.userHandle ?? this.#userHandle,
    })
  }

  #answer<Response>(response: Response) {
    const id = this.credential
    return { id, rawId: id, type: 'public-key', response, clientExtensionResults: {} }
  }

  /** COSE_Key (RFC 9053): EC2, ES256, P-256. */
  #cose(): Buffer {
    const { x = '', y = '' } = this.#publicKey.export({ format: 'jwk' })
    return cbor(
      new Map<number, Cbor>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')],
      ]),
    )
  }
}

function sha256(bytes: string | Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

function clientData(type: string, { challenge, origin, crossOrigin = false }: AnswerOptions) {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin }))
}

/** Section 6.1: UP is always there, UV unless it is not wanted, BE and BS where it is copied. */
function data(options: AnswerOptions, more: number): Buffer {
  const { rpId, counter = 0, verified = true, backedUp = false } = options
  const flags = 1 | (verified ? 4 : 0) | (backedUp ? 0x18 : 0) | more
  const rest = Buffer.alloc(5)
  rest.writeUInt8(flags)
  rest.writeUInt32BE(counter, 1)
  return Buffer.concat([sha256(rpId), rest])
}
