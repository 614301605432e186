import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { WireOutputOf } from '@claviger/contract'
import { unwrap } from '#keyring'
import type { Key } from '#model'
import { openSeal, parseSealDescription, unwrapRootKey } from '#seal'
import type { Store } from '#store'
import { versionBinding } from '../../src/keyring/ring.ts'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { providerAnswer, providerOf } from '../harness/inputs-of-providers.ts'
import { Issuer } from '../harness/issuer.ts'
import { CLIENT_SECRET, TestProvider } from '../harness/login-provider.ts'
import { passphrase, startServerProcess, temporaryFolder } from '../harness/server-process.ts'
import { performSigned, performWith } from '../harness/signed.ts'

/** The fourth promise: whatever is copied off the disk holds nothing that should be secret, in no spelling. */

/** Bytes of a secret that are looked for at once; less than that may be there by chance, or be a header. */
const PIECE_BYTES = 16

/** How bytes may stand in a file: as they are, in hex, and in base64, whatever stands before them. */
function spellings(piece: Buffer): Buffer[] {
  const shifted = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), piece])
      .toString('base64')
      // The characters that the shift and the end have a part in are left out.
      .slice(Math.ceil((shift * 4) / 3), -4),
  )
  const texts = [
    piece.toString('hex'),
    piece.toString('hex').toUpperCase(),
    ...shifted,
    ...shifted.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ]
  return [
    piece,
    Buffer.from(piece.toString('latin1'), 'utf16le'),
    ...texts.map((text) => Buffer.from(text)),
  ]
}

function filesOf(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return new Map(names.map(({ name, parentPath }) => [name, readFileSync(join(parentPath, name))]))
}

/** Names every secret of which a piece stands in a file. */
function found(folder: string, secrets: ReadonlyMap<string, Uint8Array | string>): string[] {
  const files = filesOf(folder)
  assert.ok(files.size > 0)
  const findings: string[] = []
  for (const [what, secret] of secrets) {
    const bytes = Buffer.from(secret as string)
    assert.ok(bytes.length >= PIECE_BYTES, `${what} is too short to be looked for`)
    for (let at = 0; at + PIECE_BYTES <= bytes.length; at += PIECE_BYTES) {
      const looked = spellings(bytes.subarray(at, at + PIECE_BYTES))
      for (const [name, content] of files) {
        if (looked.some((spelling) => content.includes(spelling)))
          findings.push(`${what} in ${name}`)
      }
    }
  }
  return findings
}

/** Opens everything that is stored wrapped, with the keys of the running house. */
async function materialOf(
  store: Store,
  { house, shares }: TestHouse,
): Promise<Map<string, Uint8Array>> {
  const { hierarchy } = house
  const material = new Map<string, Uint8Array>()
  for (const row of await store.scan('key', undefined, 1_000)) {
    const key = JSON.parse(row.document) as Key
    const stored = await store.key(key.id)
    for (const [at, { material: blob }] of (stored?.versions ?? []).entries()) {
      if (blob === undefined) continue
      const opened = unwrap(
        hierarchy.tenantWrappingKey(key.tenant),
        versionBinding(key, at + 1),
        blob,
      )
      material.set(`${key.algorithm} version ${at + 1}`, opened)
    }
  }
  for (const { id: tenant, material: blob } of await store.scan('tenant', undefined, 10)) {
    const binding = { purpose: 'tenant key', tenant }
    material.set(
      'a tenant key',
      unwrap(hierarchy.rootWrappingKey(), binding, blob ?? Buffer.alloc(0)),
    )
  }
  for (const { id, tenant, material: blob } of await store.scan(
    'importParameters',
    undefined,
    10,
  )) {
    const binding = { purpose: 'import wrapping key', tenant, id }
    material.set(
      'an import key',
      unwrap(hierarchy.tenantWrappingKey(tenant), binding, blob ?? Buffer.alloc(0)),
    )
  }
  const [seal, log] = await store.rows([
    { kind: 'system', id: 'seal' },
    { kind: 'system', id: 'log' },
  ])
  assert.ok(seal?.material !== undefined && log?.material !== undefined)
  const signing = { purpose: 'log signing keys' }
  // Both private keys, each behind its length; the first is a PKCS#8 whose header says nothing.
  material.set(
    'the signing keys of the ledger',
    unwrap(hierarchy.rootWrappingKey(), signing, log.material),
  )
  const { description, generation } = JSON.parse(seal.document) as {
    description: unknown
    generation: number
  }
  const parsedSeal = parseSealDescription(description)
  const sealKey = await openSeal(parsedSeal, shares)
  material.set('the root key', unwrapRootKey(sealKey, seal.material, parsedSeal, generation))
  material.set('the seal key', await openSeal(parsedSeal, shares))
  return material
}

/** A session from an identity token, which is somebody's credential at other places too. */
async function identityInto(
  house: TestHouse,
  secrets: Map<string, Uint8Array | string>,
): Promise<void> {
  const issuer = new Issuer('https://issuer.test')
  const { id: provider } = await house.perform('identityProvider.create', {
    issuer: issuer.issuer,
    audiences: ['kms'],
    keys: issuer.keys(),
  })
  const { principal, account } = await house.perform('whoami', {})
  await house.perform('trust.create', {
    principal: principal.id,
    by: { kind: 'identity', provider, subject: 'pod' },
    seconds: 900,
  })
  const now = Math.floor(house.clock.now() / 1_000)
  const token = issuer.token({
    iss: issuer.issuer,
    sub: 'pod',
    aud: 'kms',
    iat: now,
    exp: now + 60,
  })
  const credential = { kind: 'identity', token, account, role: principal.name } as const
  const made = await performWith(house, credential, 'session.create', { name: 'pod', seconds: 900 })
  secrets.set('an identity token', token)
  secrets.set("an identity's secret", made.secret)
}

/** The secret that this server has at a login provider, and a login with it. */
async function providerInto(
  house: TestHouse,
  secrets: Map<string, Uint8Array | string>,
): Promise<void> {
  const provider = await TestProvider.shared()
  const made = await house.perform('loginProvider.create', await providerOf(provider))
  const { flow, callback, carrier } = await providerAnswer(
    house,
    provider,
    { provider: made.id },
    'alice',
  )
  const done = await house.perform('login.provider', { flow, callback, carrier })
  secrets.set('the client secret', CLIENT_SECRET)
  secrets.set('the secret of a login under way', flow)
  secrets.set('the code of a provider', new URLSearchParams(callback).get('code') ?? '')
  if (done.status === 'done') secrets.set('a login with a provider', done.token ?? '')
}

const algorithms = [
  'AES-256-GCM',
  'AES-128-GCM',
  'ChaCha20-Poly1305',
  'HMAC-SHA-256',
  'P-256',
  'Ed25519',
  'X25519',
  'ML-DSA-65',
  'ML-KEM-768',
]

test('the data folder has no key of any kind, plaintext, token or share, while it is open and after', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'claviger.db')
  await using house = await startHouse({ path })
  const secrets = new Map<string, Uint8Array | string>([
    ["the owner's token", house.token.slice(-43)],
    ...house.shares.map((share, at) => [`share ${at}`, share] as const),
  ])
  for (const algorithm of algorithms) await house.createKey({ algorithm })
  const { id: key } = await house.createKey({ exportable: true })
  await house.perform('key.rotate', { key })
  const plaintext = randomBytes(4_096)
  secrets.set('a plaintext', Buffer.from(plaintext))
  const { ciphertext } = await house.perform('encrypt', {
    key,
    plaintext,
    context: { purpose: 'test' },
  })
  await house.perform('decrypt', { ciphertext, context: { purpose: 'test' } })
  const datakey = await house.perform('datakey', { key })
  secrets.set('a data key', Buffer.from(datakey.plaintext ?? ''))
  const pair = await house.perform('datakeyPair', { key, algorithm: 'P-256' })
  secrets.set('the private key of a pair', Buffer.from(pair.privateKey ?? ''))
  secrets.set('random bytes', Buffer.from((await house.perform('random', { length: 64 })).bytes))
  const imported = randomBytes(32)
  secrets.set('imported material', Buffer.from(imported))
  await house.perform('key.import', {
    algorithm: 'AES-256-GCM',
    exportable: false,
    unsafePlaintext: imported,
  })
  await house.perform('key.importParameters', { wrapping: 'rsa-oaep-sha-256', bits: 2_048 })
  secrets.set("a user's token", (await house.createUser('owner')).token.slice(-43))
  secrets.set(
    "a tenant's first token",
    (await house.perform('tenant.create', { name: 'other' })).token.slice(-43),
  )
  const principal = (await house.createUser()).id
  const kept = await house.perform('accessKey.create', { principal, description: '' })
  secrets.set("an access key's secret", kept.secret)
  const revoked = await house.perform('accessKey.create', { principal, description: '' })
  await house.perform('accessKey.revoke', { accessKey: revoked.id })
  secrets.set("a revoked access key's secret", revoked.secret)
  const session = await performSigned(
    house,
    { accessKey: kept.id, secret: kept.secret },
    'session.create',
    { name: 'session', seconds: 900 },
  )
  await performSigned(house, session, 'whoami', {})
  secrets.set("a session's secret", session.secret)
  // All its tokens begin with the tenant's id, which is no secret.
  secrets.set("a session's token", session.token.slice(64))
  await identityInto(house, secrets)
  await providerInto(house, secrets)
  // A token in the wrong place is not kept either.
  await house.codeOf('encrypt', { key, plaintext: Buffer.from('a') }, { token: `${house.token}x` })
  await house.checkpoint()
  for (const [what, bytes] of await materialOf(house.store, house)) secrets.set(what, bytes)
  assert.ok(secrets.size > 20)

  assert.deepEqual(found(folder.path, secrets), [], 'while it is open')
  await house.close()
  assert.deepEqual(found(folder.path, secrets), [], 'after it was closed')
})

test('a destroyed key is gone from the files, wrapped too', async () => {
  await using folder = await temporaryFolder()
  const clock = new DrivenClock()
  await using house = await startHouse({ path: join(folder.path, 'claviger.db'), clock })
  const { id: key } = await house.createKey()
  const stored = await house.store.key(key)
  const wrapped = new Map([['the wrapped key', stored?.versions[0]?.material ?? '']])
  assert.ok(found(folder.path, wrapped).length > 0, 'the search finds what is there')
  await house.perform('key.destroy', { key, days: 1 })
  clock.advance(86_400_000)
  await house.runJob('destruction')
  assert.equal((await house.perform('key.get', { key })).state, 'destroyed')
  await house.close()
  assert.deepEqual(found(folder.path, wrapped), [])
})

test('a seal by passphrase and a killed server leave nothing either, nor does the log', async () => {
  await using folder = await temporaryFolder()
  const data = folder.path
  await using server = await startServerProcess({ data })
  const plaintext = randomBytes(1_024)
  await server.call('POST', '/v1/keys', { alias: 'one' })
  await server.call('POST', '/v1/keys/one/encrypt', { plaintext: plaintext.toString('base64') })
  const datakey = await server.call<WireOutputOf<'datakey'>>('POST', '/v1/keys/one/datakey', {})
  const secrets = new Map<string, Uint8Array | string>([
    ['the passphrase', passphrase],
    ["the owner's token", server.token.slice(-43)],
    ['a plaintext', plaintext],
    ['a data key', Buffer.from(datakey.plaintext ?? '', 'base64')],
  ])
  // Bad requests are where logs like to quote.
  await server.request('POST', '/v1/keys/one/encrypt', {
    plaintext: plaintext.toString('base64'),
    extra: 'x',
  })
  await server.request(
    'POST',
    `/v1/keys/${plaintext.subarray(0, 64).toString('hex')}/encrypt`,
    {},
    `${server.token}x`,
  )
  await server.kill9()
  assert.deepEqual(found(folder.path, secrets), [])
  for (const [what, secret] of secrets)
    assert.ok(!server.said.includes(String(secret)), `${what} is in the log`)
})
