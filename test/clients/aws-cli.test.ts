import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startWorkbench, type Workbench } from './client.ts'

/** The AWS command line: what people type, with files, queries, profiles and refusals. */

let bench: Workbench
let key: string

const aws = (...given: string[]) => bench.ok('aws', given)
const kms = (...given: string[]) => aws('kms', ...given)
const text = (path: string) => ['--query', path, '--output', 'text']

before(async () => {
  bench = await startWorkbench(['aws'])
  key = await kms('create-key', '--description', 'typed', ...text('KeyMetadata.KeyId'))
  await kms('create-alias', '--alias-name', 'alias/typed', '--target-key-id', key)
})
after(() => bench[Symbol.asyncDispose]())

test('a file is encrypted and decrypted', async () => {
  const file = await bench.write('plain.txt', 'a line\n')
  const context = ['--encryption-context', 'file=plain.txt']
  const blob = await kms(
    'encrypt',
    '--key-id',
    'alias/typed',
    '--plaintext',
    `fileb://${file}`,
    ...context,
    ...text('CiphertextBlob'),
  )
  const sealed = join(bench.folder, 'sealed')
  await bench.ok('sh', ['-c', `base64 -d > ${sealed}`], { input: blob })
  const plain = await kms(
    'decrypt',
    '--ciphertext-blob',
    `fileb://${sealed}`,
    ...context,
    ...text('Plaintext'),
  )
  assert.equal(Buffer.from(plain, 'base64').toString(), 'a line\n')
  const refused = await bench.run('aws', [
    'kms',
    'decrypt',
    '--ciphertext-blob',
    `fileb://${sealed}`,
    '--encryption-context',
    'file=other.txt',
  ])
  assert.equal(refused.exitCode, 255)
  assert.match(refused.stderr, /\(InvalidCiphertextException\) when calling the Decrypt operation/)
})

test('a signature is verified by OpenSSL with the public key', async () => {
  const signer = await kms(
    'create-key',
    '--key-spec',
    'ECC_NIST_P384',
    '--key-usage',
    'SIGN_VERIFY',
    ...text('KeyMetadata.KeyId'),
  )
  const file = await bench.write('contract.txt', 'we agree\n')
  const signature = await kms(
    'sign',
    '--key-id',
    signer,
    '--message',
    `fileb://${file}`,
    '--message-type',
    'RAW',
    '--signing-algorithm',
    'ECDSA_SHA_384',
    ...text('Signature'),
  )
  const der = await kms('get-public-key', '--key-id', signer, ...text('PublicKey'))
  await bench.write('signature.b64', signature)
  await bench.write('public.b64', der)
  const verified = await bench.ok('sh', [
    '-c',
    `base64 -d < public.b64 > public.der && base64 -d < signature.b64 > signature &&
     openssl pkey -pubin -inform DER -in public.der -out public.pem &&
     openssl dgst -sha384 -verify public.pem -signature signature contract.txt`,
  ])
  assert.equal(verified, 'Verified OK')
})

test('it is told where the server is by an option, or by a profile', async () => {
  const { AWS_ENDPOINT_URL_KMS: address = '', ...given } = bench.server.environment
  const nowhere = { AWS_ENDPOINT_URL_KMS: '', AWS_ENDPOINT_URL_STS: '' }
  const byOption = await bench.ok(
    'aws',
    [
      '--endpoint-url',
      address,
      'kms',
      'describe-key',
      '--key-id',
      key,
      ...text('KeyMetadata.KeyId'),
    ],
    { environment: nowhere },
  )
  assert.equal(byOption, key)
  const config = await bench.write(
    'config',
    `[profile local]
services = local
region = ${given['AWS_REGION']}
aws_access_key_id = ${given['AWS_ACCESS_KEY_ID']}
aws_secret_access_key = ${given['AWS_SECRET_ACCESS_KEY']}
[services local]
kms =
  endpoint_url = ${address}
sts =
  endpoint_url = ${address}
`,
  )
  const bare = { HOME: bench.folder, PATH: `${join(bench.folder, 'bin')}:${process.env['PATH']}` }
  const byProfile = await bench.ok('env', [
    '-i',
    ...Object.entries(bare).map(([name, value]) => `${name}=${value}`),
    `AWS_CONFIG_FILE=${config}`,
    'aws',
    '--profile',
    'local',
    'kms',
    'describe-key',
    '--key-id',
    'alias/typed',
    ...text('KeyMetadata.KeyId'),
  ])
  assert.equal(byProfile, key)
})

test('grants, tags, policies, rotation and listings', async () => {
  const account = await aws('sts', 'get-caller-identity', ...text('Account'))
  const { exitCode, stderr } = await bench.server.claviger(['principal', 'create', 'reader'])
  assert.equal(exitCode, 0, stderr)
  const grantee = `arn:aws:iam::${account}:user/reader`
  const grant = await kms(
    'create-grant',
    '--key-id',
    key,
    '--grantee-principal',
    grantee,
    '--operations',
    'Decrypt',
    ...text('GrantId'),
  )
  assert.equal(await kms('list-grants', '--key-id', key, ...text('Grants[].GrantId')), grant)
  await kms('revoke-grant', '--key-id', key, '--grant-id', grant)
  await kms('tag-resource', '--key-id', key, '--tags', 'TagKey=env,TagValue=prod')
  assert.equal(
    await kms('list-resource-tags', '--key-id', key, ...text('Tags[0].TagValue')),
    'prod',
  )
  const policy = await kms('get-key-policy', '--key-id', key, ...text('Policy'))
  const file = await bench.write('policy.json', policy)
  await kms('put-key-policy', '--key-id', key, '--policy', `file://${file}`)
  assert.equal(await kms('get-key-policy', '--key-id', key, ...text('Policy')), policy)
  await kms('enable-key-rotation', '--key-id', key, '--rotation-period-in-days', '90')
  await kms('rotate-key-on-demand', '--key-id', key)
  assert.equal(await kms('list-key-rotations', '--key-id', key, ...text('length(Rotations)')), '1')
  for (let n = 0; n < 2; n += 1) await kms('create-key')
  const paged = await kms('list-keys', '--page-size', '2', ...text('length(Keys)'))
  assert.ok(paged.split(/\s+/).reduce((sum, part) => sum + Number(part), 0) >= 3, paged)
})

test('a temporary session is had and used', async () => {
  const account = await aws('sts', 'get-caller-identity', ...text('Account'))
  const claviger = async (...given: string[]) => {
    const { exitCode, stdout, stderr } = await bench.server.claviger([...given, '--field', 'id'])
    assert.equal(exitCode, 0, stderr)
    return stdout.toString().trim()
  }
  const robot = await claviger('principal', 'create', 'robot')
  const owner = await bench.server.claviger(['whoami', '--field', 'principal.id'])
  await claviger('binding', 'create', 'key-user', robot, '--scope', `key:${key}`)
  await claviger('trust', 'create', robot, '--by', `principal:${owner.stdout.toString().trim()}`)
  const config = await bench.write(
    'roles',
    `[profile robot]
role_arn = arn:aws:iam::${account}:role/robot
credential_source = Environment
role_session_name = nightly
`,
  )
  const asRobot = { environment: { AWS_CONFIG_FILE: config } }
  const arn = await bench.ok(
    'aws',
    ['--profile', 'robot', 'sts', 'get-caller-identity', ...text('Arn')],
    asRobot,
  )
  assert.equal(arn, `arn:aws:sts::${account}:assumed-role/robot/nightly`)
  const robotAws = (...given: string[]) =>
    bench.run('aws', ['--profile', 'robot', 'kms', ...given], asRobot)
  const made = await robotAws('generate-data-key', '--key-id', key, '--key-spec', 'AES_256')
  assert.equal(made.exitCode, 0, made.stderr)
  const denied = await robotAws('create-key')
  assert.match(denied.stderr, /AccessDeniedException/)
})
