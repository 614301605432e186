import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Command } from 'commander'
import { makeProgram } from '../src/program.ts'
import { listener, run, shellOf, temporaryFolder } from './in-process.ts'

const secret = 'correct-horse-battery-staple'
const id = '0b7c9b5e-1f4d-4d0a-9d6e-2f6f4b1c0a11'
const sealed = {
  state: 'sealed',
  version: '0.1.0',
  seal: { kind: 'passphrase' },
  selfTest: { passed: true, tests: 1, ranAt: '2026-01-01T00:00:00.000Z' },
  node: '26',
  openssl: '3.5',
  validatedModule: 'none',
}

function every(command: Command): Command[] {
  return [command, ...command.commands.flatMap(every)]
}

test('no option takes a token, a passphrase or a share as its value', async () => {
  const program = await makeProgram({ shell: shellOf({}, [], []), fail: () => {} })
  for (const command of every(program)) {
    for (const { long = '', flags, required } of command.options) {
      if (!/token|pass|share|secret|proof/.test(long)) continue
      // Its value is a place, and what is no place is refused.
      if (flags.endsWith(' <@file>')) continue
      // What names a grant is no secret: whoever retires it must be allowed to.
      if (command.name() === 'retire' && long === '--token') continue
      // How many days tokens may last is a number.
      if (
        long === '--token-days' ||
        long === '--secret-id-days' ||
        /^--password-(length|letters)/.test(long)
      )
        continue
      assert.ok(
        !required || /-(file|dir)$/.test(long) || long === '--shares',
        `${command.name()} ${long}`,
      )
    }
  }
})

test('plaintext as an argument is refused, and not repeated', async () => {
  const cases = [
    ['encrypt', '-k', 'app', '--plaintext', secret],
    ['key', 'import', '--unsafe-plaintext', secret],
    ['key', 'import', '--material', secret],
    ['encrypt-batch', 'app', '--items', secret],
  ]
  for (const given of cases) {
    const { exitCode, stderr } = await run(given)
    assert.equal(exitCode, 2, given.join(' '))
    assert.match(stderr, /@file/)
    assert.ok(!stderr.includes(secret), stderr)
  }
})

test('a passphrase comes from the environment, a file or stdin, in that order of haste', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'passphrase')
  await writeFile(file, `${secret}\n`)
  const ways: { given: string[]; environment?: Record<string, string>; stdin?: string }[] = [
    { given: [], environment: { CLAVIGER_PASSPHRASE: secret } },
    { given: [], stdin: `${secret}\n` },
    { given: ['--file', file] },
    { given: ['--file', '-'], stdin: secret, environment: { CLAVIGER_PASSPHRASE: 'another' } },
  ]
  for (const { given, environment = {}, stdin = '' } of ways) {
    await using server = await listener(200, sealed)
    const { exitCode, stdout, stderr } = await run(['unseal', ...given], {
      environment: { ...environment, CLAVIGER_ADDR: server.address },
      stdin,
    })
    assert.equal(exitCode, 0, stderr)
    assert.deepEqual(JSON.parse(server.seen.at(-1)?.body ?? ''), { passphrase: secret })
    assert.ok(!`${stdout}${stderr}`.includes(secret))
  }
})

test('shares are given one on a line', async () => {
  await using server = await listener(200, {
    ...sealed,
    seal: { kind: 'shares', threshold: 3, shares: 5 },
    progress: 2,
  })
  const { exitCode, stderr } = await run(['unseal'], {
    environment: { CLAVIGER_ADDR: server.address },
    stdin: 'one\r\n\ntwo\n',
  })
  assert.equal(exitCode, 0, stderr)
  const bodies = server.seen.slice(1).map(({ body }) => JSON.parse(body) as unknown)
  assert.deepEqual(bodies, [{ share: 'one' }, { share: 'two' }])
  assert.match(stderr, /still sealed: 2 of 3/)
})

test('init writes shares and token to files of their own, and prints the rest', async () => {
  await using folder = await temporaryFolder()
  await using server = await listener(200, {
    shares: ['s-one', 's-two'],
    token: 'clv_owner',
    tenant: id,
    principal: id,
  })
  const shares = join(folder.path, 'shares')
  const tokenFile = join(folder.path, 'token')
  const environment = { CLAVIGER_ADDR: server.address, XDG_CONFIG_HOME: folder.path }
  const done = await run(
    [
      'init',
      '--shares',
      '2',
      '--threshold',
      '2',
      '--shares-dir',
      shares,
      '--token-file',
      tokenFile,
      '--save-profile',
      'new',
    ],
    { environment },
  )
  assert.equal(done.exitCode, 0, done.stderr)
  assert.deepEqual(JSON.parse(done.stdout), { tenant: id, principal: id })
  assert.equal(await readFile(join(shares, 'share-2.txt'), 'utf8'), 's-two\n')
  assert.equal(await readFile(tokenFile, 'utf8'), 'clv_owner\n')
  for (const path of [join(shares, 'share-1.txt'), tokenFile])
    assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(JSON.parse(server.seen[0]?.body ?? ''), {
    seal: { kind: 'shares', shares: 2, threshold: 2 },
  })
  await run(['whoami'], { environment: { XDG_CONFIG_HOME: folder.path } })
  assert.equal(
    server.seen.at(-1)?.authorization,
    'Bearer clv_owner',
    'the profile is there to be used',
  )
  const lost = await run(['init', '--token-file', join(folder.path, 'absent', 'token')], {
    environment,
  })
  assert.equal(lost.exitCode, 1)
  assert.match(
    lost.stdout,
    /clv_owner/,
    'what cannot be written is printed, because it cannot be made again',
  )
})

test('a seal has shares or a passphrase, in numbers that make sense', async () => {
  const environment = { CLAVIGER_PASSPHRASE: secret }
  for (const given of [
    ['--passphrase', '--shares', '3'],
    ['--shares', '2', '--threshold', '3'],
    ['--shares', 'many'],
    ['--shares', '1'],
  ]) {
    assert.equal((await run(['init', ...given], { environment })).exitCode, 2, given.join(' '))
  }
})

test('--curl shows the call without the token and without what opens the seal', async () => {
  const environment = {
    CLAVIGER_ADDR: 'http://127.0.0.1:8200',
    CLAVIGER_TOKEN: 'clv_token',
    CLAVIGER_PASSPHRASE: secret,
  }
  const cases = [
    ['key', 'list'],
    ['unseal'],
    ['init', '--passphrase'],
    ['rotate-root'],
    ['reissue-seal', '--passphrase'],
    ['seal'],
    ['doctor'],
  ]
  for (const given of cases) {
    const { exitCode, stdout, stderr } = await run(['--curl', ...given], { environment })
    assert.equal(exitCode, 0, stderr)
    assert.match(stdout, /^curl -sS -X (GET|POST) 'http:\/\/127\.0\.0\.1:8200\/v1\//)
    assert.ok(!stdout.includes('clv_token') && !stdout.includes(secret), stdout)
  }
  assert.match(
    (await run(['--curl', 'key', 'list'], { environment })).stdout,
    /Bearer \$CLAVIGER_TOKEN"/,
  )
  assert.ok(
    !(await run(['--curl', 'status'], { environment })).stdout.includes('Bearer'),
    'no credential where none is needed',
  )
})

test('--curl does not show the secrets that came from a file', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'secret')
  await writeFile(file, `${secret}\n`)
  for (const given of [
    ['break-glass', 'open', id, 'a fire', '--code', `@${file}`],
    ['secret-id', 'exchange', id, '--secret', `@${file}`],
    ['login-provider', 'update', id, '--client-secret', `@${file}`],
  ]) {
    const { exitCode, stdout, stderr } = await run(['--curl', ...given])
    assert.equal(exitCode, 0, stderr)
    assert.match(stdout, /"(code|secret|clientSecret)":"<(code|secret|clientSecret)>"/)
    assert.ok(!stdout.includes(secret), stdout)
  }
})

test('what --curl prints is safe in a shell, whatever the names are', async () => {
  const { stdout } = await run(['--curl', 'key', 'get', "a'; rm -rf $HOME #"])
  assert.match(
    stdout,
    /'http:\/\/127\.0\.0\.1:8200\/v1\/keys\/a'\\''%3B%20rm%20-rf%20%24HOME%20%23'/,
  )
})
