import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GetPublicKeyCommand,
  KMSClient,
  ListKeysCommand,
} from '@aws-sdk/client-kms'
import { bin, startDevServer, type DevServer } from './dev-server.ts'

/** A development server with the seed file of the manual. */

const manual = readFileSync(new URL('../../../docs/seed.md', import.meta.url), 'utf8')
const example = /^```yaml\n([\s\S]*?)^```/m.exec(manual)?.[1] ?? ''
const SHOP = 'bc436485-5092-42b8-92a3-0aa8b93536dc'

let folder: string
let server: DevServer

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claviger-seed-'))
  await writeFile(join(folder, 'seed.yaml'), example)
  server = await startDevServer(['--seed', join(folder, 'seed.yaml')])
})
after(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

function clientOf(accessKeyId: string, secretAccessKey: string): KMSClient {
  return new KMSClient({
    endpoint: server.address,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
  })
}

test('the example of the manual is there, and does what it says', async () => {
  const app = clientOf('AKIAIOSFODNN7EXAMPLE', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')
  const sealed = await app.send(
    new EncryptCommand({ KeyId: 'alias/shop', Plaintext: Buffer.from('hello') }),
  )
  assert.equal(sealed.KeyId, `arn:aws:kms:us-east-1:000000000000:key/${SHOP}`)
  const opened = await app.send(new DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob }))
  assert.equal(Buffer.from(opened.Plaintext ?? []).toString(), 'hello')
  await assert.rejects(
    app.send(
      new EncryptCommand({
        KeyId: 'mrk-1234abcd12ab34cd56ef1234567890ab',
        Plaintext: Buffer.from('a'),
      }),
    ),
    { name: 'AccessDeniedException' },
  )
  const owner = clientOf('AKIAI44QH8DHBEXAMPLE', 'je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY')
  const { Keys = [] } = await owner.send(new ListKeysCommand({}))
  assert.deepEqual(Keys.map(({ KeyId = '' }) => KeyId).toSorted(), [
    '5f0c1a0e-7a44-4d1b-9a3c-2f6f4b2f7d11',
    SHOP,
    'mrk-1234abcd12ab34cd56ef1234567890ab',
  ])
  const { KeyMetadata } = await owner.send(new DescribeKeyCommand({ KeyId: SHOP }))
  assert.equal(KeyMetadata?.Origin, 'EXTERNAL')
  assert.equal(KeyMetadata.KeyState, 'Enabled')
  const { PublicKey } = await owner.send(new GetPublicKeyCommand({ KeyId: 'alias/signer' }))
  const pem =
    /-----BEGIN PRIVATE KEY-----[\s\S]*?-----END PRIVATE KEY-----/.exec(example)?.[0] ?? ''
  const mine = createPublicKey(createPrivateKey(pem.replaceAll(/^ +/gm, '')))
  assert.ok(mine.export({ format: 'der', type: 'spki' }).equals(Buffer.from(PublicKey ?? [])))
  app.destroy()
  owner.destroy()
})

test('everything that was seeded stands in the ledger', async () => {
  const search = await server.claviger(['ledger', 'search', '--all', '-o', 'json'])
  const { items } = JSON.parse(search.stdout.toString()) as {
    items: { record: { event: string } }[]
  }
  const events = items.map(({ record }) => record.event)
  assert.equal(events.filter((event) => event === 'seed.key').length, 3)
  assert.equal(events.filter((event) => event === 'seed.principal').length, 2)
  assert.equal((await server.claviger(['ledger', 'verify'])).exitCode, 0)
  assert.equal((await server.claviger(['doctor'])).exitCode, 0)
})

/** Starts a server that is expected to end by itself. */
function start(given: readonly string[]): Promise<{ exitCode: unknown; stderr: string }> {
  return new Promise((resolve) => {
    const environment = { PATH: process.env['PATH'], CLAVIGER_PASSPHRASE: 'correct horse battery' }
    execFile(bin, [...given], { env: environment }, (error, _stdout, stderr) =>
      resolve({ exitCode: error?.code ?? 0, stderr }),
    )
  })
}

test('what is found out while it is applied is told with the line too, and nothing listens', async () => {
  const wrong = join(folder, 'wrong.yaml')
  const table = [
    ['    material: AAEC\n', /wrong\.yaml:3: .*material/],
    ['    algorithm: DES\n', /wrong\.yaml:3: .*refused/],
    ['    policy: { Version: 1 }\n', /wrong\.yaml:3: /],
  ] as const
  for (const [line, told] of table) {
    await writeFile(wrong, `# a comment\nkeys:\n  - id: ${SHOP}\n${line}`)
    const { exitCode, stderr } = await start(['dev', '--listen', '127.0.0.1:0', '--seed', wrong])
    assert.equal(exitCode, 1, stderr)
    assert.match(stderr, told)
    assert.doesNotMatch(stderr, /AAEC/)
  }
})

test('a data folder is seeded when it is made, and not again', async () => {
  const given = ['--data', join(folder, 'kept'), '--seed', join(folder, 'seed.yaml')]
  const environment = { CLAVIGER_PASSPHRASE: 'correct horse battery' }
  for (const time of ['first', 'second']) {
    await using kept = await startDevServer(given, environment)
    const { stdout } = await kept.claviger(['key', 'list', '--field', 'id'])
    assert.equal(stdout.toString().trim().split('\n').length, 3, time)
  }
})

test('a server takes no seed', async () => {
  const { exitCode, stderr } = await start([
    'server',
    '--data',
    join(folder, 'data'),
    '--seed',
    join(folder, 'seed.yaml'),
  ])
  assert.equal(exitCode, 2)
  assert.match(stderr, /--seed are for dev/)
})
