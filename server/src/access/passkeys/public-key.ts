import { spkiOfJwk } from '#crypto'
import { libraryHelpers } from './site.ts'

/** Public keys of passkeys, as others read them. */

/** COSE's curves (RFC 9053 section 7.1). */
const P256 = 1
const ED25519 = 6
const RSA_BYTES_MIN = 256
const RSA_BYTES_MAX = 512
/** 65537. */
const RSA_EXPONENT = Buffer.from([1, 0, 1])

/**
 * The SubjectPublicKeyInfo in DER of a COSE_Key (RFC 9052), base64url; undefined for a key that passkeys are not taken with. The key is
 * attacker-chosen.
 */
export async function spkiOfCose(publicKey: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const { cose, decodeCredentialPublicKey } = await libraryHelpers()
  const key = decodeCredentialPublicKey(publicKey)
  const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('base64url')
  const { x, y, n, e, crv } = cose.COSEKEYS
  if (cose.isCOSEPublicKeyEC2(key) && key.get(crv) === P256)
    return spki({ kty: 'EC', crv: 'P-256', x: text(key.get(x)), y: text(key.get(y)) })
  if (cose.isCOSEPublicKeyOKP(key) && key.get(crv) === ED25519)
    return spki({ kty: 'OKP', crv: 'Ed25519', x: text(key.get(x)) })
  if (!cose.isCOSEPublicKeyRSA(key)) return undefined
  const modulus = Buffer.from(key.get(n) ?? [])
  const isSound =
    modulus.byteLength >= RSA_BYTES_MIN &&
    modulus.byteLength <= RSA_BYTES_MAX &&
    RSA_EXPONENT.equals(key.get(e) ?? Buffer.alloc(0))
  return isSound ? spki({ kty: 'RSA', n: text(modulus), e: text(RSA_EXPONENT) }) : undefined
}

function spki(jwk: Parameters<typeof spkiOfJwk>[0]): string | undefined {
  return spkiOfJwk(jwk)?.toString('base64url')
}
