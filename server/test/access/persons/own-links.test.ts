import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { InputOf } from '@claviger/contract'
import { LoginProviders } from '#access'
import { systemClock } from '#model'
import { startHouse } from '../../harness/house.ts'
import { linkAnswer, providerAnswer, providerOf } from '../../harness/inputs-of-providers.ts'
import { TestProvider } from '../../harness/login-provider.ts'
import { LyingIssuer } from '../../harness/lying-issuer.ts'
import { enrolled } from '../../harness/person.ts'

/** Persons who say themselves who they are at a provider, say it no longer, and log out there. */

let ahead = 0
const clock = { now: () => systemClock.now() + ahead }
const house = await startHouse({ clock })
const provider = await TestProvider.start()
after(async () => {
  await house.close()
  await provider[Symbol.asyncDispose]()
})

const STALE_MS = 301_000
let subjects = 0

/** A subject that nobody here is yet; the provider vouches for them. */
function somebody(): string {
  subjects += 1
  const subject = `subject-${subjects}`
  provider.people.set(subject, { amr: ['mfa'], claims: { preferred_username: subject } })
  return subject
}

async function providing(more: Partial<InputOf<'loginProvider.create'>> = {}) {
  const input = await providerOf(provider, { admits: false, ...more })
  return house.perform('loginProvider.create', input)
}

/** A link that the provider has answered, begun in the login of a token. */
const begin = (id: string, subject: string, token: string) =>
  linkAnswer(house, provider, { provider: id, subject, token })

/** What comes of finishing a link. Failures of one address are bounded in time. */
async function link(input: InputOf<'login.providerLink'>, token: string) {
  ahead += 1_000
  return house.codeOf('login.providerLink', input, { token })
}

async function logIn(id: string, subject: string) {
  const { flow, callback, carrier } = await answered(id, subject)
  const input = { flow, callback, carrier }
  const done = await house.perform('login.provider', input, { token: undefined })
  assert.ok(done.status === 'done')
  return { token: done.token ?? '', principal: done.session.principal }
}

const answered = (id: string, subject: string) =>
  providerAnswer(house, provider, { provider: id }, subject)

/** Why the last entry says somebody was refused. */
async function reason() {
  const entry = (await house.entries()).at(-1)
  assert.equal(entry?.outcome, 'denied')
  return entry?.detail?.['because']
}

async function linksOf(token: string) {
  const { items } = await house.perform('login.providerLinks', {}, { token })
  return items
    .filter(({ linkedAt }) => linkedAt !== undefined)
    .map(({ id, subject }) => ({ id, subject }))
}

test('a person links themselves, logs in with it, and unlinks: what came from it ends', async () => {
  const { id: group } = await house.perform('group.create', { name: 'of the provider' })
  const groups = [{ claim: 'a', group }]
  const made = await providing({ groupsClaim: 'groups', groups, scopes: ['profile', 'groups'] })
  const person = await enrolled(house)
  const subject = somebody()
  provider.people.set(subject, { amr: ['mfa'], claims: { groups: ['a'] } })
  const { items: before } = await house.perform('login.providerLinks', {}, person)
  assert.deepEqual(
    before.find(({ id }) => id === made.id),
    { id: made.id, name: made.name },
  )
  assert.equal(await link(await begin(made.id, subject, person.token), person.token), 'ok')
  assert.deepEqual(await linksOf(person.token), [{ id: made.id, subject }])
  const came = await logIn(made.id, subject)
  assert.equal(came.principal, person.id)
  const members = async () =>
    (await house.perform('group.members', { group, limit: 10 })).items.map((one) => one.principal)
  assert.deepEqual(await members(), [person.id])
  await house.perform('login.providerUnlink', { provider: made.id }, person)
  assert.equal(await house.codeOf('whoami', {}, came), 'unauthenticated')
  assert.equal(await house.codeOf('whoami', {}, person), 'ok')
  assert.deepEqual([await members(), await linksOf(person.token)], [[], []])
  const unlink = { provider: made.id }
  assert.equal(await house.codeOf('login.providerUnlink', unlink, person), 'not_found')
  const { flow, callback, carrier } = await answered(made.id, subject)
  const again = { flow, callback, carrier }
  assert.equal(await house.codeOf('login.provider', again, { token: undefined }), 'unauthenticated')
  assert.equal(await reason(), 'unknown')
})

test('who is somebody here already is linked with nobody else', async () => {
  const { id } = await providing()
  const [one, other] = [await enrolled(house), await enrolled(house)]
  const subject = somebody()
  assert.equal(await link(await begin(id, subject, one.token), one.token), 'ok')
  const begun = await begin(id, subject, other.token)
  await assert.rejects(house.perform('login.providerLink', begun, other), {
    code: 'conflict',
    message: /is somebody here already/,
  })
  assert.deepEqual(await linksOf(other.token), [])
  assert.equal((await logIn(id, subject)).principal, one.id)
})

test('what was begun in one login is finished in no other, neither somebody else’s nor one’s own', async () => {
  const { id } = await providing()
  const [attacker, victim] = [await enrolled(house), await enrolled(house)]
  const elsewhere = await house.perform('login', victim.login(), { token: undefined })
  // The victim's login is made to finish what the attacker began, to let the attacker in; and the other way round.
  for (const [began, finishes] of [
    [attacker.token, victim.token],
    [victim.token, attacker.token],
    [elsewhere.token ?? '', victim.token],
  ] as const) {
    const begun = await begin(id, somebody(), began)
    assert.equal(await link(begun, finishes), 'unauthenticated')
    assert.equal(await reason(), 'flow')
    assert.equal(await link(begun, began), 'unauthenticated', 'it is used up')
  }
  assert.deepEqual([await linksOf(attacker.token), await linksOf(victim.token)], [[], []])
})

test('a login is no link, a link is no login, and neither is good for anything then', async () => {
  const { id } = await providing({ admits: true })
  const person = await enrolled(house)
  const { flow, callback } = await answered(id, somebody())
  assert.equal(await link({ flow, callback }, person.token), 'unauthenticated')
  assert.equal(await reason(), 'flow')
  const begun = await begin(id, somebody(), person.token)
  const login = { ...begun, carrier: 'token' as const }
  const nobody = { token: undefined }
  assert.equal(await house.codeOf('login.provider', login, nobody), 'unauthenticated')
  assert.equal(await reason(), 'flow')
  assert.equal(await link(begun, person.token), 'unauthenticated')
  assert.deepEqual(await linksOf(person.token), [])
})

test('an answer counts once, and with the secret that it was begun with', async () => {
  const { id } = await providing()
  const person = await enrolled(house)
  const one = await begin(id, somebody(), person.token)
  const two = await begin(id, somebody(), person.token)
  assert.equal(
    await link({ flow: one.flow, callback: two.callback }, person.token),
    'unauthenticated',
  )
  assert.equal(await reason(), 'state')
  assert.equal(await link(one, person.token), 'unauthenticated', 'the secret is used up')
  assert.equal(await reason(), 'flow')
  assert.equal(await link(two, person.token), 'ok')
  assert.equal(await link(two, person.token), 'unauthenticated')
  assert.equal(await reason(), 'flow')
})

test('nobody takes away the only way they log in, and programs have none', async () => {
  const { id } = await providing({ admits: true })
  const came = await logIn(id, somebody())
  await house.perform('login.providerLinks', {}, came)
  await assert.rejects(house.perform('login.providerUnlink', { provider: id }, came), {
    code: 'conflict',
    message: /Without it you could not log in/,
  })
  const other = await providing()
  const { token } = came
  assert.equal(await link(await begin(other.id, somebody(), token), token), 'ok')
  // Linked, and never logged in with: it may be as good as nothing.
  assert.equal(await house.codeOf('login.providerUnlink', { provider: id }, came), 'conflict')
  const { subject = '' } = (await linksOf(token)).find((one) => one.id === other.id) ?? {}
  await logIn(other.id, subject)
  assert.equal(await house.codeOf('login.providerUnlink', { provider: id }, came), 'ok')
  assert.equal(await house.codeOf('whoami', {}, came), 'unauthenticated', 'it rested on the link')
})

test('providers of another tenant are not there', async () => {
  const { id } = await providing()
  const { token } = await house.perform('tenant.create', { name: 'elsewhere' })
  const theirs = await enrolled(house, 1, token)
  assert.deepEqual((await house.perform('login.providerLinks', {}, theirs)).items, [])
  const start = { provider: id, redirect: '/account' }
  assert.equal(await house.codeOf('login.providerLinkStart', start, theirs), 'not_found')
})

test('a login page has the providers of the tenant that is named, by its name or id', async () => {
  const { token, tenant } = await house.perform('tenant.create', { name: 'named' })
  const settings = await providerOf(provider)
  const theirs = await house.perform('loginProvider.create', settings, { token })
  const ours = await providing()
  const shown = async (named?: string) => {
    const input = named === undefined ? {} : { tenant: named }
    const { items } = await house.perform('loginProvider.names', input, { token: undefined })
    return [theirs, ours].map(({ id }) => items.some((one) => one.id === id))
  }
  assert.deepEqual(await shown('named'), [true, false])
  assert.deepEqual(await shown(tenant.id), [true, false])
  assert.deepEqual(await shown(), [false, true])
  assert.deepEqual(await shown('nobody'), [false, false])
  assert.deepEqual(await shown('0b7c9b5e-1f4d-4d0a-9d6e-2f6f4b1c0a11'), [false, false])
})

const leaving = async (token: string) =>
  (await house.perform('login.providerLogout', {}, { token })).provider

test('a login says where to log out at its provider, and only such a login', async () => {
  const made = await providing({ admits: true })
  const { token } = await logIn(made.id, somebody())
  const [one, two] = [await leaving(token), await leaving(token)]
  assert.equal(one?.name, made.name)
  const url = new URL(one.url)
  assert.equal(`${url.origin}${url.pathname}`, `${provider.issuer}/session/end`)
  const { state = '', ...rest } = Object.fromEntries(url.searchParams)
  assert.deepEqual(rest, {
    client_id: 'claviger',
    post_logout_redirect_uri: 'https://keys.example.com/login',
  })
  assert.match(state, /^[\w-]{43}$/)
  assert.notEqual(new URL(two?.url ?? '').searchParams.get('state'), state)
  assert.equal(await leaving((await enrolled(house)).token), undefined)
})

async function placeOf({ issuer }: LyingIssuer): Promise<string | undefined> {
  const { name, client } = await providerOf(provider)
  const settings = { groups: [], admits: false, strong: [], scopes: [] }
  const stored = { ...settings, name, client, issuer, id: 'liar', tenant: '', createdAt: 0 }
  const providers = new LoginProviders(clock)
  const redirect = 'https://keys.example.com/login'
  return providers.endSession({ provider: stored, revision: 1, openSecret: undefined }, redirect)
}

test('a provider that names no place to log out, or one that nobody should be sent to', async () => {
  await using issuer = await LyingIssuer.start()
  for (const [place, expected] of [
    [undefined, undefined],
    ['javascript:alert(1)', undefined],
    ['http://elsewhere.example.com/end', undefined],
    ['https://name:word@example.com/end', undefined],
    ['https://example.com/end?a=b', 'https://example.com/end'],
  ] as const) {
    issuer.metadata = place === undefined ? {} : { end_session_endpoint: place }
    const url = await placeOf(issuer)
    assert.equal(url?.slice(0, url.indexOf('?')), expected, String(place))
    if (url !== undefined) assert.equal(new URL(url).searchParams.get('a'), 'b')
  }
})

// Last, since it moves the clock: the provider has the system's.
test('each step takes a proof of a moment ago, and the person logs in anew at the provider', async () => {
  const { id } = await providing()
  const person = await enrolled(house)
  const start = { provider: id, redirect: '/account' }
  const { url } = await house.perform('login.providerLinkStart', start, person)
  const asked = new URL(url).searchParams
  assert.deepEqual([asked.get('prompt'), asked.get('max_age')], ['login', '0'])
  const begun = await begin(id, somebody(), person.token)
  ahead += STALE_MS
  for (const code of [
    house.codeOf('login.providerLinkStart', start, person),
    house.codeOf('login.providerLink', begun, person),
    house.codeOf('login.providerUnlink', { provider: id }, person),
  ])
    assert.equal(await code, 'step_up_required')
  await house.perform('login.stepUp', { code: person.code() }, person)
  // The secret was not used up by being asked for a proof.
  assert.equal(await link(begun, person.token), 'ok')
  assert.equal(await house.codeOf('login.providerLinkStart', start, person), 'conflict', 'one each')
})
