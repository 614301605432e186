import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PASSWORD } from '../harness/person.ts'
import { startBrowser, Visitor } from './browser.ts'
import { choosePassword, guest, resident } from './people.ts'
import { serveOther, startSite } from './site.ts'

/** What other sites, links and scripts do to somebody who is logged in, in a real browser: nothing. */

const site = await startSite()
const browser = await startBrowser()

/** A page of somebody else's, which runs nothing by itself. */
const page = (host?: string) =>
  serveOther((_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<!doctype html><title>Elsewhere</title><p>Elsewhere')
  }, host)
// Ports do not tell cookies apart, so the second one is given the cookie of the first, whatever SameSite says.
const otherPort = await page()
const otherSite = await page('127.0.0.1')

async function loggedIn() {
  const person = await resident(site)
  const visitor = await Visitor.arrive(browser, site.address)
  await person.enter(visitor)
  return { person, visitor, [Symbol.asyncDispose]: () => visitor[Symbol.asyncDispose]() }
}

// What scripts of such pages do, as they do it.

/** Everything that changes or tells something, with the cookie and without asking first; what came of each. */
const reaching = `async (kms, login) => {
  const tried = []
  const send = async (path, init) => {
    try {
      const response = await fetch(kms + path, { credentials: 'include', ...init })
      tried.push([response.type, response.status, await response.text()].join(' '))
    } catch (error) {
      tried.push(error.name)
    }
  }
  await send('/v1/whoami', {})
  await send('/v1/whoami', { mode: 'no-cors' })
  for (const type of ['application/json', 'text/plain']) {
    const init = { method: 'POST', body: '{}', headers: { 'content-type': type } }
    await send('/v1/logout', init)
    await send('/v1/logout', { ...init, mode: 'no-cors' })
    await send('/v1/logins/' + login + '/end', { ...init, mode: 'no-cors' })
  }
  return tried
}`

/** A form needs no permission to be sent, and goes there with whatever cookies there are. */
const sendingForm = `(action) => {
  const form = document.createElement('form')
  Object.assign(form, { method: 'POST', action, enctype: 'text/plain' })
  document.body.append(form)
  form.submit()
}`

const loggingIn = `async (kms, body) => {
  const init = { method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body }
  await fetch(kms + '/v1/login', { ...init, credentials: 'include' })
}`

const framing = `async (src) => {
  const frame = document.createElement('iframe')
  frame.src = src
  const loaded = new Promise((resolve) => frame.addEventListener('load', resolve))
  document.body.append(frame)
  await loaded
}`

const loginsOf = async (principal: string) =>
  (await site.house.perform('login.list', { principal, limit: 100 })).items.length

test('the cookie is out of reach of scripts, and nothing else is kept', async () => {
  await using victim = await loggedIn()
  const { visitor } = victim
  const cookie = await visitor.cookie()
  assert.equal(cookie?.httpOnly, true)
  assert.equal(cookie.secure, true)
  assert.equal(cookie.sameSite, 'Strict')
  assert.equal(cookie.path, '/')
  assert.equal(cookie.expires, -1)
  assert.match(cookie.value, /^clvs_/)
  await visitor.go('/approvals')
  assert.deepEqual(await visitor.stored(), {
    cookie: '',
    local: 0,
    session: 0,
    databases: 0,
    caches: 0,
    workers: 0,
  })
})

test('pages of other ports and of other sites change nothing, and read nothing', async () => {
  await using victim = await loggedIn()
  const { person, visitor } = victim
  const before = await loginsOf(person.id)
  for (const { address } of [otherPort, otherSite]) {
    await visitor.page.goto(address)
    const answers = (await visitor.run(reaching, site.address, person.session)) as string[]
    // An opaque answer has status 0 and no text that the page could read.
    for (const answer of answers) assert.match(answer, /^(TypeError|opaque 0 )$/)
    assert.equal(answers.length, 8)
    await visitor.run(sendingForm, `${site.address}/v1/logout`)
    await visitor.page.waitForURL(`${site.address}/v1/logout`)
    assert.match((await visitor.page.textContent('body')) ?? '', /"status":4\d\d/)
  }
  assert.equal(await loginsOf(person.id), before)
  await visitor.go('/account')
  await visitor.seesHeading('Your account')
})

test('nobody is logged in as somebody else by a page of theirs', async () => {
  const mallory = await resident(site)
  await using victim = await Visitor.arrive(browser, site.address)
  for (const { address } of [otherPort, otherSite]) {
    await victim.page.goto(address)
    const input = { ...mallory.login(), code: mallory.nextCode(), carrier: 'cookie' }
    await victim.run(loggingIn, site.address, JSON.stringify(input))
    assert.equal(await victim.cookie(), undefined)
  }
})

test('a login is a new one, whatever cookie was there before', async () => {
  const person = await resident(site)
  await using visitor = await Visitor.arrive(browser, site.address)
  const planted = `clvs_${'0'.repeat(32)}_${'A'.repeat(43)}`
  await visitor.context.addCookies([
    {
      name: '__Host-claviger',
      value: planted,
      url: site.address.replace('http:', 'https:'),
      secure: true,
      httpOnly: true,
    },
  ])
  await visitor.go('/account')
  await visitor.arrivesAt('/login')
  assert.equal((await visitor.cookie())?.value, planted)
  await person.enter(visitor)
  assert.notEqual((await visitor.cookie())?.value, planted)
})

test('no page stands in a frame of somebody else', async () => {
  await using victim = await loggedIn()
  const { visitor } = victim
  for (const { address } of [otherPort, otherSite]) {
    await visitor.page.goto(address)
    await visitor.run(framing, `${site.address}/approvals`)
    const [, frame] = visitor.page.frames()
    assert.equal(await frame?.locator('main').count(), 0)
  }
})

test('a login leads to pages of this server and nowhere else', async () => {
  const { nextPage } = (await import(
    new URL('../../src/doors/console/pages/operations.js', import.meta.url).href
  )) as { readonly nextPage: (wanted: string | null) => string }
  for (const own of ['/account', '/device', '/approvals', '/approvals?state=all&cursor=a_b-c'])
    assert.equal(nextPage(own), own)
  const elsewhere = [
    'https://evil.test/',
    '//evil.test',
    '/\\evil.test',
    'javascript:alert(1)',
    '/account/../v1/whoami',
    '/account@evil.test',
    '/account\n//evil.test',
    '/approvals?id=1#//evil.test',
    '/login',
    '',
    null,
  ]
  for (const wanted of elsewhere) assert.equal(nextPage(wanted), '/account', String(wanted))
  const person = await resident(site)
  await using visitor = await Visitor.arrive(browser, site.address)
  await visitor.go(`/login?next=${encodeURIComponent('//evil.test/account')}`)
  await person.type(visitor)
  await visitor.arrivesAt('/account')
  visitor.assertAskedOnly(site.address)
})

test('the secret of a link is in no request, no history and no address that is left', async () => {
  const person = await guest(site)
  await using visitor = await Visitor.arrive(browser, site.address)
  await visitor.go(person.path)
  await visitor.seesHeading(`Welcome, ${person.name}`)
  assert.equal(visitor.page.url(), `${site.address}/enrol`)
  await visitor.page.reload()
  assert.match(await visitor.problem(), /not whole/)
  await visitor.open('/login')
  await visitor.page.goBack()
  await visitor.page.goBack()
  await visitor.page.waitForURL('**/enrol')
  assert.ok(!visitor.page.url().includes(person.token))
  visitor.assertNeverAsked(person.token)
  const tools = await visitor.context.newCDPSession(visitor.page)
  const { entries } = await tools.send('Page.getNavigationHistory')
  assert.ok(entries.length >= 3)
  for (const { url } of entries) assert.ok(!url.includes(person.token), url)
})

test('what is typed comes into no address, also where a script fails', async () => {
  const person = await guest(site)
  await using visitor = await Visitor.arrive(browser, site.address)
  await choosePassword(site, visitor, person.path)
  await visitor.fill('New password', PASSWORD)
  // The browser's own sending of the form, past every script of the page.
  const refused = await visitor.page.evaluate(`new Promise((resolve) => {
    const told = ({ effectiveDirective }) => resolve(effectiveDirective)
    document.addEventListener('securitypolicyviolation', told)
    HTMLFormElement.prototype.submit.call(document.querySelector('form'))
  })`)
  assert.equal(refused, 'form-action')
  assert.equal(visitor.page.url(), `${site.address}/enrol`)
  visitor.assertNeverAsked('heron')
})

test('a replayed code opens nothing', async () => {
  const person = await resident(site)
  const code = person.nextCode()
  for (const outcome of ['in', 'refused']) {
    await using visitor = await Visitor.arrive(browser, site.address)
    await visitor.go('/login')
    await visitor.fill('Name', person.name)
    await visitor.fill('Password', PASSWORD)
    await visitor.fill('Code from your authenticator app', code)
    await visitor.press('Log in')
    if (outcome === 'in') await visitor.arrivesAt('/account')
    else assert.match(await visitor.problem(), /are not right/)
  }
})
