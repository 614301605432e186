import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Networks } from '#notice'
import { readConfig, UsageError, type Config } from '../src/config.ts'
import { temporaryFolder } from './harness/server-process.ts'
import { Authority } from './notice/authority.ts'

/** What the server is told about its public URL. */
function publicUrl(flags: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const config = readConfig(['dev', ...flags], environment)
  assert.notEqual(config, 'help')
  return (config as Config).publicUrl
}

test('the public URL is an origin: of the flag, else of the environment, else none', () => {
  assert.equal(publicUrl(['--public-url', 'https://kms.example.com']), 'https://kms.example.com')
  assert.equal(
    publicUrl(['--public-url=https://kms.example.com:8443/']),
    'https://kms.example.com:8443',
  )
  assert.equal(publicUrl(['--public-url', 'http://localhost:8200']), 'http://localhost:8200')
  const environment = { CLAVIGER_PUBLIC_URL: 'https://kms.example.org' }
  assert.equal(publicUrl([], environment), 'https://kms.example.org')
  assert.equal(publicUrl(['--public-url', 'https://a.example'], environment), 'https://a.example')
  assert.equal(publicUrl([], { CLAVIGER_PUBLIC_URL: '' }), undefined)
  assert.equal(publicUrl([]), undefined)
})

const wrong = [
  'kms.example.com',
  'https://kms.example.com/kms',
  'https://kms.example.com?tenant=a',
  'https://ada@kms.example.com',
  'https://KMS.example.com',
  'https://kms.example.com:443',
  'ftp://kms.example.com',
  'http://kms.example.com',
  'http://127.0.0.1:8200',
  'null',
]
for (const text of wrong)
  test(`a public URL that is refused: ${text}`, () => {
    assert.throws(() => publicUrl(['--public-url', text]), UsageError)
    assert.throws(() => publicUrl([], { CLAVIGER_PUBLIC_URL: text }), UsageError)
  })

/** What the server is told about webhooks. */
function webhooks(mode: 'dev' | 'server', flags: readonly string[]) {
  const data = mode === 'server' ? ['--data', '/nonexistent'] : []
  const config = readConfig([mode, ...data, ...flags], {})
  assert.notEqual(config, 'help')
  return config as Config
}

test('webhooks go to the networks that are named beside public addresses, of a development server also to loopback', () => {
  const named = ['--webhook-networks', '10.20.0.0/16,fd00:1::/32']
  assert.deepEqual(webhooks('server', named).webhookNetworks, ['10.20.0.0/16', 'fd00:1::/32'])
  assert.deepEqual(webhooks('server', []).webhookNetworks, [])
  assert.deepEqual(webhooks('dev', []).webhookNetworks, ['127.0.0.0/8', '::1/128'])
  assert.deepEqual(webhooks('dev', ['--webhook-networks=192.0.2.7/32']).webhookNetworks, [
    '192.0.2.7/32',
    '127.0.0.0/8',
    '::1/128',
  ])
  // What the command line takes, the sender understands.
  for (const network of ['0.0.0.0/0', '::/0', '10.20.0.0/16', '::ffff:10.0.0.0/104'])
    assert.ok(
      new Networks(webhooks('server', ['--webhook-networks', network]).webhookNetworks),
      network,
    )
})

const noNetworks = [
  '',
  ',',
  '10.0.0.0/8,',
  '10.0.0.0',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '10.0.0.0/-1',
  '10.0.0/8',
  '010.0.0.0/8',
  ' 10.0.0.0/8',
  '10.0.0.0/8, 10.1.0.0/16',
  '10.0.0.0/8;10.1.0.0/16',
  'fd00::/129',
  'fe80::1%eth0/64',
  'localhost/8',
  '*',
]
for (const text of noNetworks)
  test(`networks that are refused: '${text}'`, () => {
    assert.throws(() => webhooks('server', ['--webhook-networks', text]), UsageError)
  })

test('an authority for webhooks is a file with certificates, or the server does not start', async () => {
  using authority = new Authority()
  const { webhookAuthorities } = webhooks('server', ['--webhook-ca', authority.path])
  assert.deepEqual(webhookAuthorities, authority.pem)
  assert.equal(webhooks('server', []).webhookAuthorities, undefined)
  await using folder = await temporaryFolder()
  const [empty, broken] = ['empty.pem', 'broken.pem'].map((name) => join(folder.path, name)) as [
    string,
    string,
  ]
  await writeFile(empty, '')
  await writeFile(broken, authority.pem.toString().replaceAll('M', 'N'))
  for (const path of [empty, broken, folder.path, join(folder.path, 'none.pem')])
    assert.throws(() => webhooks('server', ['--webhook-ca', path]), UsageError, path)
})

test('the threads of the pool are a number, for signatures would wait for ever for any other', () => {
  const threads = (text?: string) =>
    (readConfig(['dev'], text === undefined ? {} : { UV_THREADPOOL_SIZE: text }) as Config).threads
  assert.deepEqual(
    [undefined, '', '1', '16', '1024'].map((text) => threads(text)),
    [4, 4, 1, 16, 1_024],
  )
  for (const text of ['many', '0', '-1', '1e2', '1025', '4.5', 'NaN', ' 4'])
    assert.throws(() => threads(text), UsageError, text)
})

test('a TLS certificate and its key are tried, and what is wrong with them is told by the option', async () => {
  using authority = new Authority()
  await using folder = await temporaryFolder()
  const none = join(folder.path, 'none.pem')
  const tls = (cert: string, key: string) => () =>
    readConfig(['dev', '--tls-cert', cert, '--tls-key', key], {})
  assert.throws(tls(none, none), /--tls-cert cannot be read.*ENOENT/)
  assert.throws(tls(authority.path, none), /--tls-key cannot be read.*ENOENT/)
  assert.throws(tls(authority.path, authority.path), /certificate in PEM and its private key/)
})
