import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHouse } from '../harness/house.ts'

/** Whoever writes a key policy names its statements, and the record of each use names the statement that allowed it. */

const victim = '00000000-0000-7000-8000-000000000000'
const names: readonly (readonly [what: string, sid: string])[] = [
  ['would say who did it', `x","principal":"${victim}","outcome":"denied`],
  ['would end the record', '"}'],
  ['has a quote', 'the "good" one'],
  ['has a backslash', 'C:\\keys\\'],
  ['has characters that end a record in a batch', 'a\0\0b'],
  ['has half a character', '\ud800'],
]

for (const [what, Sid] of names) {
  test(`a name of a statement that ${what} says nothing but itself in the ledger`, async () => {
    await using house = await startHouse()
    const statement = { Sid, Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' }
    const { id: key } = await house.createKey({
      policy: JSON.stringify({ Version: '2012-10-17', Statement: statement }),
    })
    const user = await house.createUser()
    const caller = { token: user.token }
    const { ciphertext } = await house.perform(
      'encrypt',
      { key, plaintext: Buffer.from('x') },
      caller,
    )
    await house.perform('decrypt', { ciphertext }, caller)
    const uses = (await house.entries()).filter(({ event }) => event.endsWith('crypt'))
    assert.deepEqual(
      uses.map(({ event, principal, outcome }) => ({ event, principal, outcome })),
      ['encrypt', 'decrypt'].map((event) => ({ event, principal: user.id, outcome: 'ok' })),
    )
    // Strict readers of JSON refuse half a character (RFC 7493 section 2.1), so a record has the character for what cannot be said.
    for (const { binding } of uses) assert.equal(binding, `policy:${Sid.toWellFormed()}`)
    const found = await house.perform('ledger.search', {
      principal: user.id,
      order: 'ascending',
      limit: 10,
    })
    assert.equal(found.items.length, 2)
  })
}
