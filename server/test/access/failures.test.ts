import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'

/** How many entries of the ledger somebody without a credential can make. */

const ATTEMPTS = 300

/** How many of so many failures, each from another address, the ledger has. */
async function recorded(addressOf: (attempt: number) => string): Promise<number> {
  await using house = await startHouse()
  const before = (await house.entries()).length
  const codes = new Set<string>()
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const source = addressOf(attempt)
    codes.add(await house.codeOf('whoami', {}, { token: 'clv_nobody', source }))
  }
  assert.ok(codes.isSubsetOf(new Set(['unauthenticated', 'too_many_requests'])))
  return (await house.entries()).length - before
}

test('the addresses of one IPv6 network are one source, however they are written', async () => {
  const addresses = [
    (at: number) => `2001:db8:1:2:3:4:5:${at.toString(16)}`,
    (at: number) => `2001:db8::${at.toString(16)}:1`,
    (at: number) => `fe80::${at.toString(16)}%eth0`,
  ]
  for (const addressOf of addresses) assert.ok((await recorded(addressOf)) < ATTEMPTS, addressOf(1))
})

test('addresses of several networks, and of IPv4, are each their own', async () => {
  const addresses = [
    (at: number) => `2001:db8:1:${at.toString(16)}::1`,
    (at: number) => `10.0.${at >> 8}.${at & 255}`,
    (at: number) => `::ffff:10.0.${at >> 8}.${at & 255}`,
  ]
  for (const addressOf of addresses) assert.equal(await recorded(addressOf), ATTEMPTS, addressOf(1))
})

test('a clock that is set back leaves no failure out of the ledger', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const fail = () => house.codeOf('whoami', {}, { token: 'clv_nobody' })
  assert.equal(await fail(), 'unauthenticated')
  clock.advance(-3_600_000)
  assert.equal(await fail(), 'unauthenticated')
})
