import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { Issuer, type IssuerAlgorithm } from '../harness/issuer.ts'
import { newcomer } from '../rest/house.ts'
import { json } from '../rest/problem.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** Identity tokens that are sent as they are, at the REST door: who their holders are, for how long, and what is refused. */

const AUDIENCE = 'kms.claviger.test'
const SUBJECT = 'system:serviceaccount:shop:payroll'
const clock = new DrivenClock()
const house = await startHouse({ clock })
after(() => house.close())
const { owner } = restDoorOver(house)

/** Seconds since 1970, from now. */
function at(seconds: number): number {
  return Math.floor(clock.now() / 1_000) + seconds
}

let issuers = 0

interface Believing {
  readonly algorithm?: IssuerAlgorithm
  readonly seconds?: number
  readonly claims?: Readonly<Record<string, string>>
  readonly kid?: string
}

/** An issuer that the tenant believes, and a principal that trusts one of its subjects. */
async function believing(options: Believing = {}) {
  issuers += 1
  const { algorithm, kid, claims, seconds = 3_600 } = options
  const named = kid === undefined ? {} : { kid }
  const issuer = new Issuer(`https://bearer-${issuers}.test`, algorithm, named)
  const provider = await owner.call('identityProvider.create', {
    issuer: issuer.issuer,
    audiences: [AUDIENCE],
    keys: issuer.keys(),
  })
  const name = `program-${issuers}`
  const { id: principal } = await owner.call('principal.create', { name })
  await owner.call('binding.create', { principal, role: 'key-user' })
  const by = { kind: 'identity' as const, provider: provider.id, subject: SUBJECT }
  const trust = await owner.call('trust.create', {
    principal,
    by,
    ...(claims === undefined ? {} : { claims }),
    seconds,
  })
  const full = { iss: issuer.issuer, sub: SUBJECT, aud: AUDIENCE, iat: at(-5), exp: at(300) }
  const sign = (rest: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
    issuer.token({ ...full, ...rest }, header)
  return { issuer, provider, principal, trust, full, sign }
}

function who(token: string, headers: Record<string, string> = {}) {
  return owner.as(token).send({ method: 'GET', path: '/v1/whoami', headers })
}

/** The id of whoever a token is; undefined where it is refused. */
async function holderOf(token: string, headers?: Record<string, string>) {
  const answer = await who(token, headers)
  if (answer.status === 401) return undefined
  assert.equal(answer.status, 200)
  return (json(answer) as { principal: { id: string } }).principal.id
}

/** Why the newest entry says that somebody was not believed; failures are bounded in time, so the clock goes on. */
async function reasonOf(token: string): Promise<unknown> {
  clock.advance(1_000)
  const answer = await who(token)
  if (answer.status === 200) return undefined
  assert.equal(answer.status, 401)
  const entry = (await house.entries()).at(-1)
  assert.deepEqual(
    [entry?.event, entry?.outcome, entry?.principal],
    ['whoami', 'denied', 'anonymous'],
  )
  return entry?.detail?.['because']
}

test('an identity token is its principal as long as it counts, and its uses say so', async () => {
  const { principal, sign, trust } = await believing()
  const token = sign()
  assert.equal(await holderOf(token), principal)
  const { id: key } = await owner.call('key.create', {})
  const program = owner.as(token)
  await program.call('encrypt', { key, plaintext: 'YQ==' })
  await program.refuse('forbidden', 'key.create', {})
  const use = (await house.entries()).findLast(({ event }) => event === 'encrypt')
  assert.deepEqual(
    [use?.principal, use?.factors],
    [principal, ['identity-token', `trust:${trust.id}`]],
  )
  for (const piece of token.split('.'))
    assert.equal(JSON.stringify(await house.entries()).includes(piece), false)
  clock.advance(359_000)
  assert.equal(await holderOf(token), principal, 'with the leeway')
  clock.advance(2_000)
  assert.equal(await holderOf(token), undefined)
})

test('an old token counts no longer than the trust allows, however long its issuer lets it', async () => {
  const { principal, sign } = await believing({ seconds: 900 })
  const token = sign({ exp: at(31_536_000) })
  assert.equal(await holderOf(token), principal)
  clock.advance(896_000)
  assert.equal(await holderOf(token), undefined, 'where the session is held')
  assert.equal(
    await reasonOf(sign({ iat: at(-1_000), exp: at(31_536_000) })),
    'the token is older than the trust allows',
  )
})

test('each way to forge a token is refused, and stands in the ledger with its reason', async () => {
  const { issuer, principal, full, sign } = await believing({ algorithm: 'RS256', kid: 'one' })
  const stranger = new Issuer(issuer.issuer, 'RS256', { pair: 'stranger', kid: 'one' })
  const unsigned = (alg: string) =>
    `${Buffer.from(JSON.stringify({ alg })).toString('base64url')}.${sign().split('.')[1]}.`
  const noKey = 'no key of the issuer verifies the token'
  for (const [token, because] of [
    [unsigned('none'), noKey],
    [unsigned('None'), noKey],
    [issuer.confusedToken(full), noKey],
    [stranger.token(full), noKey],
    [stranger.token(full, { jwk: stranger.jwk() }), noKey],
    [stranger.token(full, { jku: 'https://stranger.test/keys' }), noKey],
    [stranger.token(full, { x5u: 'https://stranger.test/chain' }), noKey],
    [sign({}, { kid: 'unknown' }), noKey],
    [sign({ aud: 'elsewhere' }), 'claim aud: check_failed'],
    [sign({ aud: undefined }), 'claim aud: missing'],
    [sign({ exp: at(-61) }), 'claim exp: check_failed'],
    [sign({ nbf: at(120) }), 'claim nbf: check_failed'],
    [sign({ iat: at(120) }), 'the token was issued in the future'],
    [sign({ iss: 'https://stranger.test' }), 'no provider has this issuer'],
    [sign({ sub: 'system:serviceaccount:bank:payroll' }), 'no principal trusts this subject'],
    [`${sign()}.${sign()}`, 'ERR_JWT_INVALID'],
    ['a.b.c', 'ERR_JWT_INVALID'],
    [sign({ padding: 'x'.repeat(8_192) }), undefined],
  ] as const) {
    assert.equal(await holderOf(token), undefined, token.slice(0, 80))
    assert.equal(await reasonOf(token), because, token.slice(0, 80))
  }
  assert.equal(await holderOf(sign()), principal)
})

test('a session that is held ends with its trust, its provider, its keys and its principal', async () => {
  type Parts = Awaited<ReturnType<typeof believing>>
  const other = new Issuer('https://other.test', 'EdDSA', { pair: 'other' })
  for (const end of [
    ({ trust }: Parts) => owner.call('trust.delete', { trust: trust.id }),
    ({ provider }: Parts) => owner.call('identityProvider.delete', { provider: provider.id }),
    ({ provider }: Parts) =>
      owner.call('identityProvider.update', { provider: provider.id, keys: other.keys() }),
    ({ provider }: Parts) =>
      owner.call('identityProvider.update', { provider: provider.id, audiences: ['elsewhere'] }),
    ({ principal }: Parts) => owner.call('principal.disable', { principal }),
  ]) {
    const parts = await believing()
    const token = parts.sign()
    assert.equal(await holderOf(token), parts.principal)
    await end(parts)
    assert.equal(await holderOf(token), undefined, end.toString())
  }
})

test('claims that a trust asks for are there and match whole', async () => {
  const claims = { repository: 'acme/shop', ref: 'refs/heads/*', groups: 'deployers' }
  const { principal, sign } = await believing({ claims })
  const good = { repository: 'acme/shop', ref: 'refs/heads/main', groups: ['all', 'deployers'] }
  assert.equal(await holderOf(sign(good)), principal)
  for (const wrong of [
    { repository: 'acme/shop2' },
    { repository: undefined },
    { ref: 'refs/tags/1' },
    { groups: [] },
    { groups: [['deployers']] },
    { groups: { deployers: true } },
  ]) {
    assert.equal(
      await reasonOf(sign({ ...good, ...wrong })),
      'no principal trusts this subject',
      JSON.stringify(wrong),
    )
  }
  const by = { kind: 'principal', principal }
  await owner.refuse('invalid_request', 'trust.create', { principal, by, claims })
  const many = Object.fromEntries(Array.from({ length: 17 }, (_, one) => [`claim-${one}`, 'x']))
  for (const bad of [many, { '': 'x' }, { ref: '' }, { ref: ['x'] }]) {
    const identity = { kind: 'identity', provider: principal, subject: '*' }
    await owner.refuse('invalid_request', 'trust.create', { principal, by: identity, claims: bad })
  }
})

test('a token that is two principals is neither, also where it is held, unless the caller says which', async () => {
  const { provider, principal, sign } = await believing()
  const token = sign()
  assert.equal(await holderOf(token), principal)
  const { id: second } = await newcomer(owner, `second-${issuers}`)
  const by = { kind: 'identity', provider: provider.id, subject: '*' } as const
  await owner.call('trust.create', { principal: second, by })
  assert.equal(await reasonOf(token), 'several principals trust this subject; name one')
  for (const one of [principal, second])
    assert.equal(await holderOf(token, { 'Claviger-Principal': one }), one)
  for (const nobody of ['nobody', provider.id])
    assert.equal(await holderOf(token, { 'Claviger-Principal': nobody }), undefined)
})

test('the same issuer in two tenants: the caller says which, and a stranger’s keys change nothing', async () => {
  const { issuer, principal, sign } = await believing()
  const made = await owner.call('tenant.create', { name: `tenant-${issuers}` })
  const other = owner.as(made.token)
  const forged = new Issuer(issuer.issuer, 'EdDSA', { pair: 'forged' })
  const theirs = await other.call('identityProvider.create', {
    issuer: issuer.issuer,
    audiences: [AUDIENCE],
    keys: forged.keys(),
  })
  const { id: stranger } = await newcomer(other, 'program')
  const by = { kind: 'identity', provider: theirs.id, subject: '*' } as const
  await other.call('trust.create', { principal: stranger, by })
  assert.equal(await holderOf(sign()), principal)
  await other.call('identityProvider.update', { provider: theirs.id, keys: issuer.keys() })
  assert.equal(await reasonOf(sign()), 'several principals trust this subject; name one')
  assert.equal(await holderOf(sign(), { 'Claviger-Principal': principal }), principal)
})
