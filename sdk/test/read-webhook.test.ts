import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { ClavigerWebhookError, readWebhook } from '@claviger/sdk'
import * as fc from 'fast-check'
import { Webhook } from 'standardwebhooks'

/** What a receiver believes: what others have signed, and nothing that was changed. */

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
const now = 1_614_265_330_000
const body = '{"type":"key.suspended","timestamp":"2021-02-25T15:02:10.000Z","data":{"notice":7}}'

/** As the library of Standard Webhooks signs. */
const coded = new Webhook(secret).sign(id, new Date(now), body)

function told(signature: string, more: Record<string, string> = {}) {
  const times = { 'webhook-id': id, 'webhook-timestamp': String(now / 1_000) }
  return { headers: { ...times, 'webhook-signature': signature, ...more }, body, now }
}

function pair() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
  const content = Buffer.from(`${id}.${now / 1_000}.${body}`)
  return {
    key: `whpk_${raw.toString('base64')}`,
    signature: `v1a,${sign(null, content, privateKey).toString('base64')}`,
  }
}

test('the asymmetric example of Standard Webhooks 1.0 is genuine', () => {
  const key = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4='
  const signature =
    'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=='
  const example = '{"test": 2432232314}'
  assert.deepEqual(readWebhook(key, { ...told(signature), body: example }), { test: 2432232314 })
})

test('what a secret or a key has signed is read, also where several of both are there', () => {
  const [one, other] = [pair(), pair()]
  const both = `${coded} ${one.signature}`
  for (const keys of [secret, one.key, [other.key, one.key], [other.key, secret]])
    assert.equal(readWebhook(keys, told(both)).data.notice, 7)
  const bytes = { ...told(coded), body: Buffer.from(body) }
  assert.equal(readWebhook(secret, bytes).type, 'key.suspended')
  const { headers } = told(one.signature)
  assert.equal(readWebhook(one.key, { body, now, headers: new Headers(headers) }).data.notice, 7)
})

const { key, signature } = pair()
const other = pair()
const refused = [
  ['by another secret', 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', told(coded)],
  ['by another key', other.key, told(signature)],
  ['of another body', secret, { ...told(coded), body: body.replace('7', '8') }],
  ['of another id', key, told(signature, { 'webhook-id': 'msg_other' })],
  ['of another time', key, told(signature, { 'webhook-timestamp': String(now / 1_000 + 1) })],
  ['with a code where a key is asked for', key, told(coded)],
  ['with a signature where a secret is asked for', secret, told(signature)],
  ['with the name of the other scheme', key, told(signature.replace('v1a,', 'v1,'))],
  ['with nothing after the name', key, told('v1a,')],
  ['with no signature', secret, told('')],
  ['with half of one', secret, told(coded.slice(0, 20))],
  ['behind many that do not fit', secret, told(`${'v1,AAAA '.repeat(16)}${coded}`)],
  ['that is old', secret, { ...told(coded), now: now + 300_001 }],
  ['that is to come', secret, { ...told(coded), now: now - 300_001 }],
  ['whose time is no number', secret, told(coded, { 'webhook-timestamp': '1e9' })],
  ['without headers', secret, { ...told(coded), headers: {} }],
] as const
for (const [what, keys, request] of refused)
  test(`a request is refused: ${what}`, () => {
    assert.throws(() => readWebhook(keys, request), ClavigerWebhookError)
  })

test('what is no key is said to be none, and not repeated', () => {
  for (const wrong of ['', 'whsec_', 'whpk_AAAA', 'whsk_AAAA', `${key}x y`, secret.slice(6)])
    assert.throws(
      () => readWebhook(wrong, told(coded)),
      (error) => error instanceof TypeError && !error.message.includes(secret.slice(6)),
    )
})

test('whatever somebody sends, it is refused and nothing else happens', () => {
  const anything = fc.record({
    'webhook-id': fc.string(),
    'webhook-timestamp': fc.oneof(fc.string(), fc.constant(String(now / 1_000))),
    'webhook-signature': fc.oneof(
      fc.string(),
      fc.string().map((text) => `v1,${text} v1a,${text}`),
    ),
  })
  fc.assert(
    fc.property(anything, fc.string(), (headers, text) => {
      assert.throws(
        () => readWebhook([secret, key], { headers, body: text, now }),
        ClavigerWebhookError,
      )
    }),
  )
})
