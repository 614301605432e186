import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { InputOf } from '@claviger/contract'
import { listen } from '#http'
import { systemClock } from '#model'
import { startHouse } from '../harness/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** Client certificates over real TLS: whom they are believed to be, and what strangers try with them. */

const folder = mkdtempSync(join(tmpdir(), 'claviger-'))
const openssl = (...args: string[]) =>
  execFileSync('openssl', args, { stdio: 'ignore', cwd: folder })
const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

function authority(name: string) {
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`]
  openssl('req', '-x509', ...ec, '-days', '2', '-subj', `/O=Test/CN=${name}`, ...files)
  return readFileSync(join(folder, `${name}.pem`))
}

interface Pair {
  readonly cert: Buffer
  readonly key: Buffer
}

/** A certificate that an authority signs. */
function issue(ca: string, name: string, names: string, dates: readonly string[] = []): Pair {
  openssl('req', ...ec, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
  writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${names}\n`)
  const signer = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial']
  const days = dates.length > 0 ? dates : ['-days', '2']
  const files = ['-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', `${name}.ext`]
  openssl('x509', '-req', ...files, ...signer, ...days)
  const read = (kind: string) => readFileSync(join(folder, `${name}.${kind}`))
  return { cert: read('pem'), key: read('key') }
}

const ca = authority('ours')
authority('theirs')
const server = issue('ours', 'server', 'IP:127.0.0.1')
const app = issue('ours', 'app', 'DNS:app.test,URI:spiffe://test/app')
const stranger = issue('theirs', 'stranger', 'DNS:app.test')

/** Past the certificates' end, where a test moves it there. */
let ahead = 0
const clock = { now: () => systemClock.now() + ahead }
const house = await startHouse({ clock })
const { door } = restDoorOver(house)
const listener = await listen({
  door,
  host: '127.0.0.1',
  port: 0,
  tls: { certificate: server.cert, key: server.key, clientAuthorities: ca },
  idPrefix: 'test',
})
const agents: Agent[] = []
after(async () => {
  for (const agent of agents) agent.destroy()
  await listener.drain(100)
  await house.close()
  rmSync(folder, { recursive: true })
})

/** What `whoami` answers over a connection that is kept. */
function client(pair: Pair | undefined) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca, ...pair })
  agents.push(agent)
  return async (headers: Record<string, string> = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>()
    const at = { host: '127.0.0.1', port: listener.port, path: '/v1/whoami', agent, headers }
    const sent = httpsRequest(at, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => {
        const reused = sent.reusedSocket
        resolve({ ...(JSON.parse(text) as object), status: response.statusCode, reused })
      })
    })
    sent.on('error', reject).end()
    return promise
  }
}

let services = 0
async function service() {
  const input = { name: `service-${(services += 1)}`, kind: 'service' as const }
  return (await house.perform('principal.create', input)).id
}

async function mapped(by: Partial<InputOf<'certificate.create'>>, principal?: string) {
  const input = { principal: principal ?? (await service()), description: '', ...by }
  return house.perform('certificate.create', input)
}

const revoke = (certificate: string) => house.perform('certificate.revoke', { certificate })
const parsed = new X509Certificate(app.cert)
const fingerprint = parsed.fingerprint256.replaceAll(':', '').toLowerCase()

test('each way to map a certificate: believed until it is revoked, on the connection that is kept', async () => {
  const ways = [
    { fingerprint },
    { certificate: app.cert.toString() },
    { subjectName: 'DNS:app.test' },
    { subjectName: 'URI:spiffe://test/app' },
    { issuer: parsed.issuer, subject: parsed.subject },
  ]
  const who = client(app)
  for (const way of ways) {
    assert.equal((await who()).status, 401)
    const { id, principal } = await mapped(way)
    const answer = await who()
    assert.equal(answer.status, 200, JSON.stringify(way))
    assert.equal((answer['principal'] as { id: string }).id, principal)
    assert.equal(answer['credential'], id)
    await revoke(id)
    const refused = await who()
    assert.equal(refused.status, 401)
    assert.equal(refused['reused'], true)
  }
})

test('a certificate of another authority is nobody, even where its fingerprint is mapped', async () => {
  const { id } = await mapped({ certificate: stranger.cert.toString() })
  const other = await mapped({ subjectName: 'DNS:app.test' })
  assert.equal((await client(stranger)()).status, 401)
  assert.equal((await client(undefined)()).status, 401)
  for (const each of [id, other.id]) await revoke(each)
})

test('another name is another name, whatever stands in it', async () => {
  const sly = issue('ours', 'sly', '@sly\n[sly]\nDNS.1=app.test.evil.test\nURI.1=x:y, DNS:app.test')
  const { id } = await mapped({ subjectName: 'DNS:app.test' })
  const wild = await mapped({ subjectName: 'DNS:*.evil.test' })
  const url = await mapped({ subjectName: 'URI:spiffe://test/other' })
  // One name that, joined to the others by a comma, would read as two.
  assert.match(new X509Certificate(sly.cert).subjectAltName ?? '', /URI:"x:y.* DNS:app\.test"/)
  assert.equal((await client(sly)()).status, 401)
  assert.equal((await client(issue('ours', 'other', 'DNS:other.test'))()).status, 401)
  for (const each of [id, wild.id, url.id]) await revoke(each)
})

test('a certificate that is two principals is neither, unless it says which', async () => {
  const one = await mapped({ fingerprint })
  const who = client(app)
  assert.equal((await who()).status, 200)
  const two = await mapped({ subjectName: 'DNS:app.test' })
  assert.equal((await who()).status, 401)
  const chosen = await who({ 'claviger-principal': two.principal })
  assert.equal((chosen['principal'] as { id: string }).id, two.principal)
  for (const principal of [await service(), 'nobody', ''])
    assert.equal((await who({ 'claviger-principal': principal })).status, 401)
  for (const { id } of [one, two]) await revoke(id)
})

test('a token in the request comes first, good or not', async () => {
  const { id } = await mapped({ fingerprint })
  const who = client(app)
  assert.equal((await who({ authorization: 'Bearer clv_nobody' })).status, 401)
  const { id: principal, token } = await house.createUser()
  const answer = await who({ authorization: `Bearer ${token}` })
  assert.equal((answer['principal'] as { id: string }).id, principal)
  await revoke(id)
})

test('who only says what a certificate is known by is nobody, also while its session is held', async () => {
  const { id, principal } = await mapped({ fingerprint })
  const named = { 'claviger-principal': principal }
  assert.equal((await client(app)(named)).status, 200)
  assert.equal((await client(app)()).status, 200)
  const stranger = client(undefined)
  for (const said of [fingerprint, `certificate ${fingerprint}`]) {
    for (const token of [said, `${said} ${principal}`]) {
      const authorization = `Bearer ${token}`
      assert.equal((await stranger({ authorization })).status, 401, token)
      assert.equal((await stranger({ authorization, ...named })).status, 401, token)
    }
  }
  await revoke(id)
})

test('a disabled principal, a mapping that ends, a certificate that ends', async () => {
  const { id, principal } = await mapped({ fingerprint, days: 1 })
  const who = client(app)
  assert.equal((await who()).status, 200)
  await house.perform('principal.disable', { principal })
  assert.equal((await who()).status, 401)
  await house.perform('principal.enable', { principal })
  assert.equal((await who()).status, 200)
  ahead = 86_400_000
  assert.equal((await who()).status, 401)
  const longer = await mapped({ fingerprint }, principal)
  assert.equal((await who()).status, 200)
  ahead = 2 * 86_400_000
  await house.renewToken()
  assert.equal((await who()).status, 401)
  ahead = 0
  for (const each of [id, longer.id]) await revoke(each)
})

test('what is no way, too long, a person, or of another tenant is refused', async () => {
  for (const way of [
    {},
    { fingerprint, subjectName: 'DNS:app.test' },
    { issuer: 'CN=x' },
    { certificate: 'no PEM' },
    { fingerprint, days: 826 },
  ]) {
    await assert.rejects(mapped(way), { code: 'invalid_request' }, JSON.stringify(way))
  }
  const { id } = await house.perform('principal.create', { name: 'person', kind: 'user' })
  await assert.rejects(mapped({ fingerprint }, id), { code: 'conflict' })
  const { token } = await house.perform('tenant.create', { name: 'other' })
  const made = await mapped({ fingerprint })
  const certificate = made.id
  assert.equal(await house.codeOf('certificate.revoke', { certificate }, { token }), 'not_found')
  const { items } = await house.perform('certificate.list', { limit: 100 }, { token })
  assert.deepEqual(items, [])
  await revoke(certificate)
  assert.equal(await house.codeOf('certificate.revoke', { certificate }), 'conflict')
})
