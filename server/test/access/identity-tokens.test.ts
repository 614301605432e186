import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ClavigerError } from '#model'
import { IdentityError } from '#operations'
import { DrivenClock } from '../harness/clock.ts'
import { codeOf, startHouse } from '../harness/house.ts'
import { Issuer, type IssuerAlgorithm } from '../harness/issuer.ts'
import { performSigned, performWith } from '../harness/signed.ts'
import { newcomer } from '../rest/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** Identity tokens: which are believed, what their holders may do, and for how long. */

const AUDIENCE = 'kms.claviger.test'
const clock = new DrivenClock()
const house = await startHouse({ clock })
after(() => house.close())
const { owner } = restDoorOver(house)
const { account } = await owner.call('whoami', {})

/** Seconds since 1970, from now. */
function at(seconds: number): number {
  return Math.floor(clock.now() / 1_000) + seconds
}

function claims(rest: Record<string, unknown> = {}) {
  return {
    sub: 'system:serviceaccount:shop:payroll',
    aud: AUDIENCE,
    iat: at(-5),
    exp: at(300),
    ...rest,
  }
}

let issuers = 0

/** A tenant that believes an issuer, and a principal that trusts the subjects of a pattern. */
async function believing(
  options: {
    readonly algorithm?: IssuerAlgorithm
    readonly subject?: string
    readonly seconds?: number
    readonly keys?: (issuer: Issuer) => string
  } = {},
) {
  issuers += 1
  const issuer = new Issuer(`https://issuer-${issuers}.test`, options.algorithm)
  const provider = await owner.call('identityProvider.create', {
    issuer: issuer.issuer,
    audiences: ['elsewhere', AUDIENCE],
    keys: options.keys?.(issuer) ?? issuer.keys(),
  })
  const name = `payroll-${issuers}`
  const { id: principal } = await newcomer(owner, name)
  await owner.call('binding.create', { principal, role: 'key-user' })
  const trust = await owner.call('trust.create', {
    principal,
    by: {
      kind: 'identity',
      provider: provider.id,
      subject: options.subject ?? 'system:serviceaccount:shop:*',
    },
    seconds: options.seconds ?? 3_600,
  })
  const sign = (rest: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
    issuer.token({ iss: issuer.issuer, ...claims(rest) }, header)
  return { issuer, provider, principal, name, trust, sign }
}

function presented(token: string, role: string, of = account) {
  return { kind: 'identity', token, account: of, role } as const
}

/** Why a token is refused, from the log; undefined where it is believed. */
async function reasonOf(credential: ReturnType<typeof presented>): Promise<string | undefined> {
  try {
    await performWith(house, credential, 'whoami', {})
    return undefined
  } catch (error) {
    assert.ok(error instanceof IdentityError, String(error))
    assert.equal(error.code, 'unauthenticated')
    assert.ok(error.cause instanceof Error)
    return error.cause.message
  }
}

test('an identity token gives the temporary credentials of the principal that trusts its subject', async () => {
  const { sign, principal, name, trust } = await believing()
  const token = sign()
  const made = await performWith(house, presented(token, name), 'session.create', {
    name: 'pod-7',
    seconds: 3_600,
  })
  assert.equal(made.principal, principal)
  assert.equal(made.arn, `arn:aws:sts::${account}:assumed-role/${name}/pod-7`)
  const { id: key } = await owner.call('key.create', {})
  await performSigned(house, made, 'encrypt', { key, plaintext: Buffer.from('a') })

  const entries = await house.entries()
  const creation = entries.findLast(({ event }) => event === 'session.create')
  assert.deepEqual(
    [creation?.principal, creation?.subject, creation?.factors, creation?.detail],
    [
      principal,
      principal,
      ['identity-token', `trust:${trust.id}`],
      { session: 'pod-7', accessKey: made.accessKey, seconds: 3_600, until: made.expiresAt },
    ],
  )
  const use = entries.findLast(({ event }) => event === 'encrypt')
  assert.deepEqual(use?.factors, ['temporary', 'session:pod-7'])
  for (const piece of token.split('.')) {
    assert.equal(JSON.stringify(entries).includes(piece), false)
  }

  // As STS has it, the session goes on when the token has ended, and ends with itself.
  clock.advance(400_000)
  assert.equal(await reasonOf(presented(token, name)), 'claim exp: check_failed')
  assert.equal((await performSigned(house, made, 'whoami', {})).principal.id, principal)
  const again = await performSigned(house, made, 'session.create', {
    name: 'again',
    seconds: 3_600,
  })
  assert.equal(again.expiresAt, made.expiresAt)
  clock.advance(3_200_000)
  assert.equal(await codeOf(performSigned(house, made, 'whoami', {})), 'unauthenticated')
  assert.equal(trust.seconds, 3_600)
})

test('no longer than the trust allows', async () => {
  const { sign, name } = await believing({ seconds: 900 })
  const ask = (seconds: number) =>
    performWith(house, presented(sign(), name), 'session.create', { name: 'pod', seconds })
  await ask(900)
  await assert.rejects(
    ask(901),
    (error) =>
      error instanceof ClavigerError &&
      error.code === 'invalid_request' &&
      error.message ===
        'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  )
})

const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'EdDSA',
] as const

for (const algorithm of algorithms) {
  test(`${algorithm} is believed, with its alg in the key set and without, and not under another`, async () => {
    const open = await believing({ algorithm })
    assert.equal(await reasonOf(presented(open.sign(), open.name)), undefined)
    const named = await believing({ algorithm, keys: (issuer) => issuer.keys({ alg: algorithm }) })
    assert.equal(await reasonOf(presented(named.sign(), named.name)), undefined)
    for (const alg of algorithms.filter((other) => other !== algorithm)) {
      assert.notEqual(
        await reasonOf(presented(named.sign({}, { alg }), named.name)),
        undefined,
        alg,
      )
    }
    const [header, payload, signature = ''] = open.sign().split('.')
    const other = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    assert.equal(
      await reasonOf(presented(`${header}.${payload}.${other}`, open.name)),
      'no key of the issuer verifies the token',
    )
  })
}

test('none, HMAC with the public key, and keys that the token brings itself, are not believed', async () => {
  const { issuer, sign, name } = await believing({ algorithm: 'RS256' })
  const full = { iss: issuer.issuer, ...claims() }
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${sign().split('.')[1]}.`
  const stranger = new Issuer(issuer.issuer, 'RS256', { pair: 'stranger' })
  for (const token of [
    unsigned,
    issuer.confusedToken(full),
    stranger.token(full),
    stranger.token(full, { jwk: stranger.jwk() }),
    stranger.token(full, { jku: 'https://stranger.test/keys', kid: 'x' }),
    sign({}, { crit: ['exp'] }),
    sign({}, { b64: false, crit: ['b64'] }),
    sign({}, { alg: undefined }),
    sign({}, { alg: 7 }),
    'a.b.c',
    '',
    'x'.repeat(20_001),
    sign({ padding: 'x'.repeat(20_001) }),
  ]) {
    assert.notEqual(await reasonOf(presented(token, name)), undefined, token.slice(0, 80))
  }
  assert.equal(await reasonOf(presented(sign(), name)), undefined)
})

test('what a token must say, each a little wrong', async () => {
  const { sign, name } = await believing()
  for (const [rest, reason] of [
    [{ exp: at(-61) }, 'claim exp: check_failed'],
    [{ exp: at(-59) }, undefined],
    [{ exp: undefined }, 'claim exp: missing'],
    [{ exp: 'soon' }, 'claim exp: invalid'],
    [{ nbf: at(61) }, 'claim nbf: check_failed'],
    [{ nbf: at(59) }, undefined],
    [{ iat: at(61) }, 'the token was issued in the future'],
    [{ iat: at(59) }, undefined],
    [{ iat: undefined }, 'claim iat: missing'],
    [{ aud: 'others' }, 'claim aud: check_failed'],
    [{ aud: ['others', AUDIENCE] }, undefined],
    [{ aud: 'elsewhere' }, undefined],
    [{ aud: undefined }, 'claim aud: missing'],
    [{ iss: 'https://stranger.test' }, 'no provider has this issuer'],
    [{ iss: undefined }, 'the token has no issuer'],
    [{ sub: undefined }, 'claim sub: missing'],
    [{ sub: '' }, 'the token has no subject'],
    [{ sub: `system:serviceaccount:shop:${'x'.repeat(500)}` }, 'the token has no subject'],
    [{ sub: 'system:serviceaccount:bank:payroll' }, 'the principal does not trust this subject'],
  ] as const) {
    assert.equal(await reasonOf(presented(sign(rest), name)), reason, JSON.stringify(rest))
  }
})

test('every refusal has the same words, whatever there is', async () => {
  const { sign, name, principal } = await believing()
  const other = await believing()
  const messages = new Set<string>()
  for (const credential of [
    presented(sign({ exp: at(-100) }), name),
    presented(sign({ sub: 'nobody' }), name),
    presented(sign(), 'no such principal'),
    presented(sign(), 'x'.repeat(129)),
    presented(sign(), principal),
    presented(sign(), other.name),
    presented(sign(), name, '000000000000'),
    presented(sign(), name, 'no account'),
    presented('nonsense', name),
  ]) {
    await assert.rejects(performWith(house, credential, 'whoami', {}), (error) => {
      assert.ok(error instanceof IdentityError)
      messages.add(error.message)
      return true
    })
  }
  assert.equal(messages.size, 1)
  const entry = (await house.entries()).at(-1)
  assert.deepEqual([entry?.outcome, entry?.principal], ['denied', 'anonymous'])
})

test('a subject is matched whole, and a star is the only sign that means something else', async () => {
  for (const [subject, good, bad] of [
    [
      'repo:acme/shop:ref:refs/heads/main',
      ['repo:acme/shop:ref:refs/heads/main'],
      ['repo:acme/shop:ref:refs/heads/main2', 'xrepo:acme/shop:ref:refs/heads/main'],
    ],
    [
      'repo:acme/*:ref:*',
      ['repo:acme/a:ref:b', 'repo:acme/:ref:'],
      ['repo:acme:ref:b', 'repo:evil/acme/a:ref:b'],
    ],
    ['a?c', ['a?c'], ['abc']],
    ['a.c[x]', ['a.c[x]'], ['abcx']],
    ['*', ['anything'], []],
  ] as const) {
    const { sign, name } = await believing({ subject })
    for (const sub of good)
      assert.equal(await reasonOf(presented(sign({ sub }), name)), undefined, sub)
    for (const sub of bad)
      assert.notEqual(await reasonOf(presented(sign({ sub }), name)), undefined, sub)
  }
})

test('a session from an identity token ends with its trust, its provider and its principal', async () => {
  for (const end of [
    ({ trust }: Awaited<ReturnType<typeof believing>>) =>
      owner.call('trust.delete', { trust: trust.id }),
    ({ provider }: Awaited<ReturnType<typeof believing>>) =>
      owner.call('identityProvider.delete', { provider: provider.id }),
    ({ principal }: Awaited<ReturnType<typeof believing>>) =>
      owner.call('principal.disable', { principal }),
  ]) {
    const parts = await believing()
    const credential = presented(parts.sign(), parts.name)
    const input = { name: 'pod', seconds: 900 }
    const held = await performWith(house, credential, 'session.create', input)
    const unheld = await performWith(house, credential, 'session.create', input)
    await performSigned(house, held, 'whoami', {})
    await end(parts)
    assert.equal(await codeOf(performSigned(house, held, 'whoami', {})), 'unauthenticated')
    assert.equal(await codeOf(performSigned(house, unheld, 'whoami', {})), 'unauthenticated')
    assert.equal(
      await codeOf(performWith(house, credential, 'session.create', input)),
      'unauthenticated',
    )
  }
})

test('the issuer of one tenant is nobody in another, whoever signs', async () => {
  const { issuer, sign, name } = await believing()
  const made = await owner.call('tenant.create', { name: 'other', account: '210987654321' })
  const other = owner.as(made.token)
  const { id: principal } = await newcomer(other, name)
  const credential = presented(sign(), name, '210987654321')
  assert.equal(await reasonOf(credential), 'no provider has this issuer')
  const provider = await other.call('identityProvider.create', {
    issuer: issuer.issuer,
    audiences: [AUDIENCE],
    keys: issuer.keys(),
  })
  assert.equal(await reasonOf(credential), 'the principal does not trust this subject')
  await owner.refuse('not_found', 'identityProvider.delete', { provider: provider.id })
  const by = { kind: 'identity', provider: provider.id, subject: '*' } as const
  await owner.refuse('not_found', 'trust.create', { principal, by })
  const mine = (await owner.call('principal.create', { name: `${name}-too` })).id
  await owner.refuse('not_found', 'trust.create', { principal: mine, by })
  await other.call('trust.create', { principal, by })
  const who = await performWith(house, credential, 'whoami', {})
  assert.deepEqual([who.principal.id, who.account], [principal, '210987654321'])
})

test('an issuer changes its keys, and its trusts and sessions go on', async () => {
  const { issuer, provider, name, sign } = await believing()
  const session = await performWith(house, presented(sign(), name), 'session.create', {
    name: 'pod',
    seconds: 900,
  })
  const next = new Issuer(issuer.issuer, 'ES256')
  const full = { iss: issuer.issuer, ...claims() }
  const keys = JSON.stringify({ keys: [issuer.jwk(), next.jwk()] })
  const updated = await owner.call('identityProvider.update', { provider: provider.id, keys })
  assert.deepEqual(updated, provider)
  assert.equal(await reasonOf(presented(sign(), name)), undefined)
  assert.equal(await reasonOf(presented(next.token(full), name)), undefined)
  const only = { provider: provider.id, keys: next.keys(), audiences: [AUDIENCE] }
  assert.deepEqual((await owner.call('identityProvider.update', only)).audiences, [AUDIENCE])
  assert.equal(await reasonOf(presented(sign(), name)), 'no key of the issuer verifies the token')
  assert.equal(await reasonOf(presented(next.token(full), name)), undefined)
  const elsewhere = next.token({ ...full, aud: 'elsewhere' })
  assert.equal(await reasonOf(presented(elsewhere, name)), 'claim aud: check_failed')
  await performSigned(house, session, 'whoami', {})

  await owner.refuse('invalid_request', 'identityProvider.update', { provider: provider.id })
  await owner.refuse('invalid_key_material', 'identityProvider.update', { ...only, keys: '{}' })
  const nobody = { provider: '00000000-0000-4000-8000-000000000000', keys }
  await owner.refuse('not_found', 'identityProvider.update', nobody)
})

test('two providers of one issuer, while one takes the place of the other', async () => {
  const { issuer, provider, principal, name, sign } = await believing()
  const next = new Issuer(issuer.issuer, 'EdDSA', { pair: 'next' })
  const second = await owner.call('identityProvider.create', {
    issuer: issuer.issuer,
    audiences: [AUDIENCE],
    keys: next.keys(),
  })
  const full = { iss: issuer.issuer, ...claims() }
  assert.equal(
    await reasonOf(presented(next.token(full), name)),
    'the principal does not trust this subject',
  )
  await owner.call('trust.create', {
    principal,
    by: { kind: 'identity', provider: second.id, subject: '*:payroll' },
  })
  assert.equal(await reasonOf(presented(next.token(full), name)), undefined)
  assert.equal(await reasonOf(presented(sign(), name)), undefined)
  await owner.call('identityProvider.delete', { provider: provider.id })
  assert.equal(await reasonOf(presented(next.token(full), name)), undefined)
  assert.equal(await reasonOf(presented(sign(), name)), 'no key of the issuer verifies the token')
})

test('of several keys the one that the token names verifies, or any where nobody names one', async () => {
  const old = new Issuer('https://many.test', 'EdDSA', { kid: 'old', pair: 'old' })
  const current = new Issuer('https://many.test', 'EdDSA', { kid: 'current', pair: 'current' })
  const unnamed = new Issuer('https://many.test', 'ES256', { pair: 'unnamed' })
  const keys = JSON.stringify({ keys: [old.jwk(), current.jwk(), unnamed.jwk()] })
  const parts = await believing({ keys: () => keys })
  const full = { iss: parts.issuer.issuer, ...claims() }
  for (const [token, good] of [
    [old.token(full), true],
    [current.token(full), true],
    [current.token(full, { kid: undefined }), true],
    [current.token(full, { kid: 'old' }), false],
    [current.token(full, { kid: 'unknown' }), false],
    [unnamed.token(full), true],
    [unnamed.token(full, { kid: 'unknown' }), true],
    [unnamed.token(full, { kid: 'current' }), true],
  ] as const) {
    assert.equal((await reasonOf(presented(token, parts.name))) === undefined, good)
  }
})
