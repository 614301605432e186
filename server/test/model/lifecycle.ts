import { keyTypes, type LifecycleRules } from '@claviger/contract'
import * as fc from 'fast-check'
import type { GovernedKey, Key, KeyVersion, LifecyclePolicy, Scope } from '#model'

/** Rules, policies and keys of every kind, for the properties of lifecycle policies. Few values of each, so that they meet. */

export const DAY_MS = 86_400_000
export const NOW = 1_800_000_000_000

const days = fc.integer({ min: 1, max: 6 })
const names = ['AES-256-GCM', 'AES-128-GCM', 'P-256', 'HMAC-SHA-256', 'ML-DSA-87'] as const
const labelNames = ['env', 'team', 'app'] as const

const calendars = fc.constantFrom(
  { calendar: '0 3 1 * *' },
  { calendar: '0 3 1 * *', timeZone: 'UTC' },
  { calendar: '0 3 1 1 *', timeZone: 'Europe/Berlin' },
)
const events = fc.uniqueArray(fc.constantFrom('compromise' as const, 'member-left' as const), {
  minLength: 1,
})
const severities = fc.constantFrom('low' as const, 'high' as const, 'critical' as const)

const period = fc.record({ protect: days, process: days }, { requiredKeys: [] })

/** What each rule may say. */
const wanted = {
  algorithms: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }),
  strengthMin: fc.constantFrom(112, 128, 192, 256),
  quantumMin: fc.integer({ min: 1, max: 5 }),
  cryptoperiods: fc.record(Object.fromEntries(keyTypes.map((type) => [type, period])), {
    requiredKeys: [],
  }),
  rotation: fc.record(
    {
      everyDays: days,
      uses: days,
      wraps: days,
      beforeExpiryDays: days,
      calendars: fc.uniqueArray(calendars, { minLength: 1, selector: JSON.stringify }),
      on: events,
      alarm: severities,
    },
    { requiredKeys: [] },
  ),
  export: fc.constant('forbidden' as const),
  destructionDaysMin: days,
  owner: fc.constantFrom('enabled' as const, 'person' as const),
  labels: fc.uniqueArray(fc.constantFrom(...labelNames), { minLength: 1 }),
}

export const rules: fc.Arbitrary<LifecycleRules> = fc.record(wanted, { requiredKeys: [] })

const labels = fc.dictionary(fc.constantFrom(...labelNames), fc.constantFrom('', 'a', 'b'))

export const scopes: fc.Arbitrary<Scope> = fc.oneof(
  fc.constant({ kind: 'tenant' } as const),
  fc
    .uniqueArray(fc.constantFrom('env=a', 'env=b', 'team=a'), { minLength: 1 })
    .map((pairs) => ({ kind: 'labels', selector: pairs.join(',') }) as const),
  fc.constantFrom('k1', 'k2').map((key) => ({ kind: 'key', key }) as const),
)

export function policyOf(
  about: LifecycleRules,
  scope: Scope = { kind: 'tenant' },
  id = 'p',
): LifecyclePolicy {
  return { id, tenant: 't', name: id, scope, rules: about, createdAt: 0 }
}

/** A key as it is made, of no particular kind unless told. */
export function keyOf(about: Partial<Key> = {}): Key {
  return {
    id: 'k1',
    tenant: 't',
    algorithm: 'AES-256-GCM',
    usage: 'encrypt',
    state: 'active',
    origin: 'generated',
    protection: 'software',
    exportable: false,
    owner: 'somebody',
    description: '',
    labels: {},
    version: 1,
    createdAt: NOW,
    ...about,
  }
}

export function versionOf(about: Partial<KeyVersion> = {}): KeyVersion {
  return {
    key: 'k1',
    version: 1,
    state: 'active',
    createdAt: NOW,
    activatedAt: NOW,
    ...about,
  }
}

export function governedOf(
  key: Key,
  versions: readonly KeyVersion[],
  about: Partial<GovernedKey> = {},
): GovernedKey {
  return {
    key,
    versions,
    strength: { classical: 256, quantum: 5, isSymmetric: true },
    owner: { kind: 'service', state: 'enabled' },
    now: NOW,
    ...about,
  }
}

const date = fc.option(
  fc.integer({ min: 1, max: 8 }).map((after) => NOW + after * DAY_MS),
  { nil: undefined },
)

const versionDates = fc
  .record({ protectStopAt: date, processStopAt: date })
  .map(({ protectStopAt, processStopAt }) => ({
    ...(protectStopAt === undefined ? {} : { protectStopAt }),
    ...(processStopAt === undefined ? {} : { processStopAt }),
  }))

export const governedKeys: fc.Arbitrary<GovernedKey> = fc
  .record({
    id: fc.constantFrom('k1', 'k2', 'k3'),
    algorithm: fc.constantFrom(...names),
    usage: fc.constantFrom('encrypt' as const, 'sign' as const, 'mac' as const, 'agree' as const),
    origin: fc.constantFrom('generated' as const, 'imported' as const),
    exportable: fc.boolean(),
    labels,
    rotation: fc.option(
      fc.record(
        { everyDays: days, uses: days, beforeExpiryDays: days, on: events, alarm: severities },
        { requiredKeys: [] },
      ),
      { nil: undefined },
    ),
    first: versionDates,
    second: versionDates,
    strength: fc.record({
      classical: fc.constantFrom(112, 128, 192, 256),
      quantum: fc.integer({ min: 0, max: 5 }),
      isSymmetric: fc.boolean(),
    }),
    owner: fc.option(
      fc.record({
        kind: fc.constantFrom('user' as const, 'service' as const),
        state: fc.constantFrom('enabled' as const, 'disabled' as const),
      }),
      { nil: undefined },
    ),
  })
  .map(({ rotation, first, second, strength, owner, ...about }) => {
    const key = keyOf({
      ...about,
      version: 2,
      ...(rotation === undefined ? {} : { rotation: { triggers: rotation, since: NOW } }),
    })
    const versions = [
      versionOf({ state: 'deactivated', ...first }),
      versionOf({ version: 2, ...second }),
    ]
    return { key, versions, strength, owner, now: NOW }
  })
