import type { InputOf, OutputOf } from '@claviger/contract'
import { fingerprintOfCertificate } from '#access'
import { newId } from '#keyring'
import { ClavigerError, DAY_MS, defaultSettings, type CertificateMapping } from '#model'
import { certificateRow } from '../rows.ts'
import type { ChangeVerb, ReadVerb } from '../verb.ts'
import { own, ownProgram } from './own.ts'
import { ofPrincipal, page } from './page.ts'
import { readBounds } from './settings.ts'

/** Which client certificates are believed to be whose. */

function view(mapping: CertificateMapping): OutputOf<'certificate.revoke'> {
  const { id, principal, by, description, createdAt, expiresAt, revokedAt } = mapping
  return {
    id,
    principal,
    by: { ...by },
    description,
    createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(revokedAt === undefined ? {} : { revokedAt }),
  }
}

/** What the certificate is known by: exactly one way must be given. */
function wayOf(input: InputOf<'certificate.create'>): CertificateMapping['by'] {
  const { fingerprint, certificate, subjectName, issuer, subject } = input
  const ways: CertificateMapping['by'][] = []
  if (fingerprint !== undefined) ways.push({ kind: 'fingerprint', fingerprint })
  if (certificate !== undefined)
    ways.push({ kind: 'fingerprint', fingerprint: fingerprintOfCertificate(certificate) })
  if (subjectName !== undefined) ways.push({ kind: 'name', name: subjectName })
  if (issuer !== undefined && subject !== undefined) ways.push({ kind: 'subject', issuer, subject })
  const [way] = ways
  if (way === undefined || ways.length > 1 || (issuer === undefined) !== (subject === undefined)) {
    throw new ClavigerError(
      'invalid_request',
      'Give one of fingerprint, certificate, subjectName, or issuer with subject',
    )
  }
  return way
}

export const createCertificate: ChangeVerb<'certificate.create'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const by = wayOf(input)
    const { standing } = await ownProgram(work, input.principal)
    const bounds = await readBounds(work)
    const days = bounds.days('certificateDays', input.days, defaultSettings.certificateDays)
    const mapping: CertificateMapping = {
      id: newId(),
      tenant: work.caller.tenant,
      principal: input.principal,
      by,
      description: input.description,
      createdAt: work.now,
      expiresAt: work.now + days * DAY_MS,
    }
    return {
      // One that is mapped to two principals is believed to be neither.
      additive: false,
      rows: [certificateRow(mapping)],
      absent: [{ kind: 'certificate', id: mapping.id }],
      unchanged: [standing, ...bounds.standing],
      subject: mapping.id,
      detail: { principal: input.principal, by: by.kind, days },
      output: view(mapping),
    }
  },
}

export const listCertificates: ReadVerb<'certificate.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return page(work, { kind: 'certificate', facets: ofPrincipal(input), input }, (row) =>
      view(work.parts.seals.open<CertificateMapping>(row)),
    )
  },
}

export const revokeCertificate: ChangeVerb<'certificate.revoke'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const found = await own<CertificateMapping>(work, 'certificate', input.certificate)
    if (found.value.revokedAt !== undefined)
      throw new ClavigerError('conflict', 'The certificate is revoked already')
    const mapping: CertificateMapping = { ...found.value, revokedAt: work.now }
    return {
      additive: false,
      rows: [certificateRow(mapping)],
      unchanged: [found.standing],
      subject: mapping.id,
      detail: { principal: mapping.principal },
      output: view(mapping),
    }
  },
}
