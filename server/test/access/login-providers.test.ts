import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { LoginProviders, ProviderError, type ProviderFault, type StoredProvider } from '#access'
import { runSelfTests } from '#crypto'
import { systemClock } from '#model'
import { PUBLIC_URL } from '../harness/house.ts'
import { CLIENT, CLIENT_SECRET, TestProvider } from '../harness/login-provider.ts'

/** What a provider's answer proves, asked of a real provider. */

runSelfTests(systemClock)

const REDIRECT = { redirect: `${PUBLIC_URL}/login`, again: false }

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

test('one IPv6 network has as many logins under way as one address', () => {
  const { flows } = new LoginProviders(systemClock)
  const { id: provider, tenant } = stored('https://issuer.example').provider
  const awaited = { kind: 'answer', state: '', nonce: '', verifier: '', redirect: '', since: 0 }
  const begin = (source: string) =>
    flows.begin({ ...awaited, kind: 'answer' as const, provider, tenant }, source)
  for (let each = 0; each < 200; each += 1) begin(`2001:db8:0:1::${each.toString(16)}`)
  assert.throws(() => begin('2001:db8:0:1:f::'), { code: 'overloaded' })
  begin('2001:db8:0:2::1')
  begin('192.0.2.1')
})
