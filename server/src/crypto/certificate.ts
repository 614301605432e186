import { X509Certificate } from 'node:crypto'
import { assertOperational } from './condition.ts'

/** SHA-256 of a certificate's DER, in lower-case hex digits. Undefined for what is no certificate in PEM; attacker-chosen. */
export function fingerprintOfPem(pem: string): string | undefined {
  assertOperational()
  try {
    return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()
  } catch {
    return undefined
  }
}
