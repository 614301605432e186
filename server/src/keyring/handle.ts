import type { RsaPadding, SignatureScheme } from '@claviger/contract'
import {
  agree,
  decapsulate,
  encapsulate,
  findAlgorithm,
  mac,
  oaepDecrypt,
  oaepEncrypt,
  openMaterial,
  openPublicKey,
  privateKeyOf,
  publicJwk,
  publicKeyDer,
  publicKeyOf,
  publicKeyPem,
  sign,
  verify,
  verifyMac,
  type Algorithm,
  type OpenMaterial,
  type PublicJwk,
} from '#crypto'
import { ClavigerError, envelopeKeyId, KeyError, type Clock, type Key } from '#model'
import { EnvelopeKey } from './envelope.ts'

type SignedData = Parameters<typeof sign>[2]

/**
 * What operations hold of a version of a key: it encrypts, signs and so on, each only where that is what the key is for, and gives
 * nobody its bytes.
 */
export class VersionHandle {
  readonly #key: Key
  readonly #algorithm: Algorithm
  readonly #material: OpenMaterial
  readonly #envelope: EnvelopeKey | undefined

  /** Takes the material in the clear; it stays the caller's to overwrite. */
  constructor(key: Key, version: number, material: Uint8Array, clock: Clock) {
    this.#key = key
    this.#algorithm = findAlgorithm(key.algorithm)
    this.#material = openMaterial(this.#algorithm, material)
    const { envelopeSuite } = this.#algorithm
    this.#envelope =
      envelopeSuite === undefined || this.#material.secret === undefined
        ? undefined
        : new EnvelopeKey({
            secret: this.#material.secret,
            key: envelopeKeyId(key),
            version,
            suite: envelopeSuite,
            clock,
          })
  }

  /** Encrypts a message: to an envelope, or with RSA to a bare OAEP block that binds no context. `padding` is for RSA alone. */
  encrypt(plaintext: Uint8Array, context: Uint8Array, padding?: RsaPadding): Uint8Array {
    this.#assertUsage('encrypt')
    if (this.#envelope !== undefined) {
      this.#assertNoPadding(padding)
      return this.#envelope.seal(plaintext, context)
    }
    this.#assertNoContext(context)
    return oaepEncrypt(publicKeyOf(this.#material), plaintext, padding)
  }

  /** @throws ClavigerError invalid_ciphertext, the same for every reason. */
  decrypt(
    ciphertext: Uint8Array,
    context: Uint8Array,
    padding?: RsaPadding,
  ): Uint8Array | Promise<Uint8Array> {
    this.#assertUsage('encrypt')
    if (this.#envelope !== undefined) {
      this.#assertNoPadding(padding)
      return this.#envelope.open(ciphertext, context)
    }
    this.#assertNoContext(context)
    return oaepDecrypt(privateKeyOf(this.#material), ciphertext, padding)
  }

  /** Signs with the named scheme, or the algorithm's first. */
  sign(scheme: SignatureScheme | undefined, data: SignedData, format: 'der' | 'p1363') {
    const chosen = this.#scheme(scheme)
    const signature = sign(this.#material, chosen, data, format)
    return signature instanceof Promise
      ? signature.then((bytes) => ({ signature: bytes, scheme: chosen }))
      : { signature, scheme: chosen }
  }

  verify(
    scheme: SignatureScheme | undefined,
    data: SignedData,
    signature: Uint8Array,
    format: 'der' | 'p1363',
  ): boolean | Promise<boolean> {
    return verify(this.#material, this.#scheme(scheme), data, signature, format)
  }

  /** The authentication code of a message. */
  mac(message: Uint8Array): Uint8Array {
    this.#assertUsage('mac')
    return mac(this.#material, message)
  }

  verifyMac(message: Uint8Array, mac: Uint8Array): boolean {
    this.#assertUsage('mac')
    return verifyMac(this.#material, message, mac)
  }

  /** The shared secret with another party's public key (SubjectPublicKeyInfo DER, attacker-chosen). */
  agree(theirPublicKey: Uint8Array): Uint8Array | Promise<Uint8Array> {
    this.#assertUsage('agree')
    return agree(this.#material, openPublicKey(theirPublicKey, this.#algorithm))
  }

  encapsulate() {
    this.#assertUsage('encapsulate')
    return encapsulate(this.#material)
  }

  decapsulate(encapsulation: Uint8Array): Uint8Array | Promise<Uint8Array> {
    this.#assertUsage('encapsulate')
    return decapsulate(this.#material, encapsulation)
  }

  /** SubjectPublicKeyInfo, as DER and as PEM. @throws ClavigerError wrong_usage for a symmetric key */
  publicKey(): { readonly publicKey: Uint8Array; readonly pem: string } {
    return { publicKey: publicKeyDer(this.#material), pem: publicKeyPem(this.#material) }
  }

  /** The public key of a signature key as a JSON Web Key. @throws ClavigerError wrong_usage for what has no such form */
  publicJwk(): PublicJwk {
    return publicJwk(this.#material)
  }

  /** Forgets the key; what OpenSSL holds is overwritten when it is collected. */
  close(): void {
    this.#envelope?.drop()
  }

  #scheme(scheme: SignatureScheme | undefined): SignatureScheme {
    this.#assertUsage('sign')
    const chosen = scheme ?? this.#algorithm.schemes[0]
    if (chosen === undefined || !this.#algorithm.schemes.includes(chosen)) {
      throw new ClavigerError(
        'wrong_usage',
        `${this.#algorithm.name} signs with ${this.#algorithm.schemes.join(', ')}`,
      )
    }
    return chosen
  }

  #assertUsage(usage: Key['usage']): void {
    if (this.#key.usage !== usage) {
      throw new KeyError('wrong_usage', `The key is made to ${this.#key.usage}, not to ${usage}`, {
        key: this.#key,
      })
    }
  }

  #assertNoPadding(padding: RsaPadding | undefined): void {
    if (padding !== undefined) {
      throw new ClavigerError(
        'wrong_usage',
        `${this.#algorithm.name} has no padding to choose; only RSA keys have`,
      )
    }
  }

  #assertNoContext(context: Uint8Array): void {
    // An empty context is four bytes: its count of pairs, zero.
    if (context.length > 4) {
      throw new ClavigerError(
        'invalid_request',
        `${this.#algorithm.name} cannot bind an encryption context; use a symmetric key`,
        { field: 'context' },
      )
    }
  }
}
