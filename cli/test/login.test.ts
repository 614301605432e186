import assert from 'node:assert/strict'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { runCommandLine } from '../src/command-line.ts'
import { run, shellOf, temporaryFolder } from './in-process.ts'

/** Logging in and out, and proving again who one is, at a terminal in memory and a server that answers by rote. */

const id = '0b7c9b5e-1f4d-4d0a-9d6e-2f6f4b1c0a11'
const token = `clvs_${id.replaceAll('-', '')}_${'A'.repeat(43)}`
const password = 'correct-horse-battery-staple'
const deviceCode = 'd'.repeat(43)
const session = {
  id,
  principal: id,
  factors: [],
  createdAt: '2027-01-15T08:00:00.000Z',
  expiresAt: '2027-01-15T20:00:00.000Z',
  idleSeconds: 900,
  seenAt: '2027-01-15T08:00:00.000Z',
}
const started = {
  deviceCode,
  userCode: 'ABCD-EFGH',
  page: '/device',
  intervalSeconds: 1,
  expiresAt: '2027-01-15T08:10:00.000Z',
}

interface Asked {
  readonly line: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

interface Answer {
  readonly status?: number
  readonly json: unknown
}

/** Answers each route with what is listed for it, one after the other; the last again and again. */
async function server(routes: Readonly<Record<string, readonly Answer[]>>) {
  const seen: Asked[] = []
  const listening = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      const line = `${request.method} ${request.url}`
      const before = seen.filter((one) => one.line === line).length
      seen.push({ line, headers: request.headers, body: text === '' ? {} : JSON.parse(text) })
      const answers = routes[line] ?? []
      const answer = answers[Math.min(before, answers.length - 1)]
      response.writeHead(answer?.status ?? (answer === undefined ? 500 : 200), {
        'content-type': 'application/json',
      })
      response.end(JSON.stringify(answer?.json ?? {}))
    })
  })
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      listening.closeAllConnections()
      await new Promise((resolve) => listening.close(resolve))
    },
  }
}

/** Runs a command at a terminal, where somebody types an answer to every hidden question. */
async function atTerminal(
  given: readonly string[],
  environment: Record<string, string>,
  typed: readonly string[],
) {
  const out: Buffer[] = []
  const answers = [...typed]
  let errors = ''
  const input = Object.assign(new PassThrough(), { setRawMode: () => input })
  const shown = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const text = String(chunk)
      errors += text
      if (text.endsWith(': ')) setImmediate(() => input.write(`${answers.shift() ?? ''}\r`))
      done()
    },
  })
  const shell = {
    ...shellOf({ environment }, out, []),
    input: input as unknown as NodeJS.ReadStream,
    errors: shown as unknown as NodeJS.WriteStream,
    terminals: { input: true, output: false, errors: true },
  }
  const exitCode = await runCommandLine(shell, given)
  return { exitCode, stdout: Buffer.concat(out).toString(), stderr: errors, left: answers.length }
}

const profilesOf = (home: string) => join(home, 'claviger', 'config.yaml')

async function writeProfile(home: string, address: string, kept: string): Promise<void> {
  await mkdir(join(home, 'claviger'), { recursive: true })
  const text = `current: work\nprofiles:\n  work:\n    address: ${address}\n    token: ${kept}\n`
  await writeFile(profilesOf(home), text, { mode: 0o600 })
}

test('login shows where to go and a code, asks until it was typed, and keeps the login to itself', async () => {
  await using home = await temporaryFolder()
  await using there = await server({
    'POST /v1/login/device': [{ json: started }],
    'POST /v1/login/device/poll': [
      { json: { status: 'pending' } },
      { json: { status: 'done', session, token } },
    ],
  })
  const environment = { XDG_CONFIG_HOME: home.path, CLAVIGER_ADDR: there.address }
  const { exitCode, stdout, stderr } = await run(['login'], { environment })
  assert.equal(exitCode, 0, stderr)
  assert.ok(stderr.includes(`${there.address}/device`) && stderr.includes('ABCD-EFGH'), stderr)
  assert.deepEqual(
    there.seen.slice(1).map(({ body }) => body),
    [{ deviceCode }, { deviceCode }],
  )
  assert.ok(there.seen.every(({ headers }) => headers.authorization === undefined))
  for (const secret of [token, deviceCode]) assert.ok(!`${stdout}${stderr}`.includes(secret))
  assert.equal((await stat(profilesOf(home.path))).mode & 0o777, 0o600)
  const text = await readFile(profilesOf(home.path), 'utf8')
  assert.ok(text.includes(token) && text.includes('default'))
})

test('a login that nobody lets in ends without one', async () => {
  await using home = await temporaryFolder()
  const gone = { type: 'about:blank', title: 'Not found', status: 404, code: 'not_found' }
  await using there = await server({
    'POST /v1/login/device': [{ json: started }],
    'POST /v1/login/device/poll': [{ status: 404, json: gone }],
  })
  const { exitCode, stderr } = await run(['login'], {
    environment: { XDG_CONFIG_HOME: home.path, CLAVIGER_ADDR: there.address },
  })
  assert.equal(exitCode, 3, stderr)
  await assert.rejects(stat(profilesOf(home.path)))
})

test('login --name reads password and code from the terminal, and shows neither', async () => {
  await using home = await temporaryFolder()
  await using there = await server({
    'POST /v1/login': [{ json: { session, token, csrf: 'c' } }],
  })
  const environment = { XDG_CONFIG_HOME: home.path, CLAVIGER_ADDR: there.address }
  const done = await atTerminal(['login', '--name', 'alice', '--profile', 'me'], environment, [])
  assert.notEqual(
    done.exitCode,
    0,
    '--profile goes before the environment, so the address is another',
  )
  const given = ['login', '--name', 'alice', '--profile', 'me', '--address', there.address]
  const { exitCode, stdout, stderr } = await atTerminal(given, environment, [password, '123456'])
  assert.equal(exitCode, 0, stderr)
  assert.deepEqual(there.seen.at(-1)?.body, {
    name: 'alice',
    password,
    code: '123456',
    carrier: 'token',
  })
  for (const secret of [password, '123456', token])
    assert.ok(!`${stdout}${stderr}`.includes(secret))
  assert.ok((await readFile(profilesOf(home.path), 'utf8')).includes(token))
  const piped = await run(['login', '--name', 'alice'], { environment, stdin: `${password}\n` })
  assert.equal(piped.exitCode, 2, 'no terminal, nobody to ask')
})

test('a login puts out no token of a program, goes to no other address, and not in the clear', async () => {
  await using home = await temporaryFolder()
  const environment = { XDG_CONFIG_HOME: home.path }
  await writeProfile(home.path, 'http://127.0.0.1:1', 'clv_of-a-program')
  const program = await run(['login'], { environment })
  assert.equal(program.exitCode, 2)
  assert.match(program.stderr, /token of a program/)
  await writeProfile(home.path, 'http://127.0.0.1:1', token)
  const elsewhere = await run(['login', '--address', 'http://127.0.0.1:2'], { environment })
  assert.equal(elsewhere.exitCode, 2)
  assert.match(elsewhere.stderr, /another address/)
  const clear = ['login', '--profile', 'new', '--address', 'http://kms.example:8200']
  const { exitCode, stderr } = await run(clear, { environment })
  assert.equal(exitCode, 2)
  assert.match(stderr, /plain HTTP/)
})

test('logout ends the login at the server and takes it out of the profile, also one that has ended', async () => {
  const ended = { type: 'about:blank', title: 'No', status: 401, code: 'unauthenticated' }
  for (const answer of [{ json: {} }, { status: 401, json: ended }]) {
    await using home = await temporaryFolder()
    await using there = await server({ 'POST /v1/logout': [answer] })
    const environment = { XDG_CONFIG_HOME: home.path }
    await writeProfile(home.path, there.address, token)
    const { exitCode, stderr } = await run(['logout'], { environment })
    assert.equal(exitCode, 0, stderr)
    assert.equal(there.seen.at(-1)?.headers.authorization, `Bearer ${token}`)
    assert.ok(!(await readFile(profilesOf(home.path), 'utf8')).includes(token))
    assert.equal((await run(['logout'], { environment })).exitCode, 2, 'nobody is logged in now')
  }
})

test('a logout that the server refuses leaves the token where it is', async () => {
  await using home = await temporaryFolder()
  const refused = { type: 'about:blank', title: 'No', status: 409, code: 'conflict' }
  await using there = await server({ 'POST /v1/logout': [{ status: 409, json: refused }] })
  await writeProfile(home.path, there.address, 'clv_of-a-program')
  const { exitCode } = await run(['logout'], { environment: { XDG_CONFIG_HOME: home.path } })
  assert.equal(exitCode, 6)
  assert.ok((await readFile(profilesOf(home.path), 'utf8')).includes('clv_of-a-program'))
})

const demanded = (bound: boolean, factors = ['totp', 'passkey']) => ({
  status: 403,
  json: {
    type: 'about:blank',
    title: 'Step-up',
    status: 403,
    code: 'step_up_required',
    detail: 'Prove again who you are',
    stepUp: { factors, bound },
  },
})
const DISABLE = `POST /v1/principals/${id}/disable`
const person = {
  id,
  tenant: id,
  name: 'p',
  kind: 'user',
  state: 'disabled',
  createdAt: session.createdAt,
}

test('where a fresh proof is needed a code is asked for, and the call repeated once with its proof', async () => {
  for (const bound of [true, false]) {
    await using there = await server({
      [DISABLE]: [demanded(bound), { json: person }],
      'POST /v1/login/step-up': [{ json: { factors: [], ...(bound ? { proof: id } : {}) } }],
    })
    const environment = { CLAVIGER_ADDR: there.address, CLAVIGER_TOKEN: token }
    const done = await atTerminal(['principal', 'disable', id], environment, ['123456'])
    assert.equal(done.exitCode, 0, done.stderr)
    assert.ok(!`${done.stdout}${done.stderr}`.includes('123456'))
    const [first, proof, second] = there.seen
    assert.equal(there.seen.length, 3)
    assert.equal(first?.headers['claviger-step-up'], undefined)
    const about = bound ? { operation: 'principal.disable', input: { principal: id } } : {}
    assert.deepEqual(proof?.body, { code: '123456', ...about })
    assert.equal(second?.headers['claviger-step-up'], bound ? id : undefined)
  }
})

test('a second demand is told as it is, and so is one that no terminal can meet', async () => {
  await using there = await server({
    [DISABLE]: [demanded(true)],
    'POST /v1/login/step-up': [{ json: { factors: [], proof: id } }],
  })
  const environment = { CLAVIGER_ADDR: there.address, CLAVIGER_TOKEN: token }
  const again = await atTerminal(['principal', 'disable', id], environment, ['123456', '123456'])
  assert.equal(again.exitCode, 3, again.stderr)
  assert.equal(again.left, 1, 'asked once')
  assert.equal((await run(['principal', 'disable', id], { environment })).exitCode, 3)
  assert.equal(there.seen.length, 4, 'without a terminal nothing is proved')
  await using passkeys = await server({ [DISABLE]: [demanded(true, ['passkey'])] })
  const only = { ...environment, CLAVIGER_ADDR: passkeys.address }
  assert.equal((await atTerminal(['principal', 'disable', id], only, ['123456'])).exitCode, 3)
  assert.equal(passkeys.seen.length, 1)
})
