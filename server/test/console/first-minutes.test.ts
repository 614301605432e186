import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBrowser, Visitor } from './browser.ts'
import { choosePassword, lastRecord, setUpPasskey, setUpPassword } from './people.ts'
import { startSite } from './site.ts'
import { Terminal } from './terminal.ts'

/** The first five minutes of a person: invited, enrolled, logged in, and in at the command line. */

const site = await startSite()
const browser = await startBrowser()

test('from an invitation to a command that acts as oneself, with a password', async () => {
  await using officer = await Terminal.open({
    CLAVIGER_ADDR: site.address,
    CLAVIGER_TOKEN: site.house.token,
  })
  const maria = await officer.run('claviger principal create maria --kind user --field id')
  await officer.run(`claviger binding create auditor ${maria}`)
  const path = await officer.run(`claviger person invite ${maria} --field path`)
  const secret = path.split('#')[1] ?? ''
  assert.match(secret, /^clve_/)

  await using visitor = await Visitor.arrive(browser, site.address)
  const { page } = visitor
  const code = await choosePassword(site, visitor, path)
  await visitor.seesHeading('Welcome, maria')
  assert.equal(page.url(), `${site.address}/enrol`)
  await setUpPassword(visitor, code)
  const codes = await page.locator('.code-list code').allTextContents()
  assert.equal(new Set(codes).size, 10)
  assert.ok(await page.getByRole('button', { name: 'Go on' }).isDisabled())
  await visitor.check('I have kept them')
  await visitor.press('Go on')
  await visitor.seesHeading('You are in, maria')

  await using own = await Terminal.open()
  const line = (await page.locator('.command').textContent()) ?? ''
  assert.equal(line, `claviger --address ${site.address} login`)
  const login = own.start(line)
  const [, typed = ''] = await login.says(/type this code: (\S+)/)
  await visitor.follow('Type the code')
  await visitor.arrivesAt('/device')
  await visitor.fill('Code', typed.toLowerCase().replace('-', ' '))
  await visitor.press('Let it in')
  await visitor.seesHeading('It is in')
  const { said } = await login.ended()
  assert.match(said, /Logged in until/)
  const who = await own.run('claviger whoami -o json')
  assert.equal((JSON.parse(who) as { principal: { id: string } }).principal.id, maria)
  assert.match(await own.run('claviger ledger search -o json'), /login\.deviceConfirm/)

  visitor.assertNeverAsked(secret)
  visitor.assertAskedOnly(site.address)
  visitor.assertNothingWrong()
  const confirmed = await lastRecord(site, 'login.deviceConfirm')
  assert.equal(confirmed?.outcome, 'ok')
  assert.equal(confirmed?.principal, maria)
})

test('the same with a passkey, and nothing to remember', async () => {
  await using officer = await Terminal.open({
    CLAVIGER_ADDR: site.address,
    CLAVIGER_TOKEN: site.house.token,
  })
  const piet = await officer.run('claviger principal create piet --kind user --field id')
  const path = await officer.run(`claviger person invite ${piet} --field path`)
  await using visitor = await Visitor.arrive(browser, site.address)
  await setUpPasskey(visitor, path)
  await visitor.press('Go on')
  await visitor.seesHeading('You are in, piet')
  await using own = await Terminal.open()
  const login = own.start((await visitor.page.locator('.command').textContent()) ?? '')
  const [, typed = ''] = await login.says(/type this code: (\S+)/)
  await visitor.follow('Type the code')
  await visitor.arrivesAt('/device')
  await visitor.fill('Code', typed)
  await visitor.press('Let it in')
  await visitor.seesHeading('It is in')
  await login.ended()
  const who = await own.run('claviger whoami -o json')
  assert.equal((JSON.parse(who) as { principal: { id: string } }).principal.id, piet)
  visitor.assertNeverAsked(path.split('#')[1] ?? '')
  visitor.assertAskedOnly(site.address)
  visitor.assertNothingWrong()
})
