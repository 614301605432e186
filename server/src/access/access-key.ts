import { randomBytes, randomSecret } from '#crypto'

/** Access keys as AWS's clients know them: an id that names the kind in its first four letters, and a secret of 40 characters. */

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const ID_CHARACTERS = 16
const SECRET_BYTES = 30

/** What a stored secret is wrapped for. */
export function accessKeyBinding(tenant: string, id: string) {
  return { purpose: 'access key', tenant, id }
}

/** `AKIA` for a key that stays, `ASIA` for a temporary one, and 80 random bits. */
export function newAccessKeyId(kind: 'AKIA' | 'ASIA'): string {
  let id: string = kind
  for (const byte of randomBytes(ID_CHARACTERS)) id += BASE32[byte & 31]
  return id
}

/** 240 random bits as the text that clients sign with; the bytes are the caller's to overwrite. */
export function newAccessKeySecret(): Buffer {
  const secret = randomSecret(SECRET_BYTES)
  try {
    return Buffer.from(secret.toString('base64'))
  } finally {
    secret.fill(0)
  }
}
