import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { test } from 'node:test'
import { signNotice } from '#keyring'
import { wrap } from '../../src/keyring/wrapping.ts'
import { startHouse } from '../harness/house.ts'

/** The signatures of webhooks against vectors of others. */

/**
 * The asymmetric signature in the example of Standard Webhooks 1.0, section "Webhook headers", and the message that it is of, as the
 * standard's authors have both in their tests.
 */
const asymmetric = {
  key: '6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
  content: 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}',
  signature:
    'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
}

test('v1a is Ed25519 over the message, as in the example of the standard', async () => {
  await using house = await startHouse()
  const { hierarchy, custody } = house.house
  const raw = Buffer.from(asymmetric.key, 'base64')
  const jwk = {
    kty: 'OKP',
    crv: 'Ed25519',
    d: raw.subarray(0, 32).toString('base64url'),
    x: raw.subarray(32).toString('base64url'),
  }
  const der = createPrivateKey({ key: jwk, format: 'jwk' }).export({ type: 'pkcs8', format: 'der' })
  const whose = { tenant: custody.tenant, subscription: 'x' }
  const binding = { purpose: 'notice secret', ...whose }
  const wrapped = wrap(hierarchy.tenantWrappingKey(custody.tenant), binding, der)
  const signed = await signNotice(
    hierarchy,
    { ...whose, wrapped, signatures: ['v1a'] },
    asymmetric.content,
  )
  assert.equal(signed, asymmetric.signature)
})
