import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { linkAnswer, providerOf } from '../harness/inputs-of-providers.ts'
import { TestProvider } from '../harness/login-provider.ts'
import { enrolled, PASSWORD } from '../harness/person.ts'
import { startBrowser, Visitor } from './browser.ts'
import { lastRecord } from './people.ts'
import { startSite } from './site.ts'

/** Linking oneself with a real OpenID Connect provider, and logging out there, in a real browser that goes there and comes back. */

const site = await startSite()
const { house } = site
const browser = await startBrowser()
const provider = await TestProvider.start({ publicUrl: site.address })
after(() => provider[Symbol.asyncDispose]())
const { id } = await house.perform('loginProvider.create', {
  ...(await providerOf(provider)),
  name: 'Example',
})
const LATER_MS = 6 * 60_000
let subjects = 0

/** Somebody whom the provider knows, and vouches for. */
function somebody(): string {
  subjects += 1
  const subject = `person-${subjects}-there`
  provider.people.set(subject, { amr: ['mfa'], claims: { preferred_username: subject } })
  return subject
}

/** Somebody who is at the page of their account. The clock stays, since the provider has the system's. */
async function atAccount() {
  const person = await enrolled(house)
  const visitor = await Visitor.arrive(browser, site.address)
  await visitor.go('/login?next=/account')
  await visitor.fill('Name', person.name)
  await visitor.fill('Password', PASSWORD)
  await visitor.fill('Code from your authenticator app', person.code(1))
  await visitor.press('Log in')
  await visitor.arrivesAt('/account')
  return { person, visitor, [Symbol.asyncDispose]: () => visitor[Symbol.asyncDispose]() }
}

/** Says at the provider who one is, where it asks. */
async function saysThere(visitor: Visitor, subject: string): Promise<void> {
  await visitor.page.waitForURL((url) => url.href.startsWith(provider.issuer))
  await visitor.page.getByLabel('Subject').fill(subject)
  await visitor.press('Go on')
}

const nothingLeft = async (visitor: Visitor) => {
  assert.equal(new URL(visitor.page.url()).search, '', 'nothing is left in the address bar')
  assert.equal(((await visitor.stored()) as { session: number }).session, 0, 'nothing is kept')
}

const linksOf = async (token: string) =>
  (await house.perform('login.providerLinks', {}, { token })).items.flatMap(
    ({ subject }) => subject ?? [],
  )

test('a person links themselves at their account, and comes in with the provider then', async () => {
  await using here = await atAccount()
  const { visitor, person } = here
  const subject = somebody()
  await visitor.press('Link Example')
  await saysThere(visitor, subject)
  await visitor.arrivesAt('/account')
  await visitor.sees('You are linked')
  await nothingLeft(visitor)
  await visitor.sees(subject)
  visitor.assertNothingWrong()
  const linked = await lastRecord(site, 'login.providerLink')
  assert.deepEqual([linked?.outcome, linked?.principal], ['ok', person.id])
  await using other = await Visitor.arrive(browser, site.address)
  await other.go('/login')
  await other.press('Continue with Example')
  await saysThere(other, subject)
  await other.arrivesAt('/account')
  await other.sees(person.name)
})

test('who is somebody here already, or gives up, is said on the page of the account', async () => {
  const subject = somebody()
  const first = await enrolled(house)
  const { token } = first
  const answer = await linkAnswer(house, provider, { provider: id, subject, token })
  await house.perform('login.providerLink', answer, { token })
  await using here = await atAccount()
  await here.visitor.press('Link Example')
  await saysThere(here.visitor, subject)
  assert.match(await here.visitor.problem(), /is somebody here already/)
  await here.visitor.sees(here.person.name)
  await nothingLeft(here.visitor)
  assert.deepEqual([await linksOf(here.person.token), await linksOf(token)], [[], [subject]])
})

test('an answer to a link that somebody else began links nobody', async () => {
  const attacker = await enrolled(house)
  const { callback } = await linkAnswer(house, provider, {
    provider: id,
    subject: somebody(),
    token: attacker.token,
  })
  await using here = await atAccount()
  // The victim is made to follow a link that ends what the attacker began: the attacker would come in as them.
  await here.visitor.go(`/account${callback}`)
  assert.match(await here.visitor.problem(), /This tab did not begin that login/)
  await nothingLeft(here.visitor)
  // The same where the tab is at a link of its own: the state is another one.
  const leaving =
    "(flow) => sessionStorage.setItem('claviger-provider-link', JSON.stringify({ flow }))"
  const own = { provider: id, redirect: '/account' }
  const { flow } = await house.perform('login.providerLinkStart', own, here.person)
  await here.visitor.run(leaving, flow)
  await here.visitor.go(`/account${callback}`)
  assert.match(await here.visitor.problem(), /did not succeed(?!.*log in$)/)
  assert.deepEqual(await linksOf(here.person.token), [])
})

/** Comes in with the provider; `known` where it knows the browser still, and asks nothing. */
async function comesIn(visitor: Visitor, subject: string, known = false): Promise<void> {
  await visitor.press('Continue with Example')
  if (!known) await saysThere(visitor, subject)
  await visitor.arrivesAt('/account')
  await visitor.sees(subject)
}

test('who came with a provider logs out here, and there too where they want to', async () => {
  await using visitor = await Visitor.arrive(browser, site.address)
  const subject = somebody()
  await visitor.go('/login')
  await comesIn(visitor, subject)
  await visitor.press('Log out')
  await visitor.seesHeading('You are logged out')
  assert.equal(await visitor.cookie(), undefined, 'here it is over')
  assert.equal((await lastRecord(site, 'logout'))?.outcome, 'ok')
  await visitor.follow('Log in again')
  await visitor.arrivesAt('/login')
  await comesIn(visitor, subject, true)

  await visitor.press('Log out')
  await visitor.press('Log out of Example too')
  await visitor.page.waitForURL((url) => url.href.startsWith(`${provider.issuer}/session/end`))
  await visitor.press('Log out at the provider')
  await visitor.arrivesAt('/login')
  await visitor.sees('You are logged out here and at Example.')
  await nothingLeft(visitor)
  await visitor.press('Continue with Example')
  await visitor.page.waitForURL((url) => url.href.startsWith(provider.issuer))
  await visitor.page.getByLabel('Subject').waitFor()
  visitor.assertNothingWrong()
})

test('nobody is told that they logged out somewhere by an address that they did not begin', async () => {
  await using visitor = await Visitor.arrive(browser, site.address)
  await visitor.go('/login?state=made-up')
  await nothingLeft(visitor)
  assert.equal(await visitor.page.locator('.note').count(), 0)
})

test('who did not come with a provider just logs out', async () => {
  await using here = await atAccount()
  await here.visitor.press('Log out')
  await here.visitor.arrivesAt('/login')
  assert.equal(await here.visitor.cookie(), undefined)
})

// Last, since it moves the clock: the provider has the system's.
test('to unlink takes a proof of a moment ago', async () => {
  await using here = await atAccount()
  const { visitor, person } = here
  await visitor.press('Link Example')
  await saysThere(visitor, somebody())
  await visitor.sees('You are linked')
  site.clock.advance(LATER_MS)
  await visitor.press('Unlink Example')
  await visitor.sees('Is it you?')
  await visitor.fill('Code from your authenticator app', person.code())
  await visitor.press('Confirm with the code')
  await visitor.sees('You log in with Example no longer')
  assert.deepEqual(await linksOf(person.token), [])
  visitor.assertNothingWrong()
})
