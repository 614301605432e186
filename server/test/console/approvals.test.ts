import assert from 'node:assert/strict'
import { test } from 'node:test'
import { twoApprove } from '../harness/two-approve.ts'
import { startBrowser, Visitor } from './browser.ts'
import { asked, lastRecord, resident } from './people.ts'
import { startSite } from './site.ts'

/** Deciding on what others ask for, in a browser at a real house. */

const site = await startSite()
const browser = await startBrowser()
await twoApprove(site.house)

async function enter(role: string, path: string) {
  const person = await resident(site, role)
  const visitor = await Visitor.arrive(browser, site.address)
  await person.enter(visitor, path)
  return { person, visitor, [Symbol.asyncDispose]: () => visitor[Symbol.asyncDispose]() }
}

test('two see what is asked and approve it, and the ledger has the statement they saw', async () => {
  const { id, statement } = await asked(site, 'Moving to the new building')
  const deciders: string[] = []
  for (const state of ['pending', 'approved']) {
    await using approver = await enter('approver', '/approvals')
    const { visitor, person } = approver
    const { page } = visitor
    await page.getByRole('listitem').filter({ hasText: 'Moving to the new building' }).waitFor()
    await page.getByRole('link', { name: 'key.suspend' }).first().click()
    await visitor.seesHeading('Request for approval')
    await visitor.sees('Moving to the new building')
    await page.getByText('The whole statement').click()
    await visitor.sees(statement)
    await page.getByLabel('What you say about it').fill('seen and understood')
    await visitor.press('Approve')
    await visitor.sees('You approved it.')
    await page.locator(`.facts .state.${state}`).first().waitFor()
    assert.equal(await page.getByRole('button', { name: 'Approve' }).count(), 0)
    visitor.assertNothingWrong()
    deciders.push(person.id)
  }
  const after = await site.house.perform('approval.get', { approval: id })
  assert.deepEqual(
    after.decisions.map(({ principal, verdict, comment }) => [principal, verdict, comment]),
    deciders.map((principal) => [principal, 'approved', 'seen and understood']),
  )
  const recorded = await lastRecord(site, 'approval.approve')
  assert.equal(recorded?.principal, deciders[1])
})

test('whoever approves sees that the server does it then, and later what came of it', async () => {
  const { id } = await asked(site, 'Left to the server', true)
  const own = 'who asked, once it is approved'
  for (const left of [1, 0]) {
    await using approver = await enter('approver', `/approvals?id=${id}`)
    const { visitor } = approver
    await visitor.sees('the server, with the last approval')
    await visitor.sees('With the last approval the server does it by itself')
    assert.equal(await visitor.page.getByText(own).count(), 0)
    await visitor.press('Approve')
    await visitor.sees('You approved it.')
    if (left > 0) continue
    const { input } = await site.house.perform('approval.get', { approval: id })
    await site.house.perform('key.update', { key: String(input['key']), description: 'changed' })
    await site.house.runJob('execution')
    await visitor.open(`/approvals?id=${id}`)
    await visitor.sees('The server was refused at')
    await visitor.go('/approvals?state=failed')
    await visitor.page.getByRole('listitem').filter({ hasText: 'Left to the server' }).waitFor()
    visitor.assertNothingWrong()
  }
})

test('one says no, and one takes back what is their own', async () => {
  const { id } = await asked(site, 'A bad idea')
  await using approver = await enter('approver', `/approvals?id=${id}`)
  const { visitor } = approver
  await visitor.press('Reject')
  await visitor.sees('You rejected it.')
  assert.equal((await site.house.perform('approval.get', { approval: id })).state, 'rejected')

  await using asking = await enter('owner', '/approvals')
  const { person, visitor: owner } = asking
  const { id: key } = await site.house.createKey()
  const { token } = person
  const own = await site.house.perform(
    'approval.request',
    { operation: 'key.suspend', input: { key }, comment: 'mine' },
    { token },
  )
  await owner.go(`/approvals?id=${own.id}`)
  assert.equal(await owner.page.getByRole('button', { name: 'Approve' }).count(), 0)
  await owner.press('Withdraw it')
  await owner.sees('The request is withdrawn.')
  await owner.follow('All requests')
  await owner.follow('withdrawn')
  await owner.page.getByRole('listitem').filter({ hasText: 'mine' }).waitFor()
})

test('a rule that asks for a proof of the very decision gets one', async () => {
  const rule = await site.house.perform('stepUpRule.create', {
    name: 'decisions',
    actions: ['approval.decide'],
    scope: { kind: 'tenant' },
    factors: ['totp'],
  })
  const { id } = await asked(site, 'With a code')
  await using approver = await enter('approver', `/approvals?id=${id}`)
  const { visitor, person } = approver
  const { page } = visitor
  await page.getByLabel('What you say about it').fill('proved')
  await visitor.press('Approve')
  await page.getByRole('dialog').getByLabel('Code').fill(person.nextCode())
  await visitor.press('Confirm with the code')
  await visitor.sees('You approved it.')
  const { decisions } = await site.house.perform('approval.get', { approval: id })
  assert.deepEqual(
    decisions.map(({ principal, comment }) => [principal, comment]),
    [[person.id, 'proved']],
  )
  await page.reload()
  await visitor.sees('proved')
  await site.house.perform('stepUpRule.delete', { rule: rule.id })
})

test('nobody can approve where what is shown is not what stands in the statement', async () => {
  const { id, digest, statement } = await asked(site, 'The truth')
  await using approver = await enter('approver', '/approvals')
  const { visitor } = approver
  const { page } = visitor
  const approve = page.getByRole('button', { name: 'Approve' })
  await visitor.go(`/approvals?id=${id}`)
  assert.equal(await approve.count(), 1)
  const lies = [
    { input: { key: '9d1d6f0e-5d8b-4f39-8f0f-0a2f4a3f8c02' } },
    { digest: digest.replace(/^./, '!') },
    { operation: 'key.resume' },
    { requester: '9d1d6f0e-5d8b-4f39-8f0f-0a2f4a3f8c02' },
    { automatic: true },
    // The input may name the key by an alias: which one that is stands beside it.
    { key: '9d1d6f0e-5d8b-4f39-8f0f-0a2f4a3f8c02' },
    { expiresAt: '2099-01-01T00:00:00.000Z' },
    { statement: statement.replace('"operation"', '"operatiom"') },
  ]
  for (const lie of lies) {
    // What the server says, but for the lie of somebody on the way.
    await page.route(`**/v1/approvals/${id}`, async (route) => {
      const response = await route.fetch()
      const told = (await response.json()) as object
      await route.fulfill({ response, json: { ...told, ...lie } })
    })
    await visitor.open(`/approvals?id=${id}`)
    assert.match(await visitor.problem(), /Do not approve it/, JSON.stringify(lie))
    assert.equal(await approve.count(), 0)
    await page.unroute(`**/v1/approvals/${id}`)
  }
})

test('text of others stays text', async () => {
  const markup = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
  const { id } = await asked(site, markup)
  await using approver = await enter('approver', `/approvals?id=${id}`)
  const { visitor } = approver
  await visitor.sees(markup)
  assert.equal(await visitor.page.locator('main img, main script').count(), 0)
  assert.match(await visitor.page.title(), /Claviger/)
  visitor.assertNothingWrong()
})

test('what has no sign of its own is seen all the same', async () => {
  // A right-to-left override, and a space of no width.
  const { id } = await asked(site, 'move \u202Eevig ton od\u202C it\u200B')
  await using approver = await enter('approver', `/approvals?id=${id}`)
  await approver.visitor.sees('move \\u202eevig ton od\\u202c it\\u200b')
})

test('an approval that is a signature is made by a passkey over what is shown', async () => {
  await site.house.perform('approvalPolicy.create', {
    name: 'signed',
    actions: ['key.suspend'],
    scope: { kind: 'tenant' },
    approvals: 1,
    principals: [],
    groups: [],
    hours: 2,
    signed: true,
  })
  const { id, digest } = await asked(site, 'To be signed')
  await using approver = await enter('approver', '/account')
  const { visitor, person } = approver
  await visitor.press('Add a passkey')
  await visitor.press('Make the passkey')
  await visitor.sees('The passkey was added.')
  await visitor.go(`/approvals?id=${id}`)
  const { page } = visitor
  // Somebody on the way has another digest signed.
  await page.route('**/challenge', async (route) => {
    const response = await route.fetch()
    const told = (await response.json()) as { options: object }
    const options = {
      ...told.options,
      challenge: digest.replace(/^./, digest[0] === 'A' ? 'B' : 'A'),
    }
    await route.fulfill({ response, json: { ...told, options } })
  })
  await visitor.press('Approve and sign with a passkey')
  assert.match(await visitor.problem(), /signature over something else/)
  await page.unroute('**/challenge')
  await visitor.press('Approve and sign with a passkey')
  await visitor.sees('You approved it.')
  await visitor.sees('and signed')
  const recorded = await lastRecord(site, 'approval.approve')
  assert.equal(recorded?.principal, person.id)
  assert.ok(recorded.detail?.['signature'], 'the ledger has the signature')
  visitor.assertNothingWrong()
})
