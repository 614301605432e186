import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations } from '../src/index.ts'

/** What people write into records of the ledger can be read by every reader of JSON. */

const id = '01990a3c-5d2e-7f10-8a4b-9c6d3e2f1a0b'

/** With a text, an input that its operation takes where the text is well-formed. */
const inputs = [
  ['key.suspend', (reason: string) => ({ key: id, reason })],
  ['key.resume', (reason: string) => ({ key: id, reason })],
  ['lifecyclePolicy.delete', (reason: string) => ({ policy: id, reason })],
  ['approval.reject', (comment: string) => ({ approval: id, comment })],
  ['compromise.close', (anyway: string) => ({ case: id, anyway })],
  ['breakGlass.open', (reason: string) => ({ glass: id, code: 'incident', reason })],
  [
    'identityProvider.create',
    (issuer: string) => ({ issuer, audiences: ['kms.example'], keys: '{"keys":[]}' }),
  ],
] as const

for (const [name, input] of inputs) {
  test(`${name}: no lone surrogate`, () => {
    const schema = operations[name].input
    for (const good of ['plain words, some of them', 'é ￿ 💡 as they are written']) {
      const decoded = schema.safeDecode(input(good) as never)
      assert.ok(decoded.success, `${name}: ${good}`)
    }
    for (const bad of [
      'at the end of them \ud83d',
      'a high \ud83d alone, among words',
      'a low \udca1 alone, among words',
    ])
      assert.ok(!schema.safeDecode(input(bad) as never).success, JSON.stringify(bad))
  })
}
