import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { createConsoleDoor } from '#console'
import { answers, mock } from './answers.ts'
import { startBrowser, Visitor, type Look } from './browser.ts'
import { serve } from './site.ts'

/**
 * How the pages look to everybody: in light and dark, wide and narrow, with a keyboard, and to the rules of accessibility. Only the door of
 * the pages stands here; what the server would answer is told, so that each page shows all it has.
 */

const rules = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const looks: readonly (readonly [name: string, look: Look])[] = [
  ['light', { colorScheme: 'light', viewport: { width: 1024, height: 800 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1024, height: 800 } }],
  ['360 pixels', { colorScheme: 'light', viewport: { width: 360, height: 740 } }],
]

const browser = await startBrowser()
const site = await serve(createConsoleDoor())

/** Everything that pages show, and how it is reached. */
const views: readonly (readonly [name: string, open: (visitor: Visitor) => Promise<void>])[] = [
  ['sign in', (visitor) => visitor.go('/signin')],
  ['enrol', (visitor) => visitor.go('/enrol#clve_x')],
  [
    'enrol with a password',
    async (visitor) => {
      await visitor.go('/enrol#clve_x')
      await visitor.press('Use a password and an app instead')
      await visitor.page.locator('svg.qr').waitFor()
    },
  ],
  ['a link that is not whole', (visitor) => visitor.go('/enrol')],
  ['device', (visitor) => visitor.go('/device')],
  ['approvals', (visitor) => visitor.go('/approvals')],
  ['an approval', (visitor) => visitor.go(`/approvals?id=${answers.id}`)],
  ['account', (visitor) => visitor.go('/account')],
  [
    'being asked again who one is',
    async (visitor) => {
      await visitor.go('/account')
      await visitor.press('New recovery codes')
      await visitor.page.getByRole('dialog').waitFor()
    },
  ],
]

interface Findings {
  readonly violations: readonly {
    id: string
    nodes: readonly { html: string; failureSummary?: string }[]
  }[]
}

for (const [name, look] of looks) {
  test(`every view keeps the rules of accessibility and fits: ${name}`, async () => {
    const visitor = await Visitor.arrive(browser, site.address, look)
    const { page } = visitor
    await mock(page)
    for (const [view, open] of views) {
      // An address that differs only behind the # would not be loaded again.
      await page.goto('about:blank')
      await open(visitor)
      const width = await page.evaluate('document.documentElement.scrollWidth')
      assert.ok(Number(width) <= (look.viewport?.width ?? 0), `${view} is ${String(width)} wide`)
      await page.evaluate(rules)
      const { violations } = (await page.evaluate('axe.run()')) as Findings
      assert.deepEqual(
        violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${view}: ${id}: ${html}`)),
        [],
      )
    }
    visitor.assertNothingWrong()
    await visitor.leave()
  })
}

test('a keyboard alone reaches and does everything', async () => {
  const visitor = await Visitor.arrive(browser, site.address)
  const { page } = visitor
  await mock(page)
  await visitor.go('/signin')
  const focused = async () => {
    await page.keyboard.press('Tab')
    return String(
      await page.evaluate('document.activeElement.textContent || document.activeElement.name'),
    )
  }
  const reached: string[] = []
  for (let n = 0; n < 12; n += 1) reached.push(await focused())
  for (const wanted of [
    'Skip to the content',
    'Claviger',
    'Sign in with a passkey',
    'Continue with Example Corp',
    'name',
    'password',
    'code',
    'Use a recovery code instead',
    'Another tenant',
    'Sign in',
  ])
    assert.ok(reached.includes(wanted), `${wanted} in ${reached.join(', ')}`)
  await visitor.go('/account')
  await page.getByRole('button', { name: 'New recovery codes' }).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  assert.ok(await page.evaluate('document.activeElement.closest("dialog") !== null'))
  await page.keyboard.press('Escape')
  assert.match(await visitor.problem(), /It was not done/)
  await visitor.leave()
})

test('text of others stays text', async () => {
  const visitor = await Visitor.arrive(browser, site.address)
  const { page } = visitor
  const markup = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
  await mock(page, { comment: markup, name: markup })
  await visitor.go(`/approvals?id=${answers.id}`)
  await visitor.sees(markup)
  await visitor.go('/account')
  await visitor.sees(markup)
  assert.equal(await page.locator('main img, main script').count(), 0)
  assert.match(await page.title(), /Claviger/)
  visitor.assertNothingWrong()
  await visitor.leave()
})

test('nothing is signed where the statement is not of what is shown', async () => {
  const visitor = await Visitor.arrive(browser, site.address)
  const { page } = visitor
  const approve = page.getByRole('button', { name: 'Approve and sign with a passkey' })
  await mock(page)
  await visitor.go(`/approvals?id=${answers.id}`)
  assert.equal(await approve.count(), 1)
  const lies = [
    { input: { key: answers.id, format: 'raw' } },
    { digest: answers.approval.digest.replace(/^./, '!') },
    { operation: 'key.destroyNow' },
    { statement: answers.approval.statement.replace('"v":1', '"v":2') },
  ]
  for (const lie of lies) {
    await mock(page, {}, lie)
    await visitor.go(`/approvals?id=${answers.id}`)
    assert.match(await visitor.problem(), /Do not approve it/)
    assert.equal(await approve.count(), 0)
  }
  await mock(page, {}, { passkey: { challenge: 'AAAA', rpId: 'localhost' } })
  await visitor.go(`/approvals?id=${answers.id}`)
  await approve.click()
  assert.match(await visitor.problem(), /signature over something else/)
  await visitor.leave()
})
