import { fingerprintOfPem, sha256Text } from '#crypto'
import { ClavigerError, type CertificateMapping, type PeerCertificate } from '#model'
import { listRows, openSession, tenantsOf, type Opening } from './opening.ts'
import type { Session } from './session.ts'

/** Client certificates (RFC 5280) as credentials: which principal one is, and until when. */

/** Names of one certificate that are looked up; a certificate with more is nobody by its names. */
const NAMES_MAX = 32

const UNAUTHENTICATED =
  'The client certificate is unknown, expired or revoked; ask for it to be mapped to a principal'

/** What a mapping is found by. Hashed, since names are longer than a facet should be. */
export function certificateFacet(by: CertificateMapping['by']): string {
  switch (by.kind) {
    case 'fingerprint':
      return by.fingerprint
    case 'name':
      return sha256Text(`name\n${by.name}`)
    case 'subject':
      return sha256Text(`subject\n${JSON.stringify([by.issuer, by.subject])}`)
    default:
      return by satisfies never
  }
}

/** What a certificate in PEM is known by. @throws ClavigerError invalid_request */
export function fingerprintOfCertificate(pem: string): string {
  const fingerprint = fingerprintOfPem(pem)
  if (fingerprint !== undefined) return fingerprint
  throw new ClavigerError('invalid_request', 'certificate must be one certificate in PEM form', {
    field: 'certificate',
  })
}

/** Everything that a mapping of this certificate can be by. */
function waysOf({ fingerprint, names, issuer, subject }: PeerCertificate) {
  return [
    { kind: 'fingerprint', fingerprint },
    ...(names.length > NAMES_MAX ? [] : names.map((name) => ({ kind: 'name', name }) as const)),
    { kind: 'subject', issuer, subject },
  ] as const
}

export interface Presenting {
  readonly certificate: PeerCertificate
  /** Whom it is to be, by id; attacker-chosen. */
  readonly principal: string | undefined
  /** Where it is looked for. */
  readonly tenants: readonly string[]
}

/**
 * The session of whoever a certificate is. One that is several principals is none of them, unless the caller says which.
 *
 * @throws ClavigerError unauthenticated, with the same words for every reason
 */
export async function openCertificate(
  opening: Opening,
  presenting: Presenting,
  now: number,
): Promise<Session> {
  const refused = new ClavigerError('unauthenticated', UNAUTHENTICATED)
  const { certificate, principal } = presenting
  if (now < certificate.validFrom || now >= certificate.validTo) throw refused
  const found = (await mappingsOf(opening, presenting)).filter(
    (one) =>
      one.revokedAt === undefined &&
      (one.expiresAt === undefined || one.expiresAt > now) &&
      (principal === undefined || one.principal === principal),
  )
  const [first] = found
  if (first === undefined || found.some((one) => one.principal !== first.principal)) throw refused
  const session = await openSession(opening, {
    principal: first.principal,
    credential: {
      kind: 'certificate',
      id: first.id,
      expiresAt: Math.min(certificate.validTo, first.expiresAt ?? Number.POSITIVE_INFINITY),
    },
    rests: [`certificate/${first.id}`],
  })
  if (session === undefined) throw refused
  return session
}

async function mappingsOf(opening: Opening, { certificate, principal, tenants }: Presenting) {
  const within = principal === undefined ? tenants : await tenantsOf(opening, principal)
  const facets = new Set(waysOf(certificate).map(certificateFacet))
  const found: CertificateMapping[] = []
  for (const tenant of within) {
    for (const facet of facets) {
      const rows = await listRows<CertificateMapping>(opening, 'certificate', tenant, [
        'certificate',
        facet,
      ])
      // The facet only finds the row; the sealed row says what it is a mapping of.
      found.push(...rows.filter((one) => certificateFacet(one.by) === facet))
    }
  }
  return found
}
