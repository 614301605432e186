import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startBrowser, Visitor } from './browser.ts'
import { guest, resident, setUpPasskey } from './people.ts'
import { startSite } from './site.ts'

/** The pages over TLS and at a name of their own, as everybody meets them who does not sit at the server. */

const NAME = 'keys.example.com'

/** A certificate for the name, and what a browser is told to believe it by. */
function issue() {
  const folder = mkdtempSync(join(tmpdir(), 'claviger-https-'))
  try {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    const subject = ['-subj', `/CN=${NAME}`, '-addext', `subjectAltName=DNS:${NAME}`]
    const made = ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', certificate]
    execFileSync('openssl', made, { stdio: 'ignore' })
    const pem = readFileSync(certificate)
    const { publicKey } = new X509Certificate(pem)
    const spki = publicKey.export({ type: 'spki', format: 'der' })
    return {
      name: NAME,
      certificate: pem,
      key: readFileSync(key),
      digest: createHash('sha256').update(spki).digest('base64'),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const { digest, ...tls } = issue()
const site = await startSite(tls)
const browser = await startBrowser([
  `--host-resolver-rules=MAP ${NAME} 127.0.0.1`,
  `--ignore-certificate-errors-spki-list=${digest}`,
])

test('a passkey for the name of the server is set up and logs in', async () => {
  const person = await guest(site)
  await using visitor = await Visitor.arrive(browser, site.address)
  await setUpPasskey(visitor, person.path)
  const [passkey] = await visitor.passkeys()
  assert.equal(passkey?.rpId, NAME)
  await visitor.press('Go on')
  await visitor.press('Log out')
  await visitor.arrivesAt('/login')
  await visitor.press('Use a passkey')
  await visitor.arrivesAt('/account')
  await visitor.sees(person.name)
  visitor.assertAskedOnly(site.address)
  visitor.assertNothingWrong()
})

test('the cookie is kept for the name alone, and what it carries changes something', async () => {
  const person = await resident(site)
  await using visitor = await Visitor.arrive(browser, site.address)
  await person.enter(visitor)
  const cookie = await visitor.cookie()
  assert.equal(cookie?.domain, NAME)
  assert.deepEqual([cookie.secure, cookie.httpOnly, cookie.sameSite], [true, true, 'Strict'])
  await visitor.page.getByRole('button', { name: 'End it' }).click()
  await visitor.sees('That login has ended.')
  visitor.assertNothingWrong()
})
