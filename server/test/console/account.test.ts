import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeAt, PASSWORD } from '../harness/person.ts'
import { startBrowser, Visitor } from './browser.ts'
import { choosePassword, guest, resident, setUpPassword } from './people.ts'
import { startSite } from './site.ts'

/** Logging in, and looking after one's own account, in a browser at a real house. */

const site = await startSite()
const browser = await startBrowser()
const arrive = () => Visitor.arrive(browser, site.address)
const LATER_MS = 6 * 60_000

test('logging in goes on to where one wanted to be, and a wrong code is said and not kept', async () => {
  const person = await resident(site)
  await using visitor = await arrive()
  await visitor.go('/device')
  await visitor.arrivesAt('/login')
  assert.equal(await visitor.focused(), 'name')
  await person.type(visitor, 'quite another long password')
  assert.match(await visitor.problem(), /Name, password or code are not right/)
  assert.equal(await visitor.page.getByLabel('Code from your authenticator app').inputValue(), '')
  assert.equal(await visitor.page.getByLabel('Name', { exact: true }).inputValue(), person.name)
  await person.type(visitor)
  await visitor.arrivesAt('/device')
  await visitor.sees(person.name)
  visitor.assertNothingWrong()
})

test('a recovery code logs in once, where the app is lost', async () => {
  const { name, recoveryCodes } = await resident(site)
  for (const outcome of ['in', 'refused']) {
    await using visitor = await arrive()
    await visitor.go('/login')
    await visitor.fill('Name', name)
    await visitor.fill('Password', PASSWORD)
    await visitor.press('Use a recovery code instead')
    assert.equal(await visitor.focused(), 'recoveryCode')
    await visitor.fill('Recovery code', recoveryCodes[0] ?? '')
    await visitor.press('Log in')
    if (outcome === 'in') {
      await visitor.arrivesAt('/account')
      await visitor.sees('recovery code')
    } else assert.match(await visitor.problem(), /are not right/)
  }
})

test('what is typed as a password can be looked at', async () => {
  await using visitor = await arrive()
  await visitor.go('/login')
  const password = visitor.page.getByLabel('Password', { exact: true })
  assert.equal(await password.getAttribute('type'), 'password')
  await visitor.check('Show password')
  assert.equal(await password.getAttribute('type'), 'text')
})

test('another app, its removal, and new codes: each after a proof that is fresh', async () => {
  const person = await resident(site)
  await using visitor = await arrive()
  await person.enter(visitor)
  const { page } = visitor
  const before = await page.getByRole('button', { name: /^Remove / }).count()
  assert.equal(before, 0, 'the only app is not offered for removal')
  site.clock.advance(LATER_MS)

  await visitor.press('Add an authenticator app')
  const secret = ((await page.locator('.secret').textContent()) ?? '').replaceAll(' ', '')
  await visitor.fill('What to call it', 'Second telephone')
  await visitor.fill('Code from your authenticator app', codeAt(secret, site.clock.now()))
  await visitor.press('Add the app')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Code from your authenticator app').fill('000000')
  await visitor.press('Confirm with the code')
  assert.match(await visitor.problem(), /code is not right/)
  await dialog.getByLabel('Code from your authenticator app').fill(person.code())
  await visitor.press('Confirm with the code')
  await visitor.sees('The authenticator app was added.')
  await visitor.sees('Second telephone')

  await visitor.press('Remove Second telephone')
  await visitor.sees('Second telephone was removed.')

  await visitor.press('New recovery codes')
  const codes = page.locator('.code-list code')
  await codes.first().waitFor()
  assert.ok(!person.recoveryCodes.includes((await codes.first().textContent()) ?? ''))
  await visitor.check('I have kept them')
  await visitor.press('Go on')
  await visitor.sees('The old recovery codes open nothing any more.')
  visitor.assertNothingWrong()
})

test('who does not confirm does nothing', async () => {
  const person = await resident(site)
  await using visitor = await arrive()
  await person.enter(visitor)
  site.clock.advance(LATER_MS)
  await visitor.press('New recovery codes')
  const dialog = visitor.page.getByRole('dialog')
  await dialog.waitFor()
  assert.equal(await visitor.focused(), 'code')
  await visitor.page.keyboard.press('Escape')
  assert.match(await visitor.problem(), /It was not done/)
  assert.equal(await visitor.page.locator('.code-list').count(), 0)
  const { items } = await site.house.perform('factor.list', { principal: person.id })
  assert.equal(items.find(({ kind }) => kind === 'recovery')?.codesLeft, 10)
})

test('a new password ends the other logins, and is the one that counts', async () => {
  const person = await resident(site)
  await using elsewhere = await arrive()
  await person.enter(elsewhere)
  await using visitor = await arrive()
  await person.enter(visitor)
  const next = 'seven slow barges under lanterns'
  await visitor.page.getByText('Change it').click()
  await visitor.fill('Password until now', PASSWORD)
  await visitor.fill('New password', next)
  await visitor.fill('The same once more', `${next}.`)
  await visitor.press('Change the password')
  assert.match(await visitor.problem(), /not the same/)
  await visitor.fill('The same once more', next)
  await visitor.press('Change the password')
  await visitor.sees('your other logins have ended')
  await elsewhere.page.reload()
  await elsewhere.arrivesAt('/login')
  await person.type(elsewhere)
  assert.match(await elsewhere.problem(), /are not right/)
  await person.type(elsewhere, next)
  await elsewhere.arrivesAt('/account')
})

test('logins are seen and ended, one and all the others, and here', async () => {
  const person = await resident(site)
  const others = [await arrive(), await arrive(), await arrive()]
  for (const other of others) await person.enter(other)
  await using visitor = await arrive()
  await person.enter(visitor)
  const { page } = visitor
  // The enrolment's own login is the fifth.
  assert.equal(await page.getByRole('heading', { name: 'Elsewhere' }).count(), 4)
  assert.equal(await page.getByRole('heading', { name: 'Here', exact: true }).count(), 1)
  await page.getByRole('button', { name: 'End it' }).first().click()
  await visitor.sees('That login has ended.')
  assert.equal(await page.getByRole('heading', { name: 'Elsewhere' }).count(), 3)
  await visitor.press('End all others')
  await visitor.sees('You are logged in here alone.')
  assert.equal(await page.getByRole('heading', { name: 'Elsewhere' }).count(), 0)
  for (const other of others) {
    await other.page.reload()
    await other.arrivesAt('/login')
    await other[Symbol.asyncDispose]()
  }
  await visitor.press('Log out')
  await visitor.arrivesAt('/login')
  assert.equal(await visitor.cookie(), undefined)
  await visitor.go('/account')
  await visitor.arrivesAt('/login')
  visitor.assertNothingWrong()
})

test('a login that has ended is said, and leads to the login', async () => {
  const person = await resident(site)
  await using visitor = await arrive()
  await person.enter(visitor)
  site.clock.advance(16 * 60_000)
  await visitor.press('Add an authenticator app')
  assert.match(await visitor.problem(), /The login has ended/)
  await visitor.follow('log in')
  await visitor.arrivesAt('/login')
})

test('what comes from something in between is said to have no words', async () => {
  const person = await resident(site)
  await using visitor = await Visitor.arrive(browser, site.address)
  for (const body of ['{"message":"Bad Gateway"}', 'null', '"no"', '<h1>Bad Gateway</h1>', '']) {
    await visitor.page.route('**/v1/login', (route) => route.fulfill({ status: 502, body }))
    await visitor.go('/login')
    await person.type(visitor)
    assert.equal(await visitor.problem(), 'The server answered 502 without words')
    await visitor.page.unroute('**/v1/login')
  }
})

test('a link works once, and one that is broken says what to do', async () => {
  const person = await guest(site)
  await using visitor = await arrive()
  await visitor.open('/enrol')
  assert.match(await visitor.problem(), /Open it once more/)
  const code = await choosePassword(site, visitor, person.path)
  await visitor.seesHeading(`Welcome, ${person.name}`)
  await visitor.fill('New password', 'passwordpassword')
  await visitor.fill('The same once more', 'passwordpassword')
  await visitor.fill('Code from your authenticator app', code)
  await visitor.press('Set up password and app')
  assert.match(await visitor.problem(), /password/)
  await setUpPassword(visitor, code)
  await using thief = await arrive()
  await thief.open(person.path)
  assert.match(await thief.problem(), /not valid any more/)
})

test('the address of the server alone leads to the pages', async () => {
  await using visitor = await arrive()
  await visitor.go('/')
  await visitor.arrivesAt('/login')
})

test('a server that is sealed has its pages, and they say so', async () => {
  const person = await resident(site)
  const link = (await guest(site)).path
  await using inside = await arrive()
  await person.enter(inside)
  await using visitor = await arrive()
  await visitor.go('/login')
  await site.house.perform('system.seal', {})
  await person.type(visitor)
  assert.match(await visitor.problem(), /sealed/)
  await visitor.open(link)
  assert.match(await visitor.problem(), /sealed/)
  await inside.page.reload()
  assert.match(await inside.problem(), /sealed/)
})
