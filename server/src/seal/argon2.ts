import { argon2 } from 'node:crypto'

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
