import assert from 'node:assert/strict'
import { test } from 'node:test'
import { invited } from '../harness/person.ts'
import { verifyHouse } from '../harness/read-ledger.ts'
import { startBrowser, Visitor } from './browser.ts'
import { startSite } from './site.ts'

/** Passkeys as a real browser makes and uses them, with an authenticator that Chromium plays: what is asked, and what comes back. */

const site = await startSite()
const { house } = site
const browser = await startBrowser()
const nobody = { token: undefined }

/** A browser at the site, with an authenticator that verifies its user. */
async function arrive() {
  const visitor = await Visitor.arrive(browser, site.address)
  await visitor.go('/login')
  const ask = async (code: string, options: Record<string, unknown>) =>
    JSON.parse(String(await visitor.run(code, JSON.stringify(options)))) as Record<string, unknown>
  return {
    visitor,
    /** What `navigator.credentials.create` gives for the options of the server. */
    make: (options: Record<string, unknown>) =>
      ask(
        `async (text) => {
          const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(text))
          return JSON.stringify(await navigator.credentials.create({ publicKey }))
        }`,
        options,
      ),
    /** What `navigator.credentials.get` gives. */
    use: (options: Record<string, unknown>) =>
      ask(
        `async (text) => {
          const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(text))
          return JSON.stringify(await navigator.credentials.get({ publicKey }))
        }`,
        options,
      ),
    /** From now on the authenticator does not know who is there. */
    forgetUser: () => visitor.setVerified(false),
  }
}

test('set up with a link, log in without a name, prove again, and sign an approval that the ledger proves', async () => {
  const { visitor, make, use, forgetUser } = await arrive()
  await using _ = visitor
  const person = await invited(house)
  const link = { token: person.token }
  const begun = await house.perform('enrolment.begin', link, nobody)
  const passkey = { response: await make(begun.passkey.options), name: 'Chromium' }
  const enrolment = { ...link, passkey, carrier: 'token' as const }
  await house.perform('enrolment.complete', enrolment, nobody)

  const asked = await house.perform('login.challenge', {}, nobody)
  const response = await use(asked.options)
  const input = { challenge: asked.id, response, carrier: 'token' as const }
  const { token, session } = await house.perform('login.passkey', input, nobody)
  assert.equal(session.principal, person.id)

  const again = await house.perform('login.stepUpChallenge', {}, { token })
  const proof = { challenge: again.id, response: await use(again.options) }
  const { factors } = await house.perform('login.stepUp', proof, { token })
  assert.deepEqual(
    factors.map(({ factor }) => factor),
    ['passkey'],
  )

  const scope = { kind: 'tenant' as const }
  await house.perform('binding.create', { role: 'approver', principal: person.id, scope })
  const requester = await house.createUser('key-admin')
  const { id: key } = await house.createKey()
  const about = { name: 'signed', actions: ['key.suspend'], scope, approvals: 1, signed: true }
  await house.perform('approvalPolicy.create', { ...about, principals: [], groups: [], hours: 1 })
  const asking = { operation: 'key.suspend', input: { key }, comment: '' }
  const { id: approval } = await house.perform('approval.request', asking, requester)
  const { options } = await house.perform('approval.challenge', { approval }, { token })
  const signed = { approval, comment: '', response: await use(options) }
  assert.equal((await house.perform('approval.approve', signed, { token })).state, 'approved')
  await house.perform('key.suspend', { key }, { token: requester.token, approval })
  const report = await verifyHouse(house)
  assert.deepEqual(report.findings, [])
  assert.equal(report.signedApprovals, 1)

  // Chromium itself refuses to answer for somebody whom the authenticator did not verify.
  await forgetUser()
  const last = await house.perform('login.challenge', {}, nobody)
  await assert.rejects(use(last.options), /NotAllowedError/)
})
