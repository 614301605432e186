import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createClient } from '@claviger/sdk'
import { temporaryFolder } from '../in-process.ts'
import { launch } from './dev-server.ts'

/** The command over TLS: whom it trusts, and what it says of those it does not. */

const folder = await temporaryFolder()
const [key, cert] = [join(folder.path, 'key.pem'), join(folder.path, 'cert.pem')]
const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=kms'
const named = `-addext subjectAltName=DNS:localhost -keyout ${key} -out ${cert}`
execFileSync('openssl', `${request} ${named}`.split(' '), { stdio: 'ignore' })
const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) => {
  response.end(JSON.stringify({ status: 'ok' }))
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
after(async () => {
  server.closeAllConnections()
  server.close()
  await folder[Symbol.asyncDispose]()
})
const { port } = server.address() as AddressInfo
const environment = { PATH: process.env['PATH'] ?? '', HOME: folder.path }
const health = (address: string, ...more: string[]) =>
  launch(['health', '--address', address, ...more], environment)

test('an authority that is given is trusted, and no other', async () => {
  const address = `https://localhost:${port}`
  const trusted = await health(address, '--ca-file', cert)
  assert.equal(trusted.exitCode, 0, trusted.stderr)
  assert.equal(String(trusted.stdout), '{\n  "status": "ok"\n}\n')
  const stranger = await health(address)
  assert.equal(stranger.exitCode, 7)
  const byFetch: unknown = await createClient({ address })
    .system.health()
    .catch((error: unknown) => error)
  assert.ok(byFetch instanceof Error)
  assert.equal(
    stranger.stderr,
    `claviger: ${byFetch.message}\n  Give it with --ca-file FILE or CLAVIGER_CA_FILE.\n`,
  )
  assert.match(stranger.stderr, /\(DEPTH_ZERO_SELF_SIGNED_CERT\)/)
})

test('a certificate of another name is refused, and so is what speaks no TLS', async () => {
  const other = await health(`https://127.0.0.1:${port}`, '--ca-file', cert)
  assert.equal(other.exitCode, 7)
  assert.match(
    other.stderr,
    /\(ERR_TLS_CERT_ALTNAME_INVALID\): the certificate is for another name/,
  )
  const plain = await health(`http://127.0.0.1:${port}`)
  assert.equal(plain.exitCode, 7)
  assert.match(plain.stderr, /\(ECONNRESET\): .*does the server speak TLS there/)
})
