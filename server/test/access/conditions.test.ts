import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duties, operations, roles, type FactorName } from '@claviger/contract'
import fc from 'fast-check'
import type { Asked, Target } from '#access'
import { selects, type Authentication, type Binding, type Conditions } from '#model'
import { compileConditions } from '../../src/access/conditions.ts'
import { CompiledBindings } from '../../src/access/decision.ts'
import { startGranting } from './granting.ts'

/** When a binding counts. */

const NOON = Date.parse('2026-01-05T12:00:00Z') // A Monday.

interface Situation {
  readonly source?: string
  readonly door?: string
  readonly bytes?: number
  readonly context?: Readonly<Record<string, string>>
  readonly names?: readonly string[]
}

function asking(action: string, situation: Situation = {}): Asked {
  const { source, door, bytes, context = {}, names } = situation
  return {
    action,
    operation: 'Encrypt',
    values: () => () => undefined,
    context,
    source,
    door,
    bytes,
    aliasesOf: () => names,
  }
}

interface Case {
  readonly conditions: Conditions
  readonly asked?: Situation
  readonly algorithm?: string
  readonly proved?: readonly Authentication[]
  readonly at?: number
}

function holds({ conditions, asked, algorithm, proved = [], at = NOON }: Case): boolean {
  return compileConditions(conditions, proved)(asking('encrypt', asked), algorithm, at)
}

const networks = ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7']
const office = { days: [1, 2, 3, 4, 5], from: '08:00', until: '18:00', zone: 'Europe/Zurich' }
const night = { days: [1], from: '22:00', until: '06:00', zone: 'UTC' }
const passkey = { anyOf: ['passkey' as const], maxAgeSeconds: 300 }
const at = (time: string) => Date.parse(time)

/** What holds, then what does not. */
const cases: Readonly<Record<string, readonly [Case[], Case[]]>> = {
  networks: [
    ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::1', '192.0.2.7'].map((source) => ({
      conditions: { networks },
      asked: { source },
    })),
    [
      ...['11.0.0.1', '192.0.2.8', 'local', '', '::1'].map((source) => ({
        conditions: { networks },
        asked: { source },
      })),
      { conditions: { networks } },
    ],
  ],
  doors: [
    [{ conditions: { doors: ['rest', 'aws'] }, asked: { door: 'aws' } }],
    [
      { conditions: { doors: ['rest'] }, asked: { door: 'aws' } },
      { conditions: { doors: ['rest'] } },
    ],
  ],
  bytes: [
    [0, 16].map((bytes) => ({ conditions: { bytesMax: 16 }, asked: { bytes } })),
    [{ conditions: { bytesMax: 16 }, asked: { bytes: 17 } }, { conditions: { bytesMax: 16 } }],
  ],
  algorithms: [
    [{ conditions: { algorithms: ['AES-256-GCM'] }, algorithm: 'AES-256-GCM' }],
    [
      { conditions: { algorithms: ['AES-256-GCM'] }, algorithm: 'P-256' },
      { conditions: { algorithms: ['AES-256-GCM'] } },
    ],
  ],
  context: [
    [
      { conditions: { context: { contains: { a: '1' } } }, asked: { context: { a: '1', b: '2' } } },
      { conditions: { context: { equals: { a: '1' } } }, asked: { context: { a: '1' } } },
      { conditions: { context: { equals: {} } } },
    ],
    [
      { conditions: { context: { contains: { a: '1' } } } },
      { conditions: { context: { contains: { a: '1' } } }, asked: { context: { a: '2' } } },
      { conditions: { context: { equals: { a: '1' } } }, asked: { context: { a: '1', b: '2' } } },
      { conditions: { context: { contains: { toString: 'x' } } } },
    ],
  ],
  factors: [
    [
      { conditions: { factors: passkey }, proved: [{ factor: 'passkey', at: NOON - 300_000 }] },
      {
        conditions: { factors: { anyOf: ['totp', 'passkey'] } },
        proved: [{ factor: 'totp', at: 0 }],
      },
    ],
    [
      { conditions: { factors: passkey }, proved: [{ factor: 'passkey', at: NOON - 300_001 }] },
      { conditions: { factors: passkey }, proved: [{ factor: 'totp', at: NOON }] },
      { conditions: { factors: passkey } },
    ],
  ],
  times: [
    [
      // Zurich is an hour ahead of UTC in winter, and two in summer.
      { conditions: { times: office }, at: at('2026-01-05T07:00:00Z') },
      { conditions: { times: office }, at: at('2026-01-05T16:59:59Z') },
      { conditions: { times: office }, at: at('2026-07-06T06:00:00Z') },
      { conditions: { times: night }, at: at('2026-01-05T22:00:00Z') },
      { conditions: { times: night }, at: at('2026-01-06T05:59:00Z') },
      { conditions: { times: { ...office, until: '24:00' } }, at: at('2026-01-05T22:59:00Z') },
    ],
    [
      { conditions: { times: office }, at: at('2026-01-05T06:59:59Z') },
      { conditions: { times: office }, at: at('2026-01-05T17:00:00Z') },
      { conditions: { times: office }, at: at('2026-01-03T12:00:00Z') },
      { conditions: { times: office }, at: at('2026-07-06T16:00:00Z') },
      { conditions: { times: night }, at: at('2026-01-05T05:00:00Z') },
      { conditions: { times: night }, at: at('2026-01-06T22:00:00Z') },
      { conditions: { times: { ...office, zone: 'Moon/Sea' } } },
    ],
  ],
  'all of them': [
    [{ conditions: { bytesMax: 1, doors: ['rest'] }, asked: { bytes: 1, door: 'rest' } }],
    [{ conditions: { bytesMax: 1, doors: ['rest'] }, asked: { bytes: 1, door: 'aws' } }],
  ],
}

for (const [name, [good, bad]] of Object.entries(cases)) {
  test(`conditions: ${name}`, () => {
    for (const one of good) assert.equal(holds(one), true, JSON.stringify(one))
    for (const one of bad) assert.equal(holds(one), false, JSON.stringify(one))
  })
}

const { owner, person, newKey } = await startGranting()
const bytesOf = (length: number) => Buffer.alloc(length).toString('base64')

test('a batch is asked about item by item, and nothing of it is remembered', async () => {
  const key = await newKey()
  const { id: principal, client } = await person()
  const conditions = { bytesMax: 8, context: { contains: { team: 'a' } } }
  const binding = await owner.call('binding.create', { principal, role: 'encrypter', conditions })
  assert.deepEqual(binding.conditions, conditions)
  const context = { team: 'a' }
  await client.call('encrypt', { key, plaintext: bytesOf(8), context })
  await client.refuse('forbidden', 'encrypt', { key, plaintext: bytesOf(9), context })
  await client.refuse('forbidden', 'encrypt', { key, plaintext: bytesOf(8) })
  const { items } = await client.call('encryptBatch', {
    key,
    items: [
      { plaintext: bytesOf(8), context },
      { plaintext: bytesOf(9), context },
      { plaintext: bytesOf(8) },
    ],
  })
  assert.deepEqual(
    items.map((item) => ('error' in item ? item.error.code : 'ok')),
    ['ok', 'forbidden', 'forbidden'],
  )
})

test('what can never hold is refused', async () => {
  const { id: principal } = await person()
  const wrong: readonly object[] = [
    {},
    { networks: ['10.0.0.0/40'] },
    { networks: ['everywhere'] },
    { times: { ...office, zone: 'Moon/Sea' } },
    { times: { ...office, from: '18:00' } },
    { times: { ...office, until: '25:00' } },
    { weather: 'fair' },
  ]
  for (const conditions of wrong) {
    const input = { principal, role: 'encrypter', conditions }
    await owner.refuse('invalid_request', 'binding.create', input)
  }
})

test('a scope of names follows the names', async () => {
  const key = await newKey()
  const { id: principal, client } = await person()
  const scope = { kind: 'alias', pattern: 'app-*' } as const
  await owner.call('binding.create', { principal, role: 'encrypter', scope })
  const use = { key, plaintext: bytesOf(1) }
  await client.refuse('forbidden', 'encrypt', use)
  await owner.call('alias.create', { alias: 'app-one', key })
  await client.call('encrypt', use)
  await client.call('encrypt', { ...use, key: 'app-one' })
  assert.equal((await client.call('key.list', {})).items.length, 1)
  const other = await newKey()
  await owner.call('alias.update', { alias: 'app-one', key: other })
  await client.refuse('forbidden', 'encrypt', use)
  await client.call('encrypt', { ...use, key: other })
})

const names = ['encrypter', 'auditor', 'owner', 'own'] as const
const own = new Map([['own', ['encrypt', 'key.rotate']]])
const factorNames: readonly FactorName[] = ['totp', 'passkey']
const team = fc.constantFrom('a', 'b')

const anyConditions: fc.Arbitrary<Conditions> = fc.record(
  {
    doors: fc.subarray(['rest', 'aws']),
    bytesMax: fc.integer({ min: 0, max: 3 }),
    networks: fc.subarray(['10.0.0.0/8', '192.0.2.0/24']),
    algorithms: fc.subarray(['AES', 'P-256']),
    context: fc.record({ contains: fc.record({ team }) }),
    factors: fc.record({ anyOf: fc.subarray([...factorNames]), maxAgeSeconds: fc.constant(5) }),
  },
  { requiredKeys: [] },
)

const anyBinding: fc.Arbitrary<Omit<Binding, 'id'>> = fc.record(
  {
    tenant: fc.constant('t'),
    role: fc.constantFrom<string>(...names, 'gone'),
    principal: fc.constant('p'),
    scope: fc.oneof(
      fc.constant({ kind: 'tenant' } as const),
      fc.record({ kind: fc.constant('key' as const), key: fc.constantFrom('k', 'l') }),
      team.map((one) => ({ kind: 'labels' as const, selector: `team=${one}` })),
      fc
        .tuple(fc.constantFrom('', 'part=a,', 'part=b,'), team)
        .map(([part, one]) => ({ kind: 'labels' as const, selector: `${part}team=${one}` })),
      fc.constantFrom('*', 'x-*', 'y').map((pattern) => ({ kind: 'alias' as const, pattern })),
    ),
    conditions: anyConditions,
    expiresAt: fc.integer({ min: 0, max: 20_000 }),
    createdAt: fc.constant(0),
  },
  { requiredKeys: ['tenant', 'role', 'principal', 'scope', 'createdAt'] },
)

const anySituation: fc.Arbitrary<Situation> = fc.record(
  {
    door: fc.constantFrom('rest', 'aws'),
    source: fc.constantFrom('10.0.0.1', '192.0.2.1', '8.8.8.8'),
    bytes: fc.integer({ min: 0, max: 4 }),
    context: fc.record({ team }, { requiredKeys: [] }),
    names: fc.subarray(['x-1', 'y']),
  },
  { requiredKeys: [] },
)

/** The same, said slowly. */
function allows(
  { role, scope, conditions = {}, expiresAt = Infinity }: Omit<Binding, 'id'>,
  asked: Asked,
  target: Target,
  proved: readonly Authentication[],
  now: number,
): boolean {
  const actions = role in roles ? roles[role as keyof typeof roles].actions : (own.get(role) ?? [])
  if (!actions.includes('*') && !actions.includes(asked.action)) return false
  if (expiresAt <= now) return false
  if (scope.kind === 'key' && scope.key !== target.key) return false
  if (scope.kind === 'labels' && !selects(scope.selector, target.labels)) return false
  if (scope.kind === 'alias') {
    const like = (name: string) =>
      scope.pattern === '*' || (scope.pattern === 'y' ? name === 'y' : name.startsWith('x-'))
    if (!(asked.aliasesOf('') ?? []).some(like)) return false
  }
  const { doors, bytesMax, networks: nets, algorithms, context, factors } = conditions
  const within = { '10.0.0.0/8': '10.0.0.1', '192.0.2.0/24': '192.0.2.1' }
  return (
    (doors?.includes(asked.door ?? '') ?? true) &&
    (bytesMax === undefined || (asked.bytes ?? Infinity) <= bytesMax) &&
    (nets?.some((net) => within[net as keyof typeof within] === asked.source) ?? true) &&
    (algorithms?.includes(target.algorithm ?? '') ?? true) &&
    (context === undefined || asked.context['team'] === context.contains?.['team']) &&
    (factors === undefined ||
      proved.some(({ factor, at: when }) => factors.anyOf.includes(factor) && now - when <= 5_000))
  )
}

test('the compiled decision is the slow one, whatever the bindings are', () => {
  const anyTarget = fc.record({
    key: fc.constantFrom('k', 'l'),
    labels: fc.record({ team, part: team }, { requiredKeys: [] }),
    algorithm: fc.constantFrom('AES', 'P-256'),
  })
  const anyProof = fc.record({
    factor: fc.constantFrom(...factorNames),
    at: fc.integer({ min: 0, max: 10_000 }),
  })
  const action = fc.constantFrom('encrypt', 'key.rotate', 'ledger.read', 'decrypt')
  fc.assert(
    fc.property(
      fc.array(anyBinding, { maxLength: 6 }),
      action,
      anySituation,
      anyTarget,
      fc.array(anyProof, { maxLength: 2 }),
      (given, what, situation, target, proved) => {
        const now = 10_000
        const bindings = given.map((one, place) => ({ ...one, id: `b${place}` }))
        const asked = asking(what, situation)
        const compiled = new CompiledBindings(bindings, { roles: own, authentications: proved })
        const grant = compiled.decide(asked, target, now)
        const good = bindings.filter((one) => allows(one, asked, target, proved, now))
        assert.equal(grant !== undefined, good.length > 0)
        if (grant === undefined) return
        const named = good.find(({ id }) => id === grant.binding)
        assert.ok(named !== undefined)
        // What is remembered does not depend on what was asked.
        const depends = named.conditions !== undefined || named.scope.kind === 'alias'
        assert.equal(grant.conditional === true, depends)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('the ledger says of each item of a batch what allowed it, and of what was denied nothing', async () => {
  const { house, newKey } = await startGranting()
  const { id: principal, token } = await house.createUser()
  const key = await newKey()
  const bound = async (team: string) => {
    const conditions = { context: { equals: { team } } }
    const input = { principal, role: 'encrypter', scope: { kind: 'key' as const, key }, conditions }
    return (await house.perform('binding.create', input)).id
  }
  const [one, other] = [await bound('one'), await bound('other')]
  const items = ['one', 'other', 'other', 'neither'].map((team) => ({
    plaintext: Buffer.from('x'),
    context: { team },
  }))
  await house.perform('encryptBatch', { key, items }, { token })
  const entries = (await house.entries()).filter(({ event }) => event === 'encryptBatch')
  assert.deepEqual(
    entries.map(({ outcome, binding, count = 1 }) => [outcome, binding, count]),
    [
      ['ok', one, 1],
      ['ok', other, 2],
      ['denied', undefined, 1],
    ],
  )
})

test('duties are made of actions that there are, and what each is named after has it', () => {
  const known = new Set(Object.values(operations).map(({ action }) => action))
  for (const [duty, actions] of Object.entries(duties)) {
    const others = actions.filter((action) => !known.has(action) && action !== 'approval.decide')
    assert.deepEqual(others, [], duty)
    const role = roles[duty as keyof typeof duties]
    assert.ok(actions.some((action) => role.actions.includes(action)))
  }
})
