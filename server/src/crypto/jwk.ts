import { createPublicKey, type webcrypto } from 'node:crypto'
import { assertOperational } from './condition.ts'

/** The SubjectPublicKeyInfo in DER (RFC 5280) of a public JSON Web Key (RFC 7517). Undefined for what is none; attacker-chosen. */
export function spkiOfJwk(jwk: webcrypto.JsonWebKey): Buffer | undefined {
  assertOperational()
  try {
    return createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'der' })
  } catch {
    return undefined
  }
}
