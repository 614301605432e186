import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { providerOf } from '../harness/inputs-of-providers.ts'
import { TestProvider } from '../harness/login-provider.ts'
import { startBrowser, Visitor } from './browser.ts'
import { lastRecord, resident } from './people.ts'
import { startSite } from './site.ts'

/** Logging in with a real OpenID Connect provider, in a real browser that goes there and comes back. */

const site = await startSite()
const browser = await startBrowser()
const provider = await TestProvider.start({ publicUrl: site.address })
after(() => provider[Symbol.asyncDispose]())
const strong = await site.house.perform('loginProvider.create', {
  ...(await providerOf(provider)),
  name: 'Strong',
})
const weak = await site.house.perform('loginProvider.create', {
  ...(await providerOf(provider, { strong: [], admits: false, linkClaim: 'preferred_username' })),
  name: 'Weak',
})

/** Chooses a provider at the page of the login, and says there who one is. */
async function comesBackFrom(visitor: Visitor, name: string, subject: string): Promise<void> {
  await visitor.go('/login?next=/device')
  await visitor.press(`Continue with ${name}`)
  await visitor.page.waitForURL((url) => url.href.startsWith(provider.issuer))
  await visitor.page.getByLabel('Subject').fill(subject)
  await visitor.press('Go on')
}

test('a provider that vouches lets a person in, who goes on to where they wanted to be', async () => {
  provider.people.set('ada', { amr: ['mfa'], claims: { preferred_username: 'ada' } })
  await using visitor = await Visitor.arrive(browser, site.address)
  await comesBackFrom(visitor, 'Strong', 'ada')
  await visitor.arrivesAt('/device')
  await visitor.sees('ada')
  const cookie = await visitor.cookie()
  assert.deepEqual([cookie?.secure, cookie?.httpOnly, cookie?.sameSite], [true, true, 'Strict'])
  assert.equal(((await visitor.stored()) as { session: number }).session, 0, 'nothing is left')
  visitor.assertNothingWrong()
  const record = await lastRecord(site, 'login.provider')
  assert.deepEqual([record?.outcome, record?.detail?.['provider']], ['ok', strong.id])
})

test('a provider that does not vouch is one factor, and the page asks for the other', async () => {
  const person = await resident(site)
  provider.people.set('bob', { claims: { preferred_username: person.name } })
  await using visitor = await Visitor.arrive(browser, site.address)
  await comesBackFrom(visitor, 'Weak', 'bob')
  await visitor.arrivesAt('/login')
  await visitor.sees('The provider is one factor')
  assert.equal(new URL(visitor.page.url()).search, '', 'the answer is out of the address bar')
  await visitor.fill('Code from your authenticator app', '000000')
  await visitor.press('Log in')
  assert.match(await visitor.problem(), /did not succeed/)
  await visitor.fill('Code from your authenticator app', person.nextCode())
  await visitor.press('Log in')
  await visitor.arrivesAt('/device')
  await visitor.sees(person.name)
  visitor.assertNothingWrong()
  const record = await lastRecord(site, 'login.provider')
  assert.deepEqual([record?.outcome, record?.principal], ['ok', person.id])
  assert.equal(record?.detail?.['provider'], weak.id)
})

test('an answer that another tab or another person began is no login', async () => {
  provider.people.set('mallory', { amr: ['mfa'], claims: { preferred_username: 'mallory' } })
  const asked = { provider: strong.id, redirect: '/login', again: false }
  const { url } = await site.house.perform('login.providerStart', asked, { token: undefined })
  const query = await provider.logIn(url, 'mallory')
  await using visitor = await Visitor.arrive(browser, site.address)
  // Somebody is made to follow a link that ends a login which the attacker began.
  await visitor.go(`/login${query}`)
  assert.match(await visitor.problem(), /This tab did not begin that login/)
  assert.equal(await visitor.cookie(), undefined)
  await comesBackFrom(visitor, 'Strong', 'nobody')
  assert.match(await visitor.problem(), /did not succeed/)
  assert.equal(await visitor.cookie(), undefined)
})
