import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startWorkbench, type Workbench } from '../client.ts'
import { makeCertificates } from './certificates.ts'

/** Cosign with a key of the server: by its address over TLS with a test's own authority, and by the environment. */

let folder: string
let trusted: string
let bench: Workbench
/** `awskms://localhost:PORT/alias/x`, for which Cosign always takes TLS. */
let byAddress: (alias: string) => string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claviger-tls-'))
  const { certificate, key, authority } = makeCertificates(folder)
  trusted = authority
  bench = await startWorkbench(['cosign', 'aws'], ['--tls-cert', certificate, '--tls-key', key])
  const { port } = new URL(bench.server.address)
  byAddress = (alias) => `awskms://localhost:${port}/alias/${alias}`
  await bench.write('blob', 'what is signed\n')
})
after(async () => {
  await bench[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const cosign = (...given: string[]) =>
  bench.run('cosign', given, {
    environment: {
      SSL_CERT_FILE: trusted,
      COSIGN_YES: 'true',
      // The public transparency log and its roots are not asked: what is here is only the key.
      TUF_MIRROR: 'http://127.0.0.1:9',
    },
  })

for (const [how, keyOf] of [
  ['its address', (alias: string) => byAddress(alias)],
  ['the environment', (alias: string) => `awskms:///alias/${alias}`],
] as const) {
  test(`a key is made, signs and verifies, named by ${how}`, async () => {
    const key = keyOf(how.replaceAll(' ', '-'))
    const made = await cosign('generate-key-pair', '--kms', key)
    assert.equal(made.exitCode, 0, made.stderr)
    const signed = await cosign(
      'sign-blob',
      '--key',
      key,
      '--tlog-upload=false',
      '--output-signature',
      'signature',
      'blob',
    )
    assert.equal(signed.exitCode, 0, signed.stderr)
    const verify = (by: string, blob: string) =>
      cosign('verify-blob', '--key', by, '--insecure-ignore-tlog', '--signature', 'signature', blob)
    for (const by of [key, 'cosign.pub']) {
      const verified = await verify(by, 'blob')
      assert.equal(verified.exitCode, 0, verified.stderr)
    }
    await bench.write('other', 'something else\n')
    const refused = await verify(key, 'other')
    assert.notEqual(refused.exitCode, 0)
    assert.match(refused.stderr, /invalid signature/)
  })
}

test('a server whose certificate nobody vouches for is not spoken to', async () => {
  const { exitCode, stderr } = await bench.run('cosign', [
    'sign-blob',
    '--yes',
    '--key',
    byAddress('its-address'),
    '--tlog-upload=false',
    'blob',
  ])
  assert.notEqual(exitCode, 0)
  assert.match(stderr, /certificate/)
})
