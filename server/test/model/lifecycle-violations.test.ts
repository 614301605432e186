import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lifecyclePresets, type LifecycleRules, type RotationTriggers } from '@claviger/contract'
import * as fc from 'fast-check'
import {
  brokenRules,
  cryptoperiods,
  datesCutTo,
  datesWithin,
  rotationWithin,
  rulesOfPreset,
  strictest,
  violationsOf,
  worsened,
  type GovernedKey,
  type KeyVersion,
} from '#model'
import {
  DAY_MS,
  governedKeys,
  governedOf,
  keyOf,
  NOW,
  policyOf,
  rules,
  versionOf,
} from './lifecycle.ts'

/** What breaks a policy, what makes it worse, and what a new version gets so that it does not. */

function rotatedBy(triggers: RotationTriggers): GovernedKey {
  return governedOf(keyOf({ rotation: { triggers, since: NOW } }), [])
}

const inDays = (days: number) => NOW + days * DAY_MS

function broken(about: LifecycleRules, governed: GovernedKey): string[] {
  return brokenRules(about, governed).map(({ rule }) => rule)
}

test('each rule is broken by what it is against, and by nothing else', () => {
  const plain = governedOf(keyOf(), [versionOf()])
  const weak = { ...plain, strength: { classical: 112, quantum: 0, isSymmetric: true } }
  const cases: readonly (readonly [LifecycleRules, good: GovernedKey, bad: GovernedKey])[] = [
    [{ algorithms: ['AES-256-GCM'] }, plain, governedOf(keyOf({ algorithm: 'P-256' }), [])],
    [{ strengthMin: 128 }, plain, weak],
    [{ quantumMin: 1 }, plain, weak],
    [{ export: 'forbidden' }, plain, governedOf(keyOf({ exportable: true }), [])],
    [{ owner: 'enabled' }, plain, { ...plain, owner: undefined }],
    [
      { owner: 'enabled' },
      plain,
      { ...plain, owner: { kind: 'user', state: 'disabled' } as const },
    ],
    [{ owner: 'person' }, { ...plain, owner: { kind: 'user', state: 'enabled' } }, plain],
    [{ labels: ['env'] }, governedOf(keyOf({ labels: { env: 'a' } }), []), plain],
    [
      { labels: ['env'] },
      governedOf(keyOf({ labels: { env: 'a' } }), []),
      {
        ...plain,
        key: keyOf({ labels: { env: '' } }),
      },
    ],
    [
      { rotation: { everyDays: 30 } },
      governedOf(keyOf({ rotation: { triggers: { everyDays: 30 }, since: NOW } }), []),
      governedOf(keyOf({ rotation: { triggers: { everyDays: 31 }, since: NOW } }), []),
    ],
    [{ rotation: { everyDays: 30 } }, governedOf(keyOf({ origin: 'imported' }), []), plain],
    [{ rotation: { beforeExpiryDays: 5 } }, rotatedBy({ beforeExpiryDays: 6 }), plain],
    [
      { rotation: { calendars: [{ calendar: '0 3 1 * *', timeZone: 'UTC' }] } },
      rotatedBy({ calendar: '0 3 1 * *' }),
      rotatedBy({ calendar: '0 3 1 * *', timeZone: 'Europe/Berlin' }),
    ],
    [
      { rotation: { on: ['member-left'] } },
      rotatedBy({ on: ['compromise', 'member-left'] }),
      rotatedBy({ on: ['compromise'] }),
    ],
    [
      { rotation: { alarm: 'high' } },
      rotatedBy({ alarm: 'medium' }),
      rotatedBy({ alarm: 'critical' }),
    ],
  ]
  for (const [about, good, bad] of cases) {
    const [rule = ''] = Object.keys(about)
    assert.deepEqual(broken(about, good), [], rule)
    assert.deepEqual(broken(about, bad), [rule], rule)
  }
  assert.deepEqual(broken({ destructionDaysMin: 365 }, plain), [])
})

test('a version outlasts its periods to the millisecond', () => {
  const about: LifecycleRules = {
    cryptoperiods: { symmetricEncryption: { protect: 10, process: 20 } },
  }
  const brokenBy = (dates: Partial<KeyVersion>) =>
    brokenRules(about, governedOf(keyOf(), [versionOf(dates)])).map(({ what }) => what)
  const good = { protectStopAt: inDays(10), processStopAt: inDays(20) }
  assert.deepEqual(brokenBy(good), [])
  assert.deepEqual(brokenBy({ ...good, protectStopAt: inDays(10) + 1 }), ['version 1 protect'])
  assert.deepEqual(brokenBy({ ...good, processStopAt: inDays(20) + 1 }), ['version 1 process'])
  assert.deepEqual(brokenBy({}), ['version 1 protect', 'version 1 process'])
  // It protects no more, so that only the second end is left.
  assert.deepEqual(brokenBy({ state: 'deactivated' }), ['version 1 process'])
  assert.deepEqual(brokenBy({ awaitsMaterial: true }), [])
  assert.deepEqual(brokenBy({ revocation: { reason: 'unspecified', revokedAt: NOW } }), [])
  assert.deepEqual(
    brokenBy({ activatedAt: inDays(1), protectStopAt: inDays(11), processStopAt: inDays(21) }),
    [],
  )
})

test('of what is over nothing is asked', () => {
  fc.assert(
    fc.property(rules, governedKeys, (about, governed) => {
      const revocation = { reason: 'unspecified', revokedAt: NOW } as const
      for (const over of [{ revocation }, { state: 'destroyed' as const }]) {
        const key = { ...governed.key, ...over }
        assert.deepEqual(violationsOf([policyOf(about)], { ...governed, key }), [])
      }
    }),
  )
})

test('a version with the dates that rules give it keeps to them, whatever was given that keeps to them', () => {
  fc.assert(
    fc.property(rules, governedKeys, (about, { key, strength, versions }) => {
      const [given] = versions
      const dates = datesWithin(about, { key, strength }, NOW, {
        protectStopAt: given?.protectStopAt,
        processStopAt: given?.processStopAt,
      })
      if (given?.protectStopAt !== undefined) assert.equal(dates.protectStopAt, given.protectStopAt)
      if (given?.processStopAt !== undefined) assert.equal(dates.processStopAt, given.processStopAt)
      const periods: LifecycleRules = { cryptoperiods: about.cryptoperiods }
      const alone = keyOf({ ...key, version: 1 })
      const was = broken(periods, {
        key: alone,
        strength,
        owner: undefined,
        now: NOW,
        versions: [
          // What was not given breaks nothing here: only what was given can.
          versionOf({
            protectStopAt: NOW + 1,
            processStopAt: Math.max(NOW + 1, given?.protectStopAt ?? 0),
            ...stated(given),
          }),
        ],
      })
      const is = broken(periods, {
        key: alone,
        strength,
        owner: undefined,
        now: NOW,
        versions: [versionOf(dates)],
      })
      assert.deepEqual(is, was)
      // It never protects for longer than it processes, unless it was given so.
      if (given?.protectStopAt === undefined && dates.protectStopAt !== undefined)
        assert.ok(dates.protectStopAt <= (dates.processStopAt ?? Number.POSITIVE_INFINITY))
    }),
  )
})

function stated(version: KeyVersion | undefined) {
  return {
    ...(version?.protectStopAt === undefined ? {} : { protectStopAt: version.protectStopAt }),
    ...(version?.processStopAt === undefined ? {} : { processStopAt: version.processStopAt }),
  }
}

test('dates that are cut are neither later than they were, nor than what is allowed', () => {
  fc.assert(
    fc.property(rules, governedKeys, (about, { key, strength, versions: [wished] }) => {
      const dates = datesCutTo(about, { key, strength }, NOW, wished ?? {})
      const alone = keyOf({ ...key, version: 1 })
      const versions = [versionOf(dates)]
      const periods: LifecycleRules = { cryptoperiods: about.cryptoperiods }
      assert.deepEqual(
        broken(periods, { key: alone, strength, owner: undefined, now: NOW, versions }),
        [],
      )
      for (const end of ['protectStopAt', 'processStopAt'] as const) {
        const most = wished?.[end] ?? Number.POSITIVE_INFINITY
        assert.ok((dates[end] ?? Number.POSITIVE_INFINITY) <= most)
      }
    }),
  )
})

test('a new key gets the rotation that is asked for, and keeps its own triggers', () => {
  const about: LifecycleRules = { rotation: { everyDays: 30 } }
  const rotated = (key = keyOf(), asked = about) => rotationWithin(asked, { key }, NOW)
  assert.deepEqual(rotated(), { triggers: { everyDays: 30 }, since: NOW })
  const own = { triggers: { everyDays: 90 }, since: 5 }
  assert.deepEqual(rotated(keyOf({ rotation: own })), own)
  const calendar = { triggers: { calendar: '0 3 1 1 *' }, since: 5 }
  assert.deepEqual(rotated(keyOf({ rotation: calendar })), {
    triggers: { calendar: '0 3 1 1 *', everyDays: 30 },
    since: 5,
  })
  const events: LifecycleRules = {
    rotation: { on: ['member-left'], alarm: 'high', calendars: [{ calendar: '0 3 1 * *' }] },
  }
  assert.deepEqual(rotated(keyOf(), events)?.triggers, {
    on: ['member-left'],
    alarm: 'high',
    calendar: '0 3 1 * *',
  })
  const compromise = { triggers: { ...calendar.triggers, on: ['compromise' as const] }, since: 5 }
  assert.deepEqual(rotated(keyOf({ rotation: compromise }), events)?.triggers, {
    alarm: 'high',
    calendar: '0 3 1 1 *',
    on: ['compromise', 'member-left'],
  })
  assert.equal(rotated(keyOf({ origin: 'imported' })), undefined)
  assert.equal(rotated(keyOf({ usage: 'sign' }))?.publishNext, true)
})

test('what a new key gets breaks no rule of rotation, where the rules can be kept at all', () => {
  fc.assert(
    fc.property(rules, governedKeys, ({ rotation }, governed) => {
      const asked = strictest([{ rotation }])
      const { rotation: _own, ...about } = governed.key
      const key = keyOf({ ...about, origin: 'generated' })
      const made = rotationWithin(asked, { key }, NOW)
      const { key: _, ...others } = governed
      const is = { ...others, key: made === undefined ? key : { ...key, rotation: made } }
      assert.deepEqual(broken(asked, is), [])
    }),
  )
})

test('imported material is overdue when others should have replaced it', () => {
  const imported = (about: Partial<GovernedKey> = {}) =>
    governedOf(keyOf({ origin: 'imported' }), [versionOf({ protectStopAt: inDays(100) })], about)
  const said = (rotation: LifecycleRules['rotation'], about: Partial<GovernedKey>) =>
    brokenRules({ rotation }, imported(about)).map(({ what }) => what)
  const counters = { uses: 5, bytes: 50, wraps: 0 }
  const late = { now: inDays(31) }
  assert.deepEqual(said({ everyDays: 30 }, { now: inDays(30) - 1 }), [])
  assert.deepEqual(said({ everyDays: 30 }, { now: inDays(30) }), ['due everyDays'])
  assert.deepEqual(said({ uses: 6, bytes: 51, wraps: 1 }, { counters }), [])
  assert.deepEqual(said({ uses: 5, bytes: 50, wraps: 1 }, { counters }), ['due uses', 'due bytes'])
  assert.deepEqual(said({ beforeExpiryDays: 10 }, { now: inDays(90) - 1 }), [])
  assert.deepEqual(said({ beforeExpiryDays: 10 }, { now: inDays(90) }), ['due beforeExpiryDays'])
  assert.deepEqual(said({ calendars: [{ calendar: '0 3 1 * *' }] }, late), ['due calendar'])
  assert.deepEqual(said({ on: ['member-left'], alarm: 'low' }, late), [])
  const waiting = governedOf(keyOf({ origin: 'imported' }), [versionOf({ awaitsMaterial: true })])
  assert.deepEqual(broken({ rotation: { everyDays: 1 } }, { ...waiting, ...late }), [])
})

test('a change is worse where it breaks more, or by more', () => {
  fc.assert(
    fc.property(rules, governedKeys, governedKeys, (about, one, other) => {
      const policies = [policyOf(about)]
      const before = violationsOf(policies, one)
      const after = violationsOf(policies, other)
      assert.deepEqual(worsened(before, before), [])
      assert.deepEqual(worsened([], after), after)
      assert.deepEqual(worsened(before, []), [])
      for (const violation of worsened(before, after)) assert.ok(after.includes(violation))
    }),
  )
  const period = { cryptoperiods: { symmetricEncryption: { protect: 10 } } }
  const until = (days: number | undefined) =>
    violationsOf(
      [policyOf(period)],
      governedOf(keyOf(), [versionOf(days === undefined ? {} : { protectStopAt: inDays(days) })]),
    )
  assert.equal(worsened(until(undefined), until(90)).length, 0)
  assert.equal(worsened(until(90), until(91)).length, 1)
  assert.equal(worsened(until(90), until(undefined)).length, 1)
})

test('another label that is missing is another thing that is broken', () => {
  const policies = [policyOf({ labels: ['env', 'team'] })]
  const labelled = (labels: Record<string, string>) =>
    violationsOf(policies, governedOf(keyOf({ labels }), []))
  const words = worsened(labelled({ team: 'a' }), labelled({ env: 'a' })).map(({ what }) => what)
  assert.deepEqual(words, ['team'])
  assert.deepEqual(worsened(labelled({}), labelled({ env: 'a' })), [])
})

test('presets are in their one spelling, and every one is as strict as the baseline', () => {
  for (const preset of lifecyclePresets) {
    const about = rulesOfPreset(preset)
    assert.deepEqual(strictest([about]), about, preset)
    assert.deepEqual(strictest([about, rulesOfPreset('baseline')]), about, preset)
  }
})

test('the recommended periods end in order', () => {
  for (const [type, { protect = 0, process = Number.POSITIVE_INFINITY }] of Object.entries(
    cryptoperiods,
  ))
    assert.ok(protect > 0 && protect <= process, type)
})
