import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { LoginProviders, ProviderError, type ProviderFault, type StoredProvider } from '#access'
import { runSelfTests } from '#crypto'
import { systemClock } from '#model'
import { CLIENT, CLIENT_SECRET, TestProvider } from '../harness/login-provider.ts'

/** What a provider's answer proves, asked of a real provider, and of one that lies. */

runSelfTests(systemClock)

const REDIRECT = 'http://localhost:8200/signin'

function stored(issuer: string, more: Partial<StoredProvider['provider']> = {}): StoredProvider {
  return {
    provider: {
      id: randomUUID(),
      tenant: randomUUID(),
      name: 'Example',
      issuer,
      client: CLIENT,
      groups: [],
      admits: true,
      strong: ['mfa', 'urn:example:gold'],
      scopes: ['profile', 'email'],
      createdAt: 0,
      ...more,
    },
    revision: 1,
    openSecret: () => Buffer.from(CLIENT_SECRET),
  }
}

function refusedFor(fault: ProviderFault) {
  return (thrown: unknown) => {
    assert.ok(thrown instanceof ProviderError, String(thrown))
    assert.equal(thrown.fault, fault)
    return true
  }
}

test('a login goes with PKCE, state and nonce, and says who the person is there', async () => {
  await using provider = await TestProvider.start()
  provider.people.set('alice', { claims: { preferred_username: 'Alice A' } })
  const logins = new LoginProviders(systemClock)
  const settings = stored(provider.issuer)
  await logins.check(settings.provider)
  const { url, awaited } = await logins.start(settings, REDIRECT)
  const asked = new URL(url).searchParams
  const challenge = createHash('sha256').update(awaited.verifier).digest('base64url')
  assert.equal(asked.get('code_challenge'), challenge)
  assert.equal(asked.get('code_challenge_method'), 'S256')
  assert.equal(asked.get('state'), awaited.state)
  assert.equal(asked.get('nonce'), awaited.nonce)
  const identity = await logins.finish(settings, awaited, await provider.logIn(url, 'alice'))
  assert.equal(identity.subject, 'alice')
  assert.equal(identity.strong, false)
  assert.deepEqual(identity.names, ['Alice-A'])
})

test('two factors are counted where amr or acr says so, and groups are those of the claim', async () => {
  await using provider = await TestProvider.start()
  provider.people.set('by-amr', { amr: ['pwd', 'mfa'], claims: { groups: ['ops', 7] } })
  provider.people.set('by-acr', { acr: 'urn:example:gold' })
  provider.people.set('neither', { amr: ['pwd'] })
  const logins = new LoginProviders(systemClock)
  const settings = stored(provider.issuer, {
    groupsClaim: 'groups',
    scopes: ['profile', 'email', 'groups'],
  })
  const found = new Map<string, { strong: boolean; groups: readonly string[] }>()
  for (const person of provider.people.keys()) {
    const { url, awaited } = await logins.start(settings, REDIRECT)
    found.set(person, await logins.finish(settings, awaited, await provider.logIn(url, person)))
  }
  assert.deepEqual(
    [...found].map(([person, { strong, groups }]) => [person, strong, groups]),
    [
      ['by-amr', true, ['ops']],
      ['by-acr', true, []],
      ['neither', false, []],
    ],
  )
})

test('an answer counts once, for the login it belongs to, with its verifier', async () => {
  await using provider = await TestProvider.start()
  provider.people.set('alice', {})
  const logins = new LoginProviders(systemClock)
  const settings = stored(provider.issuer)
  const answered = async () => {
    const { url, awaited } = await logins.start(settings, REDIRECT)
    return { awaited, query: await provider.logIn(url, 'alice') }
  }
  const first = await answered()
  await logins.finish(settings, first.awaited, first.query)
  await assert.rejects(logins.finish(settings, first.awaited, first.query), refusedFor('code'))
  const state = await answered()
  const otherState = { ...state.awaited, state: first.awaited.state }
  await assert.rejects(logins.finish(settings, otherState, state.query), refusedFor('state'))
  const nonce = await answered()
  const otherNonce = { ...nonce.awaited, nonce: first.awaited.nonce }
  await assert.rejects(logins.finish(settings, otherNonce, nonce.query), refusedFor('claims'))
  const verifier = await answered()
  const otherVerifier = { ...verifier.awaited, verifier: first.awaited.verifier }
  await assert.rejects(logins.finish(settings, otherVerifier, verifier.query), refusedFor('code'))
})

test('an answer that names another issuer is refused, and so is one that gave up', async () => {
  await using provider = await TestProvider.start()
  provider.people.set('alice', {})
  const logins = new LoginProviders(systemClock)
  const settings = stored(provider.issuer)
  const mixed = await logins.start(settings, REDIRECT)
  const query = new URLSearchParams(await provider.logIn(mixed.url, 'alice'))
  query.set('iss', 'https://issuer.example')
  await assert.rejects(
    logins.finish(settings, mixed.awaited, query.toString()),
    refusedFor('mix-up'),
  )
  const declined = await logins.start(settings, REDIRECT)
  const given = await provider.logIn(declined.url)
  await assert.rejects(logins.finish(settings, declined.awaited, given), refusedFor('declined'))
})

function token(header: object, claims: object, key?: KeyObject): string {
  const signed = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const signature =
    key === undefined
      ? ''
      : sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString(
          'base64url',
        )
  return `${signed}.${signature}`
}

/** An issuer that answers every code with the ID token a test makes. */
async function lyingIssuer(makeToken: (issuer: string, key: KeyObject) => string) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const answers: Readonly<Record<string, () => object>> = {
    '/.well-known/openid-configuration': () => ({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256', 'none'],
    }),
    '/keys': () => ({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' }] }),
    '/token': () => ({
      access_token: 'a',
      token_type: 'Bearer',
      id_token: makeToken(issuer, privateKey),
    }),
  }
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    request.resume()
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answers[request.url ?? '']?.() ?? {}))
  })
  return {
    issuer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** What comes of an ID token, made from good claims and the issuer's key. */
async function finishWith(
  make: (claims: Record<string, unknown>, key: KeyObject) => string,
): Promise<unknown> {
  const logins = new LoginProviders(systemClock)
  let nonce = ''
  await using liar = await lyingIssuer((issuer, key) => {
    const now = Math.floor(systemClock.now() / 1_000)
    const times = { iat: now, exp: now + 60 }
    const name = { preferred_username: 'alice' }
    return make({ iss: issuer, sub: 'alice', aud: CLIENT, nonce, ...times, ...name }, key)
  })
  const settings = stored(liar.issuer)
  const { awaited } = await logins.start(settings, REDIRECT)
  nonce = awaited.nonce
  return await logins.finish(settings, awaited, `code=a&state=${awaited.state}`)
}

const ES256 = { alg: 'ES256', kid: 'one' }
const ago = { iat: 1_000_000_000, exp: 1_000_000_060 }

test('only an ID token of the issuer, for this client, of this login and in time is believed', async () => {
  const { privateKey: foreign } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const good = (await finishWith((claims, key) => token(ES256, claims, key))) as {
    subject: string
  }
  assert.equal(good.subject, 'alice', 'the same token is believed where nothing is wrong with it')
  const cases: readonly (readonly [ProviderFault, Parameters<typeof finishWith>[0]])[] = [
    ['token', (claims) => token({ alg: 'none' }, claims)],
    ['token', (claims) => token(ES256, claims, foreign)],
    ['claims', (claims, key) => token(ES256, { ...claims, iss: 'https://issuer.example' }, key)],
    ['claims', (claims, key) => token(ES256, { ...claims, aud: 'another' }, key)],
    ['claims', (claims, key) => token(ES256, { ...claims, nonce: 'another' }, key)],
    ['time', (claims, key) => token(ES256, { ...claims, ...ago }, key)],
  ]
  for (const [fault, make] of cases) await assert.rejects(finishWith(make), refusedFor(fault))
})
