import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startWorkbench, type Workbench } from './client.ts'

/** SOPS itself, unmodified, with the environment that the development server writes. */

let bench: Workbench
/** The ARN of a key, and of another. */
let key: string
let other: string

const SECRETS = 'user: ann\npassword: hunter2\n'

async function makeKey(alias: string): Promise<string> {
  const id = await bench.ok('aws', [
    'kms',
    'create-key',
    '--query',
    'KeyMetadata.Arn',
    '--output',
    'text',
  ])
  await bench.ok('aws', [
    'kms',
    'create-alias',
    '--alias-name',
    `alias/${alias}`,
    '--target-key-id',
    id,
  ])
  return id
}

const sops = (...given: string[]) => bench.ok('sops', given)
const text = (name: string) => readFile(join(bench.folder, name), 'utf8')

before(async () => {
  bench = await startWorkbench(['sops', 'aws'])
  key = await makeKey('sops')
  other = await makeKey('other')
})
after(() => bench[Symbol.asyncDispose]())

test('a file is made, and reads as what it was', async () => {
  await bench.write('plain.yaml', SECRETS)
  await sops('encrypt', '--kms', key, '--output', 'secrets.yaml', 'plain.yaml')
  const stored = await text('secrets.yaml')
  assert.doesNotMatch(stored, /hunter2|ann/)
  assert.ok(stored.includes(`arn: ${key}`))
  assert.equal(`${await sops('decrypt', 'secrets.yaml')}\n`, SECRETS)
  assert.equal(await sops('decrypt', '--extract', '["password"]', 'secrets.yaml'), 'hunter2')
})

test('every kind of file is read as what it was', async () => {
  const kinds = {
    json: '{\n\t"a": [\n\t\t1,\n\t\ttrue\n\t]\n}',
    env: 'A=1',
    ini: '[a]\nb = c',
    bin: '\u0001\u0002',
  }
  for (const [kind, content] of Object.entries(kinds)) {
    await bench.write(`plain.${kind}`, content)
    await sops('encrypt', '--kms', key, '--output', `secret.${kind}`, `plain.${kind}`)
    assert.equal(await sops('decrypt', `secret.${kind}`), content, kind)
  }
})

test('an alias is as good as the key', async () => {
  const alias = key.replace(/key\/.*$/, 'alias/sops')
  await bench.write('aliased.yaml', SECRETS)
  await sops('encrypt', '--kms', alias, '--in-place', 'aliased.yaml')
  assert.equal(`${await sops('decrypt', 'aliased.yaml')}\n`, SECRETS)
})

test('it is edited, set and rotated', async () => {
  await bench.write('life.yaml', SECRETS)
  await sops('encrypt', '--kms', key, '--in-place', 'life.yaml')
  const editor = await bench.write('editor', '#!/bin/sh\nsed -i s/hunter2/hunter3/ "$1"\n')
  await bench.ok('sops', ['edit', 'life.yaml'], { environment: { EDITOR: editor } })
  await sops('set', 'life.yaml', '["user"]', '"bob"')
  const wrapped = /enc: (\S+)/
  const earlier = wrapped.exec(await text('life.yaml'))?.[1]
  await sops('rotate', '--in-place', 'life.yaml')
  assert.notEqual(wrapped.exec(await text('life.yaml'))?.[1], earlier)
  assert.equal(await sops('decrypt', 'life.yaml'), 'user: bob\npassword: hunter3')
})

test('updatekeys moves a file to the keys of .sops.yaml', async () => {
  await bench.write('.sops.yaml', `creation_rules:\n  - kms: ${key}\n`)
  await bench.write('moved.yaml', SECRETS)
  await sops('encrypt', '--in-place', 'moved.yaml')
  assert.ok((await text('moved.yaml')).includes(`arn: ${key}`))
  await bench.write('.sops.yaml', `creation_rules:\n  - kms: ${other}\n`)
  await sops('updatekeys', '--yes', 'moved.yaml')
  const stored = await text('moved.yaml')
  assert.ok(stored.includes(`arn: ${other}`) && !stored.includes(key))
  assert.equal(`${await sops('decrypt', 'moved.yaml')}\n`, SECRETS)
})

test('the encryption context is bound to the file', async () => {
  await bench.write('context.yaml', SECRETS)
  const context = ['--encryption-context', 'app:shop,stage:prod']
  await sops('encrypt', '--kms', key, ...context, '--in-place', 'context.yaml')
  const stored = await text('context.yaml')
  assert.match(stored, /app: shop/)
  assert.equal(`${await sops('decrypt', 'context.yaml')}\n`, SECRETS)
  await bench.write('forged.yaml', stored.replace('stage: prod', 'stage: test'))
  const refused = await bench.run('sops', ['decrypt', 'forged.yaml'])
  assert.notEqual(refused.exitCode, 0)
  assert.match(refused.stderr, /InvalidCiphertextException/)
})

test('a key that is disabled opens nothing, and one that is enabled again does', async () => {
  const disabled = await makeKey('disabled')
  await bench.write('disabled.yaml', SECRETS)
  await sops('encrypt', '--kms', disabled, '--in-place', 'disabled.yaml')
  await bench.ok('aws', ['kms', 'disable-key', '--key-id', disabled])
  const refused = await bench.run('sops', ['decrypt', 'disabled.yaml'])
  assert.notEqual(refused.exitCode, 0)
  assert.match(refused.stderr, /DisabledException:[\s|]+arn:\S+[\s|]+is disabled/)
  await bench.ok('aws', ['kms', 'enable-key', '--key-id', disabled])
  assert.equal(`${await sops('decrypt', 'disabled.yaml')}\n`, SECRETS)
})

test('a file with two keys opens with the one that is left', async () => {
  const lost = await makeKey('lost')
  await bench.write('two.yaml', SECRETS)
  await sops('encrypt', '--kms', `${lost},${key}`, '--in-place', 'two.yaml')
  await bench.ok('aws', [
    'kms',
    'schedule-key-deletion',
    '--key-id',
    lost,
    '--pending-window-in-days',
    '7',
  ])
  assert.equal(`${await sops('decrypt', 'two.yaml')}\n`, SECRETS)
})

test('a role is assumed, and may do what its principal may', async () => {
  const { server } = bench
  const json = async (...given: string[]) => {
    const { exitCode, stdout, stderr } = await server.claviger([...given, '-o', 'json'])
    assert.equal(exitCode, 0, stderr)
    return JSON.parse(stdout.toString()) as Record<string, string>
  }
  const deployer = await json('principal', 'create', 'deployer')
  const ci = await json('principal', 'create', 'ci')
  await json('binding', 'create', 'key-user', deployer['id'] ?? '', '--scope', 'tenant')
  const accessKey = await json('access-key', 'create', ci['id'] ?? '')
  const asCi = {
    environment: {
      AWS_ACCESS_KEY_ID: accessKey['id'] ?? '',
      AWS_SECRET_ACCESS_KEY: accessKey['secret'] ?? '',
    },
  }
  const account = key.split(':')[4]
  const role = `arn:aws:iam::${account}:role/deployer`
  await bench.write('role.yaml', SECRETS)
  const encrypt = ['encrypt', '--kms', `${key}+${role}`, '--output', 'roled.yaml', 'role.yaml']
  const untrusted = await bench.run('sops', encrypt, asCi)
  assert.notEqual(untrusted.exitCode, 0)
  assert.match(untrusted.stderr, /AccessDenied/)
  await json('trust', 'create', deployer['id'] ?? '', '--by', `principal:${ci['id']}`)
  await bench.ok('sops', encrypt, asCi)
  assert.ok((await text('roled.yaml')).includes(`role: ${role}`))
  assert.equal(`${await bench.ok('sops', ['decrypt', 'roled.yaml'], asCi)}\n`, SECRETS)
  const itself = await bench.run('sops', ['decrypt', 'secrets.yaml'], asCi)
  assert.notEqual(itself.exitCode, 0)
  assert.match(itself.stderr, /AccessDeniedException/)
})
