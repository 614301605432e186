import assert from 'node:assert/strict'
import { mkdir, realpath, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectFolder, serverArguments, valueOf } from '../src/commands/server.ts'
import { temporaryFolder } from './in-process.ts'

const project = projectFolder()

test('the server program of the workspace is found from here', async () => {
  assert.ok((await stat(join(project, 'server', 'src', 'main.ts'))).isFile())
})

test('server runs with permissions for the program, its data and its TLS files, and no others', async () => {
  await using folder = await temporaryFolder()
  const root = await realpath(folder.path)
  const [cert = '', key = '', ca = '', data = ''] = ['cert.pem', 'key.pem', 'ca.pem', 'data'].map(
    (name) => join(root, name),
  )
  await writeFile(cert, '')
  await writeFile(key, '')
  await writeFile(ca, '')
  const tls = [`--tls-cert=${cert}`, '--tls-key', key, '--webhook-ca', ca]
  const given = ['--listen', '127.0.0.1:0', '--data', data, ...tls]
  const all = serverArguments(project, 'server', given)
  const grants = all.filter((argument) => argument.startsWith('--allow-fs'))
  assert.deepEqual(grants, [
    `--allow-fs-read=${project}`,
    `--allow-fs-read=${data}`,
    `--allow-fs-read=${cert}`,
    `--allow-fs-read=${key}`,
    `--allow-fs-read=${ca}`,
    `--allow-fs-write=${data}`,
  ])
  for (const flag of [
    '--permission',
    '--allow-net',
    '--allow-worker',
    '--allow-ffi',
    '--disable-sigusr1',
    '--disallow-code-generation-from-strings',
    '--disable-proto=throw',
  ]) {
    assert.ok(all.includes(flag), flag)
  }
  assert.ok(all.some((argument) => argument.startsWith('--secure-heap=')))
  assert.ok(!all.includes('--allow-child-process') && !all.includes('--allow-addons'))
  assert.deepEqual(all.slice(all.indexOf('--')), [
    '--',
    join(project, 'server', 'src', 'main.ts'),
    'server',
    ...given,
  ])
  assert.equal(
    (await stat(data)).mode & 0o777,
    0o700,
    'a folder that does not exist could not be granted',
  )
})

test('a grant is for where a link leads, because that is what is opened', async () => {
  await using folder = await temporaryFolder()
  const root = await realpath(folder.path)
  await mkdir(join(root, 'real'))
  await symlink(join(root, 'real'), join(root, 'link'))
  const all = serverArguments(project, 'server', ['--data', join(root, 'link')])
  assert.ok(all.includes(`--allow-fs-write=${join(root, 'real')}`))
  assert.throws(() => serverArguments(project, 'server', ['--data', join(root, 'a,b')]), /comma/)
})

test('dev is hardened too, but may write the files it is told to', () => {
  const all = serverArguments(project, 'dev', ['--token-file', 'x', '--env-file', 'y'])
  assert.ok(
    !all.some((argument) => argument.startsWith('--permission') || argument.startsWith('--allow')),
  )
  assert.ok(all.includes('--disallow-code-generation-from-strings'))
  assert.ok(all.indexOf('--') < all.indexOf('--env-file'), 'or Node would read it as its own')
})

test('help needs no data folder', () => {
  assert.ok(!serverArguments(project, 'server', ['--help']).includes('--permission'))
})

test('the values of options that somebody else parses', () => {
  assert.equal(valueOf('--data', ['--data', 'a']), 'a')
  assert.equal(valueOf('--data', ['--data=a=b']), 'a=b')
  assert.equal(valueOf('--data', ['--database', 'a']), undefined)
  assert.equal(valueOf('--data', ['--data']), undefined)
})

test('what an option names and cannot be opened is told by the option, not by a stack trace', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'file')
  await writeFile(file, '')
  const none = join(folder.path, 'none.pem')
  for (const [given, says] of [
    [['--data', folder.path, '--tls-cert', none], /^--tls-cert: cannot open .*no such file/],
    [['--data', file], /^--data: cannot open .*no folder/],
  ] as const)
    assert.throws(() => serverArguments(project, 'server', given), {
      name: 'CommandFailure',
      message: says,
    })
})
