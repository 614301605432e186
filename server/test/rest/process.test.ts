import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect, type SecureVersion } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { base64, Client, closeClients, overHttp, type Transport } from './client.ts'
import { assertProblem, json } from './problem.ts'
import { lines, parseAnswers } from './raw.ts'
import {
  listening,
  ServerProcess,
  spawnServer,
  startDevelopmentServer,
  temporaryFolder,
} from './server-process.ts'

/** The server as a process: its command line, its files, TLS, and its end. */

const folder = temporaryFolder()
after(() => {
  closeClients()
  folder.remove()
})
const cli = fileURLToPath(new URL('../../../cli/bin/claviger', import.meta.url))
const passphrase = 'correct horse battery staple'

/** A self-signed certificate for 127.0.0.1, and its key. */
function certificate() {
  const [cert, key] = [join(folder.path, 'cert.pem'), join(folder.path, 'key.pem')]
  const subject = ['-subj', '/CN=claviger.test', '-addext', 'subjectAltName=IP:127.0.0.1']
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const made = ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert]
  execFileSync('openssl', made, { stdio: 'ignore' })
  return { cert, key, pem: readFileSync(cert, 'utf8') }
}

/** Over TLS that trusts one certificate. */
function overTls(port: number, ca: string): Transport {
  return ({ method, path, headers = {}, body }) => {
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<Transport>>>()
    const options = { host: '127.0.0.1', port, method, path, headers, ca, agent: false as const }
    const request = httpsRequest(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      )
    })
    request.on('error', reject)
    request.end(body)
    return promise
  }
}

function handshake(port: number, maxVersion: SecureVersion): Promise<string | null> {
  const { promise, resolve, reject } = Promise.withResolvers<string | null>()
  // At the lowest level of OpenSSL, or this side would refuse old versions by itself.
  const ciphers = 'DEFAULT@SECLEVEL=0'
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false, ciphers }
  const socket = connect({ ...options, minVersion: 'TLSv1', maxVersion }, () => {
    resolve(socket.getProtocol())
    socket.destroy()
  })
  socket.on('error', reject)
  return promise
}

test('TLS: 1.2 and 1.3 with the certificate that was given, nothing older, and no plain HTTP', async () => {
  const { cert, key, pem } = certificate()
  const data = join(folder.path, 'tls')
  const argv = ['--data', data, '--tls-cert', cert, '--tls-key', key]
  await using server = spawnServer('server', { argv })
  const port = await listening(server)
  const client = new Client(overTls(port, pem), undefined)
  assert.deepEqual(await client.call('system.health', {}), { status: 'ok' })
  const made = await client.call('system.init', { seal: { kind: 'passphrase', passphrase } })
  const owner = client.as(made.token)
  const { id } = await owner.call('key.create', {})
  await owner.call('encrypt', { key: id, plaintext: base64('over TLS') })

  assert.equal(await handshake(port, 'TLSv1.3'), 'TLSv1.3')
  assert.equal(await handshake(port, 'TLSv1.2'), 'TLSv1.2')
  await assert.rejects(handshake(port, 'TLSv1.1'), /alert|version|protocol|EPROTO|ECONNRESET/i)
  await assert.rejects(handshake(port, 'TLSv1'))
  // The certificate is the one of the file, and nobody trusts it who was not told to.
  await assert.rejects(new Client(overTls(port, ''), undefined).call('system.health', {}))
  assert.equal(new X509Certificate(pem).subject, 'CN=claviger.test')

  const plain = new Client(overHttp(`http://127.0.0.1:${port}`), made.token)
  await assert.rejects(plain.send({ method: 'GET', path: '/v1/health' }))
  await client.call('system.health', {})
  assert.deepEqual(await server.stop(), { code: 0, signal: null })
  assert.equal(`${server.log}${server.out}`.includes(made.token), false)
  assert.equal(server.log.includes(passphrase), false)
})

const refused: readonly (readonly [what: string, argv: readonly string[], says: RegExp])[] = [
  ['no mode', [], /command is 'dev' or 'server'/],
  ['a mode there is none of', ['daemon'], /command is 'dev' or 'server'/],
  ['two modes', ['dev', 'server'], /command is 'dev' or 'server'/],
  ['plain HTTP for everybody', ['dev', '--listen', '0.0.0.0:0'], /loopback only/],
  ['plain HTTP on every IPv6 address', ['dev', '--listen', '[::]:0'], /loopback only/],
  ['plain HTTP by a name', ['server', '--data', 'x', '--listen', 'kms.test:0'], /loopback only/],
  [
    'a name that only looks like loopback',
    ['dev', '--listen', '127.0.0.1.test:0'],
    /loopback only/,
  ],
  ['no folder', ['server'], /needs --data/],
  ['half of TLS', ['dev', '--tls-cert', 'x'], /go together/],
  [
    'TLS files that are not there',
    ['dev', '--tls-cert', '/nowhere', '--tls-key', '/nowhere'],
    /cannot be read/,
  ],
  ['a port that is none', ['dev', '--listen', '127.0.0.1:99999'], /HOST:PORT/],
  ['no port', ['dev', '--listen', '127.0.0.1'], /HOST:PORT/],
  ['a level there is none of', ['dev', '--log-level', 'loud'], /--log-level is one of/],
  ['a flag there is none of', ['dev', '--insecure'], /--insecure/],
  ['a token file of a server', ['server', '--data', 'x', '--token-file', 'y'], /are for dev/],
  ['an origin with a scheme', ['dev', '--origin', 'https://x'], /--origin/],
]

for (const [what, argv, says] of refused) {
  test(`it does not start: ${what}`, async () => {
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
    await using server = new ServerProcess(
      process.execPath,
      ['--no-warnings', '--', main, ...argv],
      {},
    )
    assert.deepEqual(await server.end(), { code: 2, signal: null })
    assert.match(server.log, says)
    assert.match(server.log, /claviger server --help/)
    assert.doesNotMatch(server.log, /\n\s+at /)
  })
}

test('it does not start over a port that is taken, or data that is none, and says why', async () => {
  const data = join(folder.path, 'broken')
  {
    await using server = spawnServer('server', { argv: ['--data', data] })
    const port = await listening(server)
    await using second = spawnServer('dev', { listen: `127.0.0.1:${port}` })
    assert.deepEqual(await second.end(), { code: 1, signal: null })
    assert.match(second.log, /EADDRINUSE.*\n +Something listens there.*--listen/)
    await server.stop()
  }
  writeFileSync(join(data, 'claviger.db'), 'this is no database'.repeat(1_000))
  await using server = spawnServer('server', { argv: ['--data', data] })
  assert.deepEqual(await server.end(), { code: 1, signal: null })
  assert.match(server.log, /claviger: .*\(file is not a database\)/)
})

test('a data folder that cannot be made is told without a stack trace', async () => {
  const file = join(folder.path, 'file')
  writeFileSync(file, '')
  await using server = spawnServer('dev', { argv: ['--data', file] })
  assert.deepEqual(await server.end(), { code: 1, signal: null })
  assert.match(server.log, /claviger: The folder of --data cannot be made: EEXIST/)
  assert.doesNotMatch(server.log, /\n\s+at /)
})

test('the files of a development server are for its owner only', async () => {
  const server = await startDevelopmentServer()
  after(() => server.close())
  assert.deepEqual(server.modes, { token: 0o600, env: 0o600 })
  const owner = new Client(overHttp(server.address), server.token)
  assert.equal((await owner.call('whoami', {})).principal.name, 'owner')
  assert.equal(server.process.out.includes(server.token), false)
})

test('files that were there with other modes become private', async () => {
  const tokenFile = join(folder.path, 'was-public')
  writeFileSync(tokenFile, 'old')
  chmodSync(tokenFile, 0o644)
  await using server = spawnServer('dev', { argv: ['--token-file', tokenFile] })
  await server.until(({ out }) => out.includes('npx claviger decrypt'))
  assert.equal(statSync(tokenFile).mode & 0o777, 0o600)
  assert.match(readFileSync(tokenFile, 'utf8'), /^clv_\S+\n$/)
})

test('a development server whose welcome nobody reads serves all the same', async () => {
  const tokenFile = join(folder.path, 'unread')
  await using server = spawnServer('dev', {
    argv: ['--token-file', tokenFile, '--log-level', 'info'],
  })
  server.leaveOut()
  const port = await listening(server)
  const isWritten = () =>
    (statSync(tokenFile, { throwIfNoEntry: false })?.size ?? 0) > 0 || !server.alive
  while (!isWritten()) await new Promise((resolve) => setTimeout(resolve, 10))
  const { status } = await fetch(`http://127.0.0.1:${port}/v1/ready`)
  assert.equal(status, 200)
  assert.deepEqual(await server.stop(), { code: 0, signal: null })
})

/** A socket that is written to in pieces, and everything that came back once it is closed. */
function conversation(port: number) {
  const socket = connectPlain({ port, host: '127.0.0.1' })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => undefined)
  const closed = new Promise<Buffer>((resolve) => {
    socket.on('close', () => resolve(Buffer.concat(chunks)))
  })
  const say = (text: string) => new Promise<void>((resolve) => socket.write(text, () => resolve()))
  return { say, closed }
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`${signal}: what is under way is answered, nothing new is taken, and the end is in order`, async () => {
    const server = await startDevelopmentServer(['--log-level', 'info'])
    after(() => server.close())
    const owner = new Client(overHttp(server.address), server.token)
    const { id } = await owner.call('key.create', {})
    const body = JSON.stringify({ plaintext: base64('under way') })
    const head = [
      'Host: x',
      `Authorization: Bearer ${server.token}`,
      'Content-Type: application/json',
    ]
    const talk = conversation(server.port)
    // Half a request is under way.
    await talk.say(
      lines(`POST /v1/keys/${id}/encrypt HTTP/1.1`, ...head, `Content-Length: ${body.length}`) +
        body.slice(0, 10),
    )
    await owner.call('system.ready', {})
    server.process.kill(signal)
    await server.process.until(({ log }) => log.includes('"draining"'))
    const late = new Client(overHttp(server.address), server.token)
    await assert.rejects(late.send({ method: 'GET', path: '/v1/health' }))
    // The rest of it, and a question behind it.
    await talk.say(body.slice(10) + lines('GET /v1/ready HTTP/1.1', 'Host: x'))
    const [encrypted, ready, ...more] = parseAnswers(await talk.closed)
    assert.ok(encrypted && ready)
    assert.equal((json(encrypted) as { key: string }).key, id)
    assertProblem(ready, 'shutting_down')
    assert.deepEqual(more, [])
    assert.deepEqual(await server.process.end(), { code: 0, signal: null })
    assert.match(server.process.log, /"stopped"/)
  })
}

test('what was answered before the end is there after the next start', async () => {
  const data = join(folder.path, 'kept')
  const env = { CLAVIGER_PASSPHRASE: passphrase }
  let ciphertext = ''
  let token = ''
  {
    await using server = spawnServer('server', { argv: ['--data', data] })
    const client = new Client(overHttp(`http://127.0.0.1:${await listening(server)}`), undefined)
    const made = await client.call('system.init', { seal: { kind: 'passphrase', passphrase } })
    token = made.token
    const owner = client.as(token)
    await owner.call('key.create', { alias: 'kept' })
    ciphertext = (await owner.call('encrypt', { key: 'kept', plaintext: base64('kept') }))
      .ciphertext
    // Not in order: everything answered is on the disk already.
    server.kill('SIGKILL')
    await server.end()
  }
  assert.equal(statSync(data).mode & 0o777, 0o700)
  await using server = spawnServer('server', { argv: ['--data', data], env })
  const address = `http://127.0.0.1:${await listening(server)}`
  const owner = new Client(overHttp(address), token)
  // It listens before it is unsealed.
  for (;;) {
    const answer = await owner.send({ method: 'GET', path: '/v1/ready' })
    if (answer.status === 200) break
    assertProblem(answer, 'sealed')
  }
  assert.equal((await owner.call('decrypt', { ciphertext })).plaintext, base64('kept'))
  assert.equal(server.log.includes(passphrase), false)
  assert.deepEqual(await server.stop(), { code: 0, signal: null })
})

test('claviger server: under the permission model and the hardened start line', async () => {
  const data = join(folder.path, 'hardened')
  const { cert, key, pem } = certificate()
  const argv = [
    'server',
    '--data',
    data,
    '--listen',
    '127.0.0.1:0',
    '--tls-cert',
    cert,
    '--tls-key',
    key,
  ]
  await using server = new ServerProcess(cli, argv, { PATH: process.env['PATH'] })
  const port = await listening(server)
  const client = new Client(overTls(port, pem), undefined)
  const made = await client.call('system.init', {
    seal: { kind: 'shares', shares: 3, threshold: 2 },
  })
  const owner = client.as(made.token)
  // The worker, libuv's pool, OpenSSL through FFI, and the store's thread, all under it.
  const { id: rsa } = await owner.call('key.create', { algorithm: 'RSA-2048' })
  const digest = base64(Buffer.alloc(32, 1))
  const { signature } = await owner.call('sign', { key: rsa, digest, scheme: 'rsa-pss-sha-256' })
  const input = { key: rsa, digest, signature, scheme: 'rsa-pss-sha-256' } as const
  assert.equal((await owner.call('verify', input)).valid, true)
  const { id: slow } = await owner.call('key.create', { algorithm: 'SLH-DSA-SHA2-128f' })
  await owner.call('sign', { key: slow, message: base64('x') })
  const { id } = await owner.call('key.create', {})
  const context = { constructor: 'x', toString: 'y' }
  const sealed = await owner.call('encrypt', { key: id, plaintext: base64('x'), context })
  await owner.call('decrypt', { ciphertext: sealed.ciphertext, context })
  const pointed = {
    ciphertext: sealed.ciphertext,
    context: JSON.parse('{"__proto__":"x"}') as object,
  }
  const body = `{"ciphertext":"${pointed.ciphertext}","context":{"__proto__":"x"}}`
  assertProblem(await owner.send({ method: 'POST', path: '/v1/decrypt', body }), 'invalid_request')
  assert.deepEqual((await owner.call('system.doctor', {})).findings, [])
  await owner.call('system.seal', {})
  for (const share of made.shares?.slice(0, 2) ?? []) await client.call('system.unseal', { share })
  await owner.call('decrypt', { ciphertext: sealed.ciphertext, context })
  if (existsSync(`/proc/${server.pid}/cmdline`)) {
    const line = readFileSync(`/proc/${server.pid}/cmdline`, 'utf8').split('\0')
    for (const flag of [
      '--permission',
      '--disable-proto=throw',
      '--disallow-code-generation-from-strings',
    ]) {
      assert.ok(line.includes(flag), flag)
    }
    // Its environment and its arguments say nothing that is secret.
    assert.equal(line.join(' ').includes(made.token), false)
  }
  assert.deepEqual(await server.stop(), { code: 0, signal: null })
  for (const secret of [made.token, ...(made.shares ?? [])]) {
    assert.equal(server.log.includes(secret), false)
  }
})
