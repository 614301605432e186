import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256 } from '#crypto'
import { canonicalJson } from '#model'
import { addPasskey, lastOf, refusedFor } from '../harness/passkey-person.ts'
import { verifyHouse } from '../harness/read-ledger.ts'
import { signingScene } from '../harness/signing.ts'

/** Approvals that are signatures: a passkey signs the digest of the statement, and the ledger alone proves it. */

function digestOf(text: string): string {
  return sha256(Buffer.from(text)).toString('base64url')
}

test('two passkeys sign the digest of the statement, it is done once, and the ledger proves both offline', async () => {
  const { house: started, ...a } = await signingScene()
  await using house = started
  assert.equal(a.policy.signed, true)
  const asked = await a.ask()
  assert.equal(asked.signed, true)
  assert.equal(digestOf(asked.statement), asked.digest)
  const { input } = JSON.parse(asked.statement) as { input: string }
  assert.equal(digestOf(canonicalJson({ input: asked.input, salt: asked.salt })), input)
  const [one, two] = a.approvers
  const { options } = await house.perform('approval.challenge', { approval: asked.id }, one)
  assert.equal(options['challenge'], asked.digest)
  assert.equal((await a.approve(asked.id, one)).state, 'pending')
  assert.equal(await a.suspend(asked.id), 'forbidden')
  const approved = await a.approve(asked.id, two)
  assert.equal(approved.state, 'approved')
  assert.ok(approved.decisions.every(({ signed }) => signed))
  assert.equal(await a.suspend(asked.id), 'ok')
  assert.equal(await a.suspend(asked.id), 'forbidden')
  const report = await verifyHouse(house)
  assert.deepEqual(report.findings, [])
  assert.equal(report.signedApprovals, 2)
  assert.match(report.summary, /2 signed approvals hold/)
})

test('the salt keeps the ledger from telling the input: the same request twice has two digests', async () => {
  const { house: started, ask } = await signingScene()
  await using house = started
  const [one, two] = [await ask(), await ask()]
  const inputOf = ({ statement }: { readonly statement: string }) =>
    (JSON.parse(statement) as { readonly input: string }).input
  assert.notEqual(inputOf(one), inputOf(two))
  const plain = digestOf(canonicalJson(one.input))
  const told = (await house.entries()).map(({ detail }) => JSON.stringify(detail)).join('')
  assert.doesNotMatch(told, new RegExp(RegExp.escape(plain)))
  assert.doesNotMatch(told, new RegExp(RegExp.escape(one.salt)))
})

test('where signatures are asked, an approval without one does not count, and a program cannot give one', async () => {
  const { house: started, ...a } = await signingScene()
  await using house = started
  const { id: approval } = await a.ask()
  const [one] = a.approvers
  const bare = { approval, comment: '' }
  assert.equal(await house.codeOf('approval.approve', bare, one), 'invalid_request')
  const program = await house.createUser('approver')
  assert.equal(await house.codeOf('approval.approve', bare, program), 'invalid_request')
  const response = { ...(await a.sign(approval, one)) }
  assert.equal(await house.codeOf('approval.approve', { ...bare, response }, program), 'conflict')
  assert.equal(await house.codeOf('approval.challenge', { approval }, program), 'conflict')
  assert.equal((await house.perform('approval.get', { approval }, one)).decisions.length, 0)
  // Nobody needs to sign in order to say no.
  assert.equal((await house.perform('approval.reject', bare, one)).state, 'rejected')
})

test('a signature over something else, of another, or without its user is none, and stands in the ledger', async () => {
  const { house: started, ...a } = await signingScene()
  await using house = started
  const [one, two] = a.approvers
  const { id } = await a.ask()
  const { id: other } = await a.ask((await house.createKey()).id)
  const elsewhere = await a.sign(other, one)
  const refuse = (because: string, response: object) =>
    refusedFor(house, because, 'approval.approve', a.approve(id, one, response))
  await refuse('wrong-challenge', elsewhere)
  await refuse('wrong-user', await a.sign(id, two))
  await refuse('no-user-verification', await a.sign(id, one, { verified: false }))
  await refuse('wrong-origin', await a.sign(id, one, { origin: 'https://keys.example.org' }))
  await refuse('wrong-rp-id', await a.sign(id, one, { rpId: 'example.com' }))
  const answer = await a.sign(id, one)
  const signature = (await a.sign(other, one)).response.signature
  await refuse('wrong-signature', { ...answer, response: { ...answer.response, signature } })
  // A challenge for logging in, or for proving again, is not one for approving.
  const { options } = await house.perform('login.stepUpChallenge', {}, one)
  await refuse(
    'wrong-challenge',
    await a.sign(id, one, { challenge: String(options['challenge']) }),
  )
  assert.equal((await a.approve(id, one, answer)).decisions.length, 1)
  const again = a.approve(id, one, answer)
  await assert.rejects(again, { code: 'conflict' })
  assert.deepEqual((await verifyHouse(house)).findings, [])
})

test('whoever asks does not approve, with a passkey neither', async () => {
  const { house: started, ...a } = await signingScene()
  await using house = started
  const [one] = a.approvers
  const scope = { kind: 'tenant' as const }
  await house.perform('binding.create', { role: 'key-admin', principal: one.id, scope })
  const asking = { operation: 'key.suspend', input: { key: a.key }, comment: '' }
  const { id: approval, digest } = await house.perform('approval.request', asking, one)
  assert.equal(await house.codeOf('approval.challenge', { approval }, one), 'forbidden')
  const { id: theirs } = await a.ask()
  const response = { ...(await a.sign(theirs, one, { challenge: digest })) }
  const input = { approval, comment: '', response }
  assert.equal(await house.codeOf('approval.approve', input, one), 'forbidden')
})

test('a signature can be given where none is asked; approvals without one count there as before', async () => {
  const { house: started, ...a } = await signingScene({ signed: false })
  await using house = started
  const [one, two] = a.approvers
  const asked = await a.ask()
  assert.equal(asked.signed, false)
  await a.approve(asked.id, one)
  await house.perform('approval.approve', { approval: asked.id, comment: '' }, two)
  assert.equal(await a.suspend(asked.id), 'ok')
  const report = await verifyHouse(house)
  assert.deepEqual(report.findings, [])
  assert.equal(report.signedApprovals, 1)
})

test('another passkey of the approver signs as well, and none once it is removed', async () => {
  const { house: started, ...a } = await signingScene()
  await using house = started
  const [one, two] = a.approvers
  const { authenticator, added } = await addPasskey(house, one.token)
  const asked = await a.ask()
  await a.approve(asked.id, one, await a.sign(asked.id, { ...one, authenticator }))
  await a.approve(asked.id, two)
  assert.equal(await a.suspend(asked.id), 'ok')
  await house.perform('factor.remove', { factor: added.id }, one)
  const { id } = await a.ask()
  const answer = await a.sign(id, { ...one, authenticator })
  await refusedFor(house, 'unknown-credential', 'approval.approve', a.approve(id, one, answer))
  assert.equal((await lastOf(house, 'approval.approve')).principal, one.id)
  assert.deepEqual((await verifyHouse(house)).findings, [])
})

test('a policy that comes to ask for signatures makes requests from before be asked anew', async () => {
  const { house: started, ...a } = await signingScene({ signed: false })
  await using house = started
  const asked = await a.ask()
  for (const one of a.approvers)
    await house.perform('approval.approve', { approval: asked.id, comment: '' }, one)
  const update = { policy: a.policy.id, signed: true }
  assert.equal((await house.perform('approvalPolicy.update', update)).signed, true)
  assert.equal(await a.suspend(asked.id), 'approval_required')
})
