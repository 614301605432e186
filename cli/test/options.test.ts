import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Command } from 'commander'
import { commandWords, operationNames, rowOf } from '../src/commands/names.ts'
import { fieldsOf } from '../src/fields/field.ts'
import { parseField } from '../src/fields/parse.ts'
import { parseTime } from '../src/fields/time.ts'
import { makeProgram } from '../src/program.ts'
import { run, shellOf, temporaryFolder } from './in-process.ts'

const program = await makeProgram({ shell: shellOf({}, [], []), fail: () => {} })

function find(words: readonly string[]): Command {
  return words.reduce((place, word) => {
    const found = place.commands.find((command) => command.name() === word)
    assert.ok(found, `there is no command ${words.join(' ')}`)
    return found
  }, program)
}

function every(command: Command): Command[] {
  return [command, ...command.commands.flatMap(every)]
}

/** The body that a command line sends, as `--curl` shows it. */
async function bodyOf(...given: string[]): Promise<unknown> {
  const { stdout, stderr, exitCode } = await run(['--curl', ...given])
  assert.equal(exitCode, 0, stderr)
  return JSON.parse(/<<'JSON'\n(.*)\nJSON/.exec(stdout)?.[1] ?? '')
}

test('every operation of the contract has a command with the help of its row', () => {
  for (const name of operationNames) {
    const command = find(commandWords(name))
    assert.ok(command.description().length > 5, name)
  }
})

test('every field has words, so that every option has', () => {
  for (const name of operationNames) {
    for (const field of fieldsOf(rowOf(name)))
      assert.notEqual(field.description, '', `${name} ${field.name}`)
  }
})

test('no option of a command has the name of one that all commands have', () => {
  const globals = new Set(program.options.flatMap(({ long, short }) => [long, short]))
  globals.delete(undefined)
  for (const command of every(program).slice(1)) {
    for (const { long, short } of command.options) {
      assert.ok(!globals.has(long) && !globals.has(short), `${command.name()} ${long}`)
    }
  }
})

test('a required field is a positional argument or an option, by its kind', async () => {
  assert.deepEqual(await bodyOf('alias', 'create', 'app', 'some-key'), {
    alias: 'app',
    key: 'some-key',
  })
  assert.deepEqual(await bodyOf('alias', 'update', 'app', 'some-key'), { key: 'some-key' })
  assert.deepEqual(await bodyOf('principal', 'create', 'backup'), { name: 'backup' })
  const principal = '0b7c9b5e-1f4d-4d0a-9d6e-2f6f4b1c0a11'
  assert.deepEqual(
    await bodyOf('binding', 'create', 'signer', principal, '--scope', 'labels:env=prod'),
    {
      role: 'signer',
      principal,
      scope: { kind: 'labels', selector: 'env=prod' },
    },
  )
  assert.deepEqual(await bodyOf('datakey-pair', '-k', 'app', '--algorithm', 'P-256'), {
    algorithm: 'P-256',
  })
})

test('of the texts of a variant only the last may hold a colon, and none is left out', async () => {
  const id = '0b7c9b5e-1f4d-4d0a-9d6e-2f6f4b1c0a11'
  const trust = ['trust', 'create', id, '--by']
  for (const [by, value] of [
    [`principal:${id}`, { kind: 'principal', principal: id }],
    [
      `identity:${id}:repo:acme/*:ref`,
      { kind: 'identity', provider: id, subject: 'repo:acme/*:ref' },
    ],
  ] as const) {
    assert.deepEqual(await bodyOf(...trust, by), { principal: id, by: value })
  }
  for (const by of [
    'principal',
    'principal:',
    'identity',
    `identity:${id}`,
    `identity:${id}:`,
    'x:y',
  ]) {
    const { exitCode, stderr } = await run([...trust, by])
    assert.equal(exitCode, 2, by)
    assert.match(stderr, /principal:PRINCIPAL, identity:PROVIDER:SUBJECT/)
  }
  const binding = ['binding', 'create', 'signer', id, '--scope']
  for (const scope of ['tenant:', 'tenant:x', 'key', 'key:']) {
    assert.equal((await run([...binding, scope])).exitCode, 2, scope)
  }
})

test('a document comes from a file, from stdin or as it is, and a list one by one', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'keys.json')
  const keys = '{\n  "keys": [ "ä" ]\n}\n'
  await writeFile(file, keys)
  const create = ['identity-provider', 'create', 'https://issuer.test']
  const input = { issuer: 'https://issuer.test', audiences: ['a', 'b,c'], keys }
  for (const source of [`@${file}`, keys]) {
    const given = ['--audiences', 'a', '--audiences', 'b,c', '--keys', source]
    assert.deepEqual(await bodyOf(...create, ...given), input)
  }
  await writeFile(file, Buffer.from([0xff, 0xfe]))
  const { exitCode, stderr } = await run([...create, '--audiences', 'a', '--keys', `@${file}`])
  assert.equal(exitCode, 2)
  assert.match(stderr, /--keys is not text in UTF-8/)
  assert.equal((await run([...create, '--keys', keys])).exitCode, 2)
})

test('a secret text comes from a file or from stdin, and never from the command line', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'secret')
  await writeFile(file, 'clvk_0_A\n')
  const principal = randomUUID()
  const exchange = ['secret-id', 'exchange', principal]
  const field = fieldsOf(rowOf('secretId.exchange')).find(({ name }) => name === 'secret')
  assert.ok(field)
  assert.equal(await parseField(shellOf({}, [], []), field, `@${file}`), 'clvk_0_A')
  // --curl takes it, too, and does not show it.
  assert.deepEqual(await bodyOf(...exchange, '--secret', `@${file}`), {
    principal,
    secret: '<secret>',
  })
  const { exitCode, stderr } = await run([...exchange, '--secret', 'clvk_0_A'])
  assert.equal(exitCode, 2)
  assert.match(stderr, /takes @file or -/)
  assert.doesNotMatch(stderr, /clvk_0_A/)
})

test('values are read by the kind of their field', async () => {
  assert.deepEqual(
    await bodyOf(
      'key',
      'create',
      '--algorithm',
      'P-256',
      '--exportable',
      '--labels',
      'env=prod,team=a',
      '--labels',
      'tier=1',
      '--protect-stop-at',
      '+1d',
    ),
    {
      algorithm: 'P-256',
      exportable: true,
      labels: { env: 'prod', team: 'a', tier: '1' },
      protectStopAt: new Date(1_800_000_000_000 + 86_400_000).toISOString(),
    },
  )
  assert.deepEqual(await bodyOf('random', '--length', '16'), { length: 16 })
  assert.deepEqual(await bodyOf('datakey', 'app', '--context', 'a=b=c', '--context', 'd='), {
    context: { a: 'b=c', d: '' },
  })
})

test('the key is a positional argument or -k, and not both', async () => {
  const line = async (...given: string[]) =>
    (await run(['--curl', 'key', 'get', ...given])).stdout.split(' ')[4]
  assert.equal(await line('app'), "'http://127.0.0.1:8200/v1/keys/app'")
  assert.equal(await line('-k', 'app'), "'http://127.0.0.1:8200/v1/keys/app'")
  assert.equal((await run(['key', 'get', 'app', '-k', 'app'])).exitCode, 2)
  assert.equal((await run(['key', 'get'])).exitCode, 2)
})

test('bytes come in base64, hex, words, a file or stdin; a message has to say which', async () => {
  await using folder = await temporaryFolder()
  const raw = join(folder.path, 'raw')
  const text = join(folder.path, 'text')
  const pem = join(folder.path, 'pem')
  await writeFile(raw, Buffer.from([0xc1, 0, 255]))
  await writeFile(text, 'wQD/\n')
  await writeFile(pem, '-----BEGIN PUBLIC KEY-----\nAAECAwQF\nBgcICQ==\n-----END PUBLIC KEY-----\n')
  const mac = async (value: string, stdin = '') => {
    const { stdout, stderr } = await run(['--curl', 'mac', '-k', 'app', '--message', value], {
      stdin,
    })
    const body = /<<'JSON'\n(.*)\nJSON/.exec(stdout)?.[1]
    return body === undefined ? stderr : (JSON.parse(body) as { message: string }).message
  }
  assert.equal(await mac('text:hi'), 'aGk=')
  assert.equal(await mac('hex:6869'), 'aGk=')
  assert.equal(await mac('base64:aGk='), 'aGk=')
  assert.equal(await mac('-', 'hi'), 'aGk=')
  assert.equal(await mac(`@${raw}`), 'wQD/')
  assert.equal(
    await mac(`@${text}`),
    Buffer.from('wQD/\n').toString('base64'),
    'a message is taken as it is',
  )
  for (const wrong of ['aGk=', 'hex:6', 'base64:a', `@${folder.path}/none`]) {
    assert.match(await mac(wrong), /^claviger: --message/)
  }
  const reencrypted = async (value: string) =>
    ((await bodyOf('reencrypt', '--ciphertext', value)) as { ciphertext: string }).ciphertext
  assert.equal(await reencrypted(`@${raw}`), 'wQD/')
  assert.equal(
    await reencrypted(`@${text}`),
    'wQD/',
    'what claviger printed in base64 is read back',
  )
  assert.equal(await reencrypted('wQD/'), 'wQD/')
  const agreed = (await bodyOf('agree', 'app', '--public-key', `@${pem}`)) as { publicKey: string }
  assert.equal(agreed.publicKey, 'AAECAwQFBgcICQ==')
})

test('the bytes a verb is about come from stdin where nothing else gives them', async () => {
  const { stdout } = await run(['--curl', 'sign', '-k', 'app'], { stdin: 'hello' })
  assert.match(stdout, /\{"message":"aGVsbG8="\}/)
  const digest = await run(['--curl', 'sign', '-k', 'app', '--digest', `hex:${'ab'.repeat(32)}`], {
    stdin: 'ignored',
  })
  assert.match(digest.stdout, /\{"digest":"[^"]+"\}/)
  const mu = await run(['--curl', 'sign', '-k', 'app', '--mu', `hex:${'ab'.repeat(64)}`], {
    stdin: 'ignored',
  })
  assert.match(mu.stdout, /\{"mu":"[^"]+"\}/)
  for (const verb of ['encrypt', 'decrypt']) {
    const padding = ['--padding', 'rsa-oaep-sha-1']
    const { stdout: padded } = await run(['--curl', verb, '-k', 'app', ...padding], {
      stdin: 'aGVsbG8=',
    })
    assert.match(padded, /"padding":"rsa-oaep-sha-1"/, verb)
  }
})

test('stdin cannot be two things', async () => {
  const { exitCode, stderr } = await run(
    ['verify', '-k', 'app', '--message', '-', '--signature', '-'],
    { stdin: 'x' },
  )
  assert.equal(exitCode, 2)
  assert.match(stderr, /two things/)
})

test('lists of items are JSON from a file or stdin, and their bytes are base64', async () => {
  const items = [{ plaintext: 'aGk=' }, { plaintext: 'aGk=', context: { a: 'b' } }]
  const { stdout } = await run(['--curl', 'encrypt-batch', 'app'], { stdin: JSON.stringify(items) })
  assert.deepEqual(JSON.parse(/<<'JSON'\n(.*)\nJSON/.exec(stdout)?.[1] ?? ''), { items })
  for (const stdin of ['[{"plaintext":"?"}]', '{', '[{"text":"aGk="}]', '[]']) {
    const { exitCode, stderr } = await run(['encrypt-batch', 'app'], { stdin })
    assert.equal(exitCode, 2)
    assert.match(stderr, /--items/)
  }
})

test('times are dates, RFC 3339, or counted from now', () => {
  const now = Date.UTC(2030, 0, 1)
  const cases: [string, number][] = [
    ['2030-01-31', Date.UTC(2030, 0, 31)],
    ['2030-01-31T12:00:00Z', Date.UTC(2030, 0, 31, 12)],
    ['2030-01-31T12:00:00+02:00', Date.UTC(2030, 0, 31, 10)],
    ['+30d', now + 30 * 86_400_000],
    ['30d', now + 30 * 86_400_000],
    ['-2h', now - 7_200_000],
    ['90s', now + 90_000],
  ]
  for (const [text, time] of cases) assert.equal(parseTime(text, now, 'it'), time, text)
  for (const wrong of [
    '',
    'tomorrow',
    '2030-13-01',
    '2030',
    '1',
    '+d',
    '+1w',
    '2030-01-31T12:00',
  ]) {
    assert.throws(() => parseTime(wrong, now, 'it'), /must be a time/, wrong)
  }
})

test('a wrong call is a usage error that says what is wrong', async () => {
  const cases: [string[], RegExp][] = [
    [[], /Usage/],
    [['nonsense'], /unknown command/],
    [['key', 'melt'], /unknown command/],
    [['key', 'create', '--algorythm', 'x'], /unknown option/],
    [['key', 'create', 'surplus'], /too many arguments/],
    [['key', 'destroy', 'app', '--days', 'many'], /--days must be a whole number/],
    [['key', 'list', '--state', 'asleep'], /Allowed choices/],
    [['key', 'create', '--labels', 'env'], /name=value/],
    [['key', 'create', '--labels', 'a=1,a=2'], /twice/],
    [
      ['binding', 'create', 'owner', 'x', '--scope', 'planet'],
      /must be one of: tenant, labels:SELECTOR, key:KEY/,
    ],
    [['random', '--length', '0'], /length/],
    [['-o', 'xml', 'key', 'list'], /Allowed choices/],
    [['--timeout', '0', 'key', 'list'], /seconds/],
    [['encrypt'], /KEY is missing/],
  ]
  for (const [given, why] of cases) {
    const { exitCode, stderr, stdout } = await run(given)
    assert.equal(exitCode, 2, given.join(' '))
    assert.match(stderr, why)
    assert.equal(stdout, '')
  }
})

test('help goes to stdout and is no failure', async () => {
  for (const given of [
    ['--help'],
    ['key', '--help'],
    ['key', 'create', '--help'],
    ['help', 'key'],
  ]) {
    const { exitCode, stdout, stderr } = await run(given)
    assert.equal(exitCode, 0, given.join(' '))
    assert.match(stdout, /^Usage: claviger/)
    assert.equal(stderr, '')
  }
})

test('--version alone says what `version` says; elsewhere it is the version of a key', async () => {
  const { exitCode, stdout } = await run(['--version'])
  assert.equal(exitCode, 0)
  assert.equal(stdout, (await run(['version'])).stdout)
  assert.deepEqual(
    await bodyOf('key', 'revoke', 'app', '--version', '2', '--reason', 'superseded', '--yes'),
    {
      version: 2,
      reason: 'superseded',
    },
  )
})

test('a whole answer is not taken for the signature in it, nor nothing for a ciphertext', async () => {
  await using folder = await temporaryFolder()
  const answer = join(folder.path, 'answer.json')
  await writeFile(answer, JSON.stringify({ signature: 'AAAA', version: 1 }, undefined, 2))
  const verified = await run(['--curl', 'verify', '-k', 'app', '--signature', `@${answer}`], {
    stdin: 'message',
  })
  assert.equal(verified.exitCode, 2)
  assert.match(verified.stderr, /--field signature/)
  const empty = await run(['decrypt', '--text'])
  assert.equal(empty.exitCode, 2)
  assert.match(empty.stderr, /The input is empty/)
})

test('init names the owner and the account', async () => {
  assert.deepEqual(await bodyOf('init', '--owner', 'maria', '--account', '123456789012'), {
    seal: { kind: 'shares', shares: 5, threshold: 3 },
    owner: 'maria',
    account: '123456789012',
  })
  assert.equal((await run(['--curl', 'init', '--account', '12'])).exitCode, 2)
})

test('the call for curl trusts the authority that the command would', async () => {
  const { stdout } = await run(['--curl', '--ca-file', "/it's/ca.pem", 'key', 'list'])
  assert.ok(stdout.includes(`--cacert '/it'\\''s/ca.pem'`), stdout)
})

test('a folder that is not there is no finding about a ledger', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'file')
  await writeFile(file, '')
  for (const path of [join(folder.path, 'none'), file]) {
    const { exitCode, stderr } = await run(['ledger', 'verify', '--dir', path])
    assert.equal(exitCode, 2, stderr)
    assert.match(stderr, /--dir: .*no (such file|folder)/)
  }
})
