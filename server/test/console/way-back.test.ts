import assert from 'node:assert/strict'
import { test } from 'node:test'
import { twoApprove } from '../harness/two-approve.ts'
import { startBrowser, Visitor } from './browser.ts'
import { asked, resident } from './people.ts'
import { startSite } from './site.ts'

/** What a browser holds of pages that were left, and shows to whoever goes back: nothing. */

const site = await startSite()
const browser = await startBrowser([], true)
await twoApprove(site.house)
await asked(site, 'the auditors are coming')

/** Somebody who looks at the requests, and has gone on to another page; what a held page shows is kept for us. */
async function whoWentOn() {
  const person = await resident(site, 'approver')
  const visitor = await Visitor.arrive(browser, site.address)
  await person.enter(visitor, '/approvals')
  await visitor.sees('the auditors are coming')
  await visitor.run(`() => {
    addEventListener('pageshow', () => sessionStorage.setItem('held', document.body.textContent))
  }`)
  await visitor.follow('Account')
  await visitor.arrivesAt('/account')
  return visitor
}

/** Goes back; what the held page showed then. */
async function back(visitor: Visitor, path: string): Promise<unknown> {
  await visitor.page.goBack({ waitUntil: 'commit' })
  await visitor.arrivesAt(path)
  return visitor.run("() => sessionStorage.getItem('held')")
}

test('whoever goes back after somebody logged out sees nothing of what was there', async () => {
  await using visitor = await whoWentOn()
  await visitor.press('Log out')
  await visitor.arrivesAt('/login')
  assert.equal(await back(visitor, '/login'), '')
  visitor.assertNothingWrong()
})

test('whoever goes back and is logged in sees what there is now', async () => {
  await using visitor = await whoWentOn()
  await asked(site, 'and the lawyers too')
  assert.equal(await back(visitor, '/approvals'), '')
  await visitor.sees('and the lawyers too')
  visitor.assertNothingWrong()
})
