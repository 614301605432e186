import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { base64, Client, closeClients, overHttp } from './client.ts'
import { listening, spawnServer, temporaryFolder } from './server-process.ts'

/** A server from its first start to its second: its condition at every step, its ceremonies, and what it measures. */

const folder = temporaryFolder()
const argv = ['--data', join(folder.path, 'data')]
const server = spawnServer('server', { argv })
const anonymous = new Client(overHttp(`http://127.0.0.1:${await listening(server)}`), undefined)
after(async () => {
  closeClients()
  await server[Symbol.asyncDispose]()
  folder.remove()
})

async function metrics(): Promise<Map<string, string>> {
  const answer = await anonymous.send({ method: 'GET', path: '/metrics' })
  assert.equal(answer.status, 200)
  assert.match(String(answer.headers['content-type']), /^text\/plain; version=/)
  const values = new Map<string, string>()
  for (const line of answer.body.toString('utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const match = /^(\w+(?:\{[^}]*\})?) (\S+)$/.exec(line)
    assert.ok(match, line)
    values.set(match[1] ?? '', match[2] ?? '')
  }
  return values
}

async function condition() {
  const { state, progress, seal } = await anonymous.call('system.status', {})
  return { state, progress, seal }
}

let shares: readonly string[] = []
let owner = anonymous
let token = ''

test('before it is initialized it answers, is not ready, and does nothing', async () => {
  assert.deepEqual(await anonymous.call('system.health', {}), { status: 'ok' })
  await anonymous.refuse('not_initialized', 'system.ready', {})
  assert.deepEqual(await condition(), { state: 'uninitialized', progress: 0, seal: undefined })
  for (const client of [anonymous, anonymous.as('clv_x')]) {
    await client.refuse('not_initialized', 'whoami', {})
    await client.refuse('not_initialized', 'key.create', {})
    await client.refuse('not_initialized', 'system.seal', {})
  }
  await anonymous.refuse('not_initialized', 'system.unseal', { share: 'x' })
  assert.equal((await metrics()).get('claviger_unsealed'), '0')
})

test('a seal that is none is not made', async () => {
  for (const seal of [
    undefined,
    {},
    { kind: 'none' },
    { kind: 'shares' },
    { kind: 'shares', shares: 1, threshold: 1 },
    { kind: 'shares', shares: 3, threshold: 4 },
    { kind: 'shares', shares: 3, threshold: 1 },
    { kind: 'shares', shares: 256, threshold: 2 },
    { kind: 'shares', shares: 3.5, threshold: 2 },
    { kind: 'shares', shares: 3, threshold: 2, passphrase: 'long enough for a seal' },
    { kind: 'passphrase' },
    { kind: 'passphrase', passphrase: 'short' },
    { kind: 'passphrase', passphrase: 'x'.repeat(1_025) },
  ]) {
    await anonymous.refuse('invalid_request', 'system.init', { seal })
  }
  assert.equal((await condition()).state, 'uninitialized')
})

test('it is initialized once, whoever asks at the same time', async () => {
  const seal = { kind: 'shares', shares: 3, threshold: 2 }
  const sent = { method: 'POST', path: '/v1/system/init', body: JSON.stringify({ seal }) }
  const answers = await Promise.all([1, 2, 3, 4].map(() => anonymous.send(sent)))
  const made = answers.filter(({ status }) => status === 200)
  assert.equal(made.length, 1)
  for (const { status } of answers) assert.ok(status === 200 || status === 409 || status === 429)
  const output = JSON.parse(made[0]?.body.toString() ?? '') as { shares: string[]; token: string }
  ;({ shares, token } = output)
  assert.equal(shares.length, 3)
  owner = anonymous.as(token)
  await anonymous.refuse('already_initialized', 'system.init', { seal })
})

test('it is unsealed then, and serves', async () => {
  assert.deepEqual(await condition(), {
    state: 'unsealed',
    progress: undefined,
    seal: { kind: 'shares', shares: 3, threshold: 2 },
  })
  assert.deepEqual(await anonymous.call('system.ready', {}), { status: 'ready' })
  const status = await anonymous.call('system.status', {})
  assert.equal(status.node, process.versions.node)
  assert.equal(status.openssl, process.versions.openssl)
  assert.equal(status.selfTest.passed, true)
  assert.equal(status.validatedModule, 'none')
  await owner.call('key.create', { alias: 'first' })
  await owner.call('encrypt', { key: 'first', plaintext: base64('x') })
})

test('what is measured has names and codes, and nothing else', async () => {
  const secret = 'a-very-secret-alias'
  await owner.call('key.create', { alias: secret })
  await owner.refuse('not_found', 'key.get', { key: 'nobody-by-this-secret-name' })
  const values = await metrics()
  const counted = (operation: string, code: string) =>
    Number(values.get(`claviger_operations_total{operation="${operation}",code="${code}"}`))
  assert.equal(counted('key.create', 'ok'), 2)
  assert.equal(counted('encrypt', 'ok'), 1)
  assert.equal(counted('key.get', 'not_found'), 1)
  assert.equal(counted('key.create', 'not_initialized'), 2)
  assert.equal(values.get('claviger_operation_seconds_count{operation="encrypt"}'), '1')
  assert.equal(values.get('claviger_unsealed'), '1')
  assert.equal(values.get('claviger_keys_held'), '1')
  const { entries, revision } = await owner.call('ledger.head', {})
  assert.equal(values.get('claviger_ledger_entries'), String(entries))
  assert.equal(values.get('claviger_ledger_revision'), String(revision))
  const text = [...values.keys()].join('\n')
  for (const name of values.keys()) assert.match(name, /^(claviger_|process_|nodejs_)/)
  for (const word of [secret, 'nobody-by-this', token, ...shares, 'first']) {
    assert.equal(text.includes(word), false)
  }
  // Whatever is asked for, the labels are of the contract: nobody can fill the memory with new ones.
  for (let at = 0; at < 20; at += 1) {
    await anonymous.send({ method: 'GET', path: `/v1/nowhere/${at}` })
    await anonymous.send({ method: `GET`, path: `/v1/keys/${at}` })
  }
  const labels = [...(await metrics()).keys()].filter((name) =>
    name.startsWith('claviger_operations_total'),
  )
  assert.deepEqual(
    labels.filter((name) => !/operation="(none|[a-zA-Z.]+)",code="(ok|[a-z_]+)"/.test(name)),
    [],
  )
})

test('sealed, it answers and does nothing until enough custodians have come', async () => {
  const { ciphertext } = await owner.call('encrypt', { key: 'first', plaintext: base64('x') })
  assert.equal((await owner.call('system.seal', {})).state, 'sealed')
  assert.deepEqual(await anonymous.call('system.health', {}), { status: 'ok' })
  await anonymous.refuse('sealed', 'system.ready', {})
  assert.equal((await condition()).state, 'sealed')
  for (const client of [owner, anonymous]) {
    await client.refuse('sealed', 'decrypt', { ciphertext })
    await client.refuse('sealed', 'whoami', {})
    await client.refuse('sealed', 'system.seal', {})
  }
  assert.equal((await metrics()).get('claviger_unsealed'), '0')
  assert.equal((await metrics()).get('claviger_keys_held'), '0')

  const [one = '', two = '', three = ''] = shares
  for (const bad of [
    {},
    { share: 'x' },
    { share: one.slice(0, -1) },
    { passphrase: 'no such seal' },
  ]) {
    await anonymous.refuse('invalid_share', 'system.unseal', bad)
  }
  assert.equal((await anonymous.call('system.unseal', { share: one })).progress, 1)
  assert.equal((await anonymous.call('system.unseal', { share: one })).progress, 1)
  assert.equal((await anonymous.call('system.unseal', { reset: true })).progress, 0)
  assert.equal((await anonymous.call('system.unseal', { share: two })).progress, 1)
  assert.equal((await anonymous.call('system.unseal', { share: three })).state, 'unsealed')
  assert.equal((await owner.call('decrypt', { ciphertext })).plaintext, base64('x'))
  // Open already: there is nothing to give.
  assert.equal((await anonymous.call('system.unseal', { share: one })).state, 'unsealed')
})

test('the seal is issued anew, and the root key replaced; proof is needed for both', async () => {
  const { ciphertext } = await owner.call('encrypt', { key: 'first', plaintext: base64('x') })
  const seal = { kind: 'shares', shares: 2, threshold: 2 } as const
  for (const proof of [['x'], shares.slice(0, 1), [...shares.slice(0, 1), 'x']]) {
    await owner.refuse('invalid_share', 'system.rotateRoot', { proof })
    await owner.refuse('invalid_share', 'system.reissueSeal', { proof, seal })
  }
  await owner.refuse('invalid_request', 'system.rotateRoot', { proof: [] })
  const rotated = await owner.call('system.rotateRoot', { proof: shares.slice(0, 2) })
  assert.deepEqual(rotated, { generation: 2, tenants: 1 })
  const issued = await owner.call('system.reissueSeal', { proof: shares.slice(1), seal })
  const old = shares
  shares = issued.shares ?? []
  assert.equal(shares.length, 2)
  await owner.refuse('invalid_share', 'system.rotateRoot', { proof: old })
  await owner.call('system.seal', {})
  await anonymous.refuse('invalid_share', 'system.unseal', { share: old[0] })
  for (const share of shares) await anonymous.call('system.unseal', { share })
  assert.equal((await owner.call('decrypt', { ciphertext })).plaintext, base64('x'))
  assert.deepEqual((await owner.call('system.doctor', {})).findings, [])
})

test('after another start it is sealed, and nothing is lost', async () => {
  const { ciphertext } = await owner.call('encrypt', { key: 'first', plaintext: base64('kept') })
  assert.deepEqual(await server.stop(), { code: 0, signal: null })
  await using second = spawnServer('server', { argv })
  const again = new Client(overHttp(`http://127.0.0.1:${await listening(second)}`), token)
  await again.refuse('sealed', 'decrypt', { ciphertext })
  for (const share of shares) await again.call('system.unseal', { share })
  assert.equal((await again.call('decrypt', { ciphertext })).plaintext, base64('kept'))
  assert.deepEqual((await again.call('system.doctor', {})).findings, [])
  for (const secret of [token, ...shares]) {
    assert.equal(`${server.log}${second.log}`.includes(secret), false)
  }
})
