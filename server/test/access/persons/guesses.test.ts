import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHouse } from '../../harness/house.ts'
import { enrolled } from '../../harness/person.ts'
import { intoDoor } from '../../rest/client.ts'
import { assertProblem } from '../../rest/problem.ts'
import { restDoorOver } from '../../rest/socket-free.ts'

/** What somebody learns who guesses names, and what becomes of a credential that stands where everybody logs it. */

const nobody = { token: undefined }
const ATTEMPTS = 6

test('a name that nobody has costs the server the work of one that somebody has', async () => {
  const house = await startHouse()
  await using _ = house
  const person = await enrolled(house)
  /** Processor time of all threads, in microseconds: what others do on the machine does not count. */
  const workFor = async (name: string): Promise<number> => {
    const before = process.cpuUsage()
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const input = { ...person.login(0), name, password: 'not the password of anybody' }
      assert.equal(await house.codeOf('login', input, nobody), 'unauthenticated')
    }
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  await workFor('warm-up')
  const [known, unknown] = [await workFor(person.name), await workFor('nobody-at-all')]
  // A password takes tens of milliseconds to check, and everything else together not one.
  assert.ok(unknown > known / 2, `${unknown} us for a name of nobody, ${known} us for a person's`)
})

test('a token in the address is no credential, is in the ledger as a denial, and is written nowhere', async () => {
  const house = await startHouse()
  await using _ = house
  const { door } = restDoorOver(house)
  const send = intoDoor(door)
  for (const name of ['token', 'access_token', 'authorization', 'X-Claviger-Token']) {
    const first = house.house.ledger.entries
    const path = `/v1/keys?${name}=${encodeURIComponent(house.token)}`
    const answer = await send({ method: 'GET', path })
    assertProblem(answer, 'unauthenticated')
    assert.ok(!answer.body.includes(house.token))
    const entries = await house.entries(first)
    assert.equal(entries.length, 1, name)
    assert.ok(!JSON.stringify(entries).includes(house.token))
  }
  // Beside a good credential it is a field that nobody knows.
  const headers = { authorization: `Bearer ${house.token}` }
  const path = `/v1/keys?token=${encodeURIComponent(house.token)}`
  const answer = await send({ method: 'GET', path, headers })
  assertProblem(answer, 'invalid_request')
  assert.ok(!answer.body.includes(house.token))
})
