import {
  argon2,
  createCipheriv,
  createDecipheriv,
  createHash,
  hkdfSync,
  randomFillSync,
  timingSafeEqual,
} from 'node:crypto'

/** What the seal needs of cryptography, in one place. */

/** Zeroed memory outside of V8's moving heap, which holds views of up to 64 bytes and leaves copies of them behind. */
export function secretBytes(length: number): Buffer {
  return Buffer.alloc(Math.max(length, 4_096)).subarray(0, length)
}

/** Fresh random bytes from OpenSSL's DRBG, in memory that can be overwritten. */
export function randomSecret(length: number): Buffer {
  return randomFillSync(secretBytes(length))
}

/** HKDF with SHA-512 (RFC 5869). */
export function hkdfSha512(
  secret: Buffer,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): Buffer {
  return Buffer.from(hkdfSync('sha512', secret, salt, info, length))
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** AES-256-GCM (SP 800-38D): the ciphertext and then its 16 bytes of tag. */
export function encryptGcm(
  key: Buffer,
  nonce: Uint8Array,
  associated: Uint8Array,
  plaintext: Buffer,
): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(associated)
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** The plaintext, or undefined where the tag does not match. */
export function decryptGcm(
  key: Buffer,
  nonce: Uint8Array,
  associated: Uint8Array,
  sealed: Uint8Array,
): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(
    associated,
  )
  decipher.setAuthTag(sealed.subarray(sealed.length - 16))
  const plaintext = secretBytes(sealed.length - 16)
  const released = decipher.update(sealed.subarray(0, sealed.length - 16))
  plaintext.set(released)
  released.fill(0)
  try {
    decipher.final()
    return plaintext
  } catch {
    plaintext.fill(0)
    return undefined
  }
}

export interface PassphraseCost {
  readonly memoryKiB: number
  readonly passes: number
  readonly parallelism: number
}

/** Argon2id (RFC 9106), 32 bytes. */
export function deriveFromPassphrase(
  passphrase: string,
  salt: Uint8Array,
  cost: PassphraseCost,
): Promise<Buffer> {
  const message = Buffer.from(passphrase, 'utf8')
  const parameters = {
    message,
    nonce: salt,
    memory: cost.memoryKiB,
    passes: cost.passes,
    parallelism: cost.parallelism,
    tagLength: 32,
  }
  return new Promise((resolve, reject) => {
    argon2('argon2id', parameters, (error, derived) => {
      message.fill(0)
      if (error === null) resolve(derived)
      else reject(error)
    })
  })
}
