import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Issuer } from '../../../server/test/harness/issuer.ts'
import { read } from '../../repository.ts'
import { startWorkbench, type Workbench } from '../client.ts'
import { loseFirstAnswers } from '../lossy.ts'
import { makeCertificates } from './certificates.ts'

/**
 * AWS's SDKs for Go, Java and Rust. Each has a program in a folder of this one, which goes through the life of keys and ends where an
 * answer is not as it should be. What it talks to, and as whom, is told by the environment and the SDK's own files alone.
 */

const languages = [
  { name: 'aws-sdk-go', pinnedIn: 'go/go.mod' },
  { name: 'aws-sdk-java', pinnedIn: 'java/pom.xml' },
  { name: 'aws-sdk-rust', pinnedIn: 'rust/Cargo.toml' },
] as const
const names = languages.map(({ name }) => name)

/** What every program says as it goes along; one that ended early would say less. */
const steps = [
  'caller',
  'create and describe',
  'alias',
  'encrypt and decrypt',
  'data keys',
  'data key pairs',
  're-encrypt',
  'equal calls at once',
  'RSA-PSS',
  'ECDSA',
  'MAC',
  'tags',
  'grants',
  'list with a paginator',
  'key policy',
  'rotate',
  'disable and enable',
  'schedule deletion',
]

type Environment = Readonly<Record<string, string>>

let bench: Workbench
let account: string
/** The id of a principal that others may act as. */
let deployer: string

async function claviger(...given: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await bench.server.claviger(given)
  assert.equal(exitCode, 0, stderr)
  return stdout.toString('utf8').trim()
}

before(async () => {
  bench = await startWorkbench(names)
  account = await claviger('whoami', '--field', 'account')
  deployer = await claviger('principal', 'create', 'deployer', '--field', 'id')
  await claviger('binding', 'create', 'owner', deployer, '--scope', 'tenant')
})
after(() => bench[Symbol.asyncDispose]())

/** Runs a program to its end, in this environment beside, or in place of, the server's env file. */
async function tell(
  { name, pinnedIn }: (typeof languages)[number],
  caller: string,
  environment: Environment = {},
  at: Workbench = bench,
): Promise<void> {
  const said = (await at.ok(name, [], { environment })).split('\n')
  // The last line is the SDK's own word of its version.
  const version = said.pop()?.split(' ').at(-1) ?? ''
  assert.ok(read(`test/clients/more/${pinnedIn}`).includes(version), version)
  assert.match(said.pop() ?? '', new RegExp(`^arn:aws:iam::\\d{12}:${caller}$`))
  assert.deepEqual(said, steps)
}

/** No access key in the environment, where SDKs look first. */
const keyless = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }

for (const language of languages) {
  const { name } = language

  test(`${name} with an access key`, () => tell(language, 'user/owner'))

  test(`${name} at an address with a path`, async () => {
    const address = `${bench.server.address}/aws`
    const environment = { AWS_ENDPOINT_URL_KMS: address, AWS_ENDPOINT_URL_STS: address }
    await tell(language, 'user/owner', environment)
  })

  test(`${name} where answers are lost, and it tries again`, async () => {
    await using network = await loseFirstAnswers(bench.server.address)
    await tell(language, 'user/owner', { AWS_ENDPOINT_URL_KMS: network.address })
    assert.ok(network.lost > 10, `${network.lost} answers were lost`)
  })

  test(`${name} as a role of a profile`, async () => {
    const owner = await claviger('whoami', '--field', 'principal.id')
    await claviger('trust', 'create', deployer, '--by', `principal:${owner}`)
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = bench.server.environment
    const profiles = `[profile deployer]
role_arn = arn:aws:iam::${account}:role/deployer
source_profile = owner

[profile owner]
aws_access_key_id = ${id}
aws_secret_access_key = ${secret}
`
    const file = await bench.write('profiles', profiles)
    const environment = { ...keyless, AWS_CONFIG_FILE: file, AWS_PROFILE: 'deployer' }
    await tell(language, 'role/deployer', environment)
  })

  test(`${name} as a role, with an identity token`, async () => {
    const issuer = new Issuer(`https://${name}.test`, 'ES256')
    const keys = await bench.write('jwks.json', issuer.keys())
    const about = ['--audiences', 'kms.example', '--keys', `@${keys}`, '--field', 'id']
    const provider = await claviger('identity-provider', 'create', issuer.issuer, ...about)
    const subject = 'system:serviceaccount:shop:deployer'
    await claviger('trust', 'create', deployer, '--by', `identity:${provider}:${subject}`)
    const now = Math.floor(Date.now() / 1_000)
    const dates = { iat: now, exp: now + 3_600 }
    const token = issuer.token({ iss: issuer.issuer, aud: 'kms.example', sub: subject, ...dates })
    await tell(language, 'role/deployer', {
      ...keyless,
      AWS_ROLE_ARN: `arn:aws:iam::${account}:role/deployer`,
      AWS_ROLE_SESSION_NAME: 'pod',
      AWS_WEB_IDENTITY_TOKEN_FILE: await bench.write('token', token),
    })
  })

  test(`${name} with a wrong secret gets nowhere, and says why`, async () => {
    const environment = { AWS_SECRET_ACCESS_KEY: 'no' }
    const { exitCode, stdout, stderr } = await bench.run(name, [], { environment })
    assert.notEqual(exitCode, 0)
    assert.equal(stdout, `${steps[0]}\n`)
    assert.match(stderr, /request signature we calculated does not match/)
  })
}

test('over TLS, where the authority of the certificate is trusted, and not where it is not', async () => {
  const { certificate, key, authority } = makeCertificates(bench.folder)
  // Java keeps those it trusts in a file of its own kind, which has to have a password.
  const store = join(bench.folder, 'trusted.p12')
  const password = 'public'
  const files = ['-file', authority, '-keystore', store]
  await bench.ok('keytool', ['-importcert', '-noprompt', ...files, '-storepass', password])
  const trusting: Record<(typeof names)[number], Environment> = {
    'aws-sdk-go': { SSL_CERT_FILE: authority },
    'aws-sdk-rust': { SSL_CERT_FILE: authority },
    'aws-sdk-java': {
      JAVA_TOOL_OPTIONS: `-Djavax.net.ssl.trustStore=${store} -Djavax.net.ssl.trustStorePassword=${password}`,
    },
  }
  await using tls = await startWorkbench(names, ['--tls-cert', certificate, '--tls-key', key])
  for (const language of languages) {
    await tell(language, 'user/owner', trusting[language.name], tls)
    // Nobody asks again where nobody is trusted.
    const { exitCode, stdout } = await tls.run(language.name, [], {
      environment: { AWS_MAX_ATTEMPTS: '1' },
    })
    assert.notEqual(exitCode, 0)
    assert.equal(stdout, `${steps[0]}\n`)
  }
})
