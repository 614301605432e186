import assert from 'node:assert/strict'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { findConnection } from '../src/settings/connection.ts'
import { profilesPath } from '../src/settings/profiles.ts'
import { listener, run, shellOf, temporaryFolder } from './in-process.ts'

const token = 'clv_token-of-the-test'

test('a profile keeps address and token in a file for its owner only', async () => {
  await using home = await temporaryFolder()
  const environment = { XDG_CONFIG_HOME: home.path }
  const added = await run(['profile', 'add', 'work', '--address', 'https://kms.example'], {
    environment,
    stdin: `${token}\n`,
  })
  assert.equal(added.exitCode, 0, added.stderr)
  assert.ok(!`${added.stdout}${added.stderr}`.includes(token))
  const folder = join(home.path, 'claviger')
  assert.equal((await stat(folder)).mode & 0o777, 0o700)
  assert.equal((await stat(join(folder, 'config.yaml'))).mode & 0o777, 0o600)
  assert.deepEqual(await readdir(folder), ['config.yaml'], 'no temporary file stays')
  assert.ok((await readFile(join(folder, 'config.yaml'), 'utf8')).includes(token))
  const listed = await run(['profile', 'list'], { environment })
  assert.deepEqual(JSON.parse(listed.stdout), {
    items: [{ name: 'work', address: 'https://kms.example', token: 'stored', current: true }],
  })
  assert.equal(
    (
      await run(['profile', 'add', 'home', '--no-token', '--address', 'https://home.example'], {
        environment,
      })
    ).exitCode,
    0,
  )
  assert.equal((await run(['profile', 'use', 'home'], { environment })).exitCode, 0)
  assert.equal((await run(['profile', 'remove', 'work'], { environment })).exitCode, 0)
  assert.ok(!(await readFile(join(folder, 'config.yaml'), 'utf8')).includes(token))
  assert.equal((await run(['profile', 'use', 'work'], { environment })).exitCode, 2)
})

test('the file stands where XDG says, and else in ~/.config', () => {
  const at = (environment: Record<string, string>) => profilesPath(shellOf({ environment }, [], []))
  assert.equal(at({ HOME: '/h' }), '/h/.config/claviger/config.yaml')
  assert.equal(at({ HOME: '/h', XDG_CONFIG_HOME: '/x' }), '/x/claviger/config.yaml')
  assert.equal(at({ HOME: '/h', XDG_CONFIG_HOME: 'relative' }), '/h/.config/claviger/config.yaml')
})

test('a file that others can read, or that is not as it should be, is refused without showing it', async () => {
  await using home = await temporaryFolder()
  const environment = { XDG_CONFIG_HOME: home.path }
  await run(['profile', 'add', 'work', '--address', 'https://kms.example'], {
    environment,
    stdin: token,
  })
  const path = join(home.path, 'claviger', 'config.yaml')
  await chmod(path, 0o640)
  const open = await run(['key', 'list'], { environment })
  assert.equal(open.exitCode, 2)
  assert.match(open.stderr, /chmod 600/)
  await chmod(path, 0o600)
  for (const content of [
    `{ ${token}`,
    `profiles: { a: { address: 1, token: ${token} } }`,
    `${token}: 1`,
    `- ${token}`,
  ]) {
    await writeFile(path, content)
    const refused = await run(['key', 'list'], { environment })
    assert.equal(refused.exitCode, 2, content)
    assert.ok(!refused.stderr.includes(token), refused.stderr)
  }
})

test('options win over the environment, the environment over the profile', async () => {
  await using home = await temporaryFolder()
  const base = { XDG_CONFIG_HOME: home.path }
  await run(['profile', 'add', 'work', '--address', 'https://work.example'], {
    environment: base,
    stdin: 'clv_work',
  })
  await run(['profile', 'add', 'home', '--address', 'https://home.example'], {
    environment: base,
    stdin: 'clv_home',
  })
  const found = async (globals: object, more: Record<string, string> = {}) => {
    const { address, token: taken } = await findConnection(
      shellOf({ environment: { ...base, ...more } }, [], []),
      globals,
    )
    return [address, taken]
  }
  assert.deepEqual(await found({}), ['https://work.example', 'clv_work'])
  assert.deepEqual(await found({ profile: 'home' }), ['https://home.example', 'clv_home'])
  assert.deepEqual(await found({}, { CLAVIGER_PROFILE: 'home' }), [
    'https://home.example',
    'clv_home',
  ])
  const both = { CLAVIGER_ADDR: 'https://env.example', CLAVIGER_TOKEN: 'clv_env' }
  assert.deepEqual(await found({}, both), ['https://env.example', 'clv_env'])
  assert.deepEqual(await found({ profile: 'home' }, both), ['https://home.example', 'clv_home'])
  assert.deepEqual(await found({ address: 'https://flag.example' }, both), [
    'https://flag.example',
    'clv_env',
  ])
  assert.deepEqual(await found({}, { CLAVIGER_ADDR: '', CLAVIGER_TOKEN: '' }), [
    'https://work.example',
    'clv_work',
  ])
  await assert.rejects(found({ profile: 'none' }), /There is no profile none/)
})

test("a profile's token goes to that profile's address and to no other", async () => {
  await using home = await temporaryFolder()
  await using server = await listener(200, { items: [] })
  const environment = { XDG_CONFIG_HOME: home.path }
  await run(['profile', 'add', 'work', '--address', 'https://work.example'], {
    environment,
    stdin: token,
  })
  await run(['key', 'list', '--address', server.address], { environment })
  await run(['key', 'list'], { environment: { ...environment, CLAVIGER_ADDR: server.address } })
  assert.deepEqual(
    server.seen.map(({ authorization }) => authorization),
    [undefined, undefined],
  )
})

test('a token is never sent in the clear to another machine', async () => {
  const environment = { CLAVIGER_ADDR: 'http://kms.example:8200', CLAVIGER_TOKEN: token }
  const { exitCode, stderr } = await run(['key', 'list'], { environment })
  assert.equal(exitCode, 2)
  assert.match(stderr, /plain HTTP/)
  assert.ok(!stderr.includes(token))
})

test('a file that cannot be written, or has a name nobody knows, is told with what to do next', async () => {
  await using home = await temporaryFolder()
  const file = join(home.path, 'file')
  await writeFile(file, '')
  const added = await run(['profile', 'add', 'work', '--address', 'https://kms.example'], {
    environment: { XDG_CONFIG_HOME: file },
    stdin: token,
  })
  assert.equal(added.exitCode, 2)
  assert.match(added.stderr, /Cannot write the profiles file .*\n +Set CLAVIGER_ADDR/)
  const environment = { XDG_CONFIG_HOME: home.path }
  const path = profilesPath(shellOf({ environment }, [], []))
  await run(['profile', 'add', 'work', '--address', 'https://kms.example'], {
    environment,
    stdin: token,
  })
  await writeFile(
    path,
    `profiles:\n  work:\n    address: https://kms.example\n    tokn: ${token}\n`,
  )
  const misspelt = await run(['key', 'list'], { environment })
  assert.match(misspelt.stderr, /a name that is not known at 'profiles\.work'\n +Mend or remove it/)
  assert.ok(!misspelt.stderr.includes(token))
})

test('an address or token that is none is told with where it comes from', async () => {
  const address = await run(['--address', 'kms.example', 'key', 'list'])
  assert.match(address.stderr, /\n +It comes from --address, CLAVIGER_ADDR/)
  const spaced = await run(['key', 'list'], { environment: { CLAVIGER_TOKEN: 'two words' } })
  assert.match(spaced.stderr, /\n +It comes from CLAVIGER_TOKEN/)
  const named = await run(['principal', 'get', 'maria'])
  assert.match(named.stderr, /\n +Give its id and not its name/)
})
