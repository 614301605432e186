import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertCalendar, nextRotation, type KeyVersion, type Rotation } from '#model'

/** When a rotation by age or by the calendar comes next. */

const current: KeyVersion = {
  key: 'k',
  version: 1,
  state: 'active',
  createdAt: 0,
  activatedAt: 0,
}

function next(triggers: Rotation['triggers'], since: string): string | undefined {
  const at = nextRotation({ rotation: { triggers, since: Date.parse(since) } }, current)
  return at === undefined ? undefined : new Date(at).toISOString()
}

const berlin = { timeZone: 'Europe/Berlin' }

test('the next rotation is the first that age or calendar names', () => {
  const cases = [
    [{ everyDays: 10 }, '2026-01-01T00:00:00Z', '2026-01-11T00:00:00.000Z'],
    [{ calendar: '0 3 1 1,7 *' }, '2026-01-01T03:00:00Z', '2026-07-01T03:00:00.000Z'],
    [{ calendar: '0 3 1 1,7 *', ...berlin }, '2026-06-30T00:00:00Z', '2026-07-01T01:00:00.000Z'],
    [
      { calendar: '0 3 1 1,7 *', everyDays: 30 },
      '2026-06-15T00:00:00Z',
      '2026-07-01T03:00:00.000Z',
    ],
    [{ calendar: '0 3 1 1,7 *', everyDays: 9 }, '2026-06-15T00:00:00Z', '2026-06-24T00:00:00.000Z'],
    [{ calendar: '0 3 29 2 *' }, '2096-03-01T00:00:00Z', '2104-02-29T03:00:00.000Z'],
    [{ uses: 1, on: ['compromise' as const] }, '2026-01-01T00:00:00Z', undefined],
  ] as const
  for (const [triggers, since, expected] of cases)
    assert.equal(next({ ...triggers } as Rotation['triggers'], since), expected)
  assert.equal(nextRotation({}, current), undefined)
})

test('an hour that a clock change leaves out or has twice is a time once', () => {
  const calendar = '30 2 * * *'
  assert.equal(next({ calendar, ...berlin }, '2026-03-28T12:00:00Z'), '2026-03-29T01:00:00.000Z')
  const first = next({ calendar, ...berlin }, '2026-10-24T12:00:00Z')
  assert.equal(first, '2026-10-25T00:30:00.000Z')
  assert.equal(next({ calendar, ...berlin }, first ?? ''), '2026-10-26T01:30:00.000Z')
})

test('a calendar that means nothing, or never happens, is refused', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  assertCalendar({ calendar: '0 3 1 1,7 *', ...berlin }, now)
  assertCalendar({ uses: 1 }, now)
  const refused = [
    { calendar: '0 99 1 1 *' },
    { calendar: '0 3 31 2 *' },
    { calendar: '0 3 1 1 *', timeZone: 'Moon/Base' },
  ]
  for (const triggers of refused) {
    assert.throws(() => assertCalendar(triggers, now), {
      code: 'invalid_request',
      field: 'calendar',
    })
  }
})
