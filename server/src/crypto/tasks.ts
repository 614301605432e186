import {
  argon2Sync,
  constants,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto'
import type { KeyPairKind } from './algorithms.ts'
import { checkPrivateKey } from './evp.ts'
import type { Scheme } from './schemes.ts'
import { type SignatureFormat, type SignedData, signHere, verifyHere } from './signature.ts'

/** What the crypto worker can do: plain functions of one value, synchronous, which the self-tests call where they are. */

interface SignatureInput {
  readonly scheme: Scheme
  readonly data: SignedData
  readonly format: SignatureFormat
  readonly coordinateBytes: number | undefined
}

/** The cost of argon2id (RFC 9106 section 3.1). */
export interface Argon2idCost {
  readonly memoryKiB: number
  readonly passes: number
  readonly parallelism: number
}

/** The hash of RSA-OAEP, for label and mask. */
export type OaepHash = 'sha256' | 'sha1'

const DERIVED_BYTES = 32

export const tasks = {
  /** Gives the private key; the public one is derived from it. */
  generate({ pair }: { readonly pair: KeyPairKind }): KeyObject {
    return generatePair(pair)
  },

  sign(input: SignatureInput & { readonly privateKey: KeyObject }): Uint8Array {
    return signHere(input.privateKey, input.scheme, input.data, input.format, input.coordinateBytes)
  },

  verify(
    input: SignatureInput & { readonly publicKey: KeyObject; readonly signature: Uint8Array },
  ): boolean {
    const { publicKey, scheme, data, signature, format, coordinateBytes } = input
    return verifyHere(publicKey, scheme, data, signature, format, coordinateBytes)
  },

  /** RSA-OAEP with one hash for label and mask (RFC 8017 section 7.1.2); undefined where the block does not open. */
  oaepDecrypt(input: {
    readonly privateKey: KeyObject
    readonly block: Uint8Array
    readonly hash: OaepHash
  }): Uint8Array | undefined {
    const { privateKey: key, hash: oaepHash } = input
    try {
      return privateDecrypt(
        { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash },
        input.block,
      )
    } catch {
      return undefined
    }
  },

  checkPrivateKey(input: { readonly privateKey: KeyObject }): boolean {
    return checkPrivateKey(input.privateKey)
  },

  /** Gives 32 bytes as a KeyObject, so that no copy of them crosses. */
  argon2id(input: {
    readonly passphrase: KeyObject
    readonly salt: Uint8Array
    readonly cost: Argon2idCost
  }): KeyObject {
    const { passphrase, salt, cost } = input
    const message = passphrase.export()
    const { memoryKiB: memory, passes, parallelism } = cost
    const parameters = {
      message,
      nonce: salt,
      memory,
      passes,
      parallelism,
      tagLength: DERIVED_BYTES,
    }
    let derived: Buffer | undefined
    try {
      derived = argon2Sync('argon2id', parameters)
      return createSecretKey(derived)
    } finally {
      derived?.fill(0)
      message.fill(0)
    }
  },
}

/** Makes a key pair on this thread and gives its private key. */
export function generatePair(pair: KeyPairKind): KeyObject {
  const { type, options } = generatorInput(pair)
  // Node's types name every kind of key on its own; the row's type is one of them.
  return generateKeyPairSync(type as 'ec', options as { namedCurve: string }).privateKey
}

/** What Node's generateKeyPair takes for a kind. */
export function generatorInput(pair: KeyPairKind): { type: string; options: object } {
  if (pair.curve !== undefined) return { type: pair.type, options: { namedCurve: pair.curve } }
  // 65,537 is Node's public exponent unless told otherwise (FIPS 186-5 section 5.1).
  if (pair.modulusBits !== undefined)
    return { type: pair.type, options: { modulusLength: pair.modulusBits } }
  return { type: pair.type, options: {} }
}

export type TaskName = keyof typeof tasks
export type TaskInput<Name extends TaskName> = Parameters<(typeof tasks)[Name]>[0]
export type TaskOutput<Name extends TaskName> = ReturnType<(typeof tasks)[Name]>
