import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig, UsageError, type Config } from '../src/config.ts'

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
