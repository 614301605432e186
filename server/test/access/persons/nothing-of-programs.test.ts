import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { RowSeals, type Hierarchy } from '#keyring'
import { LoginRefused, type Principal } from '#model'
import type { Credential } from '#operations'
import type { Row, Store } from '#store'
import { applySeed, parseSeed, SeedError } from '../../../src/seed.ts'
import { startHouse, type TestHouse } from '../../harness/house.ts'
import { Issuer } from '../../harness/issuer.ts'
import { enrolled } from '../../harness/person.ts'
import { temporaryFolder } from '../../harness/server-process.ts'
import { performSigned, performWith, signedBy } from '../../harness/signed.ts'
import { storeWith } from '../../harness/store-with.ts'

/** Persons log in: nothing that a program proves itself with acts as one, neither made now nor kept from before. */

const AUDIENCE = 'kms.claviger.test'
const SUBJECT = 'pipeline'
const fingerprint = 'ab'.repeat(32)
const house = await startHouse()
after(() => house.close())

/** An issuer that a house believes. */
async function believed(at: TestHouse) {
  const issuer = new Issuer('https://pipelines.test')
  const { id } = await at.perform('identityProvider.create', {
    issuer: issuer.issuer,
    audiences: [AUDIENCE],
    keys: issuer.keys(),
  })
  const seconds = Math.floor(at.clock.now() / 1_000)
  const claims = { iss: issuer.issuer, sub: SUBJECT, aud: AUDIENCE }
  return { id, token: issuer.token({ ...claims, iat: seconds - 5, exp: seconds + 600 }) }
}

/** What gives a principal something to prove itself with, each as it stands in the contract. */
async function waysOf(at: TestHouse, principal: string) {
  const about = { principal, description: '' }
  const { id: provider } = await believed(at)
  const { id: by } = await at.createUser()
  const trust = { principal, seconds: 900 }
  return {
    'token.create': () => at.perform('token.create', about),
    'accessKey.create': () => at.perform('accessKey.create', about),
    'secretId.create': () => at.perform('secretId.create', { ...about, networks: [] }),
    'certificate.create': () => at.perform('certificate.create', { ...about, fingerprint }),
    'trust of a principal': () =>
      at.perform('trust.create', { ...trust, by: { kind: 'principal', principal: by } }),
    'trust of an identity': () =>
      at.perform('trust.create', {
        ...trust,
        by: { kind: 'identity', provider, subject: SUBJECT },
      }),
  }
}

test('a person is given nothing that programs have, and is told what to do', async () => {
  const { id } = await enrolled(house)
  for (const [way, give] of Object.entries(await waysOf(house, id)))
    await assert.rejects(give(), { code: 'conflict', message: /invite.*make a service/ }, way)
  const { id: service } = await house.createUser()
  for (const give of Object.values(await waysOf(house, service))) await give()
})

test('a seed gives persons no access keys, whichever line makes them a person', async () => {
  const seed = parseSeed(
    'seed.yaml',
    `principals:
  - { name: pia, kind: user, roles: [{ role: auditor }] }
  - name: pia
    accessKeys: [{ id: AKIAIOSFODNN7EXAMPLE, secret: secret!secret!secret! }]
`,
  )
  await assert.rejects(applySeed(house.house.gate, house.house.custody.tenant, seed), (error) => {
    assert.ok(error instanceof SeedError)
    assert.match(error.message, /^seed\.yaml:3: The principal is a person/)
    return true
  })
})

/** A store in which a principal stands as a person, with a good seal, as one from before may have it. */
class Rewritten {
  principal = ''
  hierarchy: Hierarchy | undefined

  readonly wrap = (store: Store): Store =>
    storeWith(store, {
      rows: async (references) => (await store.rows(references)).map((row) => this.#person(row)),
    })

  #person(row: Row | undefined): Row | undefined {
    if (row?.kind !== 'principal' || row.id !== this.principal || !this.hierarchy) return row
    const seals = new RowSeals(this.hierarchy)
    const value = { ...seals.open<Principal>(row), kind: 'user' }
    return seals.seal({ kind: row.kind, id: row.id, tenant: row.tenant, value }, row.revision)
  }
}

type User = Awaited<ReturnType<TestHouse['createUser']>>

/** Everything that a service can present, each of it good; `caller` may act as it. */
async function everything(at: TestHouse, { id: principal, token }: User, caller: User) {
  const made = await at.perform('accessKey.create', { principal, description: '' })
  const about = { principal, description: '', networks: [] }
  const { secret } = await at.perform('secretId.create', about)
  const short = await at.perform('secretId.exchange', { principal, secret, seconds: 900 })
  await at.perform('certificate.create', { principal, description: '', fingerprint })
  const { id: provider, token: identity } = await believed(at)
  const by = { kind: 'identity', provider, subject: SUBJECT } as const
  await at.perform('trust.create', { principal, by, seconds: 900 })
  const { account, principal: who } = await at.perform('whoami', {}, { token })
  const own = await at.perform('session.create', { name: 'own', seconds: 900 }, { token })
  const byCaller = { kind: 'principal', principal: caller.id } as const
  await at.perform('trust.create', { principal, by: byCaller, seconds: 900 })
  const input = { principal, name: 'as', seconds: 900 }
  const another = await at.perform('session.create', input, { token: caller.token })
  const certificate = {
    fingerprint,
    names: [],
    issuer: 'CN=x',
    subject: 'CN=y',
    validFrom: 0,
    validTo: at.clock.now() + 900_000,
  }
  const now = () => ({ at: at.clock.now() })
  const bearer = (text: string) => async () => ({ kind: 'bearer', token: text }) as const
  return new Map<string, () => Promise<Credential>>([
    ['token', bearer(token)],
    ['short token', bearer(short.token)],
    ['identity token', bearer(identity)],
    ['access key', () => signedBy({ accessKey: made.id, secret: made.secret }, now())],
    ['temporary credentials of its own', () => signedBy(own, now())],
    ['temporary credentials of another', () => signedBy(another, now())],
    ['certificate', async () => ({ kind: 'certificate', certificate })],
    [
      'identity token for STS',
      async () => ({ kind: 'identity', token: identity, account, role: who.name }),
    ],
  ])
}

test('what a store has from before is refused with the reason, and no owner is made of it', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'claviger.db')
  const first = await startHouse({ path })
  const { shares, token } = first
  const service = await first.createUser('auditor')
  const principal = service.id
  const caller = await first.createUser()
  const presented = await everything(first, service, caller)
  for (const [kind, credential] of presented) {
    const who = await performWith(first, await credential(), 'whoami', {})
    assert.equal(who.principal.id, principal, kind)
  }
  await first.close()
  const rewritten = new Rewritten()
  await using second = await startHouse({ path, shares, token, wrapStore: rewritten.wrap })
  rewritten.hierarchy = second.house.hierarchy
  rewritten.principal = principal
  for (const [kind, credential] of presented) {
    await assert.rejects(
      performWith(second, await credential(), 'whoami', {}),
      (error) => error instanceof LoginRefused && /persons log in/.test(error.message),
      kind,
    )
    const entry = (await second.entries()).at(-1)
    assert.deepEqual(
      [entry?.outcome, entry?.detail],
      ['denied', { person: principal, because: 'the principal is a person' }],
      kind,
    )
  }
  const acting = { principal, name: 'as', seconds: 900 }
  assert.equal(await second.codeOf('session.create', acting, caller), 'forbidden')
  const { id: owner } = await second.perform('whoami', {}).then((who) => who.principal)
  rewritten.principal = owner
  await assert.rejects(second.renewToken(), {
    code: 'not_found',
    message: /owner that is a service/,
  })
})

test('what persons make with a login acts as them, and ends with it', async () => {
  const person = await enrolled(house)
  const input = { name: 'laptop', seconds: 900 }
  const made = await house.perform('session.create', input, { token: person.token })
  const who = await performSigned(house, made, 'whoami', {})
  assert.equal(who.principal.id, person.id)
  await house.perform('logout', {}, { token: person.token })
  await assert.rejects(performSigned(house, made, 'whoami', {}), { code: 'unauthenticated' })
})
