import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startHouse } from '../harness/house.ts'

/** A tenant has no more rules than are looked at, however many are made at once: with more, nobody could do anything, or delete one. */

const house = await startHouse()
after(() => house.close())
const scope = { kind: 'tenant' } as const
const name = 'one of many'

const makers = {
  'step-up rules': () =>
    house.codeOf('stepUpRule.create', {
      name,
      actions: ['key.suspend'],
      scope,
      factors: ['passkey'],
    }),
  'lifecycle policies': () =>
    house.codeOf('lifecyclePolicy.create', { name, scope, rules: { destructionDaysMin: 1 } }),
}

for (const [what, make] of Object.entries(makers)) {
  test(`${what} that are made at once are no more than there is room for`, async () => {
    for (let each = 0; each < 238; each += 1) assert.equal(await make(), 'ok')
    const codes = await Promise.all(Array.from({ length: 30 }, make))
    assert.equal(codes.filter((code) => code === 'ok').length, 2, codes.join())
    assert.equal(await house.codeOf('whoami', {}), 'ok')
    await house.createKey()
  })
}
