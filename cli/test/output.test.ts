import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorCodes, type ErrorCode } from '@claviger/contract'
import { parse } from 'yaml'
import { exitCodeOfError } from '../src/exit-codes.ts'
import { formatTable } from '../src/output/table.ts'
import { harmless, isPrintable } from '../src/output/text.ts'
import { selectField } from '../src/output/values.ts'
import { listener, run } from './in-process.ts'

const id = '0b7c9b5e-1f4d-4d0a-9d6e-2f6f4b1c0a11'
const token = 'clv_token-of-the-test'

function keyView(alias: string) {
  return {
    id,
    tenant: id,
    algorithm: 'AES-256-GCM',
    usage: 'encrypt',
    state: 'active',
    origin: 'generated',
    protection: 'software',
    exportable: false,
    owner: id,
    description: '',
    labels: {},
    aliases: [alias],
    version: 1,
    createdAt: '2026-01-02T03:04:05.000Z',
    materialId: '5e'.repeat(32),
  }
}

test('a terminal gets a table, a program gets JSON, and either what it asks for', async () => {
  await using server = await listener(200, keyView('app'))
  const environment = { CLAVIGER_ADDR: server.address, CLAVIGER_TOKEN: token }
  const get = async (given: string[], terminal = false) =>
    (await run([...given, 'key', 'get', 'app'], { environment, terminal })).stdout
  assert.deepEqual(JSON.parse(await get([])), keyView('app'))
  assert.deepEqual(JSON.parse(await get(['-o', 'json'], true)), keyView('app'))
  assert.deepEqual(parse(await get(['--output', 'yaml'])), keyView('app'))
  assert.match(await get(['-o', 'table']), /^id {10}0b7c9b5e-[^\n]+\ntenant /)
  assert.match(await get([], true), /state[^\n]* active\n/)
  assert.equal(await get(['--field', 'state'], true), 'active\n')
  assert.equal(await get(['--field', 'aliases']), 'app\n')
  assert.equal((await run(['-o', 'raw', 'key', 'get', 'app'], { environment })).exitCode, 2)
  assert.deepEqual(
    server.seen.map(({ authorization }) => authorization),
    server.seen.map(() => `Bearer ${token}`),
  )
})

test('colour is for terminals, and not where NO_COLOR says no', async () => {
  await using server = await listener(200, { items: [keyView('app')] })
  const get = async (more: Record<string, string>, terminal: boolean) =>
    (
      await run(['key', 'list', '-o', 'table'], {
        environment: { CLAVIGER_ADDR: server.address, ...more },
        terminal,
      })
    ).stdout
  assert.ok((await get({}, true)).includes('\u001b['))
  for (const [more, terminal] of [
    [{ NO_COLOR: '1' }, true],
    [{ TERM: 'dumb' }, true],
    [{}, false],
  ] as const) {
    assert.ok(!(await get(more, terminal)).includes('\u001b'))
  }
})

test('a page that is not the last says how to go on, on stderr', async () => {
  await using server = await listener(200, { items: [keyView('app')], cursor: 'abc' })
  const environment = { CLAVIGER_ADDR: server.address }
  const loud = await run(['key', 'list'], { environment })
  assert.match(loud.stderr, /--cursor abc/)
  assert.equal((JSON.parse(loud.stdout) as { cursor: string }).cursor, 'abc')
  assert.equal((await run(['key', 'list', '-q'], { environment })).stderr, '')
})

test('bytes go raw to a file and never to a terminal, unless they are text', async () => {
  await using binary = await listener(200, { bytes: Buffer.from([0, 27, 255]).toString('base64') })
  const environment = { CLAVIGER_ADDR: binary.address }
  assert.deepEqual(
    (await run(['random', '-o', 'raw'], { environment })).stdoutBytes,
    Buffer.from([0, 27, 255]),
  )
  const refused = await run(['random', '-o', 'raw'], { environment, terminal: true })
  assert.equal(refused.exitCode, 2)
  assert.equal(refused.stdout, '')
  assert.match(refused.stderr, /binary and stdout is a terminal/)
  await using checkpoint = await listener(200, Buffer.from('origin\n7\n'))
  const shown = await run(['ledger', 'checkpoint'], {
    environment: { CLAVIGER_ADDR: checkpoint.address },
    terminal: true,
  })
  assert.equal(shown.stdout, 'origin\n7\n')
})

test('every error of the contract has its exit code, words, advice and request id', async () => {
  for (const code of Object.keys(errorCodes) as ErrorCode[]) {
    const problem = {
      type: 'about:blank',
      status: errorCodes[code].status,
      code,
      detail: 'The detail',
      request: 'r-17',
    }
    await using server = await listener(errorCodes[code].status, problem)
    const { exitCode, stdout, stderr } = await run(['key', 'list'], {
      environment: { CLAVIGER_ADDR: server.address },
    })
    assert.equal(exitCode, exitCodeOfError[code], code)
    assert.ok(exitCode >= 1 && exitCode <= 9)
    assert.equal(stdout, '')
    const lines = stderr.trimEnd().split('\n')
    assert.equal(lines[0], `claviger: The detail [${code}]`)
    assert.ok((lines[1] ?? '').length > 10, 'what to do next')
    assert.equal(lines[2], '  Request id: r-17')
  }
})

test('an invalid signature is bad news that came: it is printed, and the exit code says so', async () => {
  await using server = await listener(200, { valid: false, key: id, version: 1 })
  const environment = { CLAVIGER_ADDR: server.address }
  const result = await run(['verify', '-k', 'app', '--signature', 'AAAA'], {
    environment,
    stdin: 'x',
  })
  assert.equal(result.exitCode, 8)
  assert.equal((JSON.parse(result.stdout) as { valid: boolean }).valid, false)
  assert.equal(result.stderr, 'Not valid.\n')
})

test('failed items of a batch decide the exit code, and the others are still printed', async () => {
  const items = [
    { plaintext: 'aGk=', key: id, version: 1 },
    { error: { code: 'invalid_ciphertext', detail: 'no' } },
  ]
  await using server = await listener(200, { items })
  const { exitCode, stdout } = await run(['decrypt-batch'], {
    environment: { CLAVIGER_ADDR: server.address },
    stdin: JSON.stringify([{ ciphertext: 'wQE=' }, { ciphertext: 'wQE=' }]),
  })
  assert.equal(exitCode, 8)
  assert.deepEqual(JSON.parse(stdout), { items })
})

test('what the far side sends cannot drive the terminal', () => {
  assert.equal(harmless('a\u001b[2Jb\u0007\u202Ec'), 'a\\u001b[2Jb\\u0007\\u202ec')
  assert.equal(harmless('two\nlines'), 'two lines')
  const table = formatTable('x', { items: [{ name: '\u001b]0;evil\u0007' }] }, { color: false })
  assert.ok(!table.includes('\u001b'))
  assert.ok(
    isPrintable(Buffer.from('grüße\n')) &&
      !isPrintable(Buffer.from([0x1b])) &&
      !isPrintable(Buffer.from([0xff])),
  )
})

test('nor in any other form', async () => {
  const evil = 'a\u001b[2Jb\u009b2Jc\u202ed'
  await using server = await listener(200, { ...keyView('app'), description: evil })
  const environment = { CLAVIGER_ADDR: server.address, CLAVIGER_TOKEN: token, NO_COLOR: '1' }
  for (const given of [
    ['-o', 'json'],
    ['-o', 'yaml'],
    ['-o', 'table'],
    ['--field', 'description'],
  ]) {
    const shown = await run([...given, 'key', 'get', 'app'], { environment, terminal: true })
    assert.equal(shown.exitCode, 0, shown.stderr)
    assert.doesNotMatch(shown.stdout, /[^\P{Cc}\n]|\p{Cf}/u, given.join(' '))
  }
  const json = await run(['-o', 'json', 'key', 'get', 'app'], { environment, terminal: true })
  assert.equal((JSON.parse(json.stdout) as { description: string }).description, evil)
  const piped = await run(['--field', 'description', 'key', 'get', 'app'], { environment })
  assert.equal(piped.stdout, `${evil}\n`)
})

test('tables: empty columns are left out, long cells are cut, nested fields are flattened', () => {
  const list = formatTable(
    'binding.list',
    { items: [{ id: 'a', role: 'owner', scope: { kind: 'tenant' } }] },
    { color: false },
  )
  assert.equal(list, 'ID  ROLE   SCOPE\na   owner  kind=tenant\n')
  const one = formatTable('x', { a: { b: 1, c: ['d', 'e'] }, f: '' }, { color: false })
  assert.equal(one, 'a.b  1\na.c  d, e\n')
  assert.ok(formatTable('x', { items: [{ a: 'x'.repeat(500) }] }, { color: false }).length < 100)
  assert.equal(formatTable('x', { items: [] }, { color: false }), '')
  const advice = 'an advice that goes on '.repeat(9)
  const told = formatTable('doctor', { items: [{ check: 'a', detail: advice }] }, { color: false })
  assert.ok(told.includes(advice.trimEnd()), 'what a person must read is not cut')
  const broken = {
    items: [{ key: 'k', violations: [{ rule: 'algorithms', words: advice.trim() }] }],
  }
  assert.ok(formatTable('policy.check', broken, { color: false }).includes(advice.trim()))
})

test('--field looks inside, over the items of a list, and says what there is', () => {
  const value = { items: [{ a: { b: 1 } }, { a: { b: 'two' } }, {}] }
  assert.deepEqual(selectField(value, 'a.b'), ['1', 'two'])
  assert.throws(() => selectField({ a: 1 }, 'b'), /no field b/)
  assert.throws(() => selectField({ a: 1 }, 'constructor'), /no field/)
})
