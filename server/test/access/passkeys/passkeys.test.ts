import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  assertionOptions,
  passkeyFactorId,
  registrationOptions,
  siteOf,
  userHandleOf,
  verifyAssertion,
  verifyRegistration,
} from '#access'
import { ClavigerError, LoginRefused } from '#model'
import { Authenticator, type AnswerOptions } from '../../harness/authenticator.ts'

const site = siteOf('https://keys.example.com:8443/')
const challenge = Buffer.alloc(32, 7).toString('base64url')
const other = Buffer.alloc(32, 8).toString('base64url')
const right: AnswerOptions = { ...site, challenge }

const principal = 'c1bd8d42-6c1b-4c5d-8f3c-0a8d37b3a0a1'
const person = principal

async function enrolled(authenticator: Authenticator, counter = 0) {
  const response = authenticator.register({ ...right, counter })
  return { ...(await verifyRegistration({ response, challenge, site, person })), principal }
}

/** That it is refused for just this reason, and that nothing of the answer is in the words. */
async function refusedFor(reason: string, attempt: Promise<unknown>): Promise<void> {
  await assert.rejects(attempt, (error) => {
    assert.ok(error instanceof LoginRefused)
    assert.equal(error.detail['because'], reason)
    assert.equal(error.cause, undefined)
    assert.doesNotMatch(error.message, /example/)
    return true
  })
}

test('the RP id is the host of the public URL, and the origin is the URL', () => {
  assert.deepEqual(site, { origin: 'https://keys.example.com:8443', rpId: 'keys.example.com' })
})

test('options ask for a verified user, for the challenge, and not for passkeys that are there', async () => {
  const known = [{ credential: 'AAAA', transports: ['usb'] }]
  const ada = { id: principal, name: 'ada' }
  const creation = await registrationOptions({ site, challenge, person: ada, known })
  assert.equal(creation['challenge'], challenge)
  assert.equal(creation['attestation'], 'none')
  assert.deepEqual(creation['rp'], { name: 'Claviger', id: site.rpId })
  const excluded = creation['excludeCredentials'] as { id: string }[]
  assert.deepEqual(
    excluded.map(({ id }) => id),
    ['AAAA'],
  )
  const selection = creation['authenticatorSelection'] as Record<string, unknown>
  assert.equal(selection['userVerification'], 'required')
  assert.equal(selection['residentKey'], 'required')

  const request = await assertionOptions({ site, challenge, known })
  assert.equal(request['challenge'], challenge)
  assert.equal(request['rpId'], site.rpId)
  assert.equal(request['userVerification'], 'required')
  assert.equal((request['allowCredentials'] as { id: string }[])[0]?.id, 'AAAA')
})

test('a passkey is set up and proves who its owner is, with and without a counter', async () => {
  const authenticator = new Authenticator()
  const factor = await enrolled(authenticator)
  assert.equal(factor.credential, authenticator.credential)
  assert.deepEqual(factor.transports, ['internal'])
  assert.equal(factor.backedUp, false)
  const never = await verifyAssertion({
    response: authenticator.assert(right),
    challenge,
    site,
    factor,
  })
  assert.deepEqual(never, { counter: 0, backedUp: false })
  const response = authenticator.assert({ ...right, counter: 5, backedUp: true })
  const counted = await verifyAssertion({ response, challenge, site, factor })
  assert.deepEqual(counted, { counter: 5, backedUp: true })
})

const wrongs: [reason: string, wrong: Partial<AnswerOptions>][] = [
  ['wrong-origin', { origin: 'https://keys.example.org' }],
  ['wrong-origin', { origin: 'https://keys.example.com' }],
  ['wrong-origin', { crossOrigin: true }],
  ['wrong-challenge', { challenge: other }],
  ['wrong-rp-id', { rpId: 'example.com' }],
  ['no-user-verification', { verified: false }],
]

for (const [reason, wrong] of wrongs)
  test(`refused, as ${reason}: ${JSON.stringify(wrong)}`, async () => {
    const authenticator = new Authenticator()
    const registration = authenticator.register({ ...right, ...wrong })
    await refusedFor(
      reason,
      verifyRegistration({ response: registration, challenge, site, person }),
    )
    const factor = await enrolled(authenticator)
    const assertion = authenticator.assert({ ...right, ...wrong })
    await refusedFor(reason, verifyAssertion({ response: assertion, challenge, site, factor }))
  })

test('a counter that goes back, or stands still, is of a copy', async () => {
  const authenticator = new Authenticator()
  const factor = await enrolled(authenticator, 9)
  for (const counter of [0, 8, 9]) {
    const response = authenticator.assert({ ...right, counter })
    await refusedFor('counter', verifyAssertion({ response, challenge, site, factor }))
  }
})

test("another's passkey, or one that nobody knows, proves nothing", async () => {
  const mine = new Authenticator()
  const factor = await enrolled(mine)
  const response = new Authenticator().assert(right)
  await refusedFor('unknown-credential', verifyAssertion({ response, challenge, site, factor }))
  const unknown = { response, challenge, site, factor: undefined }
  await refusedFor('unknown-credential', verifyAssertion(unknown))
  const posing = { ...response, id: mine.credential, rawId: mine.credential }
  await refusedFor(
    'wrong-signature',
    verifyAssertion({ response: posing, challenge, site, factor }),
  )
})

test('a signature of which one bit of the value is flipped is refused', async () => {
  const authenticator = new Authenticator()
  const factor = await enrolled(authenticator)
  const answer = authenticator.assert(right)
  const signature = Buffer.from(answer.response.signature, 'base64url')
  // The end is of s, whatever the lengths; in front of r and s DER may pad with a byte that is no part of them.
  for (let at = signature.byteLength - 24; at < signature.byteLength; at++) {
    const flipped = Buffer.from(signature)
    flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at)
    const response = {
      ...answer,
      response: { ...answer.response, signature: flipped.toString('base64url') },
    }
    await refusedFor('wrong-signature', verifyAssertion({ response, challenge, site, factor }))
  }
})

test('what is too large, or of a kind that was not asked for, is refused', async () => {
  const authenticator = new Authenticator()
  const factor = await enrolled(authenticator)
  const answer = authenticator.assert(right)
  const huge = 'A'.repeat(100_000)
  for (const name of ['clientDataJSON', 'authenticatorData', 'signature'] as const) {
    const response = { ...answer, response: { ...answer.response, [name]: huge } }
    await refusedFor('malformed', verifyAssertion({ response, challenge, site, factor }))
  }
  const creation = authenticator.register(right)
  const large = { ...creation, response: { ...creation.response, attestationObject: huge } }
  await refusedFor('malformed', verifyRegistration({ response: large, challenge, site, person }))
  await refusedFor('malformed', verifyRegistration({ response: answer, challenge, site, person }))
  await refusedFor('malformed', verifyAssertion({ response: creation, challenge, site, factor }))
  for (const format of ['tpm', 'android-key', 'apple', 'fido-u2f', 'whatever']) {
    const response = authenticator.register({ ...right, format })
    await refusedFor('unsupported', verifyRegistration({ response, challenge, site, person }))
  }
})

test('the authenticator must know whose it is where nobody said so, and must not say another', async () => {
  const authenticator = new Authenticator()
  const factor = await enrolled(authenticator)
  const check = (options: Partial<AnswerOptions>, discovered: boolean) => {
    const response = authenticator.assert({ ...right, ...options })
    return verifyAssertion({ response, challenge, site, factor, discovered })
  }
  await check({}, false)
  await refusedFor('wrong-user', check({}, true))
  await check({ userHandle: userHandleOf(principal) }, true)
  const another = { userHandle: userHandleOf('0b8a1f5e-6c1b-4c5d-8f3c-0a8d37b3a0a1') }
  await refusedFor('wrong-user', check(another, true))
  await refusedFor('wrong-user', check(another, false))
})

test("a factor's id follows from its credential, as a UUID of version 8", () => {
  const id = passkeyFactorId('AAAA')
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(passkeyFactorId('AAAA'), id)
  assert.notEqual(passkeyFactorId('AAAB'), id)
})

test('whatever is sent, what comes back is a passkey or an error of ours', async () => {
  const authenticator = new Authenticator()
  const factor = await enrolled(authenticator)
  const bytes = fc
    .uint8Array({ maxLength: 300 })
    .map((one) => Buffer.from(one).toString('base64url'))
  const change = fc.record({
    part: fc.constantFrom(
      'clientDataJSON',
      'attestationObject',
      'authenticatorData',
      'signature',
      'userHandle',
      'transports',
    ),
    value: fc.oneof(bytes, fc.jsonValue()),
  })
  const answers = fc.oneof(
    fc.jsonValue(),
    fc.tuple(fc.boolean(), change).map(([creates, { part, value }]) => {
      const answer = creates ? authenticator.register(right) : authenticator.assert(right)
      return { ...answer, response: { ...answer.response, [part]: value } }
    }),
    fc.tuple(fc.nat(300), fc.nat(255)).map(([at, byte]) => {
      const answer = authenticator.register(right)
      const raw = Buffer.from(answer.response.attestationObject, 'base64url')
      raw[at % raw.byteLength] = byte
      const attestationObject = raw.toString('base64url')
      return { ...answer, response: { ...answer.response, attestationObject } }
    }),
  )
  const ours = (error: unknown) => assert.ok(error instanceof ClavigerError, String(error))
  await fc.assert(
    fc.asyncProperty(answers, async (response) => {
      await verifyRegistration({ response, challenge, site, person }).catch(ours)
      await verifyAssertion({ response, challenge, site, factor }).catch(ours)
    }),
    { numRuns: 300 },
  )
})
