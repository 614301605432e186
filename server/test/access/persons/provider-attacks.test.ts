import assert from 'node:assert/strict'
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { after, test } from 'node:test'
import { systemClock } from '#model'
import { startHouse } from '../../harness/house.ts'
import { providerAnswer, providerOf } from '../../harness/inputs-of-providers.ts'
import { CLIENT, TestProvider } from '../../harness/login-provider.ts'
import { ES256, LyingIssuer, tokenOf } from '../../harness/lying-issuer.ts'

/** What somebody tries who wants to log in as another with a provider: each is refused, in the same words, and in the ledger. */

let ahead = 0
const house = await startHouse({ clock: { now: () => systemClock.now() + ahead } })
const provider = await TestProvider.start()
provider.people.set('alice', { amr: ['mfa'], claims: { preferred_username: 'alice' } })
provider.people.set('mallory', { amr: ['mfa'], claims: { preferred_username: 'mallory' } })
const { id } = await house.perform('loginProvider.create', await providerOf(provider))
const liars: LyingIssuer[] = []
after(async () => {
  await house.close()
  for (const liar of liars) await liar[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const nobody = { token: undefined }
const words = new Set<string>()

/** Finishes a login; why it is refused, as the newest entry says. */
async function refusalOf(flow: string, callback: string, more: { code?: string } = {}) {
  // Failures of one address are bounded in time.
  ahead += 1_000
  const input = { flow, carrier: 'token' as const, ...more }
  const doing = house.perform(
    'login.provider',
    more.code === undefined ? { ...input, callback } : input,
    nobody,
  )
  await assert.rejects(doing, (error: { code?: string; message: string }) => {
    assert.equal(error.code, 'unauthenticated')
    words.add(error.message)
    return true
  })
  const entry = (await house.entries()).at(-1)
  assert.deepEqual(
    [entry?.event, entry?.outcome, entry?.principal],
    ['login.provider', 'denied', 'anonymous'],
  )
  return entry?.detail?.['because']
}

test('an answer belongs to the browser that began, and counts once', async () => {
  const first = await providerAnswer(house, provider, { provider: id }, 'alice')
  const second = await providerAnswer(house, provider, { provider: id }, 'mallory')
  // Somebody who saw the answer has not the secret of the browser, and one of their own does not go with it.
  assert.equal(await refusalOf('a'.repeat(43), first.callback), 'flow')
  assert.equal(await refusalOf(second.flow, first.callback), 'state')
  assert.equal(await refusalOf(second.flow, second.callback), 'flow', 'used up by the attempt')
  const done = await house.perform(
    'login.provider',
    { flow: first.flow, callback: first.callback, carrier: 'token' },
    nobody,
  )
  assert.equal(done.status, 'done')
  assert.equal(await refusalOf(first.flow, first.callback), 'flow')
  const third = await providerAnswer(house, provider, { provider: id }, 'alice')
  assert.equal(await refusalOf(third.flow, '', { code: '000000' }), 'flow', 'another step')
})

test('a code counts once, also where its state is forged', async () => {
  const first = await providerAnswer(house, provider, { provider: id }, 'alice')
  const { url, flow } = await house.perform(
    'login.providerStart',
    { provider: id, redirect: '/login', again: false },
    nobody,
  )
  const { flow: used, callback } = first
  await house.perform('login.provider', { flow: used, callback, carrier: 'token' }, nobody)
  const forged = new URLSearchParams(callback)
  forged.set('state', new URL(url).searchParams.get('state') ?? '')
  assert.equal(await refusalOf(flow, forged.toString()), 'code')
})

test('a code of another login is bound to its verifier and nonce', async () => {
  // The attacker's own login is answered, and the code is put into the login that the victim began.
  const attacker = await providerAnswer(house, provider, { provider: id }, 'mallory')
  const { url, flow } = await house.perform(
    'login.providerStart',
    { provider: id, redirect: '/login', again: false },
    nobody,
  )
  const injected = new URLSearchParams(attacker.callback)
  injected.set('state', new URL(url).searchParams.get('state') ?? '')
  assert.equal(await refusalOf(flow, injected.toString()), 'code')
})

test('an answer that names another issuer, one with an error, and a broken one', async () => {
  const mixed = await providerAnswer(house, provider, { provider: id }, 'alice')
  const query = new URLSearchParams(mixed.callback)
  query.set('iss', 'https://issuer.example')
  assert.equal(await refusalOf(mixed.flow, query.toString()), 'mix-up')
  const declined = await providerAnswer(house, provider, { provider: id })
  assert.equal(await refusalOf(declined.flow, declined.callback), 'declined')
  const twice = await providerAnswer(house, provider, { provider: id }, 'alice')
  assert.equal(await refusalOf(twice.flow, `${twice.callback}&code=a&code=b`), 'token')
  const empty = await providerAnswer(house, provider, { provider: id }, 'alice')
  assert.equal(await refusalOf(empty.flow, ''), 'state')
})

test('a login is of the provider that it began with, though that was changed or deleted', async () => {
  const made = await house.perform('loginProvider.create', await providerOf(provider))
  const late = await providerAnswer(house, provider, { provider: made.id }, 'alice')
  await house.perform('loginProvider.delete', { provider: made.id })
  assert.equal(await refusalOf(late.flow, late.callback), 'provider')
})

test('a login that lasts too long is over', async () => {
  const slow = await providerAnswer(house, provider, { provider: id }, 'alice')
  ahead += 600_000
  assert.equal(await refusalOf(slow.flow, slow.callback), 'flow')
})

/** A login with an issuer whose ID token a test makes, of good claims and the issuer's key. */
async function lied(
  make: (claims: Record<string, unknown>, key: KeyObject, liar: LyingIssuer) => string,
) {
  const liar = await LyingIssuer.start()
  liars.push(liar)
  const { clientSecret: _, ...settings } = await providerOf(provider)
  const made = await house.perform('loginProvider.create', { ...settings, issuer: liar.issuer })
  const { url, flow } = await house.perform(
    'login.providerStart',
    { provider: made.id, redirect: '/login', again: false },
    nobody,
  )
  const asked = new URL(url).searchParams
  const now = Math.floor(systemClock.now() / 1_000)
  const claims = {
    iss: liar.issuer,
    sub: 'alice',
    aud: CLIENT,
    nonce: asked.get('nonce'),
    iat: now,
    exp: now + 60,
    auth_time: now,
    amr: ['mfa'],
    preferred_username: 'alice',
  }
  liar.idToken = make(claims, liar.privateKey, liar)
  return { flow, callback: `code=a&state=${asked.get('state') ?? ''}` }
}

test('only an ID token of the issuer, for this client, of this login and in time is believed', async () => {
  const good = await lied((claims, key) => tokenOf(ES256, claims, key))
  const done = await house.perform('login.provider', { ...good, carrier: 'token' }, nobody)
  assert.equal(done.status, 'done', 'the same token is believed where nothing is wrong with it')
  const { privateKey: foreign, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ago = { iat: 1_000_000_000, exp: 1_000_000_060 }
  const cases: readonly (readonly [string, Parameters<typeof lied>[0]])[] = [
    ['token', (claims) => tokenOf({ alg: 'none' }, claims)],
    ['token', (claims) => tokenOf(ES256, claims)],
    ['token', (claims) => tokenOf(ES256, claims, foreign)],
    ['token', (claims) => hmacOf(claims, createPublicKey(foreign))],
    [
      'token',
      (claims) => tokenOf({ ...ES256, jwk: publicKey.export({ format: 'jwk' }) }, claims, foreign),
    ],
    ['token', (claims, key) => tokenOf({ ...ES256, kid: 'another' }, claims, key)],
    ['claims', (claims, key) => tokenOf(ES256, { ...claims, iss: 'https://other.test' }, key)],
    ['claims', (claims, key) => tokenOf(ES256, { ...claims, aud: 'another' }, key)],
    ['claims', (claims, key) => tokenOf(ES256, { ...claims, nonce: 'another' }, key)],
    ['token', (claims, key) => tokenOf(ES256, { ...claims, nonce: undefined }, key)],
    ['time', (claims, key) => tokenOf(ES256, { ...claims, ...ago }, key)],
    ['time', (claims, key) => tokenOf(ES256, { ...claims, auth_time: 1_000_000_000 }, key)],
  ]
  for (const [because, make] of cases) {
    const { flow, callback } = await lied(make)
    assert.equal(await refusalOf(flow, callback), because, make.toString())
  }
  assert.equal(words.size, 1, 'the caller is told the same words for every reason')
})

/** The old trick: a public key, which everybody has, as the secret of an HMAC. */
function hmacOf(claims: Record<string, unknown>, key: KeyObject): string {
  const signed = tokenOf({ alg: 'HS256', kid: 'one' }, claims).slice(0, -1)
  const secret = key.export({ type: 'spki', format: 'pem' })
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

test('where a provider leads: to no other machine by a redirect, and not to this one from elsewhere', async () => {
  await using other = await LyingIssuer.start()
  await using liar = await LyingIssuer.start()
  const settings = { ...(await providerOf(provider)), issuer: liar.issuer }
  const create = (more: object = {}) =>
    house.codeOf('loginProvider.create', { ...settings, ...more })
  liar.redirects.set('/.well-known/openid-configuration', `${other.issuer}/a`)
  assert.equal(await create(), 'conflict')
  liar.redirects.clear()
  for (const metadata of [
    { issuer: 'https://other.test' },
    { issuer: `${liar.issuer}/` },
    { token_endpoint: undefined },
    { token_endpoint: 'http://issuer.example/token' },
    { token_endpoint: 'ftp://127.0.0.1/token' },
    { jwks_uri: 'https://user:password@issuer.example/keys' },
    { code_challenge_methods_supported: ['plain'] },
    { padding: 'x'.repeat(600_000) },
  ]) {
    liar.metadata = metadata
    assert.equal(await create(), 'conflict', JSON.stringify(metadata).slice(0, 80))
  }
  for (const issuer of ['http://issuer.example', 'https://user@issuer.example'])
    assert.equal(await create({ issuer }), 'conflict', issuer)
  liar.metadata = {}
  assert.equal(await create(), 'ok')
  assert.deepEqual(other.asked, [])
})
