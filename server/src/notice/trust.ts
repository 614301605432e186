import type { SecureContext } from 'node:tls'

/** Whose certificates receivers may show. */

/**
 * The authorities that Node trusts (its own, `NODE_EXTRA_CA_CERTS`, the system's with `--use-system-ca`), and others that an operator
 * names. Made once: it holds all of them parsed.
 *
 * @param more certificates in PEM, one after the other.
 * @throws Error of OpenSSL for what is no certificate.
 */
export function trusting(more: Uint8Array | undefined): SecureContext {
  // Loaded with the first notice that is sent: TLS is 7 MB.
  const { createSecureContext, getCACertificates } = process.getBuiltinModule('node:tls')
  const ca =
    more === undefined
      ? {}
      : { ca: [...getCACertificates('default'), Buffer.from(more).toString()] }
  // Whatever Node was started with: versions before 1.2 are broken (RFC 8996).
  return createSecureContext({ ...ca, minVersion: 'TLSv1.2' })
}

/** What is wrong with a certificate by the names of X509_verify_cert_error_string(3), and Node's own for the name in it. */
const faults: Readonly<Record<string, string>> = Object.freeze({
  CERT_HAS_EXPIRED: 'certificate-expired',
  CERT_NOT_YET_VALID: 'certificate-not-yet-valid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-of-another-name',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-not-trusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-not-trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate-not-trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-not-trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-not-trusted',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'tls-version',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'tls-version',
})

/** In words of a fixed set, why TLS failed; undefined where it was something else. */
export function tlsFault({ code = '', message }: NodeJS.ErrnoException): string | undefined {
  if (Object.hasOwn(faults, code)) return faults[code]
  if (/^(?:CERT|CRL|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME)_?/.test(code))
    return 'certificate-refused'
  // An alert that arrives while Node writes has no code of its own.
  if (code === 'EPROTO' && message.includes('alert protocol version')) return 'tls-version'
  return code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO'
    ? 'tls-failed'
    : undefined
}
