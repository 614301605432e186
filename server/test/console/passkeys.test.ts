import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBrowser, Visitor } from './browser.ts'
import { asked, guest, lastRecord, resident, setUpPasskey } from './people.ts'
import { serveOther, startSite } from './site.ts'

/** Passkeys in a real browser, with authenticators that Chromium simulates, at a real house; and what false pages get out of them. */

const site = await startSite()
const browser = await startBrowser()
const arrive = () => Visitor.arrive(browser, site.address)
const LATER_MS = 6 * 60_000

const because = async (event: string) => {
  const { outcome, detail } = (await lastRecord(site, event)) ?? {}
  return `${outcome} ${String(detail?.['because'])}`
}

/** Somebody with a passkey alone, who has just set it up. */
async function holder() {
  const person = await guest(site)
  const visitor = await arrive()
  await setUpPasskey(visitor, person.path)
  return { person, visitor, [Symbol.asyncDispose]: () => visitor[Symbol.asyncDispose]() }
}

test('a passkey is made, has a spare, and logs in without a name', async () => {
  await using one = await holder()
  const { person, visitor } = one
  await visitor.press('Make another passkey')
  assert.match(await visitor.problem(), /has a passkey for this account already/)
  await visitor.takeAuthenticator('usb')
  await visitor.press('Make another passkey')
  await visitor.sees('My spare passkey was added.')
  assert.equal((await visitor.passkeys()).length, 1)
  await visitor.press('Go on')
  await visitor.seesHeading(`You are in, ${person.name}`)
  await visitor.press('Log out')
  await visitor.arrivesAt('/login')
  assert.equal(await visitor.cookie(), undefined)
  await visitor.press('Use a passkey')
  await visitor.arrivesAt('/account')
  await visitor.sees(person.name)
  await visitor.sees('My spare passkey')
  assert.equal((await lastRecord(site, 'login.passkey'))?.principal, person.id)

  await visitor.press('Remove My spare passkey')
  await visitor.sees('My spare passkey was removed.')
  assert.equal(await visitor.page.getByRole('button', { name: /^Remove / }).count(), 0)
  await visitor.press('Log out')
  await visitor.arrivesAt('/login')
  await visitor.press('Use a passkey')
  assert.match(await visitor.problem(), /did not prove who you are/)
  assert.equal(await because('login.passkey'), 'denied unknown-credential')
  visitor.assertNothingWrong()
})

test('a passkey beside a password proves again who it is, also for one operation', async () => {
  const person = await resident(site, 'approver')
  await using visitor = await arrive()
  await person.enter(visitor)
  await visitor.press('Add a passkey')
  await visitor.fill('What to call it', 'Laptop')
  await visitor.press('Make the passkey')
  await visitor.sees('The passkey was added.')
  site.clock.advance(LATER_MS)
  await visitor.press('New recovery codes')
  const dialog = visitor.page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Use a passkey' }).click()
  await visitor.page.locator('.code-list').waitFor()
  assert.equal((await lastRecord(site, 'login.stepUp'))?.detail?.['factor'], 'passkey')
  await visitor.check('I have kept them')
  await visitor.press('Go on')

  await site.house.perform('stepUpRule.create', {
    name: 'decisions',
    actions: ['approval.decide'],
    scope: { kind: 'tenant' },
    factors: ['passkey'],
  })
  await site.house.perform('approvalPolicy.create', {
    name: 'one more',
    actions: ['key.suspend'],
    scope: { kind: 'tenant' },
    approvals: 1,
    principals: [],
    groups: [],
    hours: 2,
  })
  const { id } = await asked(site, 'It leaked')
  await visitor.go(`/approvals?id=${id}`)
  await visitor.press('Approve')
  await dialog.waitFor()
  assert.equal(await dialog.getByLabel('Code').count(), 0, 'a code is not what is asked for')
  await dialog.getByRole('button', { name: 'Use a passkey' }).click()
  await visitor.sees('You approved it.')
  assert.equal((await site.house.perform('approval.get', { approval: id })).state, 'approved')
  visitor.assertNothingWrong()
})

test('nobody comes in with a device that does not know them', async () => {
  await using one = await holder()
  const { visitor } = one
  await visitor.context.clearCookies()
  await visitor.setVerified(false)
  await visitor.go('/login')
  await visitor.press('Use a passkey')
  assert.match(await visitor.problem(), /No passkey was used/)
  assert.equal(await visitor.cookie(), undefined)
})

test('a passkey for a false page of the same host opens nothing', async () => {
  await using one = await holder()
  const { visitor } = one
  await visitor.context.clearCookies()
  // It relays the challenge of the real server, and is at a host that passkeys are given to: only its origin is another.
  const { address } = await serveOther((_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<!doctype html><title>Claviger</title><h1>Log in')
  })
  const post = async (path: string, body: unknown) => {
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const response = await fetch(`${site.address}${path}`, init)
    return { status: response.status, said: (await response.json()) as Record<string, unknown> }
  }
  const { said } = await post('/v1/login/challenge', {})
  await visitor.page.goto(address)
  const answer = await visitor.run(
    `async (options) => {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options))
      return (await navigator.credentials.get({ publicKey })).toJSON()
    }`,
    JSON.stringify(said['options']),
  )
  const relayed = await post('/v1/login/passkey', { challenge: said['id'], response: answer })
  assert.equal(relayed.status, 401)
  assert.equal(await because('login.passkey'), 'denied wrong-origin')
})

test('an answer that was used, or is for another challenge, opens nothing', async () => {
  await using one = await holder()
  const { visitor } = one
  await visitor.context.clearCookies()
  await visitor.go('/login')
  const sent = visitor.page.waitForRequest('**/v1/login/passkey')
  await visitor.press('Use a passkey')
  await visitor.arrivesAt('/account')
  const used = (await sent).postDataJSON() as { challenge: string; response: unknown }
  const send = async (challenge: string) => {
    const body = JSON.stringify({ ...used, challenge, carrier: 'token' })
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body }
    return (await fetch(`${site.address}/v1/login/passkey`, init)).status
  }
  assert.equal(await send(used.challenge), 401)
  const fresh = await site.house.perform('login.challenge', {}, { token: undefined })
  assert.equal(await send(fresh.id), 401)
  assert.equal(await because('login.passkey'), 'denied wrong-challenge')
})

test('no browser gives a passkey to a page at another name, and the page says what is wrong', async () => {
  await using one = await holder()
  const { visitor } = one
  const elsewhere = site.address.replace('localhost', '127.0.0.1')
  await visitor.page.goto(`${elsewhere}/login`)
  await visitor.press('Use a passkey')
  assert.match(await visitor.problem(), /opened at another one/)
})
