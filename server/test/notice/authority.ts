import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An authority of a test's own, by the openssl command, and the certificates that it vouches for. */

const KIND = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

function openssl(given: readonly string[]): void {
  execFileSync('openssl', given, { stdio: 'ignore' })
}

export class Authority implements Disposable {
  readonly pem: Buffer
  readonly path: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'claviger-authority-'))

  constructor() {
    this.path = this.#file('authority.pem')
    const files = ['-keyout', this.#file('authority.key'), '-out', this.path]
    const subject = [
      '-subj',
      '/CN=authority of a test',
      '-addext',
      'basicConstraints=critical,CA:TRUE',
    ]
    openssl(['req', '-x509', ...KIND, '-days', '2', ...subject, ...files])
    this.pem = readFileSync(this.path)
  }

  #file(name: string): string {
    return join(this.#folder, name)
  }

  /** A certificate and its key for a name, such as `IP:127.0.0.1`; with less than no days it is over. */
  issue(name: string, days = 1): { readonly cert: Buffer; readonly key: Buffer } {
    const [key, request, cert] = ['key.pem', 'request.pem', 'cert.pem'].map((each) =>
      this.#file(each),
    ) as [string, string, string]
    const extensions = ['-addext', `subjectAltName=${name}`, '-addext', 'basicConstraints=CA:FALSE']
    openssl([
      'req',
      '-new',
      ...KIND,
      '-subj',
      '/CN=x',
      ...extensions,
      '-keyout',
      key,
      '-out',
      request,
    ])
    const signer = [
      '-CA',
      this.path,
      '-CAkey',
      this.#file('authority.key'),
      '-copy_extensions',
      'copy',
    ]
    openssl(['x509', '-req', '-in', request, ...signer, '-days', String(days), '-out', cert])
    return { cert: readFileSync(cert), key: readFileSync(key) }
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
