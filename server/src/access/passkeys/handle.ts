import { sha256 } from '#crypto'

/** What authenticators know a person by: nothing of it says who that is (WebAuthn level 3 section 14.6.1). base64url. */
export function userHandleOf(principal: string): string {
  return sha256(Buffer.from(`claviger/passkey-user/1 ${principal}`)).toString('base64url')
}

/**
 * The id of the factor that a credential is, which is made of it: whoever says no name is found by it, and nobody sets the same
 * credential up twice. A UUID of version 8 (RFC 9562 section 5.8). `credential` is base64url and attacker-chosen.
 */
export function passkeyFactorId(credential: string): string {
  const digest = sha256(Buffer.from(`claviger/passkey/1 ${credential}`)).subarray(0, 16)
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6)
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8)
  return digest.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
