import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a server needs to speak TLS, and whoever speaks to it: paths of PEM files. */
export interface Certificates {
  /** The authority that nobody has heard of. */
  readonly authority: string
  readonly certificate: string
  readonly key: string
}

/** Makes an authority, and a certificate of it for this machine, in a folder. */
export function makeCertificates(folder: string): Certificates {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial']
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  for (const given of [
    ['req', '-x509', ...curve, '-subj', '/CN=authority', '-keyout', 'ca.key', '-out', 'ca.pem'],
    ['req', ...curve, '-subj', '/CN=localhost', '-keyout', 'key.pem', '-out', 'request.pem'],
    ['x509', '-req', '-in', 'request.pem', ...authority, '-extfile', 'names', '-out', 'cert.pem'],
  ])
    execFileSync('openssl', given, { cwd: folder, stdio: 'ignore' })
  return {
    authority: join(folder, 'ca.pem'),
    certificate: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
  }
}
