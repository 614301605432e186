import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { providerOf } from '../harness/inputs-of-providers.ts'
import { TestProvider } from '../harness/login-provider.ts'
import { PASSWORD } from '../harness/person.ts'
import { twoApprove } from '../harness/two-approve.ts'
import { startBrowser, Visitor, type Look } from './browser.ts'
import { asked, choosePassword, guest, resident, setUpPasskey, setUpPassword } from './people.ts'
import { startSite } from './site.ts'

/** How the pages look to everybody: in light and dark, wide and narrow, with a keyboard, and to the rules of accessibility. */

const rules = readFileSync(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

const looks: readonly (readonly [name: string, look: Look])[] = [
  ['light', { colorScheme: 'light', viewport: { width: 1024, height: 800 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1024, height: 800 } }],
  ['narrow', { colorScheme: 'light', viewport: { width: 320, height: 640 } }],
  ['narrow and dark', { colorScheme: 'dark', viewport: { width: 320, height: 640 } }],
]

const browser = await startBrowser()
const site = await startSite()
await twoApprove(site.house)
// So that the account has somebody to be linked with.
await site.house.perform('loginProvider.create', await providerOf(await TestProvider.shared()))
const { id: request } = await asked(site, 'Moving to the new building')
const LATER_MS = 6 * 60_000

interface Findings {
  readonly violations: readonly { id: string; nodes: readonly { html: string }[] }[]
}

/** Holds what is shown now to the rules, and to the width of the window. */
async function examine({ page }: Visitor, view: string): Promise<void> {
  const width = await page.evaluate('document.documentElement.scrollWidth')
  assert.ok(Number(width) <= (page.viewportSize()?.width ?? 0), `${view} is ${String(width)} wide`)
  await page.evaluate(rules)
  const { violations } = (await page.evaluate('axe.run()')) as Findings
  assert.deepEqual(
    violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${view}: ${id}: ${html}`)),
    [],
  )
  const folder = process.env['CLAVIGER_PICTURES'] ?? ''
  if (folder !== '')
    await page.screenshot({ path: `${folder}/${view.replaceAll(' ', '-')}.png`, fullPage: true })
}

for (const [name, look] of looks) {
  test(`every view keeps the rules of accessibility and fits: ${name}`, async () => {
    await using visitor = await Visitor.arrive(browser, site.address, look)
    const { page } = visitor
    const see = (view: string) => examine(visitor, `${name} ${view}`)

    await visitor.open('/enrol')
    await see('a link that is not whole')
    const person = await guest(site)
    await visitor.open(person.path)
    await see('enrol')
    const code = await choosePassword(site, visitor, person.path)
    await see('enrol with a password')
    await setUpPassword(visitor, code)
    await see('recovery codes')
    await visitor.check('I have kept them')
    await visitor.press('Go on')
    await visitor.seesHeading(`You are in, ${person.name}`)
    await see('ready')

    await setUpPasskey(visitor, (await guest(site)).path)
    await see('a second way in')

    await visitor.context.clearCookies()
    const approver = await resident(site, 'approver')
    await visitor.open('/login')
    await see('login')
    await approver.type(visitor, 'quite another long password')
    await visitor.problem()
    await visitor.page.getByText('Another tenant').click()
    await see('login with a problem')
    await approver.enter(visitor)
    await see('account')
    await visitor.press('Add an authenticator app')
    await page.locator('svg.qr').waitFor()
    await see('another app')
    await visitor.go('/device')
    await see('device')
    await visitor.go('/approvals')
    await see('approvals')
    await visitor.go(`/approvals?id=${request}`)
    await see('an approval')
    await visitor.go('/account')
    site.clock.advance(LATER_MS)
    await visitor.press('New recovery codes')
    await page.getByRole('dialog').waitFor()
    await see('being asked again who one is')
    visitor.assertNothingWrong()
    visitor.assertAskedOnly(site.address)
  })
}

test('a keyboard alone reaches and does everything', async () => {
  const person = await resident(site)
  await using visitor = await Visitor.arrive(browser, site.address)
  const { page } = visitor
  await visitor.go('/login')
  const { keyboard } = page
  assert.equal(await visitor.focused(), 'name', 'the first field waits for what is typed')
  await keyboard.type(person.name)
  await keyboard.press('Tab')
  await keyboard.type(PASSWORD)
  assert.deepEqual(await visitor.tabThrough(2), ['shown', 'code'])
  await keyboard.type(person.nextCode())
  await keyboard.press('Enter')
  await visitor.arrivesAt('/account')

  const reached = await visitor.tabThrough(10)
  for (const wanted of [
    'Skip to the content',
    'Claviger',
    'Approvals',
    'Programs',
    'Account',
    'Log out',
    'Add a passkey',
    'Add an authenticator app',
    'New recovery codes',
  ])
    assert.ok(reached.includes(wanted), `${wanted} in ${reached.join(', ')}`)

  site.clock.advance(LATER_MS)
  await page.getByRole('button', { name: 'New recovery codes' }).focus()
  await keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  assert.equal(await visitor.focused(), 'code')
  await keyboard.type(person.code())
  await keyboard.press('Enter')
  await page.locator('.code-list').waitFor()
  assert.equal(await visitor.focused(), 'Shown only now')
})
