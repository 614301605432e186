import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rotationTriggers } from '@claviger/contract'

/** What can be said of when a key is rotated by itself. */

test('every trigger is taken alone and with the others', () => {
  const all = {
    everyDays: 90,
    calendar: '0 3 1 1,7 *',
    timeZone: 'Europe/Berlin',
    uses: 1_000_000,
    bytes: 2 ** 40,
    wraps: 1,
    beforeExpiryDays: 14,
    on: ['compromise'],
  }
  assert.deepEqual(rotationTriggers.parse(all), all)
  const { timeZone: _zone, ...alone } = all
  for (const [name, value] of Object.entries(alone))
    assert.deepEqual(rotationTriggers.parse({ [name]: value }), { [name]: value })
})

test('no trigger, one that is too much, or one twice is refused', () => {
  const refused = [
    {},
    { timeZone: 'UTC' },
    { everyDays: 90, timeZone: 'UTC' },
    { everyDays: 0 },
    { everyDays: 3_651 },
    { everyDays: 1.5 },
    { uses: 0 },
    { bytes: 2 ** 53 },
    { beforeExpiryDays: 0 },
    { on: [] },
    { on: ['compromise', 'compromise'] },
    { on: ['weather'] },
    { calendar: '* 3 1 1 *' },
    { calendar: '0,30 3 1 1 *' },
    { calendar: '0 0 3 1 1 *' },
    { calendar: '@yearly' },
    { calendar: '0 3 1 1 *\n' },
    { everyDays: 1, later: true },
  ]
  for (const given of refused)
    assert.equal(rotationTriggers.safeParse(given).success, false, JSON.stringify(given))
})
